package awsx

import "github.com/aws/aws-sdk-go-v2/aws"

// renewing tries again with new credentials where AWS says that those it was
// given are past their end, whatever their end was said to be: its clock
// decides, and the SDK's own retryer gives up.
type renewing struct {
	aws.Retryer
	cache *aws.CredentialsCache
}

// IsErrorRetryable says whether the call is sent again.
func (r renewing) IsErrorRetryable(err error) bool {
	switch CodeOf(err) {
	case "ExpiredToken", "ExpiredTokenException":
		r.cache.Invalidate()
		return true
	default:
		return r.Retryer.IsErrorRetryable(err)
	}
}

var _ aws.Retryer = renewing{}
