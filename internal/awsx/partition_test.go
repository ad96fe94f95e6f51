package awsx_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// The table of partitions says of a region's domain what the SDK says.
func TestDomainsAreTheSDKs(t *testing.T) {
	t.Parallel()
	for _, region := range []string{"us-east-1", "ap-northeast-1", "il-central-1", "mx-central-1", "sa-east-1", "cn-north-1", "cn-northwest-1", "us-gov-west-1", "us-gov-east-1"} {
		at, err := ssm.NewDefaultEndpointResolverV2().ResolveEndpoint(t.Context(), ssm.EndpointParameters{
			Region: aws.String(region), UseDualStack: aws.Bool(false), UseFIPS: aws.Bool(false),
		})
		if want := "ssm." + region + "." + bcn.Domain(region); err != nil || at.URI.Host != want {
			t.Errorf("%s is at %q, not at %s (%v)", region, at.URI.Host, want, err)
		}
	}
}
