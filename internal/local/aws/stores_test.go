package aws_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
)

func (w *world) put(t *testing.T, name, value string, kind types.ParameterType) {
	t.Helper()
	must[*ssm.PutParameterOutput](t)(ssm.NewFromConfig(w.as()).PutParameter(t.Context(), &ssm.PutParameterInput{Name: &name, Value: &value, Type: kind}))
}

func TestParameters(t *testing.T) {
	t.Parallel()
	s := awssdk.String
	w := newWorld(t)
	c := ssm.NewFromConfig(w.as())
	for i := range 25 {
		w.put(t, fmt.Sprintf("/many/p%02d", i), "v", "String")
	}
	w.put(t, "/many/deep/er", "v", "String")
	w.put(t, "/one/secret", "hush", "SecureString")

	for _, b := range []struct {
		name string
		in   ssm.PutParameterInput
		want string
	}{
		{"a name that exists", ssm.PutParameterInput{Name: s("/one/secret"), Value: s("v"), Type: "String"}, "ParameterAlreadyExists"},
		{"a path without a slash before it", ssm.PutParameterInput{Name: s("one/two"), Value: s("v"), Type: "String"}, "ValidationException"},
		{"a name with a space", ssm.PutParameterInput{Name: s("/one two"), Value: s("v"), Type: "String"}, "ValidationException"},
		{"a name that AWS keeps for itself", ssm.PutParameterInput{Name: s("/aws/x"), Value: s("v"), Type: "String"}, "AccessDeniedException"},
		{"more than 15 levels", ssm.PutParameterInput{Name: s(strings.Repeat("/a", 16)), Value: s("v"), Type: "String"}, "HierarchyLevelLimitExceededException"},
		{"a value over 4 KB", ssm.PutParameterInput{Name: s("/big"), Value: s(strings.Repeat("v", 4097)), Type: "String"}, "ValidationException"},
		{"an unknown type", ssm.PutParameterInput{Name: s("/odd"), Value: s("v"), Type: "Secret"}, "ValidationException"},
		{"tags on one that exists", ssm.PutParameterInput{Name: s("/one/secret"), Value: s("v"), Overwrite: awssdk.Bool(true), Tags: []types.Tag{{Key: s("a"), Value: s("b")}}}, "ValidationException"},
	} {
		t.Run("PutParameter refuses "+b.name, func(t *testing.T) {
			t.Parallel()
			_, err := c.PutParameter(t.Context(), &b.in)
			wantCode(t, err, b.want)
		})
	}
	t.Run("Overwrite makes the next version and keeps the type", func(t *testing.T) {
		t.Parallel()
		w.put(t, "/versions", "1", "SecureString")
		out := must[*ssm.PutParameterOutput](t)(c.PutParameter(t.Context(), &ssm.PutParameterInput{Name: s("/versions"), Value: s("2"), Overwrite: awssdk.Bool(true)}))
		got := must[*ssm.GetParameterOutput](t)(c.GetParameter(t.Context(), &ssm.GetParameterInput{Name: s("/versions"), WithDecryption: awssdk.Bool(true)}))
		if out.Version != 2 || got.Parameter.Type != "SecureString" || *got.Parameter.Value != "2" {
			t.Fatalf("got version %d, %v", out.Version, got.Parameter)
		}
	})
	t.Run("GetParameters tells the missing apart, and decrypts only when asked", func(t *testing.T) {
		t.Parallel()
		out := must[*ssm.GetParametersOutput](t)(c.GetParameters(t.Context(), &ssm.GetParametersInput{Names: []string{"/one/secret", "/none"}}))
		if len(out.Parameters) != 1 || *out.Parameters[0].Value == "hush" || len(out.InvalidParameters) != 1 || out.InvalidParameters[0] != "/none" {
			t.Fatalf("got %v, missing %v", out.Parameters, out.InvalidParameters)
		}
		out = must[*ssm.GetParametersOutput](t)(c.GetParameters(t.Context(), &ssm.GetParametersInput{Names: []string{"/one/secret"}, WithDecryption: awssdk.Bool(true)}))
		if *out.Parameters[0].Value != "hush" || *out.Parameters[0].ARN != "arn:aws:ssm:us-east-1:123456789012:parameter/one/secret" {
			t.Fatalf("got %v", out.Parameters[0])
		}
	})
	t.Run("GetParameters takes ten names, each once", func(t *testing.T) {
		t.Parallel()
		var names []string
		for i := range 11 {
			names = append(names, fmt.Sprintf("/many/p%02d", i))
		}
		_, err := c.GetParameters(t.Context(), &ssm.GetParametersInput{Names: names[:10]})
		wantCode(t, err, "")
		_, err = c.GetParameters(t.Context(), &ssm.GetParametersInput{Names: names})
		wantCode(t, err, "ValidationException")
		_, err = c.GetParameters(t.Context(), &ssm.GetParametersInput{Names: []string{"/a", "/a"}})
		wantCode(t, err, "ValidationException")
	})
	t.Run("GetParametersByPath has pages of ten at most", func(t *testing.T) {
		t.Parallel()
		_, err := c.GetParametersByPath(t.Context(), &ssm.GetParametersByPathInput{Path: s("/many"), MaxResults: awssdk.Int32(11)})
		wantCode(t, err, "ValidationException")
		pages, found := 0, 0
		for p := ssm.NewGetParametersByPathPaginator(c, &ssm.GetParametersByPathInput{Path: s("/many")}); p.HasMorePages(); pages++ {
			found += len(must[*ssm.GetParametersByPathOutput](t)(p.NextPage(t.Context())).Parameters)
		}
		if pages != 3 || found != 25 {
			t.Fatalf("%d in %d pages", found, pages)
		}
	})
	t.Run("GetParametersByPath goes down only when asked", func(t *testing.T) {
		t.Parallel()
		out := must[*ssm.GetParametersByPathOutput](t)(c.GetParametersByPath(t.Context(), &ssm.GetParametersByPathInput{Path: s("/many/deep/"), Recursive: awssdk.Bool(true)}))
		if len(out.Parameters) != 1 {
			t.Fatalf("got %d", len(out.Parameters))
		}
		_, err := c.GetParametersByPath(t.Context(), &ssm.GetParametersByPathInput{Path: s("many")})
		wantCode(t, err, "ValidationException")
	})
	t.Run("DescribeParameters finds by name, without values, in pages", func(t *testing.T) {
		t.Parallel()
		out := must[*ssm.DescribeParametersOutput](t)(c.DescribeParameters(t.Context(), &ssm.DescribeParametersInput{ParameterFilters: []types.ParameterStringFilter{
			{Key: s("Name"), Option: s("Equals"), Values: []string{"/one/secret", "/none"}},
		}}))
		if len(out.Parameters) != 1 || *out.Parameters[0].KeyId != "alias/aws/ssm" {
			t.Fatalf("got %v", out.Parameters)
		}
		_, err := c.DescribeParameters(t.Context(), &ssm.DescribeParametersInput{MaxResults: awssdk.Int32(51)})
		wantCode(t, err, "ValidationException")
		first := must[*ssm.DescribeParametersOutput](t)(c.DescribeParameters(t.Context(), &ssm.DescribeParametersInput{MaxResults: awssdk.Int32(5)}))
		if len(first.Parameters) != 5 || first.NextToken == nil {
			t.Fatalf("got %d", len(first.Parameters))
		}
		_, err = c.DescribeParameters(t.Context(), &ssm.DescribeParametersInput{NextToken: s("garbage")})
		wantCode(t, err, "InvalidNextToken")
	})
	t.Run("DescribeParameters refuses filters that are not there", func(t *testing.T) {
		t.Parallel()
		filter := func(key, option string) error {
			_, err := c.DescribeParameters(t.Context(), &ssm.DescribeParametersInput{ParameterFilters: []types.ParameterStringFilter{{Key: &key, Option: &option, Values: []string{"x"}}}})
			return err
		}
		wantCode(t, filter("Colour", "Equals"), "InvalidFilterKey")
		wantCode(t, filter("Name", "EndsWith"), "InvalidFilterOption")
		wantCode(t, filter("Name", "BeginsWith"), "")
	})
	t.Run("DeleteParameters tells what was there", func(t *testing.T) {
		t.Parallel()
		w.put(t, "/gone", "v", "String")
		out := must[*ssm.DeleteParametersOutput](t)(c.DeleteParameters(t.Context(), &ssm.DeleteParametersInput{Names: []string{"/gone", "/none"}}))
		if len(out.DeletedParameters) != 1 || len(out.InvalidParameters) != 1 {
			t.Fatalf("got %v %v", out.DeletedParameters, out.InvalidParameters)
		}
		_, err := c.GetParameter(t.Context(), &ssm.GetParameterInput{Name: s("/gone")})
		wantCode(t, err, "ParameterNotFound")
	})
	t.Run("each region has its own", func(t *testing.T) {
		t.Parallel()
		elsewhere := w.as()
		elsewhere.Region = "eu-west-1"
		_, err := ssm.NewFromConfig(elsewhere).GetParameter(t.Context(), &ssm.GetParameterInput{Name: s("/one/secret")})
		wantCode(t, err, "ParameterNotFound")
	})
}

