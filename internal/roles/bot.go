package roles

// trust says who may assume the bot's role: bcn alone, with the external id,
// and only under somebody's name, so that CloudTrail says who asked. Setting
// the name is an action of its own, to which the external id does not belong.
func trust(in Input) []statement {
	principal := map[string]string{"AWS": in.BotPrincipal}
	external := operands{"sts:ExternalId": in.ExternalID, "sts:SourceIdentity": "?*"}
	if in.AnyExternalID {
		external["sts:ExternalId"] = "?*"
	}
	return []statement{
		{
			Sid: "Assume", Principal: principal, Action: []string{"sts:AssumeRole"},
			Condition: map[string]operands{"StringLike": external},
			Why:       "bcn alone, with the external id, and never without a name for CloudTrail",
		},
		{
			Sid: "Name", Principal: principal, Action: []string{"sts:SetSourceIdentity"},
			Condition: map[string]operands{"StringLike": {"sts:SourceIdentity": "?*"}},
			Why:       "without it AssumeRole with a source identity is refused",
		},
	}
}

// ReadPolicyName is the managed policy of the bot's role with what it reads. In
// the role itself all would be more than IAM takes of inline policies.
func ReadPolicyName(district string) string { return "bcn-" + district + "-read" }

// bot is what bcn may do in the district, beside readStatements.
func bot(in Input) []statement {
	list := append(stackStatements(in), taskStatements(in)...)
	list = append(append(list, grantStatements(in)...), secretStatements(in)...)
	list = append(list, driftStatements(in)...)
	list = append(list, registryStatements(in)...)
	return append(list, botShift(in)...)
}

// review is why some statements cannot insist on the tag. What such a change
// set does is still limited by CloudFormation's role, which it was made with.
const review = "a stack under review has no tags before its first change set is executed"

func stackStatements(in Input) []statement {
	stacks := []string{in.arn("cloudformation", "stack/*/*")}
	// Where a call names the change set by its ARN, so does the condition key.
	named := operands{"cloudformation:ChangeSetName": []string{"bcn-*", in.arn("cloudformation", "changeSet/bcn-*")}}
	return []statement{
		{
			Sid: "Propose", Action: []string{"cloudformation:CreateChangeSet"}, Resource: stacks,
			Condition: map[string]operands{
				"ArnEquals": {"cloudformation:RoleArn": in.CFNRoleARN()},
				"StringLike": {
					"aws:RequestTag/" + InstallationTag: in.installation(),
					"cloudformation:ChangeSetName":      "bcn-*",
				},
			},
			Why: "change sets that carry the installation's tag and run as CloudFormation's role; a new stack has no tags yet to ask for",
		},
		{
			Sid: "TagStacks", Action: []string{"cloudformation:TagResource"}, Resource: stacks,
			Condition: map[string]operands{"StringLike": {"aws:RequestTag/" + InstallationTag: in.installation()}},
			Why:       "the tags of a change set",
		},
		{
			Sid: "ChangeSets", Action: []string{"cloudformation:ExecuteChangeSet", "cloudformation:DeleteChangeSet"}, Resource: stacks,
			Condition: map[string]operands{"StringLike": named, "StringLikeIfExists": in.tagged()},
			Why:       "bcn's change sets, on no stack of another installation; " + review,
		},
		{
			Sid: "ReadStacks", Action: []string{
				"cloudformation:DescribeChangeSet", "cloudformation:DescribeEvents", "cloudformation:DescribeStackEvents",
				"cloudformation:GetTemplate", "cloudformation:ListChangeSets", "cloudformation:ListStackResources",
			}, Resource: stacks,
			Condition: map[string]operands{"StringLikeIfExists": in.tagged()},
			Why:       "plans are read back and changes followed; a stack that is not there has no tags, and " + review,
		},
		{
			Sid: "DeleteStacks", Action: []string{"cloudformation:DeleteStack"}, Resource: stacks,
			Condition: map[string]operands{"ArnEquals": {"cloudformation:RoleArn": in.CFNRoleARN()}, "StringLikeIfExists": in.tagged()},
			Why:       "empty review stacks, and stacks whose creation is stopped, only as CloudFormation's role; " + review,
		},
		{
			Sid: "Cancel", Action: []string{"cloudformation:CancelUpdateStack"}, Resource: stacks,
			Condition: map[string]operands{"StringLike": in.tagged()},
			Why:       "a running update of bcn's own",
		},
		{
			Sid: "ListStacks", Action: []string{"cloudformation:DescribeStacks"}, Resource: []string{"*"},
			Condition: map[string]operands{"StringEquals": in.inRegion()},
			Why:       "one paged read follows all stacks; it also tells whose a stack is",
		},
		{
			Sid: "PassToCloudFormation", Action: []string{"iam:PassRole"}, Resource: []string{in.CFNRoleARN()},
			Condition: map[string]operands{"StringEquals": {"iam:PassedToService": "cloudformation.amazonaws.com"}},
			Why:       "RoleARN of the change sets: this one role, to this one service",
		},
		{
			Sid: "Templates", Action: []string{"s3:GetObject", "s3:PutObject"}, Resource: []string{in.bucket("/templates/*")},
			Why: "templates over 51,200 bytes; CloudFormation reads them as the caller",
		},
		{
			Sid: "Bucket", Action: []string{"s3:GetBucketLocation", "s3:ListBucket"}, Resource: []string{in.bucket("")},
			Why: "district adopt checks the bucket",
		},
	}
}

