package app

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
	localaws "github.com/bcn-bot/bcn/internal/local/aws"
	"github.com/bcn-bot/bcn/internal/local/aws/policy"
	"github.com/bcn-bot/bcn/internal/render"
)

// redashURL is the parameter that holds Redash's database URL in the sample.
const redashURL = "/barcelona/default/redash/REDASH_DATABASE_URL"

// borrower is the file of an app that wants Redash's database URL.
const borrower = `environments:
  production:
    name: %s
    image_name: 123456789012.dkr.ecr.us-east-1.amazonaws.com/ticker
    environment:
      - { name: DATABASE_URL, ssm_path: redash/REDASH_DATABASE_URL }
    services:
      - name: worker
        command: ./ticker
`

// Redash as its users run it, and who else may read its database URL: nobody
// but whom bot.yaml names.
func TestRedash(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.config += "secrets:\n  - { app: reports, path: redash/REDASH_DATABASE_URL }\n"
	w.bot()
	for _, name := range []string{"snoop", "reports"} {
		w.github.Commit("acme", name, "main", map[string]string{"barcelona.yml": fmt.Sprintf(borrower, name)})
	}
	w.type1(append(w.aws.SampleCommands()[:2],
		"/bcn create redash production --district default --source dir:examples/redash",
		"/bcn create ticker production --district default --source dir:examples/worker",
		"/bcn create snoop production --district default --source github:acme/snoop",
		"/bcn create reports production --district default --source github:acme/reports",
		"/bcn deploy ticker production v1",
	)...)

	t.Run("server, scheduler and worker go to a verified rollout", func(t *testing.T) {
		r := w.in(t).dana("deploy redash production 25.8.0 --reason verified", "verified", "waits for approval")
		r.press("U0LEAD", "approve")
		r.state(bcn.ChangeSucceeded)
		r.says("`scheduler` 1/1 running", "`server` ", "healthy", "`worker` 2/2 running")
	})
	t.Run("run create_db is given to the image, and ends with its exit code and last lines", func(t *testing.T) {
		w := w.in(t)
		r := w.administrate("run redash production -- create_db", "create_db")
		r.state(bcn.ChangeSucceeded)
		w.inThread(r.card, "ended with exit code 0", "$ create_db")
	})
	t.Run("its execution role reads its own parameters with its own key, and nothing else", func(t *testing.T) {
		w := w.in(t)
		w.readsItsOwn(w.roleOf("redash"))
	})
	t.Run("an app that nobody granted the parameter is refused before anything is proposed", func(t *testing.T) {
		w := w.in(t)
		r := w.dana("deploy snoop production v1 --reason snooping", "snooping", "nothing was changed")
		r.ends(bcn.ChangeClosed, bcn.CodeSecretNotAllowed)
		w.inThread(r.card, "may not refer to", "`secrets` in bot.yaml")
		if w.proposed("snoop") {
			t.Error("AWS was asked for a change set")
		}
	})
	t.Run("a task of another app that refers to it, past bcn, is denied and does not start", func(t *testing.T) {
		w := w.in(t)
		reason := w.startsPastBcn("ticker", redashURL)
		if !all(reason, []string{"ResourceInitializationError", "AccessDeniedException", "ssm:GetParameters", redashURL}) {
			t.Errorf("it stopped because: %s", reason)
		}
	})
	t.Run("the app that bot.yaml grants it reads this one; without the key its tasks are denied", func(t *testing.T) {
		w := w.in(t)
		r := w.dana("deploy reports production v1 --reason granted", "granted", "waits for approval")
		r.press("U0LEAD", "approve")
		r.state(bcn.ChangeSucceeded)
		may := w.roleOf("reports")
		if !may.reads(redashURL) || may.reads("/barcelona/default/redash/REDASH_SECRET_KEY") {
			t.Error("its role reads another part of Redash's parameters than the one that was granted")
		}
		other := w.beside("kms", "CreateKey", nil)["KeyMetadata"].(map[string]any)["Arn"]
		w.beside("ssm", "PutParameter", map[string]any{"Name": redashURL, "Value": "moved", "Type": "SecureString", "KeyId": other, "Overwrite": true})
		r = w.administrate("run reports production -- true", "reports")
		r.state(bcn.ChangeFailed)
		w.inThread(r.card, "ResourceInitializationError", "kms:Decrypt", fmt.Sprint(other))
	})
	w.noSecrets(t)
}

