package aws_test

import (
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/bcn-bot/bcn/internal/local/aws"
	"github.com/bcn-bot/bcn/internal/local/aws/cluster"
)

// key makes a customer's key with an alias and answers its ARN.
func (w *world) key(t *testing.T, alias string) string {
	t.Helper()
	c := kms.NewFromConfig(w.as())
	out := must[*kms.CreateKeyOutput](t)(c.CreateKey(t.Context(), &kms.CreateKeyInput{Description: awssdk.String(alias)}))
	must[*kms.CreateAliasOutput](t)(c.CreateAlias(t.Context(), &kms.CreateAliasInput{AliasName: awssdk.String("alias/" + alias), TargetKeyId: out.KeyMetadata.KeyId}))
	return *out.KeyMetadata.Arn
}

// who is a role with one permission.
func (w *world) who(t *testing.T, name, action, resource string) awssdk.Config {
	t.Helper()
	return w.as(w.assume(t, w.role(t, name, trustAll, allow(action, resource))))
}

func TestKeys(t *testing.T) {
	t.Parallel()
	s := awssdk.String
	w := newWorld(t)
	c := kms.NewFromConfig(w.as())
	arn := w.key(t, "app")
	id := arn[strings.LastIndexByte(arn, '/')+1:]

	t.Run("are found by id, ARN, alias and the alias's ARN", func(t *testing.T) {
		t.Parallel()
		for _, ref := range []string{id, arn, "alias/app", strings.Replace(arn, "key/"+id, "alias/app", 1)} {
			out := must[*kms.DescribeKeyOutput](t)(c.DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: &ref}))
			if m := out.KeyMetadata; *m.Arn != arn || m.KeyManager != kmstypes.KeyManagerTypeCustomer || m.KeyState != kmstypes.KeyStateEnabled {
				t.Errorf("%s: %+v", ref, m)
			}
		}
	})
	t.Run("that are not there are not found", func(t *testing.T) {
		t.Parallel()
		for _, ref := range []string{"alias/none", "11111111-2222-3333-4444-555555555555"} {
			_, err := c.DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: &ref})
			wantCode(t, err, "NotFoundException")
		}
	})
	t.Run("of AWS's own are there, and say so", func(t *testing.T) {
		t.Parallel()
		out := must[*kms.DescribeKeyOutput](t)(c.DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: s("alias/aws/ssm")}))
		if out.KeyMetadata.KeyManager != kmstypes.KeyManagerTypeAws {
			t.Errorf("%+v", out.KeyMetadata)
		}
	})
	t.Run("aliases are unique, and AWS keeps some for itself", func(t *testing.T) {
		t.Parallel()
		alias := func(name string) error {
			_, err := c.CreateAlias(t.Context(), &kms.CreateAliasInput{AliasName: &name, TargetKeyId: &id})
			return err
		}
		wantCode(t, alias("alias/app"), "AlreadyExistsException")
		wantCode(t, alias("alias/aws/mine"), "NotAuthorizedException")
		wantCode(t, alias("mine"), "InvalidAliasNameException")
		list := must[*kms.ListAliasesOutput](t)(c.ListAliases(t.Context(), &kms.ListAliasesInput{KeyId: &id}))
		if len(list.Aliases) != 1 || *list.Aliases[0].AliasName != "alias/app" {
			t.Errorf("%+v", list.Aliases)
		}
	})
	t.Run("are described to whom the policies allow it", func(t *testing.T) {
		t.Parallel()
		_, err := kms.NewFromConfig(w.who(t, "who-1", "kms:DescribeKey", arn)).DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: s("alias/app")})
		wantCode(t, err, "")
		_, err = kms.NewFromConfig(w.who(t, "who-2", "kms:DescribeKey", "arn:aws:kms:*:*:alias/app")).DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: s("alias/app")})
		wantCode(t, err, "AccessDeniedException")
	})
}

