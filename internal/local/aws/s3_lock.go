package aws

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// version is one of an object of a bucket with object lock, which keeps all
// (Amazon S3 User Guide, "Locking objects with Object Lock").
type version struct {
	key, id string
	stored
	marker bool      // a delete marker: the object looks gone
	until  time.Time // nobody deletes it before; zero: not locked
}

// lockOf reads the retention of a PutObject and refuses what S3 refuses.
func (b *bucket) lockOf(c *wire.Call) (time.Time, error) {
	mode, date := str(c.Params, "LockMode"), str(c.Params, "LockUntil")
	if mode == "" && date == "" {
		return time.Time{}, nil
	}
	refuse := func(code, message string) (time.Time, error) {
		return time.Time{}, &wire.Error{Code: code, Message: message, Status: http.StatusBadRequest}
	}
	until, err := time.Parse(time.RFC3339, date)
	switch {
	case !b.locks:
		return refuse("InvalidRequest", "Bucket is missing Object Lock Configuration")
	case mode == "" || date == "":
		return refuse("InvalidArgument", "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied")
	case mode != "COMPLIANCE" && mode != "GOVERNANCE":
		return refuse("InvalidArgument", "Unknown wormMode directive.")
	case err != nil:
		return refuse("InvalidArgument", "The retain until date must be provided in ISO 8601 format")
	case !until.After(c.Now):
		return refuse("InvalidArgument", "The retain until date must be in the future!")
	case str(c.Params, "Checksum") == "":
		return refuse("InvalidRequest", "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters")
	case mode == "GOVERNANCE":
		return refuse(codeInvalidAction, "the local AWS has no governance mode")
	}
	return until, nil
}

// keep adds a version of an object, the newest last. The caller holds the
// account's lock.
func (b *bucket) keep(v version) string {
	if !b.locks {
		return ""
	}
	b.count++
	v.id = fmt.Sprintf("local.%012d", b.count)
	b.versions = append(b.versions, v)
	return v.id
}

// removeVersion deletes one version for good, which a lock forbids.
func (b *bucket) removeVersion(c *wire.Call, key, id string) error {
	for i, v := range b.versions {
		if v.key != key || v.id != id {
			continue
		}
		if c.Now.Before(v.until) {
			return &wire.Error{Code: codeAccessDenied, Message: "Access Denied because object protected by object lock.", Status: http.StatusForbidden}
		}
		b.versions = append(b.versions[:i:i], b.versions[i+1:]...)
		b.show(key)
		return nil
	}
	return nil
}

// show makes the newest version of a key the one that is read.
func (b *bucket) show(key string) {
	delete(b.objects, key)
	for _, v := range b.versions {
		switch {
		case v.key != key:
		case v.marker:
			delete(b.objects, key)
		default:
			b.objects[key] = v.stored
		}
	}
}

// listVersions is ListObjectVersions: by key, the newest first, in pages of up
// to a thousand.
func (a *Account) listVersions(_ context.Context, c *wire.Call) (any, error) {
	name, _ := where(c)
	if err := a.bucketRead(c, "s3:ListBucketVersions", name); err != nil {
		return nil, err
	}
	prefix, after, afterID := str(c.Params, "prefix"), str(c.Params, "key-marker"), str(c.Params, "version-id-marker")
	limit, err := pageSize(str(c.Params, "max-keys"))
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	byKey := map[string][]version{}
	for _, v := range a.buckets[name].versions {
		if strings.HasPrefix(v.key, prefix) {
			byKey[v.key] = append([]version{v}, byKey[v.key]...)
		}
	}
	out := map[string]any{"root": "ListVersionsResult", "Name": name, "Prefix": prefix, "IsTruncated": false}
	var versions, markers []any
	last, skipping := version{}, afterID != ""
	for _, key := range sortedKeys(byKey) {
		for i, v := range byKey[key] {
			if key < after || key == after && (afterID == "" || skipping) {
				skipping = skipping && (key != after || v.id != afterID)
				continue
			}
			if len(versions)+len(markers) == limit {
				out["IsTruncated"], out["NextKeyMarker"], out["NextVersionIdMarker"] = true, last.key, last.id
				out["Version"], out["DeleteMarker"] = versions, markers
				return out, nil
			}
			last = v
			one := map[string]any{"Key": key, "VersionId": v.id, "IsLatest": i == 0, "LastModified": v.modified}
			if v.marker {
				markers = append(markers, one)
				continue
			}
			one["Size"], one["ETag"] = len(v.body), v.etag
			versions = append(versions, one)
		}
	}
	out["Version"], out["DeleteMarker"] = versions, markers
	return out, nil
}

// pageSize reads max-keys: up to 1000, which is also what is answered without.
func pageSize(s string) (int, error) {
	n := 1000
	if s != "" {
		if _, err := fmt.Sscanf(s, "%d", &n); err != nil || n < 0 {
			return 0, &wire.Error{Code: "InvalidArgument", Message: "Provided max-keys not an integer or within integer range", Status: http.StatusBadRequest}
		}
	}
	return min(n, 1000), nil
}