// beside makes a call as the account's administrator, past bcn.
func (w *world) beside(service, action string, params map[string]any) map[string]any {
	w.t.Helper()
	out, err := w.aws.Do(w.t.Context(), service, action, params)
	if err != nil {
		w.t.Fatalf("%s: %v", action, err)
	}
	return out
}

// proposed says whether a change set of the heritage's stacks was asked for.
func (w *world) proposed(heritage string) bool {
	return slices.ContainsFunc(w.aws.Calls(), func(c localaws.CallRecord) bool {
		return c.Action == "CreateChangeSet" && strings.Contains(fmt.Sprint(c.Params["StackName"]), heritage)
	})
}

// startsPastBcn runs a task by hand with an app's roles and a secret of
// another's, and answers why it stopped.
func (w *world) startsPastBcn(heritage, secret string) string {
	w.t.Helper()
	definition := w.beside("ecs", "DescribeTaskDefinition", map[string]any{"taskDefinition": heritage + "-worker"})["taskDefinition"].(map[string]any)
	container := maps.Clone(definition["containerDefinitions"].([]any)[0].(map[string]any))
	container["secrets"] = []any{map[string]any{"name": "DATABASE_URL", "valueFrom": secret}}
	byHand := map[string]any{"family": "by-hand", "containerDefinitions": []any{container}}
	for _, key := range []string{"executionRoleArn", "taskRoleArn", "networkMode", "cpu", "memory", "requiresCompatibilities"} {
		byHand[key] = definition[key]
	}
	w.beside("ecs", "RegisterTaskDefinition", byHand)
	task := w.beside("ecs", "RunTask", map[string]any{
		"cluster": "default", "taskDefinition": "by-hand", "launchType": "FARGATE",
		"networkConfiguration": map[string]any{"awsvpcConfiguration": map[string]any{
			"subnets": []any{"subnet-0a11ce00000000001"}, "securityGroups": []any{"sg-0a11ce00000000001"},
		}},
	})["tasks"].([]any)[0].(map[string]any)
	for tick := newTick(w.t); ; tick() {
		found := w.beside("ecs", "DescribeTasks", map[string]any{"cluster": "default", "tasks": []any{task["taskArn"]}})["tasks"].([]any)[0].(map[string]any)
		if found["lastStatus"] == "STOPPED" {
			return fmt.Sprint(found["stoppedReason"])
		}
	}
}

// startedWith is what an execution role may do: its policies as IAM keeps
// them, in its boundary.
type startedWith struct {
	w   *world
	set policy.Set
}

// roleOf reads the execution role of a heritage.
func (w *world) roleOf(heritage string) startedWith {
	return w.roleNamed(render.ExecutionRole("default", heritage))
}

// taskRoleOf reads the role that the heritage's own code has.
func (w *world) taskRoleOf(heritage string) startedWith {
	return w.roleNamed(render.TaskRole("default", heritage))
}

func (w *world) roleNamed(role string) startedWith {
	w.t.Helper()
	name := map[string]any{"RoleName": role}
	out := startedWith{w: w}
	for _, p := range w.beside("iam", "ListRolePolicies", name)["PolicyNames"].([]string) {
		out.set.Identity = append(out.set.Identity, w.document(w.beside("iam", "GetRolePolicy", map[string]any{"RoleName": name["RoleName"], "PolicyName": p})["PolicyDocument"]))
	}
	found := w.beside("iam", "GetRole", name)["Role"].(map[string]any)
	boundary := map[string]any{"PolicyArn": found["PermissionsBoundary"].(map[string]any)["PermissionsBoundaryArn"]}
	boundary["VersionId"] = w.beside("iam", "GetPolicy", boundary)["Policy"].(map[string]any)["DefaultVersionId"]
	out.set.Boundary = w.document(w.beside("iam", "GetPolicyVersion", boundary)["PolicyVersion"].(map[string]any)["Document"])
	return out
}

