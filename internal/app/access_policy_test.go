package app

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/bcn-bot/bcn/internal/access"
	"github.com/bcn-bot/bcn/internal/bcn"
	localaws "github.com/bcn-bot/bcn/internal/local/aws"
	"github.com/bcn-bot/bcn/internal/local/aws/sessions"
	"github.com/bcn-bot/bcn/internal/roles"
)

// holder calls AWS with what a grant handed over, and nothing else.
type holder struct {
	ecs     *ecs.Client
	ssm     *ssm.Client
	sts     *sts.Client
	secrets *secretsmanager.Client
}

func (w *world) holder(c access.Credentials) holder {
	base := aws.Config{
		Region: localaws.DefaultRegion, BaseEndpoint: aws.String(w.aws.URL()), RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(c.AccessKeyID.Reveal(), c.SecretAccessKey.Reveal(), c.SessionToken.Reveal()),
	}
	return holder{ecs.NewFromConfig(base), ssm.NewFromConfig(base), sts.NewFromConfig(base), secretsmanager.NewFromConfig(base)}
}

// attempt is one call that the holder of a grant may try.
type attempt struct {
	name string
	call func(ctx context.Context, h holder) error
}

func onSession(name, target, document string) attempt {
	return attempt{name, func(ctx context.Context, h holder) error {
		in := &ssm.StartSessionInput{Target: aws.String(target)}
		if document != "" {
			in.DocumentName = aws.String(document)
		}
		_, err := h.ssm.StartSession(ctx, in)
		return err
	}}
}

func onContainer(name, cluster, task, container string) attempt {
	return attempt{name, func(ctx context.Context, h holder) error {
		_, err := h.ecs.ExecuteCommand(ctx, &ecs.ExecuteCommandInput{
			Cluster: aws.String(cluster), Task: aws.String(task), Container: aws.String(container), Command: aws.String("/bin/sh"), Interactive: true,
		})
		return err
	}}
}

// otherNode is a machine like the sample's, tagged as it is.
const otherNode = "i-0a11ce00000000002"

// never is what no grant allows, whatever it opens.
func never(definition, serviceTask, serviceTarget, theirs string) []attempt {
	node := localaws.SampleNode
	return []attempt{
		onContainer("enter another task", "default", serviceTask, "web"),
		onContainer("enter a task of another cluster", "other", serviceTask, "web"),
		onSession("a session on another node", otherNode, "bcn-default-session-10m"),
		onSession("a session by the account's own document", node, ""),
		onSession("a session by the account's own document, by its name", node, "SSM-SessionManagerRunShell"),
		onSession("a longer session", node, "bcn-default-session-60m"),
		onSession("SSH", node, "AWS-StartSSHSession"),
		onSession("any port", node, "AWS-StartPortForwardingSession"),
		onSession("any port of any host", node, "AWS-StartPortForwardingSessionToRemoteHost"),
		onSession("one command", node, "AWS-StartInteractiveCommand"),
		onSession("a database's port", node, "bcn-default-port-orders"),
		onSession("a session on a task, past ECS Exec", serviceTarget, "bcn-default-session-10m"),
		onSession("a session on a task by the account's own document", serviceTarget, ""),
		{"run a task", func(ctx context.Context, h holder) error {
			_, err := h.ecs.RunTask(ctx, &ecs.RunTaskInput{Cluster: aws.String("default"), TaskDefinition: aws.String(definition)})
			return err
		}},
		{"stop a task", func(ctx context.Context, h holder) error {
			_, err := h.ecs.StopTask(ctx, &ecs.StopTaskInput{Cluster: aws.String("default"), Task: aws.String(serviceTask)})
			return err
		}},
		{"tag a task", func(ctx context.Context, h holder) error {
			_, err := h.ecs.TagResource(ctx, &ecs.TagResourceInput{ResourceArn: aws.String(serviceTask), Tags: []ecstypes.Tag{{Key: aws.String("bcn:district"), Value: aws.String("x")}}})
			return err
		}},
		{"assume the bot's role", func(ctx context.Context, h holder) error {
			_, err := h.sts.AssumeRole(ctx, &sts.AssumeRoleInput{
				RoleArn: aws.String("arn:aws:iam::123456789012:role/bcn-default-bot"), RoleSessionName: aws.String("bcn-1"), ExternalId: aws.String("whatever"),
			})
			return err
		}},
		{"assume its own role again", func(ctx context.Context, h holder) error {
			_, err := h.sts.AssumeRole(ctx, &sts.AssumeRoleInput{
				RoleArn:         aws.String("arn:aws:iam::123456789012:role/" + access.Target{Kind: access.Instance, District: "default"}.Role()),
				RoleSessionName: aws.String("bcn-g1-1"), SourceIdentity: aws.String("U0LEAD"),
			})
			return err
		}},
		{"terminate somebody's session", func(ctx context.Context, h holder) error {
			_, err := h.ssm.TerminateSession(ctx, &ssm.TerminateSessionInput{SessionId: aws.String(theirs)})
			return err
		}},
		{"resume somebody's session", func(ctx context.Context, h holder) error {
			_, err := h.ssm.ResumeSession(ctx, &ssm.ResumeSessionInput{SessionId: aws.String(theirs)})
			return err
		}},
		{"see sessions", func(ctx context.Context, h holder) error {
			_, err := h.ssm.DescribeSessions(ctx, &ssm.DescribeSessionsInput{State: ssmtypes.SessionStateActive})
			return err
		}},
		{"change a document", func(ctx context.Context, h holder) error {
			_, err := h.ssm.UpdateDocument(ctx, &ssm.UpdateDocumentInput{Name: aws.String("bcn-default-session-10m"), Content: aws.String("{}"), DocumentVersion: aws.String("$LATEST")})
			return err
		}},
		{"read a parameter", func(ctx context.Context, h holder) error {
			_, err := h.ssm.GetParameter(ctx, &ssm.GetParameterInput{Name: aws.String("/barcelona/default/hello/session_secret"), WithDecryption: aws.Bool(true)})
			return err
		}},
		{"read a secret", func(ctx context.Context, h holder) error {
			_, err := h.secrets.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: aws.String("any")})
			return err
		}},
	}
}

