package awsx

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

// Key is a KMS key.
type Key struct {
	ARN     string
	Managed bool // AWS's own for a service: every role of the account may use it through that service
}

// Key describes a KMS key by id, ARN or alias/NAME; ErrNotFound where there is
// none.
func (s *Session) Key(ctx context.Context, id string) (Key, error) {
	out, err := s.kms().DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: aws.String(id)})
	if err != nil {
		if CodeOf(err) == "NotFoundException" {
			return Key{}, s.missing(err)
		}
		return Key{}, s.wrap(err)
	}
	m := out.KeyMetadata
	return Key{ARN: aws.ToString(m.Arn), Managed: m.KeyManager == types.KeyManagerTypeAws}, nil
}
