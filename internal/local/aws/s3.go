package aws

import (
	"context"
	"crypto/md5" //nolint:gosec // S3's ETag is an MD5 by its definition; nothing is secured with it
	"encoding/hex"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// bucket is an S3 bucket with its objects.
type bucket struct {
	region  string
	created time.Time
	objects map[string]stored
	policy  string // as CloudFormation put it

	locks    bool      // object lock, and with it versioning
	versions []version // with locks: the oldest first
	count    int
}

type stored struct {
	body        []byte
	contentType string
	etag        string
	modified    time.Time
}

// bucketName is the rule for names of general purpose buckets; names that look
// like IP addresses are refused too.
var (
	bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	ipLike     = regexp.MustCompile(`^\d+\.\d+\.\d+\.\d+$`)
)

func (a *Account) s3() wire.Actions {
	return wire.Actions{
		"ListBuckets":        a.listBuckets,
		"CreateBucket":       a.createBucket,
		"HeadBucket":         a.headBucket,
		"DeleteBucket":       a.deleteBucket,
		"GetBucketLocation":  a.bucketLocation,
		"ListObjectsV2":      a.listObjects,
		"ListObjectVersions": a.listVersions,
		"PutObject":          a.putObject,
		"GetObject":          a.getObject,
		"HeadObject":         a.headObject,
		"DeleteObject":       a.deleteObject,
	}
}

func bucketARN(name string) string { return "arn:aws:s3:::" + name }

// where reads which bucket and key a call is about.
func where(c *wire.Call) (bucket, key string) { return str(c.Params, "Bucket"), str(c.Params, "Key") }

func noSuchBucket(name string) error {
	return &wire.Error{Code: "NoSuchBucket", Message: "The specified bucket does not exist: " + name, Status: http.StatusNotFound}
}

func (a *Account) listBuckets(_ context.Context, c *wire.Call) (any, error) {
	if err := c.Authorize("s3:ListAllMyBuckets", "*", nil); err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	all := []any{}
	for _, name := range sortedKeys(a.buckets) {
		all = append(all, map[string]any{"Name": name, "CreationDate": a.buckets[name].created})
	}
	return map[string]any{"root": "ListAllMyBucketsResult", "Buckets": wrapped{"Bucket", all}}, nil
}

func (a *Account) createBucket(_ context.Context, c *wire.Call) (any, error) {
	name, _ := where(c)
	locks := str(c.Params, "LockEnabled") == "true"
	actions := []string{"s3:CreateBucket"}
	if locks {
		actions = append(actions, "s3:PutBucketObjectLockConfiguration", "s3:PutBucketVersioning")
	}
	for _, action := range actions {
		if err := c.Authorize(action, bucketARN(name), nil); err != nil {
			return nil, err
		}
	}
	if !bucketName.MatchString(name) || ipLike.MatchString(name) || strings.Contains(name, "..") {
		return nil, wire.Errorf("InvalidBucketName", "The specified bucket is not valid.")
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, exists := a.buckets[name]; exists {
		return nil, &wire.Error{Code: "BucketAlreadyOwnedByYou", Message: "Your previous request to create the named bucket succeeded and you already own it.", Status: http.StatusConflict}
	}
	a.buckets[name] = &bucket{region: c.Region, created: c.Now, objects: map[string]stored{}, locks: locks}
	return nil, nil
}

func (a *Account) headBucket(_ context.Context, c *wire.Call) (any, error) {
	name, _ := where(c)
	if err := a.bucketRead(c, "s3:ListBucket", name); err != nil {
		return nil, err
	}
	return object{region: c.Region}, nil
}

// bucketRead checks that the caller may do the action on the bucket, and that
// the bucket is there.
func (a *Account) bucketRead(c *wire.Call, action, name string) error {
	if err := c.Authorize(action, bucketARN(name), nil); err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	_, err := a.bucket(c, name)
	return err
}

// bucket finds a bucket as S3 does: in the region that the call was signed
// for, and of the owner that the caller expects. The caller holds mu.
func (a *Account) bucket(c *wire.Call, name string) (*bucket, error) {
	b, ok := a.buckets[name]
	if !ok {
		return nil, noSuchBucket(name)
	}
	if owner := str(c.Params, "ExpectedBucketOwner"); owner != "" && owner != a.ID {
		return nil, &wire.Error{Code: codeAccessDenied, Message: "Access Denied", Status: http.StatusForbidden}
	}
	if b.region != c.Region {
		return nil, &wire.Error{
			Code:    "PermanentRedirect",
			Message: "The bucket you are attempting to access must be addressed using the specified endpoint.",
			Status:  http.StatusMovedPermanently, Header: map[string]string{"X-Amz-Bucket-Region": b.region},
		}
	}
	return b, nil
}

func (a *Account) deleteBucket(_ context.Context, c *wire.Call) (any, error) {
	name, _ := where(c)
	if err := a.bucketRead(c, "s3:DeleteBucket", name); err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.buckets[name].objects)+len(a.buckets[name].versions) > 0 {
		return nil, &wire.Error{Code: "BucketNotEmpty", Message: "The bucket you tried to delete is not empty", Status: http.StatusConflict}
	}
	delete(a.buckets, name)
	return nil, nil
}

func (a *Account) bucketLocation(_ context.Context, c *wire.Call) (any, error) {
	name, _ := where(c)
	if err := a.bucketRead(c, "s3:GetBucketLocation", name); err != nil {
		return nil, err
	}
	return map[string]any{"root": "LocationConstraint"}, nil
}

func (a *Account) listObjects(_ context.Context, c *wire.Call) (any, error) {
	name, _ := where(c)
	if err := a.bucketRead(c, "s3:ListBucket", name); err != nil {
		return nil, err
	}
	prefix := str(c.Params, "prefix")
	a.mu.Lock()
	defer a.mu.Unlock()
	var contents []any
	for _, key := range sortedKeys(a.buckets[name].objects) {
		if strings.HasPrefix(key, prefix) {
			o := a.buckets[name].objects[key]
			contents = append(contents, map[string]any{"Key": key, "Size": len(o.body), "ETag": o.etag, "LastModified": o.modified})
		}
	}
	return map[string]any{
		"root": "ListBucketResult", "Name": name, "Prefix": prefix, "KeyCount": len(contents), "IsTruncated": false, "Contents": contents,
	}, nil
}

func (a *Account) putObject(_ context.Context, c *wire.Call) (any, error) {
	name, key := where(c)
	if err := c.Authorize("s3:PutObject", bucketARN(name)+"/"+key, nil); err != nil {
		return nil, err
	}
	if str(c.Params, "LockMode") != "" {
		if err := c.Authorize("s3:PutObjectRetention", bucketARN(name)+"/"+key, nil); err != nil {
			return nil, err
		}
	}
	body, _ := c.Params["Body"].([]byte)
	sum := md5.Sum(body) //nolint:gosec // see the import
	o := stored{body: body, contentType: str(c.Params, "ContentType"), etag: `"` + hex.EncodeToString(sum[:]) + `"`, modified: c.Now}
	a.mu.Lock()
	defer a.mu.Unlock()
	b, err := a.bucket(c, name)
	if err != nil {
		return nil, err
	}
	until, err := b.lockOf(c)
	if err != nil {
		return nil, err
	}
	b.objects[key] = o
	return object{etag: o.etag, version: b.keep(version{key: key, stored: o, until: until})}, nil
}

func (a *Account) getObject(_ context.Context, c *wire.Call) (any, error) {
	o, err := a.read(c)
	if err != nil {
		return nil, err
	}
	return object{body: o.body, contentType: o.contentType, etag: o.etag, modified: o.modified.UTC().Format(http.TimeFormat)}, nil
}

func (a *Account) headObject(_ context.Context, c *wire.Call) (any, error) {
	o, err := a.read(c)
	if err != nil {
		return nil, err
	}
	return object{contentType: o.contentType, etag: o.etag, modified: o.modified.UTC().Format(http.TimeFormat)}, nil
}

// read answers an object. Whether a key is missing is told only to those who
// may list the bucket, as S3 does.
func (a *Account) read(c *wire.Call) (stored, error) {
	name, key := where(c)
	denied := c.Authorize("s3:GetObject", bucketARN(name)+"/"+key, nil)
	if denied != nil {
		return stored{}, denied
	}
	a.mu.Lock()
	_, err := a.bucket(c, name)
	a.mu.Unlock()
	if err != nil {
		return stored{}, err
	}
	o, err := a.objectAt(name, key)
	if err != nil {
		if hidden := c.Authorize("s3:ListBucket", bucketARN(name), nil); hidden != nil {
			return stored{}, hidden
		}
	}
	return o, err
}

func (a *Account) objectAt(name, key string) (stored, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	b, ok := a.buckets[name]
	if !ok {
		return stored{}, noSuchBucket(name)
	}
	o, ok := b.objects[key]
	if !ok {
		return stored{}, &wire.Error{Code: "NoSuchKey", Message: "The specified key does not exist.", Status: http.StatusNotFound}
	}
	return o, nil
}

func (a *Account) deleteObject(_ context.Context, c *wire.Call) (any, error) {
	name, key := where(c)
	id, action := str(c.Params, "versionId"), "s3:DeleteObject"
	if id != "" {
		action = "s3:DeleteObjectVersion"
	}
	if err := c.Authorize(action, bucketARN(name)+"/"+key, nil); err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	b, err := a.bucket(c, name)
	if err != nil {
		return nil, err
	}
	if id != "" {
		return nil, b.removeVersion(c, key, id)
	}
	delete(b.objects, key)
	b.keep(version{key: key, marker: true, stored: stored{modified: c.Now}})
	return nil, nil
}

// templateLocation reads the bucket and the key out of a TemplateURL, in the
// forms that CloudFormation takes, and the one that this process serves.
func templateLocation(text string) (bucket, key string, ok bool) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return "", "", false
	}
	path := strings.TrimPrefix(u.Path, "/")
	host := u.Hostname()
	if rest, isAWS := strings.CutSuffix(host, ".amazonaws.com"); isAWS {
		if i := strings.LastIndex("."+rest, ".s3"); i > 0 {
			return host[:i-1], path, path != ""
		}
	} else if b, local := strings.CutSuffix(host, ".localhost"); local {
		return b, path, path != ""
	}
	bucket, key, _ = strings.Cut(path, "/")
	return bucket, key, bucket != "" && key != ""
}

// Template reads the object that a TemplateURL names, for CloudFormation.
func (a *Account) Template(address string) ([]byte, error) {
	bucket, key, ok := templateLocation(address)
	if !ok {
		return nil, wire.Errorf("ValidationError", "TemplateURL must be a supported URL.")
	}
	o, err := a.objectAt(bucket, key)
	if err != nil {
		return nil, wire.Errorf("ValidationError", "S3 error: %v", err)
	}
	return o.body, nil
}