// denied says whether IAM refused it, and not something else.
func denied(err error) bool {
	var api smithy.APIError
	return errors.As(err, &api) && (api.ErrorCode() == "AccessDeniedException" || api.ErrorCode() == "AccessDenied")
}

// A port is a target of its own: nothing but the one host and port, through the
// one node, by a document that an administrator has applied.
func TestAccessToAPort(t *testing.T) {
	t.Parallel()
	w, a := nodeWorld(t, nodeRules)
	name := roles.PortDocumentName("default", "orders")
	g := w.access("U0DEV", "--district default --port orders for 2m")
	g.says("cannot be logged", "orders.db.internal", "5432")
	g.approved()
	at := g.at("U0DEV")
	h := w.holder(at.open())
	may := onSession("forward it", localaws.SampleNode, name)
	if err := may.call(t.Context(), h); err != nil {
		t.Error(err)
	}
	id := at.shell()
	for _, x := range []attempt{
		onSession("a shell", localaws.SampleNode, "bcn-default-session-5m"),
		onSession("a shell by the account's document", localaws.SampleNode, ""),
		onSession("another host", localaws.SampleNode, "AWS-StartPortForwardingSessionToRemoteHost"),
		onSession("another node", otherNode, name),
		{"another port of that host", func(ctx context.Context, h holder) error {
			_, err := h.ssm.StartSession(ctx, &ssm.StartSessionInput{
				Target: aws.String(localaws.SampleNode), DocumentName: aws.String("AWS-StartPortForwardingSessionToRemoteHost"),
				Parameters: map[string][]string{"host": {"orders.db.internal"}, "portNumber": {"22"}},
			})
			return err
		}},
	} {
		if err := x.call(t.Context(), h); !denied(err) {
			t.Errorf("%s: %v", x.name, err)
		}
	}
	w.pass(2 * time.Minute)
	if err := may.call(t.Context(), h); !denied(err) {
		t.Errorf("after the end: %v", err)
	}
	w.pass(16 * time.Second)
	g.over(a, bcn.WhyTime)
	if w.active(a, id) {
		t.Error("it is still forwarded")
	}
	clean(t, w, at.secrets()...)
	noErrors(t, w)
}

