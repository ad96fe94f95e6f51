package conform_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

const (
	apiSSM = "AWS Systems Manager API Reference, "
	ssmUse = "AWS Systems Manager User Guide, "
)

// accessRows are what time-boxed access leans on.
func accessRows() []row[*cloud] {
	return slices.Concat(ownTaskRows(), runTaskRefusals(), sessionRows())
}

// waiting is a command that waits until a time, as a grant's own task does.
func waiting(end time.Time) func(*ecs.RunTaskInput) {
	script := fmt.Sprintf(`trap 'exit 0' TERM INT; while [ "$(date +%%s)" -lt %d ]; do sleep 1 & wait $!; done`, end.Unix())
	return func(in *ecs.RunTaskInput) {
		in.Overrides = &types.TaskOverride{ContainerOverrides: []types.ContainerOverride{{Name: aws.String("main"), Command: []string{"sh", "-c", script}}}}
	}
}

// begun starts a task and answers its ARN once it runs.
func (c *cloud) begun(p program, change ...func(*ecs.RunTaskInput)) string {
	c.t.Helper()
	arn := *must[*ecs.RunTaskOutput](c)(c.start(p, change...)).Tasks[0].TaskArn
	c.until("it runs", func() bool { return aws.ToString(c.task(arn).LastStatus) == "RUNNING" })
	return arn
}

// ended is how a task ended: why, and its container's code.
func (c *cloud) ended(arn string) string {
	c.t.Helper()
	t := c.stopped(arn)
	return fmt.Sprintf("%s %d", t.StopCode, aws.ToInt32(t.Containers[0].ExitCode))
}

func (c *cloud) stop(arn string) {
	c.t.Helper()
	must[*ecs.StopTaskOutput](c)(c.ecs().StopTask(c.t.Context(), &ecs.StopTaskInput{Cluster: &c.cluster, Task: &arn}))
}

func ownTaskRows() []row[*cloud] {
	enterable := func(c *cloud) func(*ecs.RunTaskInput) {
		role := c.role("task", trustService("ecs-tasks.amazonaws.com"), policy(allow("ssmmessages:*", "*")))
		return func(in *ecs.RunTaskInput) {
			in.EnableExecuteCommand, in.Overrides = true, &types.TaskOverride{TaskRoleArn: &role}
		}
	}
	return []row[*cloud]{
		{"a command that waits for a time ends its task then", "ecs:RunTask", "EssentialContainerExited 0", ecsDev + "Amazon ECS task lifecycle; " + apiECS + "ContainerOverride, command", func(c *cloud) string {
			end := c.now().Add(3 * time.Minute)
			got := c.ended(c.begun(c.steady, waiting(end)))
			if c.now().Before(end.Truncate(time.Second)) {
				return "too early"
			}
			return got
		}},
		{"a container that traps SIGTERM ends with a code of its own when its task is stopped", "ecs:StopTask", "UserInitiated 0", apiECS + "StopTask", func(c *cloud) string {
			arn := c.begun(c.steady, waiting(c.now().Add(time.Hour)))
			c.stop(arn)
			return c.ended(arn)
		}},
		{"a container whose first process does nothing on SIGTERM is killed", "ecs:StopTask", "UserInitiated 137", apiECS + "StopTask; " + apiECS + "ContainerDefinition, stopTimeout", func(c *cloud) string {
			arn := c.begun(c.steady, func(in *ecs.RunTaskInput) {
				in.Overrides = &types.TaskOverride{ContainerOverrides: []types.ContainerOverride{{Name: aws.String("main"), Command: []string{"sleep", "3600"}}}}
			})
			c.stop(arn)
			return c.ended(arn)
		}},
		{"the agent of ECS Exec is PENDING at first and RUNNING later", "ecs:DescribeTasks", "ExecuteCommandAgent PENDING, RUNNING", doubt + ecsDev + "Monitor Amazon ECS containers with ECS Exec", func(c *cloud) string {
			arn := *must[*ecs.RunTaskOutput](c)(c.start(c.steady, enterable(c))).Tasks[0].TaskArn
			agent := c.task(arn).Containers[0].ManagedAgents[0]
			c.until("the agent runs", func() bool { return aws.ToString(c.task(arn).Containers[0].ManagedAgents[0].LastStatus) == "RUNNING" })
			return string(agent.Name) + " " + aws.ToString(agent.LastStatus) + ", RUNNING"
		}},
		{"nobody enters a task before its agent runs", "ecs:ExecuteCommand", "InvalidParameterException: *agent isn*running*", ecsDev + "Troubleshooting Amazon ECS Exec", func(c *cloud) string {
			arn := *must[*ecs.RunTaskOutput](c)(c.start(c.steady, enterable(c))).Tasks[0].TaskArn
			_, err := c.ecs().ExecuteCommand(c.t.Context(), &ecs.ExecuteCommandInput{Cluster: &c.cluster, Task: &arn, Command: aws.String("sh"), Interactive: true})
			return says(err)
		}},
		{"an answer tells AWS's time", "sts:GetCallerIdentity", "within five minutes", iamUser + "Signature Version 4, Date", func(c *cloud) string {
			out := must[*sts.GetCallerIdentityOutput](c)(sts.NewFromConfig(c.config).GetCallerIdentity(c.t.Context(), &sts.GetCallerIdentityInput{}))
			at, ok := middleware.GetServerTime(out.ResultMetadata)
			if off := c.now().Sub(at); !ok || off.Abs() > 5*time.Minute {
				return fmt.Sprintf("%s off", off)
			}
			return "within five minutes"
		}},
	}
}