func taskStatements(in Input) []statement {
	onCluster := operands{"ecs:cluster": in.cluster()}
	tasks := in.arn("ecs", "task/"+in.Cluster+"/*")
	return []statement{
		{
			Sid: "RunTask", Action: []string{"ecs:RunTask"}, Resource: []string{in.arn("ecs", "task-definition/*:*")},
			Condition: map[string]operands{"ArnEquals": onCluster},
			Why:       "one-off tasks on the district's cluster",
		},
		{
			Sid: "TagTasks", Action: []string{"ecs:TagResource"}, Resource: []string{tasks},
			Condition: map[string]operands{"StringEquals": {"ecs:CreateAction": "RunTask"}},
			Why:       "a task is tagged while it is started, never later",
		},
		{
			Sid: "StopTask", Action: []string{"ecs:StopTask", "ecs:ExecuteCommand"}, Resource: []string{tasks, in.cluster()},
			Condition: map[string]operands{"ArnEquals": onCluster},
			Why:       "ending one-off tasks, and access to them",
		},
		{
			Sid: "PassToTasks", Action: []string{"iam:PassRole"}, Resource: []string{in.taskRoles()},
			Condition: map[string]operands{"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
			Why:       "one-off tasks run with their heritage's roles",
		},
		{
			Sid: "Parameters", Action: []string{"ssm:AddTagsToResource", "ssm:DeleteParameter", "ssm:PutParameter"},
			Resource: []string{in.arn("ssm", "parameter/barcelona/"+in.District+"/*")},
			Why:      "secrets are written and removed below the district's path; none is read",
		},
		{
			Sid: "EncryptParameters", Action: []string{"kms:Encrypt"}, Resource: []string{in.arn("kms", "key/*")},
			Condition: map[string]operands{
				"StringEquals": {"kms:ViaService": in.via("ssm")},
				"StringLike":   {"kms:EncryptionContext:PARAMETER_ARN": in.arn("ssm", "parameter/barcelona/"+in.District+"/*")},
			},
			Why: "secrets are written with an app's own key; what was encrypted is never read back",
		},
	}
}

// readStatements are what bcn may look at in the district.
func readStatements(in Input) []statement {
	region := map[string]operands{"StringEquals": in.inRegion()}
	return []statement{
		{
			Sid: "ReadServices", Action: []string{"ecs:DescribeServices", "ecs:DescribeTasks", "ecs:DescribeClusters"},
			Resource: []string{in.arn("ecs", "service/"+in.Cluster+"/*"), in.arn("ecs", "task/"+in.Cluster+"/*"), in.cluster()},
			Why:      "rollouts and stopped tasks of the district's cluster",
		},
		{
			Sid: "ListTasks", Action: []string{"ecs:ListTasks"}, Resource: []string{"*"},
			Condition: map[string]operands{"ArnEquals": {"ecs:cluster": in.cluster()}},
			Why:       "stopped tasks; the action knows the cluster as a condition only",
		},
		{
			Sid: "ReadTargets", Action: []string{
				"cloudwatch:DescribeAlarms", "ecs:DescribeTaskDefinition",
				"elasticloadbalancing:DescribeTargetHealth", "elasticloadbalancing:DescribeListeners",
				"elasticloadbalancing:DescribeRules",
			}, Resource: []string{"*"}, Condition: region,
			Why: "health of targets, alarms of services, the digest that runs, priorities and weights of rules; the actions know no resources, or are asked without one",
		},
		{
			Sid: "ReadImages", Action: []string{"ecr:DescribeImageScanFindings", "ecr:DescribeImages", "ecr:ListImages"}, Resource: []string{in.arn("ecr", "repository/*")},
			Why: "a tag's digest, the nearest tag when it is unknown, and what scans found",
		},
		{
			Sid: "ReadLogs", Action: []string{"logs:DescribeLogStreams", "logs:FilterLogEvents", "logs:GetLogEvents"},
			Resource: []string{in.arn("logs", "log-group:"+TaskLogGroups(in.District))},
			Why:      "what an app wrote, and the last lines of a task that ended",
		},
		{
			Sid: "FindParameters", Action: []string{"ssm:DescribeParameters"}, Resource: []string{"*"}, Condition: region,
			Why: "whether a parameter exists, never its value",
		},
		{
			Sid: "FindKeys", Action: []string{"kms:DescribeKey"}, Resource: []string{in.arn("kms", "key/*")},
			Why: "which key a secret is encrypted with, where it names an alias",
		},
		{
			Sid: "FindSecrets", Action: []string{"secretsmanager:DescribeSecret"},
			Resource: []string{in.arn("secretsmanager", "secret:barcelona/"+in.District+"/*")},
			Why:      "whether a secret exists, never its value",
		},
		{
			Sid: "ReadNetwork", Action: []string{"ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs"},
			Resource: []string{"*"}, Condition: region,
			Why: "district adopt checks what it is told; the actions know no resources",
		},
	}
}
