package awsx

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
)

// ParameterFacts is what DescribeParameters tells of a parameter: all but its
// value.
type ParameterFacts struct {
	Name, Description string
	Version           int64
	Secure            bool // a SecureString
	Changed           time.Time
}

// ParametersNamed describes those of the names that are there, at most 50.
func (s *Session) ParametersNamed(ctx context.Context, names []string) ([]ParameterFacts, error) {
	return s.facts(ctx, "Name", "Equals", names)
}

// ParametersUnder describes all parameters below a path, however deep.
func (s *Session) ParametersUnder(ctx context.Context, path string) ([]ParameterFacts, error) {
	return s.facts(ctx, "Path", "Recursive", []string{path})
}

func (s *Session) facts(ctx context.Context, key, option string, values []string) ([]ParameterFacts, error) {
	var out []ParameterFacts
	err := s.describe(ctx, key, option, values, func(p types.ParameterMetadata) {
		out = append(out, ParameterFacts{
			Name: aws.ToString(p.Name), Description: aws.ToString(p.Description), Version: p.Version,
			Secure: p.Type == types.ParameterTypeSecureString, Changed: aws.ToTime(p.LastModifiedDate),
		})
	})
	return out, err
}

// ParameterValue reads and decrypts the newest version of a parameter, and says
// which it is; ErrNotFound where there is none. The value is behind a function,
// so that nothing prints it by accident, and an error carries nothing of AWS's
// answer but its code and sentence.
func (s *Session) ParameterValue(ctx context.Context, name string) (value func() string, version int64, err error) {
	out, err := s.ssm().GetParameter(ctx, &ssm.GetParameterInput{Name: aws.String(name), WithDecryption: aws.Bool(true)})
	if err != nil {
		if CodeOf(err) == "ParameterNotFound" {
			return nil, 0, s.missing(err)
		}
		return nil, 0, bare(s.wrap(err))
	}
	read := aws.ToString(out.Parameter.Value)
	return func() string { return read }, out.Parameter.Version, nil
}
