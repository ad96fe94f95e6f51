package conform_test

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// one is a template of one log group.
func (c *cloud) one(days int) string { return template(object{"Logs": c.logs("logs", days)}) }

// asked makes a row's function of what CreateChangeSet refuses.
func asked(body func(*cloud) string, change func(*cloud, *newSet)) func(*cloud) string {
	return func(c *cloud) string { return says(c.ask(body(c), func(in *newSet) { change(c, in) })) }
}

// creationRows are what CreateChangeSet takes and refuses.
func creationRows() []row[*cloud] {
	const call = "cloudformation:CreateChangeSet"
	page := apiCFN + "CreateChangeSet"
	one := func(c *cloud) string { return c.one(7) }
	nothing := func(*cloud, *newSet) {}
	is := func(body string) func(*cloud) string { return func(*cloud) string { return body } }
	named := template(object{"Role": resource("AWS::IAM::Role", object{
		"RoleName": "bcn-conform-named", "AssumeRolePolicyDocument": object{"Version": "2012-10-17", "Statement": list{}},
	})})
	return []row[*cloud]{
		{
			"a role with a name needs CAPABILITY_NAMED_IAM", call, "InsufficientCapabilitiesException: Requires capabilities : [CAPABILITY_NAMED_IAM]", page + ", Capabilities",
			asked(is(named), func(_ *cloud, in *newSet) {
				in.Capabilities = []types.Capability{types.CapabilityCapabilityIam}
			}),
		},
		{"a refused change set leaves no stack", call, "ValidationError: Stack with id bcn-conform-*-main does not exist", doubt + page, func(c *cloud) string {
			_ = c.ask(named, func(in *newSet) { in.Capabilities = nil })
			_, err := c.find(*c.stackName("main"))
			return says(err)
		}},
		{"UPDATE of a stack that is not there is refused", call, "ValidationError: Stack [bcn-conform-*-main] does not exist", page + ", ChangeSetType", asked(one, func(_ *cloud, in *newSet) { update(in) })},
		{"CREATE of a stack that is there is refused", call, "ValidationError: Stack [bcn-conform-*-main] already exists and cannot be created again with the changeSet [again].", recorded + "test_changesets, test_name_conflicts, 2023-11-22", func(c *cloud) string {
			c.apply(c.one(7))
			return says(c.ask(c.one(7), func(in *newSet) { in.ChangeSetName = aws.String("again") }))
		}},
		{"CREATE of a stack in review makes another change set", call, "ok", recorded + "test_changesets, test_multiple_create_changeset, 2023-11-28", func(c *cloud) string {
			c.propose(c.one(7))
			return says(c.ask(c.one(14), func(in *newSet) { in.ChangeSetName = aws.String("other") }))
		}},
		{"a change set's name is taken once for a stack", call, "AlreadyExistsException: *", page + ", Errors", func(c *cloud) string {
			c.propose(c.one(7))
			return says(c.ask(c.one(14)))
		}},
		{"OnStackFailure DELETE is refused for an update", call, "ValidationError: *", page + ", OnStackFailure", func(c *cloud) string {
			c.apply(c.one(7))
			return says(c.ask(c.one(14), update, func(in *newSet) { in.OnStackFailure = types.OnStackFailureDelete }))
		}},
		{
			"a template of more than 51,200 bytes is refused in the body", call, "ValidationError: *51200*", guide + "CloudFormation quotas",
			asked(func(c *cloud) string { return c.one(7) + strings.Repeat(" ", 51_200) }, nothing),
		},
		{
			"a template in S3 that is not there is refused", call, "ValidationError: S3 error: *", page + ", TemplateURL",
			asked(one, func(c *cloud, in *newSet) {
				url := "https://s3." + c.config.Region + ".amazonaws.com/" + c.bucket + "/bcn-conform/none.json"
				in.TemplateBody, in.TemplateURL = nil, &url
			}),
		},
		{"an address that is not S3's is refused", call, "ValidationError: TemplateURL must be a supported URL.", recorded + "test_templates, test_create_stack_from_s3_template_url, 2023-10-11", asked(one, func(_ *cloud, in *newSet) {
			in.TemplateBody, in.TemplateURL = nil, aws.String("ftp://example.com/x")
		})},
		{"JSON that is none is refused with its place", call, "ValidationError: Template format error: JSON not well-formed. (line 1, column *)", recorded + "test_templates, test_validate_invalid_json_template_should_fail, 2024-06-18", asked(is(`{"Resources" = {}}`), nothing)},
		{"a template without resources is refused", call, "ValidationError: *At least one Resources member must be defined.", recorded + "test_validations, test_missing_resources_block, 2024-05-31", asked(is(`{"Resources":{}}`), nothing)},
		{"null in a template is refused", call, "ValidationError: *'null' values are not allowed in templates*", recorded + "test_validations, 2024-05-31", asked(is(`{"Resources":{"A":{"Type":"AWS::Logs::LogGroup"}},"Outputs":{"O":{"Value":null}}}`), nothing)},
		{"an unknown resource type is refused", call, "ValidationError: Template format error: Unrecognized resource types: [AWS::Logs::Nothing]", guide + "Troubleshooting CloudFormation", asked(is(template(object{"A": resource("AWS::Logs::Nothing", object{})})), nothing)},
		{"a reference to nothing is refused", call, "ValidationError: Template format error: Unresolved resource dependencies [Nobody] in the Resources block of the template", guide + "Ref function reference", asked(is(template(object{"A": resource("AWS::Logs::LogGroup", object{"LogGroupName": object{"Ref": "Nobody"}})})), nothing)},
		{"a tag of AWS's own prefix is refused", call, "ValidationError: *aws:*", apiCFN + "Tag", asked(one, func(_ *cloud, in *newSet) {
			in.Tags = []types.Tag{{Key: aws.String("aws:bcn"), Value: aws.String("x")}}
		})},
		{"a role that CloudFormation cannot assume is refused", call, "ValidationError: Role arn:aws:iam::*:role/bcn-conform/* is invalid or cannot be assumed", recorded + "test_update_stack, test_update_with_role_without_permissions, 2022-11-21", func(c *cloud) string {
			role := c.role("people", c.trust("sts:AssumeRole"), policy(allow("*", "*")))
			return says(c.ask(c.one(7), func(in *newSet) { in.RoleARN = &role }))
		}},
		{"a resource's type cannot change", call, "ValidationError: Update of resource type is not permitted. The new template modifies resource type of the following resources: [Logs]", doubt + "seen in many public reports of UpdateStack", func(c *cloud) string {
			c.apply(c.one(7))
			return says(c.ask(template(object{"Logs": resource("AWS::ECS::Cluster", object{})}), update))
		}},
		{
			"a busy stack takes no change set", call, "ValidationError: Stack:arn:aws:cloudformation:*:stack/bcn-conform-*-main/* is in UPDATE_IN_PROGRESS state and can not be updated.", guide + "Troubleshooting CloudFormation",
			func(c *cloud) string {
				id := c.stuckUpdate()
				c.during(id, "UPDATE_IN_PROGRESS")
				return says(c.ask(c.one(30), update, func(in *newSet) { in.ChangeSetName = aws.String("third") }))
			},
		},
		{"a stack whose creation was rolled back takes no change set", call, "ROLLBACK_COMPLETE, then ValidationError: *is in ROLLBACK_COMPLETE state and can not be updated.", guide + "Understand CloudFormation stack creation events", func(c *cloud) string {
			status, _ := c.apply(template(object{"Broken": broken()}))
			return status + ", then " + says(c.ask(c.one(7), update))
		}},
	}
}

