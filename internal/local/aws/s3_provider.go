package aws

import (
	"context"
	"encoding/json"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// bucketResource is AWS::S3::Bucket, with the settings that bcn gives one.
type bucketResource struct{ *Account }

var (
	_ wire.Resource = bucketResource{}
	_ wire.Named    = bucketResource{}
)

// settings are the properties beside the name, each with the action that puts it.
func (bucketResource) settings() map[string]string {
	return map[string]string{
		"BucketEncryption": "s3:PutEncryptionConfiguration", "PublicAccessBlockConfiguration": "s3:PutBucketPublicAccessBlock",
		"OwnershipControls": "s3:PutBucketOwnershipControls", "LifecycleConfiguration": "s3:PutLifecycleConfiguration", "Tags": "s3:PutBucketTagging",
	}
}

// Taken implements wire.Named: names of buckets are unique in all of AWS.
func (b bucketResource) Taken(_ context.Context, r wire.Request) (string, bool) {
	name := text(r.Properties, "BucketName")
	b.mu.Lock()
	defer b.mu.Unlock()
	_, there := b.buckets[name]
	return name, there && name != ""
}

// Create implements wire.Resource.
func (b bucketResource) Create(_ context.Context, r wire.Request) (string, map[string]string, error) {
	name := text(r.Properties, "BucketName")
	if !bucketName.MatchString(name) || ipLike.MatchString(name) {
		return "", nil, wire.Errorf("InvalidBucketName", "The specified bucket is not valid.")
	}
	if err := r.Authorize("s3:CreateBucket", bucketARN(name), nil); err != nil {
		return "", nil, err
	}
	b.mu.Lock()
	_, there := b.buckets[name]
	if !there {
		b.buckets[name] = &bucket{region: r.Region, created: r.Now, objects: map[string]stored{}}
	}
	b.mu.Unlock()
	if there {
		return "", nil, wire.Errorf("AlreadyExists", "%s already exists", name)
	}
	return name, map[string]string{"Arn": bucketARN(name)}, b.put(name, r)
}

func (b bucketResource) put(name string, r wire.Request) error {
	for _, property := range sortedKeys(b.settings()) {
		if r.Properties[property] == nil {
			continue
		}
		if err := r.Authorize(b.settings()[property], bucketARN(name), nil); err != nil {
			return err
		}
	}
	return nil
}

// Update implements wire.Resource.
func (b bucketResource) Update(_ context.Context, id string, r wire.Request) (map[string]string, error) {
	return map[string]string{"Arn": bucketARN(id)}, b.put(id, r)
}

// Delete implements wire.Resource: only an empty bucket goes.
func (b bucketResource) Delete(_ context.Context, id string, r wire.Request) error {
	if err := r.Authorize("s3:DeleteBucket", bucketARN(id), nil); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if found, ok := b.buckets[id]; ok && len(found.objects) > 0 {
		return wire.Errorf("BucketNotEmpty", "The bucket you tried to delete is not empty")
	}
	delete(b.buckets, id)
	return nil
}

// Ready is at once.
func (bucketResource) Ready(context.Context, string, wire.Request) (bool, error) { return true, nil }

// bucketPolicy is AWS::S3::BucketPolicy. It is stored as it is; the account's
// own principals are judged by their own policies.
type bucketPolicy struct{ *Account }

var _ wire.Resource = bucketPolicy{}

// Create implements wire.Resource.
func (b bucketPolicy) Create(_ context.Context, r wire.Request) (string, map[string]string, error) {
	name := text(r.Properties, "Bucket")
	return name, nil, b.put(name, r)
}

func (b bucketPolicy) put(name string, r wire.Request) error {
	if err := r.Authorize("s3:PutBucketPolicy", bucketARN(name), nil); err != nil {
		return err
	}
	body, err := json.Marshal(r.Properties["PolicyDocument"])
	if err != nil {
		return wire.Errorf("MalformedPolicy", "%v", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	found, ok := b.buckets[name]
	if !ok {
		return wire.Errorf("NoSuchBucket", "The specified bucket does not exist")
	}
	found.policy = string(body)
	return nil
}

// Update implements wire.Resource.
func (b bucketPolicy) Update(_ context.Context, id string, r wire.Request) (map[string]string, error) {
	return nil, b.put(id, r)
}

// Delete implements wire.Resource.
func (b bucketPolicy) Delete(_ context.Context, id string, r wire.Request) error {
	if err := r.Authorize("s3:DeleteBucketPolicy", bucketARN(id), nil); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if found, ok := b.buckets[id]; ok {
		found.policy = ""
	}
	return nil
}

// Ready is at once.
func (bucketPolicy) Ready(context.Context, string, wire.Request) (bool, error) { return true, nil }