// Acceptance 3 of issue 3, over the wire: what was handed over opens the one
// target with the one document until the end by AWS's clock, and nothing else
// at any time. Package access has the same as a table, with what the local AWS
// does not serve: SendCommand, tags.
func TestWhatIsHandedOverOpensOneThing(t *testing.T) {
	t.Parallel()
	w, a := accessWorld(t, accessRules)
	w.aws.Sessions().PutNode(sessions.Node{ID: otherNode, Region: localaws.DefaultRegion, Tags: map[string]string{"Name": "default", "bcn:district": "default"}})
	h, err := a.store.Heritage(t.Context(), "hello", "production")
	if err != nil {
		t.Fatal(err)
	}
	running, err := a.apply.Tasks(t.Context(), w.target(a), h)
	if err != nil || len(running) == 0 {
		t.Fatal(err)
	}
	service := running[0]
	own := w.access("U0ONCALL", "hello production for 10m").approved()
	node := w.access("U0ONCALL", onTheNode+" for 10m").approved()
	atTask, atNode := own.at("U0ONCALL"), node.at("U0ONCALL")
	task, onNode := atTask.open(), atNode.open()
	theirs, err := w.admin().StartSession(t.Context(), localaws.SampleNode, "bcn-default-session-60m", "")
	if err != nil {
		t.Fatal(err)
	}
	stored := own.row(a)
	nothing := never(ask[string](t, w, `select convert_from(bytes, 'UTF8')::jsonb -> 'access' ->> 'task_definition' from plan where change = $1`, int64(own.id)),
		service.ARN, "ecs:default_"+service.ARN[len(service.ARN)-32:]+"_"+service.Runtime, theirs.SessionID)
	grants := []struct {
		name string
		h    holder
		may  attempt
		not  []attempt
	}{
		{
			"a task of its own", w.holder(task), onContainer("enter it", "default", stored.Task, task.Target.Container),
			[]attempt{
				onContainer("enter another container", "default", stored.Task, "other"),
				onSession("a session on a node", localaws.SampleNode, "bcn-default-session-10m"),
			},
		},
		{
			"a node", w.holder(onNode), onSession("enter it", localaws.SampleNode, onNode.Target.Document()),
			[]attempt{
				onContainer("enter a task", "default", stored.Task, task.Target.Container),
				onSession("a shorter document", localaws.SampleNode, "bcn-default-session-5m"),
			},
		},
	}
	first, last := *stored.EndsAt, *node.row(a).EndsAt
	if last.Before(first) {
		first, last = last, first
	}
	if stored.StartsAt == nil || task.Target.Task == "" || onNode.Target.Node != localaws.SampleNode {
		t.Fatalf("handed over for %+v and %+v", task.Target, onNode.Target)
	}
	for _, at := range []time.Duration{
		0, time.Minute, 2 * time.Minute, 3 * time.Minute, 4 * time.Minute, 5 * time.Minute, 6 * time.Minute, 7 * time.Minute, 8 * time.Minute,
		9 * time.Minute, 9*time.Minute + 40*time.Second, 10 * time.Minute, 10*time.Minute + time.Second, 11 * time.Minute,
	} {
		t.Run(at.String(), func(t *testing.T) {
			then := first
			if at >= 10*time.Minute {
				then = last
			}
			if d := then.Add(at - 10*time.Minute).Sub(w.aws.Now()); d > 0 {
				if err := w.aws.Advance(d); err != nil {
					t.Fatal(err)
				}
			}
			for _, g := range grants {
				err := g.may.call(t.Context(), g.h)
				if open := at < 10*time.Minute; open && err != nil || !open && !denied(err) {
					t.Errorf("%s: %s: %v", g.name, g.may.name, err)
				}
				for _, x := range append(g.not, nothing...) {
					if err := x.call(t.Context(), g.h); !denied(err) {
						t.Errorf("%s: %s: %v", g.name, x.name, err)
					}
				}
			}
		})
	}
	clean(t, w, append(atTask.secrets(), atNode.secrets()...)...)
	if own.row(a).State == bcn.GrantLive && !w.stopped(a, stored.Task) {
		t.Error("the task outlived its end by AWS's clock")
	}
	noErrors(t, w)
}