// setRows are what becomes of change sets.
func setRows() []row[*cloud] {
	state := func(set *oldSet) string {
		return string(set.Status) + " " + string(set.ExecutionStatus) + ": " + aws.ToString(set.StatusReason)
	}
	unchanged := func(c *cloud) *oldSet {
		c.apply(c.one(7))
		return c.propose(c.one(7), update)
	}
	getTemplate := func(c *cloud, change func(*cloudformation.GetTemplateInput)) string {
		in := &cloudformation.GetTemplateInput{StackName: c.stackName("main"), ChangeSetName: aws.String("first"), TemplateStage: types.TemplateStageOriginal}
		change(in)
		out, err := c.cfn().GetTemplate(c.t.Context(), in)
		if err != nil {
			return says(err)
		}
		return aws.ToString(out.TemplateBody)
	}
	drop := func(c *cloud, stack, set string) string {
		_, err := c.cfn().DeleteChangeSet(c.t.Context(), &cloudformation.DeleteChangeSetInput{StackName: c.stackName(stack), ChangeSetName: &set})
		return says(err)
	}
	return []row[*cloud]{
		{
			"a change set without changes fails with this sentence", "cloudformation:DescribeChangeSet",
			"FAILED UNAVAILABLE: The submitted information didn't contain changes. Submit different information to create a change set.", recorded + "test_changesets, test_empty_changeset, 2022-08-10",
			func(c *cloud) string { return state(unchanged(c)) },
		},
		{
			"a change set without changes cannot be executed", "cloudformation:ExecuteChangeSet", "InvalidChangeSetStatus: ChangeSet [arn:aws:cloudformation:*] cannot be executed in its current status of [FAILED]", recorded + "test_changesets, test_empty_changeset, 2022-08-10",
			func(c *cloud) string { unchanged(c); return says(c.tryExecute("second")) },
		},
		{
			"a change set without changes can be deleted", "cloudformation:DeleteChangeSet", "ok, then ChangeSetNotFound: ChangeSet [second] does not exist", recorded + "test_changesets, test_deleted_changeset, 2022-08-11",
			func(c *cloud) string {
				unchanged(c)
				gone := drop(c, "main", "second")
				_, err := c.describe("second")
				return gone + ", then " + says(err)
			},
		},
		{"deleting a change set that is not there succeeds", "cloudformation:DeleteChangeSet", "ok", "ministack pull request 1625, measured on a real account 2026-09-02", func(c *cloud) string {
			c.propose(c.one(7))
			return drop(c, "main", "nobody")
		}},
		{"deleting a change set of a stack that is not there does not", "cloudformation:DeleteChangeSet", "ValidationError: Stack [bcn-conform-*-none] does not exist", recorded + "test_changesets, test_delete_change_set_exception, 2022-08-11", func(c *cloud) string {
			return drop(c, "none", "nobody")
		}},
		{"a change set of a stack that is not there is a ValidationError", "cloudformation:DescribeChangeSet", "ValidationError: Stack [bcn-conform-*-main] does not exist", recorded + "test_changesets, test_describe_change_set_nonexisting, 2022-08-11", func(c *cloud) string {
			_, err := c.describe("first")
			return says(err)
		}},
		{
			"a property that the type does not have is found before anything is made", "cloudformation:DescribeChangeSet", "FAILED UNAVAILABLE: *[AWS::EarlyValidation::PropertyValidation]*", guide + "Validate stack deployments",
			func(c *cloud) string {
				return state(c.propose(template(object{"Logs": resource("AWS::Logs::LogGroup", object{"Retention": 7})})))
			},
		},
		{
			"what early validation found is in DescribeEvents alone", "cloudformation:DescribeEvents", "VALIDATION_ERROR PROPERTY_VALIDATION FAIL at /Resources/Logs/Properties*: *", guide + "Validate stack deployments",
			func(c *cloud) string {
				set := c.propose(template(object{"Logs": resource("AWS::Logs::LogGroup", object{"Retention": 7})}))
				out := must[*cloudformation.DescribeEventsOutput](c)(c.cfn().DescribeEvents(c.t.Context(), &cloudformation.DescribeEventsInput{ChangeSetName: set.ChangeSetId}))
				for _, e := range out.OperationEvents {
					if e.EventType == types.EventTypeValidationError {
						return string(e.EventType) + " " + aws.ToString(e.ValidationName) + " " + string(e.ValidationFailureMode) +
							" at " + aws.ToString(e.ValidationPath) + ": " + aws.ToString(e.ValidationStatusReason)
					}
				}
				return "no validation error"
			},
		},
		{
			"a name that somebody has is found before anything is made", "cloudformation:DescribeChangeSet", "FAILED UNAVAILABLE: *[AWS::EarlyValidation::ResourceExistenceCheck]*", guide + "Validate stack deployments",
			func(c *cloud) string {
				c.apply(c.one(7))
				return state(c.propose(c.one(7), func(in *newSet) { in.StackName = c.stackName("other") }))
			},
		},
		{"a change set's original template is what was sent, byte for byte", "cloudformation:GetTemplate", "true", apiCFN + "GetTemplate, TemplateStage", func(c *cloud) string {
			body := "{ \"Resources\" :\n\t" + text(object{"Logs": c.logs("logs", 7)}) + " }\n"
			c.propose(body)
			return text(getTemplate(c, func(*cloudformation.GetTemplateInput) {}) == body)
		}},
		{
			"a change set's template by name needs the stack's", "cloudformation:GetTemplate", "ValidationError: StackName is a required parameter.", recorded + "test_templates, test_get_template_missing_resources_change_set, 2025-09-12",
			func(c *cloud) string {
				return getTemplate(c, func(in *cloudformation.GetTemplateInput) { in.StackName = nil })
			},
		},
		{
			"the template of a change set that is not there, by ARN", "cloudformation:GetTemplate", "ChangeSetNotFound: ChangeSet [arn:aws:cloudformation:*] does not exist", recorded + "test_templates, test_get_template_missing_resources_change_set_id, 2025-09-12",
			func(c *cloud) string {
				return getTemplate(c, func(in *cloudformation.GetTemplateInput) {
					in.StackName, in.ChangeSetName = nil, aws.String(c.arn("cloudformation", "changeSet/bcn-none/d065e78c-0000-4000-8000-000000000000"))
				})
			},
		},
		{"the template of a stack that is not there", "cloudformation:GetTemplate", "ValidationError: Stack with id bcn-conform-*-main does not exist", recorded + "test_templates, test_get_template_missing_resources_stack, 2025-09-12", func(c *cloud) string {
			return getTemplate(c, func(in *cloudformation.GetTemplateInput) { in.ChangeSetName = nil })
		}},
		{"a stack in review has no template of its own", "cloudformation:GetTemplate", "ValidationError: *", doubt + "reports say that there is no TemplateBody, not how it is refused", func(c *cloud) string {
			c.propose(c.one(7))
			return getTemplate(c, func(in *cloudformation.GetTemplateInput) { in.ChangeSetName = nil })
		}},
		{"a stack in review has no tags yet", "cloudformation:DescribeStacks", "REVIEW_IN_PROGRESS with 0 tags", doubt + "recordings show no tags, but of change sets without any", func(c *cloud) string {
			set := c.propose(c.one(7))
			s := c.stack(*set.StackId)
			return string(s.StackStatus) + " with " + text(len(s.Tags)) + " tags"
		}},
		{"a stack in review outlives its change sets", "cloudformation:DeleteChangeSet", "REVIEW_IN_PROGRESS", apiCFN + "DeleteChangeSet", func(c *cloud) string {
			set := c.propose(c.one(7))
			drop(c, "main", "first")
			return string(c.stack(*set.StackId).StackStatus)
		}},
		{"a stack in review can be deleted", "cloudformation:DeleteStack", "DELETE_COMPLETE", guide + "Create change sets for CloudFormation stacks", func(c *cloud) string {
			set := c.propose(c.one(7))
			c.check(c.remove(*set.StackId))
			return c.end(*set.StackId)
		}},
		{"CreateStack over a stack in review makes its change sets obsolete", "cloudformation:CreateStack", "CREATE_COMPLETE OBSOLETE: ", recorded + "test_changesets, test_create_while_in_review, 2023-11-22", func(c *cloud) string {
			set := c.propose(c.one(7))
			must[*cloudformation.CreateStackOutput](c)(c.cfn().CreateStack(c.t.Context(), &cloudformation.CreateStackInput{StackName: c.stackName("main"), TemplateBody: aws.String(c.one(7))}))
			c.end(*set.StackId)
			return state(must[*oldSet](c)(c.describe("first")))
		}},
		{
			"executing a change set deletes the stack's others", "cloudformation:ExecuteChangeSet", "ChangeSetNotFound: ChangeSet [other] does not exist", apiCFN + "ExecuteChangeSet",
			func(c *cloud) string {
				set := c.propose(c.one(7))
				c.propose(c.one(14), func(in *newSet) { in.ChangeSetName = aws.String("other") })
				c.execute("first")
				c.end(*set.StackId)
				_, err := c.describe("other")
				return says(err)
			},
		},
		{"an executed change set says so, also when its stack is deleted", "cloudformation:DescribeChangeSet", "CREATE_COMPLETE EXECUTE_COMPLETE: ", recorded + "test_changesets, test_name_conflicts, 2023-11-22", func(c *cloud) string {
			set := c.propose(c.one(7))
			c.execute("first")
			c.end(*set.StackId)
			c.check(c.remove(*set.StackId))
			c.end(*set.StackId)
			return state(must[*oldSet](c)(c.cfn().DescribeChangeSet(c.t.Context(), &cloudformation.DescribeChangeSetInput{ChangeSetName: set.ChangeSetId})))
		}},
		{"an executed change set cannot be executed again", "cloudformation:ExecuteChangeSet", "InvalidChangeSetStatus: ChangeSet [arn:aws:cloudformation:*] cannot be executed in its current execution status of [EXECUTE_COMPLETE]", apiCFN + "ExecuteChangeSet, Errors", func(c *cloud) string {
			c.apply(c.one(7))
			return says(c.tryExecute("first", func(in *cloudformation.ExecuteChangeSetInput) { in.ClientRequestToken = aws.String("another") }))
		}},
		{"the same execution with the same token is taken once more", "cloudformation:ExecuteChangeSet", "ok", doubt + apiCFN + "ExecuteChangeSet, ClientRequestToken", func(c *cloud) string {
			c.apply(c.one(7))
			return says(c.tryExecute("first"))
		}},
		{"DisableRollback is refused beside OnStackFailure", "cloudformation:ExecuteChangeSet", "ValidationError: *", apiCFN + "CreateChangeSet, OnStackFailure", func(c *cloud) string {
			c.propose(c.one(7), func(in *newSet) { in.OnStackFailure = types.OnStackFailureDelete })
			return says(c.tryExecute("first", func(in *cloudformation.ExecuteChangeSetInput) { in.DisableRollback = aws.Bool(false) }))
		}},
		{
			"a changed property says that nothing is replaced", "cloudformation:DescribeChangeSet", "Modify False [Properties.RetentionInDays Never]", recorded + "test_changesets, TestSingleResource test_static_change, 2025-03-04",
			func(c *cloud) string { c.apply(c.one(7)); return changed(c.propose(c.one(14), update)) },
		},
		{"a changed name says that the resource is replaced", "cloudformation:DescribeChangeSet", "Modify True [Properties.LogGroupName Always]", recorded + "test_changesets, test_create_change_set_update_without_parameters, 2022-05-31", func(c *cloud) string {
			c.apply(c.one(7))
			return changed(c.propose(template(object{"Logs": c.logs("renamed", 7)}), update))
		}},
		{"a dropped resource says that it is deleted", "cloudformation:DescribeChangeSet", "Remove Delete", recorded + "test_change_set_values, 2025-05-23", func(c *cloud) string {
			c.apply(template(object{"Logs": c.logs("logs", 7), "Other": c.logs("other", 7)}))
			set := c.propose(c.one(7), update)
			rc := set.Changes[0].ResourceChange
			return string(rc.Action) + " " + string(rc.PolicyAction)
		}},
		{"with property values, details name the path", "cloudformation:DescribeChangeSet", "/Properties/RetentionInDays Modify 7 14", guide + "Example change sets for CloudFormation stacks", func(c *cloud) string {
			c.apply(c.one(7))
			d := c.propose(c.one(14), update).Changes[0].ResourceChange.Details[0].Target
			return aws.ToString(d.Path) + " " + string(d.AttributeChangeType) + " " + aws.ToString(d.BeforeValue) + " " + aws.ToString(d.AfterValue)
		}},
		{"numbers are texts in the context of a change", "cloudformation:DescribeChangeSet", `*"RetentionInDays":"7"*`, doubt + "examples of other types show numbers and booleans as texts", func(c *cloud) string {
			c.apply(c.one(7))
			return aws.ToString(c.propose(c.one(14), update).Changes[0].ResourceChange.BeforeContext)
		}},
	}
}

// changed is a change set's one change: action, replacement, and what causes it.
func changed(set *oldSet) string {
	if len(set.Changes) != 1 {
		return text(len(set.Changes)) + " changes"
	}
	rc := set.Changes[0].ResourceChange
	var causes []string
	for _, d := range rc.Details {
		causes = append(causes, string(d.Target.Attribute)+"."+aws.ToString(d.Target.Name)+" "+string(d.Target.RequiresRecreation))
	}
	return string(rc.Action) + " " + string(rc.Replacement) + " [" + strings.Join(causes, ", ") + "]"
}