func TestParameterPermissions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(t, "/barcelona/default/hello/key", "v", "SecureString")
	w.put(t, "/barcelona/other/hello/key", "v", "SecureString")
	c := ssm.NewFromConfig(w.able(t, "ssm:GetParameters", "arn:aws:ssm:us-east-1:123456789012:parameter/barcelona/default/*"))
	get := func(names ...string) error {
		_, err := c.GetParameters(t.Context(), &ssm.GetParametersInput{Names: names})
		return err
	}
	wantCode(t, get("/barcelona/default/hello/key"), "")
	wantCode(t, get("arn:aws:ssm:us-east-1:123456789012:parameter/barcelona/default/hello/key"), "")
	wantCode(t, get("/barcelona/other/hello/key"), "AccessDeniedException")
	wantCode(t, get("/barcelona/default/hello/key", "/barcelona/other/hello/key"), "AccessDeniedException")
	_, err := c.GetParameter(t.Context(), &ssm.GetParameterInput{Name: awssdk.String("/barcelona/default/hello/key")})
	wantCode(t, err, "AccessDeniedException")
	_, err = c.DeleteParameter(t.Context(), &ssm.DeleteParameterInput{Name: awssdk.String("/barcelona/default/hello/key")})
	wantCode(t, err, "AccessDeniedException")
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	s := awssdk.String
	w := newWorld(t)
	c := secretsmanager.NewFromConfig(w.as())
	made := must[*secretsmanager.CreateSecretOutput](t)(c.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: s("barcelona/default/db"), SecretString: s("hush")}))
	partial := (*made.ARN)[:len(*made.ARN)-7]
	describe := func(c *secretsmanager.Client, id string) (*secretsmanager.DescribeSecretOutput, error) {
		return c.DescribeSecret(t.Context(), &secretsmanager.DescribeSecretInput{SecretId: &id})
	}
	t.Run("are found by name, ARN and the ARN without its suffix", func(t *testing.T) {
		t.Parallel()
		for _, id := range []string{"barcelona/default/db", *made.ARN, partial} {
			out := must[*secretsmanager.DescribeSecretOutput](t)(describe(c, id))
			if *out.ARN != *made.ARN || out.DeletedDate != nil || !out.CreatedDate.Equal(start) {
				t.Fatalf("%s: got %v", id, *out.ARN)
			}
		}
	})
	t.Run("that are not there are not found", func(t *testing.T) {
		t.Parallel()
		for _, id := range []string{"barcelona/default/d", partial + "x", "arn:aws:secretsmanager:us-east-1:111111111111:secret:barcelona/default/db"} {
			_, err := describe(c, id)
			wantCode(t, err, "ResourceNotFoundException")
		}
	})
	t.Run("exist once", func(t *testing.T) {
		t.Parallel()
		_, err := c.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: s("barcelona/default/db")})
		wantCode(t, err, "ResourceExistsException")
		_, err = c.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: s("a b")})
		wantCode(t, err, "ValidationException")
	})
	t.Run("are made once, however often the same request comes", func(t *testing.T) {
		t.Parallel()
		in := &secretsmanager.CreateSecretInput{Name: s("again"), SecretString: s("x"), ClientRequestToken: s("0123456789abcdef0123456789abcdef")}
		first := must[*secretsmanager.CreateSecretOutput](t)(c.CreateSecret(t.Context(), in))
		second := must[*secretsmanager.CreateSecretOutput](t)(c.CreateSecret(t.Context(), in))
		if *first.ARN != *second.ARN {
			t.Fatalf("got %v and %v", *first.ARN, *second.ARN)
		}
	})
	t.Run("that are to be deleted say so and give no value", func(t *testing.T) {
		t.Parallel()
		must[*secretsmanager.CreateSecretOutput](t)(c.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: s("old"), SecretString: s("x")}))
		_, err := c.DeleteSecret(t.Context(), &secretsmanager.DeleteSecretInput{SecretId: s("old"), RecoveryWindowInDays: awssdk.Int64(3)})
		wantCode(t, err, "InvalidParameterException")
		must[*secretsmanager.DeleteSecretOutput](t)(c.DeleteSecret(t.Context(), &secretsmanager.DeleteSecretInput{SecretId: s("old")}))
		if out := must[*secretsmanager.DescribeSecretOutput](t)(describe(c, "old")); out.DeletedDate == nil {
			t.Fatal("does not say so")
		}
		_, err = c.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: s("old")})
		wantCode(t, err, "InvalidRequestException")
	})
	t.Run("are listed in pages", func(t *testing.T) {
		t.Parallel()
		out := must[*secretsmanager.ListSecretsOutput](t)(c.ListSecrets(t.Context(), &secretsmanager.ListSecretsInput{MaxResults: awssdk.Int32(1)}))
		if len(out.SecretList) != 1 {
			t.Fatalf("got %d", len(out.SecretList))
		}
		_, err := c.ListSecrets(t.Context(), &secretsmanager.ListSecretsInput{MaxResults: awssdk.Int32(101)})
		wantCode(t, err, "ValidationException")
	})
	t.Run("need permission by their ARN", func(t *testing.T) {
		t.Parallel()
		able := secretsmanager.NewFromConfig(w.able(t, "secretsmanager:DescribeSecret", "arn:aws:secretsmanager:us-east-1:123456789012:secret:barcelona/default/*"))
		_, err := describe(able, "barcelona/default/db")
		wantCode(t, err, "")
		_, err = describe(able, "barcelona/default/none")
		wantCode(t, err, "ResourceNotFoundException")
		_, err = describe(able, "barcelona/other/db")
		wantCode(t, err, "AccessDeniedException")
		_, err = able.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: s("barcelona/default/db")})
		wantCode(t, err, "AccessDeniedException")
	})
}

