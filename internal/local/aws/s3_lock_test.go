package aws_test

import (
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// What S3 does with object lock: Amazon S3 User Guide, "Locking objects with
// Object Lock", and the API reference of PutObject and DeleteObject.
func TestObjectLock(t *testing.T) {
	t.Parallel()
	s, w := awssdk.String, newWorld(t)
	c := s3.NewFromConfig(w.as())
	yes := true
	must[*s3.CreateBucketOutput](t)(c.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: s("plain")}))
	must[*s3.CreateBucketOutput](t)(c.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: s("locked"), ObjectLockEnabledForBucket: &yes}))
	until := w.clock.Now().Add(24 * time.Hour)
	put := func(change func(*s3.PutObjectInput)) (*s3.PutObjectOutput, error) {
		in := &s3.PutObjectInput{
			Bucket: s("locked"), Key: s("a/1"), Body: strings.NewReader("first"), ChecksumAlgorithm: types.ChecksumAlgorithmCrc32,
			ObjectLockMode: types.ObjectLockModeCompliance, ObjectLockRetainUntilDate: &until,
		}
		change(in)
		return c.PutObject(t.Context(), in)
	}
	first := must[*s3.PutObjectOutput](t)(put(func(*s3.PutObjectInput) {}))
	if first.VersionId == nil || *first.VersionId == "" {
		t.Fatal("no version")
	}
	t.Run("a lock needs a bucket that has it, a mode, a date to come", func(t *testing.T) {
		past := w.clock.Now().Add(-time.Hour)
		for _, c := range []struct {
			want   string
			change func(*s3.PutObjectInput)
		}{
			{"InvalidRequest", func(in *s3.PutObjectInput) { in.Bucket = s("plain") }},
			{"InvalidArgument", func(in *s3.PutObjectInput) { in.ObjectLockRetainUntilDate = &past }},
			{"InvalidArgument", func(in *s3.PutObjectInput) { in.ObjectLockRetainUntilDate = nil }},
		} {
			_, err := put(c.change)
			wantCode(t, err, c.want)
		}
	})
	t.Run("what is locked is neither overwritten nor deleted: another version hides it at most", func(t *testing.T) {
		must[*s3.PutObjectOutput](t)(put(func(in *s3.PutObjectInput) { in.Body = strings.NewReader("second") }))
		must[*s3.DeleteObjectOutput](t)(c.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: s("locked"), Key: s("a/1")}))
		_, err := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: s("locked"), Key: s("a/1")})
		wantCode(t, err, "NoSuchKey")
		_, err = c.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: s("locked"), Key: s("a/1"), VersionId: first.VersionId})
		wantCode(t, err, "AccessDenied")
		out := must[*s3.ListObjectVersionsOutput](t)(c.ListObjectVersions(t.Context(), &s3.ListObjectVersionsInput{Bucket: s("locked"), Prefix: s("a/")}))
		if len(out.Versions) != 2 || len(out.DeleteMarkers) != 1 || *out.Versions[1].VersionId != *first.VersionId || *out.IsTruncated {
			t.Errorf("%d versions, %d markers", len(out.Versions), len(out.DeleteMarkers))
		}
		_, err = c.DeleteBucket(t.Context(), &s3.DeleteBucketInput{Bucket: s("locked")})
		wantCode(t, err, "BucketNotEmpty")
	})
	t.Run("pages hold every version once", func(t *testing.T) {
		two, seen := int32(2), map[string]bool{}
		pages := s3.NewListObjectVersionsPaginator(c, &s3.ListObjectVersionsInput{Bucket: s("locked"), MaxKeys: &two})
		for pages.HasMorePages() {
			page, err := pages.NextPage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range page.Versions {
				seen[*v.VersionId] = true
			}
			for _, v := range page.DeleteMarkers {
				seen[*v.VersionId] = true
			}
		}
		if len(seen) != 3 {
			t.Errorf("%d of 3", len(seen))
		}
	})
	t.Run("after its time a version can be deleted", func(t *testing.T) {
		w.clock.Advance(25 * time.Hour)
		must[*s3.DeleteObjectOutput](t)(c.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: s("locked"), Key: s("a/1"), VersionId: first.VersionId}))
	})
	t.Run("locking and listing need their own permissions", func(t *testing.T) {
		able := s3.NewFromConfig(w.able(t, "s3:PutObject", "*"))
		_, err := able.PutObject(t.Context(), &s3.PutObjectInput{
			Bucket: s("locked"), Key: s("b"), Body: strings.NewReader("x"), ChecksumAlgorithm: types.ChecksumAlgorithmCrc32,
			ObjectLockMode: types.ObjectLockModeCompliance, ObjectLockRetainUntilDate: &until,
		})
		wantCode(t, err, "AccessDenied")
		_, err = able.ListObjectVersions(t.Context(), &s3.ListObjectVersionsInput{Bucket: s("locked")})
		wantCode(t, err, "AccessDenied")
	})
}