func TestEncryptedParameters(t *testing.T) {
	t.Parallel()
	s := awssdk.String
	w := newWorld(t)
	arn := w.key(t, "app")
	put := func(cfg awssdk.Config, name, kind, key string) error {
		in := &ssm.PutParameterInput{Name: &name, Value: s("hush"), Type: ssmtypes.ParameterType(kind)}
		if key != "" {
			in.KeyId = &key
		}
		_, err := ssm.NewFromConfig(cfg).PutParameter(t.Context(), in)
		return err
	}
	wantCode(t, put(w.as(), "/app/url", "SecureString", "alias/app"), "")

	t.Run("are described with the key as it was written", func(t *testing.T) { // before others put theirs
		out := must[*ssm.DescribeParametersOutput](t)(ssm.NewFromConfig(w.as()).DescribeParameters(t.Context(), &ssm.DescribeParametersInput{}))
		if *out.Parameters[0].KeyId != "alias/app" {
			t.Errorf("%+v", out.Parameters[0])
		}
	})
	t.Run("need a key that is there, and only they", func(t *testing.T) {
		t.Parallel()
		wantCode(t, put(w.as(), "/app/none", "SecureString", "alias/none"), "InvalidKeyId")
		wantCode(t, put(w.as(), "/app/plain", "String", "alias/app"), "ValidationException")
	})
	t.Run("are written by who may encrypt with the key", func(t *testing.T) {
		t.Parallel()
		only := w.who(t, "who-3", "ssm:PutParameter", "*")
		wantCode(t, put(only, "/app/other", "SecureString", "alias/app"), "AccessDeniedException")
		wantCode(t, put(only, "/app/default", "SecureString", ""), "")
	})
	t.Run("are read by who may decrypt for that parameter", func(t *testing.T) {
		t.Parallel()
		get := func(cfg awssdk.Config) error {
			_, err := ssm.NewFromConfig(cfg).GetParameter(t.Context(), &ssm.GetParameterInput{Name: s("/app/url"), WithDecryption: awssdk.Bool(true)})
			return err
		}
		wantCode(t, get(w.who(t, "who-4", "ssm:GetParameter", "*")), "AccessDeniedException")
		for name, want := range map[string]string{"app/url": "", "app/other": "AccessDeniedException"} {
			role := w.role(t, "reads-"+strings.ReplaceAll(name, "/", "-"), trustAll, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ssm:GetParameter","Resource":"*"},
				{"Effect":"Allow","Action":"kms:Decrypt","Resource":"`+arn+`","Condition":{"StringEquals":{
				"kms:ViaService":"ssm.us-east-1.amazonaws.com","kms:EncryptionContext:PARAMETER_ARN":"arn:aws:ssm:us-east-1:123456789012:parameter/`+name+`"}}}]}`)
			wantCode(t, get(w.as(w.assume(t, role))), want)
		}
	})
	t.Run("secrets tell the key that is not AWS's own, and need it too", func(t *testing.T) {
		t.Parallel()
		c := secretsmanager.NewFromConfig(w.as())
		for name, key := range map[string]*string{"own": &arn, "plain": nil} {
			must[*secretsmanager.CreateSecretOutput](t)(c.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: &name, SecretString: s("hush"), KmsKeyId: key}))
			out := must[*secretsmanager.DescribeSecretOutput](t)(c.DescribeSecret(t.Context(), &secretsmanager.DescribeSecretInput{SecretId: &name}))
			if awssdk.ToString(out.KmsKeyId) != awssdk.ToString(key) {
				t.Errorf("%s: %v", name, out.KmsKeyId)
			}
		}
		_, err := c.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: s("bad"), SecretString: s("hush"), KmsKeyId: s("alias/none")})
		wantCode(t, err, "InvalidParameterException")
		_, err = secretsmanager.NewFromConfig(w.who(t, "who-5", "secretsmanager:GetSecretValue", "*")).GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: s("own")})
		wantCode(t, err, "AccessDeniedException")
	})
}

// executes is an execution role that may read the parameter, and do more.
func (w *world) executes(t *testing.T, name, more string) string {
	t.Helper()
	trust := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	return w.role(t, name, trust, `{"Version":"2012-10-17","Statement":[`+more+`{"Effect":"Allow","Action":"ssm:GetParameters","Resource":"*"}]}`)
}

func TestATaskDecryptsInItsExecutionRolesName(t *testing.T) {
	t.Parallel()
	s := awssdk.String
	w := newWorld(t, func(o *aws.Options) { o.Sample = true })
	w.Cluster().PutImage("docker.io/library/app", "v1", cluster.Image{Behaviour: cluster.Healthy()})
	arn := w.key(t, "shelf")
	must[*ssm.PutParameterOutput](t)(ssm.NewFromConfig(w.as()).PutParameter(t.Context(), &ssm.PutParameterInput{
		Name: s("/barcelona/default/shelf/database_url"), Value: s("hush"), Type: "SecureString", KeyId: s("alias/shelf"),
	}))
	decrypt := `{"Effect":"Allow","Action":"kms:Decrypt","Resource":"` + arn + `"},`
	c := ecs.NewFromConfig(w.as())
	run := func(family, role string) ecstypes.Task {
		must[*ecs.RegisterTaskDefinitionOutput](t)(c.RegisterTaskDefinition(t.Context(), &ecs.RegisterTaskDefinitionInput{
			Family: &family, Cpu: s("256"), Memory: s("512"), NetworkMode: "awsvpc", RequiresCompatibilities: []ecstypes.Compatibility{"FARGATE"},
			ExecutionRoleArn: &role,
			ContainerDefinitions: []ecstypes.ContainerDefinition{{
				Name: s("main"), Image: s("app:v1"),
				Secrets: []ecstypes.Secret{{Name: s("DATABASE_URL"), ValueFrom: s("/barcelona/default/shelf/database_url")}},
			}},
		}))
		out := must[*ecs.RunTaskOutput](t)(c.RunTask(t.Context(), &ecs.RunTaskInput{
			Cluster: s("default"), TaskDefinition: &family, LaunchType: "FARGATE",
			NetworkConfiguration: &ecstypes.NetworkConfiguration{AwsvpcConfiguration: &ecstypes.AwsVpcConfiguration{Subnets: []string{"subnet-0a11ce00000000001"}}},
		}))
		w.clock.Advance(time.Minute)
		return must[*ecs.DescribeTasksOutput](t)(c.DescribeTasks(t.Context(), &ecs.DescribeTasksInput{Cluster: s("default"), Tasks: []string{*out.Tasks[0].TaskArn}})).Tasks[0]
	}
	if got := run("redash", w.executes(t, "redash", decrypt)); *got.LastStatus != "RUNNING" {
		t.Errorf("the app itself: %s %s", *got.LastStatus, awssdk.ToString(got.StoppedReason))
	}
	got := run("other", w.executes(t, "other", ""))
	if reason := awssdk.ToString(got.StoppedReason); *got.LastStatus != "STOPPED" || got.StopCode != "TaskFailedToStart" ||
		!strings.HasPrefix(reason, "ResourceInitializationError: unable to pull secrets or registry auth: ") ||
		!strings.Contains(reason, "assumed-role/other/") || !strings.Contains(reason, "is not authorized to perform: kms:Decrypt on resource: "+arn) {
		t.Errorf("another app: %s %s %s", *got.LastStatus, got.StopCode, reason)
	}
}
