package awsx

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	smithyhttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// PutTemplate stores a template in a bucket of the account, and answers the
// address by which CloudFormation reads it.
func (s *Session) PutTemplate(ctx context.Context, account, bucket, key string, body []byte) (string, error) {
	_, err := s.s3().PutObject(ctx, &s3.PutObjectInput{
		Bucket: aws.String(bucket), Key: aws.String(key), Body: bytes.NewReader(body),
		ContentType: aws.String("application/json"), ExpectedBucketOwner: optional(account),
	})
	if err != nil {
		return "", s.wrap(err)
	}
	return s.objectURL(bucket, key), nil
}

// objectURL is the address of an object, as CloudFormation's TemplateURL takes
// it: path style, which also fits bucket names with dots.
func (s *Session) objectURL(bucket, key string) string {
	base := "https://s3." + s.Region() + "." + bcn.Domain(s.Region())
	if s.config.BaseEndpoint != nil {
		base = strings.TrimSuffix(*s.config.BaseEndpoint, "/")
	}
	return base + "/" + bucket + "/" + key
}

// BucketRegion answers where a bucket of the account is. One that is not there,
// or belongs to another account, is ErrNotFound.
func (s *Session) BucketRegion(ctx context.Context, account, bucket string) (string, error) {
	out, err := s.s3().HeadBucket(ctx, &s3.HeadBucketInput{Bucket: aws.String(bucket), ExpectedBucketOwner: optional(account)})
	if err == nil {
		return aws.ToString(out.BucketRegion), nil
	}
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) {
		switch response.HTTPStatusCode() {
		case http.StatusMovedPermanently, http.StatusTemporaryRedirect, http.StatusBadRequest:
			if region := response.Response.Header.Get("X-Amz-Bucket-Region"); region != "" {
				return region, nil
			}
		// A HEAD has no body, so no code: a bucket of another account is 403.
		case http.StatusNotFound, http.StatusForbidden:
			return "", s.missing(err)
		}
	}
	return "", s.wrap(err)
}
