package conform_test

import (
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

func (c *cloud) cfn() *cloudformation.Client { return cloudformation.NewFromConfig(c.config) }

// template is a template of resources.
func template(resources object) string { return text(object{"Resources": resources}) }

func resource(kind string, properties object, more ...object) object {
	r := object{"Type": kind, "Properties": properties}
	for _, m := range more {
		for k, v := range m {
			r[k] = v
		}
	}
	return r
}

// logs is a log group of this row.
func (c *cloud) logs(name string, days int) object {
	return resource("AWS::Logs::LogGroup", object{"LogGroupName": c.id + "/" + name, "RetentionInDays": days})
}

// broken is a role whose creation fails once its properties were found good:
// it wants a policy that is not there. It waits for the resources named.
func broken(after ...any) object {
	return resource("AWS::IAM::Role", object{
		"AssumeRolePolicyDocument": object{"Version": "2012-10-17", "Statement": list{object{
			"Effect": "Allow", "Principal": object{"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole",
		}}},
		"ManagedPolicyArns": list{"arn:aws:iam::aws:policy/bcn-conform-no-such-policy"},
	}, object{"DependsOn": append(list{}, after...)})
}

type (
	newSet = cloudformation.CreateChangeSetInput
	oldSet = cloudformation.DescribeChangeSetOutput
)

// stackName is this row's stack of that name.
func (c *cloud) stackName(name string) *string { return aws.String(c.id + "-" + name) }

// ask asks for a change set of this row's stack "main"; it deletes the stack
// at the row's end.
func (c *cloud) ask(body string, change ...func(*newSet)) error {
	c.t.Helper()
	in := &newSet{
		StackName: c.stackName("main"), ChangeSetName: aws.String("first"), ChangeSetType: types.ChangeSetTypeCreate,
		TemplateBody: &body, Capabilities: []types.Capability{types.CapabilityCapabilityNamedIam},
		Tags: []types.Tag{{Key: aws.String("bcn:conform"), Value: &c.id}},
	}
	for _, f := range change {
		f(in)
	}
	out, err := c.cfn().CreateChangeSet(c.t.Context(), in)
	if err == nil && in.ChangeSetType == types.ChangeSetTypeCreate {
		c.deleteLater(*out.StackId)
	}
	return err
}

func (c *cloud) deleteLater(stack string) {
	if c.isReal() {
		c.t.Cleanup(func() { c.clear(stack) })
	}
}

// clear deletes a stack in whatever state it is, and waits until it is gone.
func (c *cloud) clear(stack string) {
	api := c.cfn()
	for range 120 {
		_ = c.cancel(stack) // an update may run for hours
		_, _ = api.DeleteStack(c.context(), &cloudformation.DeleteStackInput{StackName: &stack})
		out, err := api.DescribeStacks(c.context(), &cloudformation.DescribeStacksInput{StackName: &stack})
		if err != nil || out.Stacks[0].StackStatus == types.StackStatusDeleteComplete {
			return
		}
		c.pause()
	}
	c.t.Errorf("stack %s could not be deleted", stack)
}

// pause lets ten seconds pass, also while a row cleans up.
func (c *cloud) pause() {
	if !c.isReal() {
		c.clock.Advance(10 * time.Second)
		return
	}
	timer := time.NewTimer(10 * time.Second)
	defer timer.Stop()
	<-timer.C
}

// update asks for an UPDATE change set called second.
func update(in *newSet) {
	in.ChangeSetType, in.ChangeSetName = types.ChangeSetTypeUpdate, aws.String("second")
}

// propose makes a change set and answers it once AWS has computed it.
func (c *cloud) propose(body string, change ...func(*newSet)) *oldSet {
	c.t.Helper()
	var stack, name *string
	c.check(c.ask(body, append(change, func(in *newSet) { stack, name = in.StackName, in.ChangeSetName })...))
	var out *oldSet
	c.until("a change set is computed", func() bool {
		out = must[*oldSet](c)(c.cfn().DescribeChangeSet(c.t.Context(), &cloudformation.DescribeChangeSetInput{
			StackName: stack, ChangeSetName: name, IncludePropertyValues: aws.Bool(true),
		}))
		return out.Status != types.ChangeSetStatusCreatePending && out.Status != types.ChangeSetStatusCreateInProgress
	})
	return out
}

func (c *cloud) describe(name string) (*oldSet, error) {
	return c.cfn().DescribeChangeSet(c.t.Context(), &cloudformation.DescribeChangeSetInput{
		StackName: c.stackName("main"), ChangeSetName: &name, IncludePropertyValues: aws.Bool(true),
	})
}

// execute starts a change set with a token; it must be taken.
func (c *cloud) execute(name string, change ...func(*cloudformation.ExecuteChangeSetInput)) {
	c.t.Helper()
	c.check(c.tryExecute(name, change...))
}

func (c *cloud) tryExecute(name string, change ...func(*cloudformation.ExecuteChangeSetInput)) error {
	in := &cloudformation.ExecuteChangeSetInput{
		StackName: c.stackName("main"), ChangeSetName: &name, ClientRequestToken: aws.String("token-" + name),
	}
	for _, f := range change {
		f(in)
	}
	_, err := c.cfn().ExecuteChangeSet(c.t.Context(), in)
	return err
}

// apply proposes and executes, and answers the status in the end and the id.
func (c *cloud) apply(body string, change ...func(*newSet)) (status, id string) {
	c.t.Helper()
	set := c.propose(body, change...)
	if set.Status != types.ChangeSetStatusCreateComplete {
		c.t.Fatalf("change set: %s %s", set.Status, aws.ToString(set.StatusReason))
	}
	c.execute(*set.ChangeSetName, func(in *cloudformation.ExecuteChangeSetInput) { in.StackName = set.StackId })
	return c.end(*set.StackId), *set.StackId
}

// stack describes a stack.
func (c *cloud) stack(nameOrID string) types.Stack {
	c.t.Helper()
	return must[*cloudformation.DescribeStacksOutput](c)(c.find(nameOrID)).Stacks[0]
}

func (c *cloud) find(nameOrID string) (*cloudformation.DescribeStacksOutput, error) {
	return c.cfn().DescribeStacks(c.t.Context(), &cloudformation.DescribeStacksInput{StackName: &nameOrID})
}

// end waits until nothing is in progress, and answers the status.
func (c *cloud) end(id string) string {
	c.t.Helper()
	return c.reaches(id, func(status string) bool { return !strings.HasSuffix(status, "_IN_PROGRESS") })
}

func (c *cloud) reaches(id string, ok func(string) bool) string {
	c.t.Helper()
	var status string
	c.until("the stack comes to its end", func() bool {
		status = string(c.stack(id).StackStatus)
		return ok(status)
	})
	return status
}

// during waits until the stack is in a status.
func (c *cloud) during(id, status string) {
	c.t.Helper()
	c.reaches(id, func(s string) bool { return s == status })
}

// events are a stack's events as AWS sends them: newest first, one page.
func (c *cloud) events(id string) []types.StackEvent {
	c.t.Helper()
	return must[*cloudformation.DescribeStackEventsOutput](c)(c.cfn().DescribeStackEvents(c.t.Context(),
		&cloudformation.DescribeStackEventsInput{StackName: &id})).StackEvents
}

// story is a stack's events, oldest first, as one line: "Logical STATUS reason".
func (c *cloud) story(id string) string {
	c.t.Helper()
	var out []string
	list := c.events(id)
	for i := len(list) - 1; i >= 0; i-- {
		line := aws.ToString(list[i].LogicalResourceId) + " " + string(list[i].ResourceStatus)
		if reason := aws.ToString(list[i].ResourceStatusReason); reason != "" {
			line += " " + reason
		}
		out = append(out, line)
	}
	return strings.Join(out, " | ")
}

// outcome is how the creation of a stack ended and what its resources said.
func (c *cloud) outcome(resources object) string {
	c.t.Helper()
	set := c.propose(template(resources))
	if set.Status != types.ChangeSetStatusCreateComplete {
		return string(set.Status) + ": " + aws.ToString(set.StatusReason)
	}
	c.execute("first")
	return c.end(*set.StackId) + ": " + c.story(*set.StackId)
}

func (c *cloud) cancel(stack string) error {
	_, err := c.cfn().CancelUpdateStack(c.context(), &cloudformation.CancelUpdateStackInput{StackName: &stack})
	return err
}

func (c *cloud) remove(stack string) error {
	_, err := c.cfn().DeleteStack(c.t.Context(), &cloudformation.DeleteStackInput{StackName: &stack})
	return err
}