// document parses a policy as IAM answers it.
func (w *world) document(escaped any) *policy.Document {
	w.t.Helper()
	text, err := url.PathUnescape(fmt.Sprint(escaped))
	if err != nil {
		w.t.Fatal(err)
	}
	d, err := policy.Parse([]byte(text), policy.Identity)
	if err != nil {
		w.t.Fatal(err)
	}
	return d
}

const ofRegion = "us-east-1:123456789012:"

// may asks for one action.
func (s startedWith) may(action, resource string, keys map[string]string) bool {
	asked := policy.Keys{}
	for name, value := range keys {
		asked.Set(name, value)
	}
	return s.set.Decide(policy.Request{Action: action, Resource: resource, Keys: asked}).Allowed
}

func (s startedWith) reads(parameter string) bool {
	return s.may("ssm:GetParameters", "arn:aws:ssm:"+ofRegion+"parameter"+parameter, nil)
}

// decrypts asks for a key, through a service, for something that it encrypted.
func (s startedWith) decrypts(key, service, context, arn string) bool {
	return s.may("kms:Decrypt", key, map[string]string{"kms:ViaService": service + ".us-east-1.amazonaws.com", "kms:EncryptionContext:" + context: arn})
}

// readsItsOwn asks Redash's role for what it needs, and for much else.
func (w *world) readsItsOwn(role startedWith) {
	w.t.Helper()
	const parameters, context = "arn:aws:ssm:" + ofRegion + "parameter", "PARAMETER_ARN"
	key := fmt.Sprint(w.beside("kms", "DescribeKey", map[string]any{"KeyId": "alias/redash"})["KeyMetadata"].(map[string]any)["Arn"])
	other := fmt.Sprint(w.beside("kms", "CreateKey", nil)["KeyMetadata"].(map[string]any)["Arn"])
	for _, name := range []string{"REDASH_DATABASE_URL", "REDASH_REDIS_URL", "REDASH_COOKIE_SECRET", "REDASH_SECRET_KEY"} {
		path := "/barcelona/default/redash/" + name
		if !role.reads(path) || !role.decrypts(key, "ssm", context, parameters+path) {
			w.t.Errorf("it cannot read %s, and its tasks could not start", path)
		}
	}
	for what, can := range map[string]bool{
		"read another app's parameter":                   role.reads("/barcelona/default/hello/session_secret"),
		"read a parameter that the file does not bring":  role.reads("/barcelona/default/redash/REDASH_ADMIN"),
		"read a parameter below its own":                 role.reads(redashURL + "/old"),
		"read all below its path":                        role.may("ssm:GetParametersByPath", parameters+"/barcelona/default/redash", nil),
		"write its parameter":                            role.may("ssm:PutParameter", parameters+redashURL, nil),
		"read a secret of Secrets Manager":               role.may("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:"+ofRegion+"secret:redash-AbCdEf", nil),
		"use another key":                                role.decrypts(other, "ssm", context, parameters+redashURL),
		"use its key for another app's parameter":        role.decrypts(key, "ssm", context, parameters+"/barcelona/default/hello/session_secret"),
		"use its key through another service":            role.decrypts(key, "secretsmanager", "SecretARN", parameters+redashURL),
		"use its key itself":                             role.may("kms:Decrypt", key, nil),
		"encrypt with its key":                           role.may("kms:Encrypt", key, map[string]string{"kms:ViaService": "ssm.us-east-1.amazonaws.com"}),
		"pull another image":                             role.may("ecr:BatchGetImage", "arn:aws:ecr:"+ofRegion+"repository/hello", nil),
		"write to another app's logs":                    role.may("logs:PutLogEvents", "arn:aws:logs:"+ofRegion+"log-group:Barcelona/default/hello:log-stream:x", nil),
		"become another role":                            role.may("sts:AssumeRole", "arn:aws:iam::123456789012:role/bcn-default-bot", nil),
		"read what lies in a bucket (of the district's)": role.may("s3:GetObject", "arn:aws:s3:::bcn-default-templates-123456789012/x", nil),
	} {
		if can {
			w.t.Errorf("it may %s", what)
		}
	}
}