// runTaskRefusals are what RunTask and ListTasks do not take.
func runTaskRefusals() []row[*cloud] {
	refused := func(change func(*ecs.RunTaskInput)) func(*cloud) string {
		return func(c *cloud) string { _, err := c.start(c.steady, change); return says(err) }
	}
	return []row[*cloud]{
		{"startedBy holds letters, numbers, hyphens, slashes and underscores", "ecs:RunTask", "InvalidParameterException: *", apiECS + "RunTask, startedBy", refused(func(in *ecs.RunTaskInput) { in.StartedBy = aws.String("dana@acme") })},
		{"and is not longer than 128", "ecs:RunTask", "InvalidParameterException: *", apiECS + "RunTask, startedBy", refused(func(in *ecs.RunTaskInput) { in.StartedBy = aws.String(strings.Repeat("a", 129)) })},
		{"a client token is not longer than 64", "ecs:RunTask", "InvalidParameterException: *", apiECS + "RunTask, clientToken", refused(func(in *ecs.RunTaskInput) { in.ClientToken = aws.String(strings.Repeat("a", 65)) })},
		{"a one-off task has no service whose tags it could take", "ecs:RunTask", "InvalidParameterException: *", apiECS + "RunTask, propagateTags", refused(func(in *ecs.RunTaskInput) { in.PropagateTags = types.PropagateTagsService })},
		{"overrides have at most 8192 characters", "ecs:RunTask", "InvalidParameterException: *", apiECS + "RunTask, overrides", refused(func(in *ecs.RunTaskInput) {
			in.Overrides = &types.TaskOverride{ContainerOverrides: []types.ContainerOverride{{Name: aws.String("main"), Command: []string{strings.Repeat("a", 8192)}}}}
		})},
		{"ECS Exec needs a task role", "ecs:RunTask", "InvalidParameterException: *taskRoleArn*", apiECS + "RunTask, enableExecuteCommand", refused(func(in *ecs.RunTaskInput) { in.EnableExecuteCommand = true })},
		{"who started tasks is the only filter", "ecs:ListTasks", "InvalidParameterException: cannot specify startedBy with other arguments*", apiECS + "ListTasks, startedBy; aws-sdk-go-v2 issue 1893", func(c *cloud) string {
			_, err := c.ecs().ListTasks(c.t.Context(), &ecs.ListTasksInput{Cluster: &c.cluster, StartedBy: &c.id, Family: &c.id})
			return says(err)
		}},
		{"Fargate waits two minutes at most for a container to stop", "ecs:RegisterTaskDefinition", "ClientException: *", apiECS + "ContainerDefinition, stopTimeout", func(c *cloud) string {
			_, err := c.ecs().RegisterTaskDefinition(c.t.Context(), &ecs.RegisterTaskDefinitionInput{
				Family: &c.id, NetworkMode: types.NetworkModeAwsvpc, RequiresCompatibilities: []types.Compatibility{types.CompatibilityFargate},
				Cpu: aws.String("256"), Memory: aws.String("512"),
				ContainerDefinitions: []types.ContainerDefinition{{Name: aws.String("main"), Image: aws.String("busybox"), StopTimeout: aws.Int32(121)}},
			})
			return says(err)
		}},
	}
}

