package aws

import (
	"net"
	"net/http"
	"strings"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// rest is S3's protocol: the method and the path say the action, the body is
// the object. Buckets are named in the path or in the host.
type rest struct{}

func (rest) spelling() spelling { return s3Spelling() }

// object is what a handler answers to have an object written as it is.
type object struct {
	body        []byte
	contentType string
	etag        string
	modified    string // http.TimeFormat
	region      string // of the bucket, for HeadBucket
	version     string // in a bucket that keeps versions
}

// wrapped is a list inside an element of its own, whose items have a name.
type wrapped struct {
	item string
	list []any
}

// s3Actions is every action, by method and whether a key and which of the
// query's words that choose an action (subresources) are there.
func s3Actions() map[string]string {
	return map[string]string{
		"GET":                  "ListBuckets",
		"PUT bucket":           "CreateBucket",
		"HEAD bucket":          "HeadBucket",
		"DELETE bucket":        "DeleteBucket",
		"GET bucket list-type": "ListObjectsV2",
		"GET bucket location":  "GetBucketLocation",
		"GET bucket versions":  "ListObjectVersions",
		"PUT bucket key":       "PutObject",
		"GET bucket key":       "GetObject",
		"HEAD bucket key":      "HeadObject",
		"DELETE bucket key":    "DeleteObject",
	}
}

// plainWord says of a query parameter that it changes an action's
// answer, not which action it is.
func plainWord(word string) bool {
	switch word {
	case "x-id", "prefix", "max-keys", "continuation-token", "start-after", "delimiter", "fetch-owner", "encoding-type", "versionId", "key-marker", "version-id-marker":
		return true
	}
	return false
}

func (rest) decode(r *http.Request, body []byte) (string, map[string]any, *wire.Error) {
	bucket, key := bucketAndKey(r)
	name := r.Method
	if bucket != "" {
		name += " bucket"
	}
	if key != "" {
		name += " key"
	}
	params := map[string]any{
		"Bucket": bucket, "Key": key, "Body": body, "ContentType": r.Header.Get("Content-Type"),
		"ExpectedBucketOwner": r.Header.Get("X-Amz-Expected-Bucket-Owner"),
		"LockEnabled":         r.Header.Get("X-Amz-Bucket-Object-Lock-Enabled"),
		"LockMode":            r.Header.Get("X-Amz-Object-Lock-Mode"),
		"LockUntil":           r.Header.Get("X-Amz-Object-Lock-Retain-Until-Date"),
		"Checksum":            checksum(r.Header),
	}
	if key != "" && r.Method == http.MethodGet && r.URL.Query().Has("versionId") {
		return "GetObject", params, wire.Errorf(codeInvalidAction, "the local AWS reads the newest version of an object only")
	}
	for _, word := range sortedKeys(r.URL.Query()) {
		if plainWord(word) {
			params[word] = r.URL.Query().Get(word)
			continue
		}
		name += " " + word
	}
	action, ok := s3Actions()[name]
	if !ok {
		return name, params, wire.Errorf(codeInvalidAction, "the local AWS has no action %q in service s3", name)
	}
	if strings.Contains(r.Header.Get("Content-Encoding"), "aws-chunked") {
		return action, params, wire.Errorf(codeInvalidAction, "the local AWS takes no aws-chunked bodies")
	}
	return action, params, nil
}

// checksum answers the checksum that came with a body, of whatever kind.
func checksum(h http.Header) string {
	for _, name := range []string{"Content-Md5", "X-Amz-Checksum-Crc32", "X-Amz-Checksum-Crc32c", "X-Amz-Checksum-Crc64nvme", "X-Amz-Checksum-Sha1", "X-Amz-Checksum-Sha256"} {
		if v := h.Get(name); v != "" {
			return v
		}
	}
	return ""
}

// bucketAndKey reads BUCKET.localhost/KEY or host/BUCKET/KEY.
func bucketAndKey(r *http.Request) (bucket, key string) {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	path := strings.TrimPrefix(r.URL.Path, "/")
	if b, ok := strings.CutSuffix(host, ".localhost"); ok {
		return b, path
	}
	bucket, key, _ = strings.Cut(path, "/")
	return bucket, key
}

func (rest) encode(w http.ResponseWriter, _ *http.Request, action string, result any, id string) {
	h := w.Header()
	h.Set("X-Amz-Request-Id", id)
	switch v := result.(type) {
	case object:
		if v.contentType != "" {
			h.Set("Content-Type", v.contentType)
		}
		if v.etag != "" {
			h.Set("ETag", v.etag)
		}
		if v.region != "" {
			h.Set("X-Amz-Bucket-Region", v.region)
		}
		if v.version != "" {
			h.Set("X-Amz-Version-Id", v.version)
		}
		if v.modified != "" {
			h.Set("Last-Modified", v.modified)
		}
		_, _ = w.Write(v.body)
	case map[string]any:
		x := newXML()
		root, _ := v["root"].(string)
		x.open(root, "http://s3.amazonaws.com/doc/2006-03-01/")
		for _, k := range sortedKeys(v) {
			// S3's lists are flattened: one element each, without a wrapper.
			switch e := v[k].(type) {
			case []any:
				for _, one := range e {
					x.value(k, one, "")
				}
			case wrapped:
				x.value(k, e.list, e.item)
			default:
				if k != "root" {
					x.value(k, e, "")
				}
			}
		}
		x.close(root)
		x.send(w, http.StatusOK)
	case nil:
		if action == "DeleteObject" || action == "DeleteBucket" {
			w.WriteHeader(http.StatusNoContent)
		}
	}
}

func (rest) fail(w http.ResponseWriter, r *http.Request, e *wire.Error, id string) {
	w.Header().Set("X-Amz-Request-Id", id)
	for k, v := range e.Header {
		w.Header().Set(k, v)
	}
	if r.Method == http.MethodHead {
		w.WriteHeader(e.Status) // S3 answers HEAD without a body; the SDK makes a code of the status
		return
	}
	x := newXML()
	x.open("Error", "")
	x.leaf("Code", e.Code)
	x.leaf("Message", e.Message)
	x.leaf("RequestId", id)
	x.close("Error")
	x.send(w, e.Status)
}