func TestBuckets(t *testing.T) {
	t.Parallel()
	s := awssdk.String
	w := newWorld(t)
	c := s3.NewFromConfig(w.as())
	must[*s3.CreateBucketOutput](t)(c.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: s("templates")}))
	must[*s3.PutObjectOutput](t)(c.PutObject(t.Context(), &s3.PutObjectInput{
		Bucket: s("templates"), Key: s("a/b c+d.json"), Body: strings.NewReader(`{"Resources":{}}`), ContentType: s("application/json"),
	}))
	t.Run("an object comes back as it was put, whatever its key", func(t *testing.T) {
		t.Parallel()
		out := must[*s3.GetObjectOutput](t)(c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: s("templates"), Key: s("a/b c+d.json")}))
		body := must[[]byte](t)(io.ReadAll(out.Body))
		if string(body) != `{"Resources":{}}` || *out.ContentType != "application/json" {
			t.Fatalf("got %s", body)
		}
	})
	t.Run("HeadBucket tells the region", func(t *testing.T) {
		t.Parallel()
		out := must[*s3.HeadBucketOutput](t)(c.HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: s("templates"), ExpectedBucketOwner: s("123456789012")}))
		if awssdk.ToString(out.BucketRegion) != "us-east-1" {
			t.Fatalf("got %v", out.BucketRegion)
		}
	})
	t.Run("what is not there is not found", func(t *testing.T) {
		t.Parallel()
		_, err := c.HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: s("none")})
		wantCode(t, err, "NotFound")
		_, err = c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: s("none"), Key: s("k")})
		wantCode(t, err, "NoSuchBucket")
		_, err = c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: s("templates"), Key: s("k")})
		wantCode(t, err, "NoSuchKey")
		_, err = c.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: s("templates"), Key: s("k")})
		wantCode(t, err, "NotFound")
	})
	t.Run("another owner's bucket is refused", func(t *testing.T) {
		t.Parallel()
		_, err := c.HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: s("templates"), ExpectedBucketOwner: s("111111111111")})
		wantCode(t, err, "Forbidden")
	})
	t.Run("a bucket of another region is told where it is", func(t *testing.T) {
		t.Parallel()
		elsewhere := w.as()
		elsewhere.Region = "eu-west-1"
		_, err := s3.NewFromConfig(elsewhere).GetObject(t.Context(), &s3.GetObjectInput{Bucket: s("templates"), Key: s("k")})
		wantCode(t, err, "PermanentRedirect")
	})
	t.Run("names are checked", func(t *testing.T) {
		t.Parallel()
		for name, want := range map[string]string{"templates": "BucketAlreadyOwnedByYou", "Upper": "InvalidBucketName", "ab": "InvalidBucketName", "10.0.0.1": "InvalidBucketName"} {
			_, err := c.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name})
			wantCode(t, err, want)
		}
	})
	t.Run("a bucket with objects is not deleted", func(t *testing.T) {
		t.Parallel()
		_, err := c.DeleteBucket(t.Context(), &s3.DeleteBucketInput{Bucket: s("templates")})
		wantCode(t, err, "BucketNotEmpty")
	})
	t.Run("lists tell what is there", func(t *testing.T) {
		t.Parallel()
		if out := must[*s3.ListBucketsOutput](t)(c.ListBuckets(t.Context(), &s3.ListBucketsInput{})); len(out.Buckets) != 1 || *out.Buckets[0].Name != "templates" {
			t.Fatalf("got %v", out.Buckets)
		}
		out := must[*s3.ListObjectsV2Output](t)(c.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: s("templates"), Prefix: s("a/")}))
		if len(out.Contents) != 1 || *out.Contents[0].Key != "a/b c+d.json" {
			t.Fatalf("got %v", out.Contents)
		}
	})
	t.Run("objects need permission by their ARN, and missing ones are hidden from who may not list", func(t *testing.T) {
		t.Parallel()
		able := s3.NewFromConfig(w.able(t, "s3:*Object", "arn:aws:s3:::templates/a/*"))
		get := func(key string) error {
			_, err := able.GetObject(t.Context(), &s3.GetObjectInput{Bucket: s("templates"), Key: &key})
			return err
		}
		wantCode(t, get("a/b c+d.json"), "")
		wantCode(t, get("b/x"), "AccessDenied")
		wantCode(t, get("a/none"), "AccessDenied")
		_, err := able.HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: s("templates")})
		wantCode(t, err, "Forbidden")
		_, err = able.PutObject(t.Context(), &s3.PutObjectInput{Bucket: s("templates"), Key: s("b/x"), Body: strings.NewReader("x")})
		wantCode(t, err, "AccessDenied")
	})
}