func (c *cloud) ssm() *ssm.Client { return ssm.NewFromConfig(c.config) }

// document makes a session document that goes with the row.
func (c *cloud) document(content object) error {
	_, err := c.ssm().CreateDocument(c.t.Context(), &ssm.CreateDocumentInput{Name: &c.id, DocumentType: ssmtypes.DocumentTypeSession, Content: aws.String(text(content))})
	if err == nil {
		c.t.Cleanup(func() { _, _ = c.ssm().DeleteDocument(c.context(), &ssm.DeleteDocumentInput{Name: &c.id}) })
	}
	return err
}

// sessionRows are Session Manager's documents and sessions.
func sessionRows() []row[*cloud] {
	const absentNode = "i-0123456789abcdef0"
	port := object{"schemaVersion": "1.0", "sessionType": "Port", "properties": object{
		"host": "db.internal", "portNumber": "5432", "type": "LocalPortForwarding", "localPortNumber": "0",
	}}
	shell := func(minutes string) object {
		return object{"schemaVersion": "1.0", "sessionType": "Standard_Stream", "inputs": object{"maxSessionDuration": minutes, "idleSessionTimeout": "5"}}
	}
	made := func(content object) func(*cloud) string {
		return func(c *cloud) string { return says(c.document(content)) }
	}
	return []row[*cloud]{
		{"a document forwards one port of one host", "ssm:CreateDocument", "ok", ssmUse + "Session document schema", made(port)},
		{"a session lasts at most a day", "ssm:CreateDocument", "ok", ssmUse + "Specify maximum session duration", made(shell("1440"))},
		{"and not longer", "ssm:CreateDocument", "InvalidDocumentContent: *", ssmUse + "Specify maximum session duration", made(shell("1441"))},
		{"a machine that is not there takes no session with a document that forwards a port", "ssm:StartSession", "TargetNotConnected: *", apiSSM + "StartSession, Errors", func(c *cloud) string {
			c.check(c.document(port))
			_, err := c.ssm().StartSession(c.t.Context(), &ssm.StartSessionInput{Target: aws.String(absentNode), DocumentName: &c.id})
			return says(err)
		}},
		{"a document without parameters takes none", "ssm:StartSession", "InvalidParameters: *", doubt + apiSSM + "StartSession, Parameters", func(c *cloud) string {
			c.check(c.document(port))
			_, err := c.ssm().StartSession(c.t.Context(), &ssm.StartSessionInput{Target: aws.String(absentNode), DocumentName: &c.id, Parameters: map[string][]string{"host": {"other.internal"}}})
			return says(err)
		}},
		{"a machine that is not there is not connected", "ssm:GetConnectionStatus", "notconnected", apiSSM + "GetConnectionStatus", func(c *cloud) string {
			return string(must[*ssm.GetConnectionStatusOutput](c)(c.ssm().GetConnectionStatus(c.t.Context(), &ssm.GetConnectionStatusInput{Target: aws.String(absentNode)})).Status)
		}},
		{"ending a session that never was is said to have worked", "ssm:TerminateSession", "ok", doubt + "cloud-custodian's tests of TerminateSession", func(c *cloud) string {
			_, err := c.ssm().TerminateSession(c.t.Context(), &ssm.TerminateSessionInput{SessionId: aws.String(c.id + "-0123456789abcdef0")})
			return says(err)
		}},
		{"a list of sessions says which state it is of", "ssm:DescribeSessions", "ValidationException: *", apiSSM + "DescribeSessions, State", func(c *cloud) string {
			_, err := c.ssm().DescribeSessions(c.t.Context(), &ssm.DescribeSessionsInput{State: "Open"})
			return says(err)
		}},
	}
}
