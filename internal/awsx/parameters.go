package awsx

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// Parameter is a SecureString to be written to Parameter Store.
type Parameter struct {
	Name string // with its leading slash
	// Value is a function, so that nothing prints it by accident. A standard
	// parameter has 1 to 4096 bytes (API reference, PutParameter).
	Value func() string
	Key   string // KMS key: id, ARN or alias/NAME; empty: alias/aws/ssm
	Tags  []bcn.Tag
	// Description is shown with it; empty: none.
	Description string
}

// CreateParameter writes one that is not there yet; else it is ErrExists. An
// error carries AWS's code and sentence and nothing else of its answer.
func (s *Session) CreateParameter(ctx context.Context, p Parameter) error {
	in := p.input()
	for _, t := range p.Tags {
		in.Tags = append(in.Tags, types.Tag{Key: aws.String(t.Key), Value: aws.String(t.Value)})
	}
	_, err := s.ssm().PutParameter(ctx, in)
	if CodeOf(err) == "ParameterAlreadyExists" {
		return bcn.E(bcn.CodeAWSRefused, "what", "PutParameter", "why", Bounded(Message(err))).Wrap(ErrExists)
	}
	return bare(s.wrap(err))
}

// ReplaceParameter writes the next version of one that is there, or makes it.
// Its tags stay as they are: PutParameter refuses tags together with Overwrite
// (API reference). An error carries AWS's code and sentence and nothing else
// of its answer.
func (s *Session) ReplaceParameter(ctx context.Context, p Parameter) error {
	in := p.input()
	in.Overwrite = aws.Bool(true)
	_, err := s.ssm().PutParameter(ctx, in)
	return bare(s.wrap(err))
}

func (p Parameter) input() *ssm.PutParameterInput {
	return &ssm.PutParameterInput{
		Name: aws.String(p.Name), Value: aws.String(p.Value()), Type: types.ParameterTypeSecureString, KeyId: optional(p.Key),
		Description: optional(p.Description),
	}
}

// DeleteParameter removes one; ErrNotFound where there is none of the name.
func (s *Session) DeleteParameter(ctx context.Context, name string) error {
	_, err := s.ssm().DeleteParameter(ctx, &ssm.DeleteParameterInput{Name: aws.String(name)})
	if CodeOf(err) == "ParameterNotFound" {
		return s.missing(err)
	}
	return s.wrap(err)
}

// ParametersBelow lists the full names of all parameters below a path, however
// deep, in the order of AWS. It reads descriptions, never values.
func (s *Session) ParametersBelow(ctx context.Context, path string) ([]string, error) {
	var names []string
	err := s.describe(ctx, "Path", "Recursive", []string{"/" + strings.Trim(path, "/")}, func(p types.ParameterMetadata) {
		names = append(names, aws.ToString(p.Name))
	})
	return names, err
}

// ParameterKeys answers, by name, with which KMS key the SecureStrings among
// the parameters are encrypted, as it was written: an id, an ARN or an alias.
// It reads descriptions, never values.
func (s *Session) ParameterKeys(ctx context.Context, names []string) (map[string]string, error) {
	keys := map[string]string{}
	for len(names) > 0 {
		n := min(len(names), parametersPerCall)
		if err := s.describe(ctx, "Name", "Equals", names[:n], func(p types.ParameterMetadata) {
			if p.KeyId != nil {
				keys[aws.ToString(p.Name)] = *p.KeyId
			}
		}); err != nil {
			return nil, err
		}
		names = names[n:]
	}
	return keys, nil
}

// describe hands over the descriptions of the parameters that pass a filter,
// all pages.
func (s *Session) describe(ctx context.Context, key, option string, values []string, each func(types.ParameterMetadata)) error {
	pages := ssm.NewDescribeParametersPaginator(s.ssm(), &ssm.DescribeParametersInput{
		ParameterFilters: []types.ParameterStringFilter{{Key: aws.String(key), Option: aws.String(option), Values: values}},
		MaxResults:       aws.Int32(parametersPerCall),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return s.wrap(err)
		}
		for _, p := range page.Parameters {
			each(p)
		}
	}
	return nil
}
