package conform_test

import (
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// stackRows are the lives of stacks.
func stackRows() []row[*cloud] {
	failing := func(c *cloud) object { return object{"Logs": c.logs("logs", 7), "Broken": broken("Logs")} }
	deleting := func(in *newSet) { in.OnStackFailure = types.OnStackFailureDelete }
	// failedUpdate changes the group's retention and then fails.
	failedUpdate := func(c *cloud) (string, string) {
		c.apply(c.one(7))
		return c.apply(template(object{"Logs": c.logs("logs", 14), "Broken": broken("Logs")}), update)
	}
	const call = "cloudformation:ExecuteChangeSet"
	options := guide + "Stack failure options"
	return []row[*cloud]{
		{"a creation that fails is rolled back and stays for its reasons", call, "ROLLBACK_COMPLETE", options, func(c *cloud) string {
			status, _ := c.apply(template(failing(c)))
			return status
		}},
		{
			"its events tell the story: made, failed, why, and taken away", "cloudformation:DescribeStackEvents",
			"bcn-conform-*-main REVIEW_IN_PROGRESS User Initiated | bcn-conform-*-main CREATE_IN_PROGRESS User Initiated | Logs CREATE_IN_PROGRESS | Logs CREATE_IN_PROGRESS Resource creation Initiated |*Logs CREATE_COMPLETE |*Broken CREATE_FAILED *bcn-conform-no-such-policy* | " +
				"bcn-conform-*-main ROLLBACK_IN_PROGRESS The following resource(s) failed to create: [Broken]. Rollback requested by user. |*Logs DELETE_COMPLETE*| bcn-conform-*-main ROLLBACK_COMPLETE",
			recorded + "test_stacks, 2022-10-05; " + guide + "Understand CloudFormation stack creation events",
			func(c *cloud) string { _, id := c.apply(template(failing(c))); return c.story(id) },
		},
		{"events come newest first", "cloudformation:DescribeStackEvents", "CREATE_COMPLETE after REVIEW_IN_PROGRESS", apiCFN + "DescribeStackEvents", func(c *cloud) string {
			_, id := c.apply(c.one(7))
			all := c.events(id)
			return string(all[0].ResourceStatus) + " after " + string(all[len(all)-1].ResourceStatus)
		}},
		{"each event of an operation carries its ClientRequestToken", "cloudformation:DescribeStackEvents", "all after the review", apiCFN + "StackEvent, ClientRequestToken", func(c *cloud) string {
			_, id := c.apply(c.one(7))
			for _, e := range c.events(id) {
				if e.ResourceStatus != types.ResourceStatus("REVIEW_IN_PROGRESS") && aws.ToString(e.ClientRequestToken) != "token-first" {
					return "not " + aws.ToString(e.LogicalResourceId) + " " + string(e.ResourceStatus)
				}
			}
			return "all after the review"
		}},
		{"DescribeEvents names each operation, and a rollback as one of its own", "cloudformation:DescribeEvents", "CREATE_CHANGESET CREATE_STACK ROLLBACK", guide + "View stack operations by operation ID", func(c *cloud) string {
			_, id := c.apply(template(failing(c)))
			seen := map[string]bool{}
			pages := cloudformation.NewDescribeEventsPaginator(c.cfn(), &cloudformation.DescribeEventsInput{StackName: &id})
			for pages.HasMorePages() {
				for _, e := range must[*cloudformation.DescribeEventsOutput](c)(pages.NextPage(c.t.Context())).OperationEvents {
					seen[string(e.OperationType)] = true
				}
			}
			return strings.Join(sorted(seen), " ")
		}},
		{"DescribeEvents can answer failures alone", "cloudformation:DescribeEvents", "Broken", apiCFN + "DescribeEvents, Filters", func(c *cloud) string {
			_, id := c.apply(template(failing(c)))
			out := must[*cloudformation.DescribeEventsOutput](c)(c.cfn().DescribeEvents(c.t.Context(), &cloudformation.DescribeEventsInput{
				StackName: &id, Filters: &types.EventFilter{FailedEvents: aws.Bool(true)},
			}))
			seen := map[string]bool{}
			for _, e := range out.OperationEvents {
				if e.EventType == types.EventTypeProvisioningError {
					seen[aws.ToString(e.LogicalResourceId)] = true
				}
			}
			return strings.Join(sorted(seen), " ")
		}},
		{"with OnStackFailure DELETE a creation that fails leaves nothing", call, "DELETE_COMPLETE, then ValidationError: Stack with id bcn-conform-*-main does not exist", apiCFN + "CreateChangeSet, OnStackFailure", func(c *cloud) string {
			status, _ := c.apply(template(failing(c)), deleting)
			_, err := c.find(*c.stackName("main"))
			return status + ", then " + says(err)
		}},
		{"its deletion says that it was asked for", "cloudformation:DescribeStackEvents", "*DELETE_IN_PROGRESS The following resource(s) failed to create: [Broken]. Delete requested by user.*", doubt + "by analogy with \"Rollback requested by user.\"", func(c *cloud) string {
			_, id := c.apply(template(failing(c)), deleting)
			return c.story(id)
		}},
		{"a deleted stack is known by its id, with its events", "cloudformation:DescribeStacks", "DELETE_COMPLETE with events", recorded + "test_stacks, test_name_conflicts, 2023-11-16", func(c *cloud) string {
			_, id := c.apply(c.one(7))
			c.check(c.remove(id))
			status := c.end(id)
			if len(c.events(id)) == 0 {
				return status
			}
			return status + " with events"
		}},
		{"deleting a stack that is not there succeeds", "cloudformation:DeleteStack", "ok", doubt + "seen in many public reports", func(c *cloud) string { return says(c.remove(*c.stackName("none"))) }},
		{"an update that fails is rolled back", call, "UPDATE_ROLLBACK_COMPLETE", options, func(c *cloud) string {
			status, _ := failedUpdate(c)
			return status
		}},
		{"the rollback of an update restores what was", "logs:DescribeLogGroups", "7 days", options, func(c *cloud) string {
			failedUpdate(c)
			return c.retention("logs")
		}},
		{"a stack that was rolled back to takes an update", call, "UPDATE_COMPLETE", guide + "Understand CloudFormation stack creation events", func(c *cloud) string {
			failedUpdate(c)
			status, _ := c.apply(c.one(30), update, func(in *newSet) { in.ChangeSetName = aws.String("third") })
			return status
		}},
		{"an update deletes what it dropped after all else", "cloudformation:DescribeStackEvents", "*main UPDATE_COMPLETE_CLEANUP_IN_PROGRESS | Other DELETE_IN_PROGRESS | Other DELETE_COMPLETE | bcn-conform-*-main UPDATE_COMPLETE", recorded + "test_change_set_values, 2025-05-23", func(c *cloud) string {
			c.apply(template(object{"Logs": c.logs("logs", 7), "Other": c.logs("other", 7)}))
			_, id := c.apply(c.one(7), update)
			return c.story(id)
		}},
		{"a running update can be cancelled and rolls back", "cloudformation:CancelUpdateStack", "ok, then UPDATE_ROLLBACK_COMPLETE with 7 days", apiCFN + "CancelUpdateStack", func(c *cloud) string {
			id := c.stuckUpdate()
			c.serviceOf(id)
			said := says(c.cancel(id))
			return said + ", then " + c.end(id) + " with " + c.retention("logs")
		}},
		{"what does not update cannot be cancelled", "cloudformation:CancelUpdateStack", "ValidationError: CancelUpdateStack cannot be called from current stack status", apiCFN + "CancelUpdateStack", func(c *cloud) string {
			_, id := c.apply(c.one(7))
			return says(c.cancel(id))
		}},
		{"what is being created cannot be cancelled", "cloudformation:CancelUpdateStack", "ValidationError: CancelUpdateStack cannot be called from current stack status", apiCFN + "CancelUpdateStack", func(c *cloud) string {
			id := c.stuckCreation()
			c.during(id, "CREATE_IN_PROGRESS")
			return says(c.cancel(id))
		}},
		{"what is being created can be deleted", "cloudformation:DeleteStack", "ok, then DELETE_COMPLETE", doubt + "seen in many public reports", func(c *cloud) string {
			id := c.stuckCreation()
			c.serviceOf(id)
			said := says(c.remove(id))
			return said + ", then " + c.end(id)
		}},
		{"what is being rolled back after its creation can be deleted", "cloudformation:DeleteStack", "ok, then DELETE_COMPLETE", doubt + "inferred from CREATE_IN_PROGRESS", func(c *cloud) string {
			all := c.service(c.steady, c.executionRole(), nil)
			all["Broken"] = broken("Service")
			set := c.propose(template(all))
			c.execute("first")
			c.during(*set.StackId, "ROLLBACK_IN_PROGRESS")
			said := says(c.remove(*set.StackId))
			return said + ", then " + c.end(*set.StackId)
		}},
		{
			"a long list of resources comes in pages of a hundred", "cloudformation:ListStackResources", "100, then 5", apiCFN + "ListStackResources, NextToken",
			func(c *cloud) string {
				all := object{}
				for i := range 105 {
					all[fmt.Sprintf("Logs%03d", i)] = c.logs(fmt.Sprintf("logs-%03d", i), 7)
				}
				_, id := c.apply(template(all))
				var sizes []string
				pages := cloudformation.NewListStackResourcesPaginator(c.cfn(), &cloudformation.ListStackResourcesInput{StackName: &id})
				for pages.HasMorePages() {
					sizes = append(sizes, text(len(must[*cloudformation.ListStackResourcesOutput](c)(pages.NextPage(c.t.Context())).StackResourceSummaries)))
				}
				return strings.Join(sizes, ", then ")
			},
		},
		{"a stack's tags and CloudFormation's own are on what it makes", "ecs:DescribeClusters", "aws:cloudformation:logical-id aws:cloudformation:stack-id aws:cloudformation:stack-name bcn:conform", guide + "Resource tag", func(c *cloud) string {
			c.apply(template(object{"Cluster": resource("AWS::ECS::Cluster", object{"ClusterName": c.id})}))
			out := must[*ecs.DescribeClustersOutput](c)(c.ecs().DescribeClusters(c.t.Context(), &ecs.DescribeClustersInput{Clusters: []string{c.id}, Include: []ecstypes.ClusterField{ecstypes.ClusterFieldTags}}))
			keys := map[string]bool{}
			for _, tag := range out.Clusters[0].Tags {
				keys[*tag.Key] = true
			}
			return strings.Join(sorted(keys), " ")
		}},
	}
}

// retention is the retention of a log group of this row.
func (c *cloud) retention(name string) string {
	c.t.Helper()
	out := must[*cloudwatchlogs.DescribeLogGroupsOutput](c)(cloudwatchlogs.NewFromConfig(c.config).DescribeLogGroups(c.t.Context(),
		&cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String(c.id + "/" + name)}))
	if len(out.LogGroups) == 0 {
		return "no group"
	}
	return text(aws.ToInt32(out.LogGroups[0].RetentionInDays)) + " days"
}
