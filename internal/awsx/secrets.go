package awsx

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
)

// parametersPerCall is how many values a filter of DescribeParameters takes
// (API reference, ParameterStringFilter).
const parametersPerCall = 50

// Parameters answers which of the names exist in Parameter Store. It reads
// descriptions, never values.
func (s *Session) Parameters(ctx context.Context, names []string) (map[string]bool, error) {
	found := map[string]bool{}
	for len(names) > 0 {
		n := min(len(names), parametersPerCall)
		if err := s.describe(ctx, "Name", "Equals", names[:n], func(p types.ParameterMetadata) { found[aws.ToString(p.Name)] = true }); err != nil {
			return nil, err
		}
		names = names[n:]
	}
	return found, nil
}

// SecretExists answers whether a secret is in Secrets Manager and not about to
// be deleted. It reads the description, never the value.
func (s *Session) SecretExists(ctx context.Context, arn string) (bool, error) {
	out, err := s.secrets().DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: aws.String(arn)})
	if err != nil {
		if CodeOf(err) == "ResourceNotFoundException" {
			return false, nil
		}
		return false, s.wrap(err)
	}
	return out.DeletedDate == nil, nil
}

// SecretKey answers with which KMS key a secret is encrypted, as it was
// written: an id, an ARN or an alias's ARN. AWS's own key for Secrets Manager is
// "" (API reference, DescribeSecret, KmsKeyId). A secret that is not there is
// ErrNotFound. It reads the description, never the value.
func (s *Session) SecretKey(ctx context.Context, arn string) (string, error) {
	out, err := s.secrets().DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: aws.String(arn)})
	if err != nil {
		if CodeOf(err) == "ResourceNotFoundException" {
			return "", s.missing(err)
		}
		return "", s.wrap(err)
	}
	return aws.ToString(out.KmsKeyId), nil
}

// SecretValue reads a secret's text, which only what is called shows. It is for
// the passwords of private registries, which the account's owner lets bcn read.
// A secret that is not there is ErrNotFound.
func (s *Session) SecretValue(ctx context.Context, arn string) (func() string, error) {
	out, err := s.secrets().GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: aws.String(arn)})
	if err != nil {
		if CodeOf(err) == "ResourceNotFoundException" {
			return nil, s.missing(err)
		}
		return nil, bare(s.wrap(err))
	}
	value := aws.ToString(out.SecretString)
	return func() string { return value }, nil
}
