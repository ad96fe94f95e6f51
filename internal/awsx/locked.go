package awsx

import (
	"bytes"
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// PutLocked stores an object that nobody, the account's root included, can
// delete or overwrite until the time (S3 Object Lock in compliance mode). The
// bucket must have object lock switched on. An object that is there already
// gets another version; the first stays.
func (s *Session) PutLocked(ctx context.Context, bucket, key string, body []byte, until time.Time) error {
	_, err := s.s3().PutObject(ctx, &s3.PutObjectInput{
		Bucket: aws.String(bucket), Key: aws.String(key), Body: bytes.NewReader(body), ContentType: aws.String("application/json"),
		ObjectLockMode: types.ObjectLockModeCompliance, ObjectLockRetainUntilDate: aws.Time(until),
		ChecksumAlgorithm: types.ChecksumAlgorithmCrc32, // S3 wants a checksum with a lock
	})
	return s.wrap(err)
}

// LockedKeys answers the keys of all versions of all objects below a prefix,
// also of those behind a delete marker, each once.
func (s *Session) LockedKeys(ctx context.Context, bucket, prefix string) ([]string, error) {
	pages := s3.NewListObjectVersionsPaginator(s.s3(), &s3.ListObjectVersionsInput{Bucket: aws.String(bucket), Prefix: optional(prefix)})
	var keys []string
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, s.wrap(err)
		}
		for _, v := range page.Versions { // sorted by key
			if key := aws.ToString(v.Key); len(keys) == 0 || keys[len(keys)-1] != key {
				keys = append(keys, key)
			}
		}
	}
	return keys, nil
}
