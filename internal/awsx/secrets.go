package awsx

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
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
		pages := ssm.NewDescribeParametersPaginator(s.ssm(), &ssm.DescribeParametersInput{
			ParameterFilters: []types.ParameterStringFilter{{
				Key: aws.String("Name"), Option: aws.String("Equals"), Values: names[:n],
			}},
			MaxResults: aws.Int32(parametersPerCall),
		})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return nil, s.wrap(err)
			}
			for _, p := range page.Parameters {
				found[aws.ToString(p.Name)] = true
			}
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
