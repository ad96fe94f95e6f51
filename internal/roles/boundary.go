package roles

import "slices"

// boundary is what no role below the district's path can exceed, whatever its
// own policies say. The account's owner may add what their apps need, by
// Input.TaskActions.
func boundary(in Input) []statement {
	list := []statement{
		{
			Sid: "WriteLogs", Action: []string{"logs:CreateLogStream", "logs:PutLogEvents"},
			Resource: []string{in.arn("logs", "log-group:"+TaskLogGroups(in.District))},
			Why:      "tasks write to their heritage's group",
		},
		{
			Sid: "FlowLogs", Action: []string{"logs:DescribeLogGroups", "logs:DescribeLogStreams"}, Resource: []string{"*"},
			Condition: map[string]operands{"StringEquals": in.inRegion()},
			Why:       "the network's flow logs look their group up: names, no lines",
		},
		{
			Sid: "PullImages", Action: []string{"ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"},
			Resource: []string{in.arn("ecr", "repository/*")},
			Why:      "images of the account's registry",
		},
		{
			Sid: "RegistryToken", Action: []string{"ecr:GetAuthorizationToken"}, Resource: []string{"*"},
			Condition: map[string]operands{"StringEquals": in.inRegion()},
			Why:       "the action knows no resources",
		},
		{
			Sid: "ReadSecrets", Action: []string{"secretsmanager:GetSecretValue", "ssm:GetParameter", "ssm:GetParameters"},
			Resource: []string{
				in.arn("ssm", "parameter/barcelona/"+in.District+"/*"),
				in.arn("secretsmanager", "secret:barcelona/"+in.District+"/*"),
			},
			Why: "the district's secrets, never another's; each role gets only those that its manifest names",
		},
		{
			Sid: "DecryptSecrets", Action: []string{"kms:Decrypt"}, Resource: []string{in.arn("kms", "key/*")},
			Condition: map[string]operands{"StringLike": {"kms:ViaService": in.via("*")}},
			Why:       "secrets under a key of the account's own, only through the service that keeps them",
		},
		{
			Sid: "Exec", Action: []string{
				"ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel",
				"ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel",
			}, Resource: []string{"*"},
			Condition: map[string]operands{"StringEquals": in.inRegion()},
			Why:       "ECS Exec, for access; the actions know no resources",
		},
		{
			Sid: "MountFiles", Action: []string{"elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"},
			Resource:  []string{in.arn("elasticfilesystem", "file-system/*")},
			Condition: map[string]operands{"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}},
			Why:       "volumes; each role gets only the file systems that its manifest names",
		},
		{
			Sid: "RunScheduled", Action: []string{"ecs:RunTask"}, Resource: []string{in.arn("ecs", "task-definition/*:*")},
			Condition: map[string]operands{"ArnEquals": {"ecs:cluster": in.cluster()}, "ArnLike": in.asScheduler()},
			Why:       "scheduled tasks, started by the role of their schedules alone, never by a task",
		},
		{
			Sid: "TagScheduled", Action: []string{"ecs:TagResource"}, Resource: []string{in.arn("ecs", "task/"+in.Cluster+"/*")},
			Condition: map[string]operands{"StringEquals": {"ecs:CreateAction": "RunTask"}, "ArnLike": in.asScheduler()},
			Why:       "the tags of such a task, while it is started",
		},
		{
			Sid: "PassToScheduled", Action: []string{"iam:PassRole"}, Resource: []string{in.taskRoles()},
			Condition: map[string]operands{"StringEquals": {"iam:PassedToService": tasksService}, "ArnLike": in.asScheduler()},
			Why:       "the roles of such a task",
		},
	}
	list = append(list, machineBoundary(in)...)
	list = append(list, boundaryShift(in)...)
	if len(in.TaskActions) > 0 {
		list = append(list, statement{
			Sid: "TaskActions", Action: slices.Sorted(slices.Values(in.TaskActions)), Resource: []string{"*"},
			Condition: map[string]operands{"StringEquals": {"aws:ResourceAccount": in.Account}},
			Why:       "what the account's owner lets task_role give, in this account alone",
		})
	}
	return list
}

// tasksService is the principal of ECS tasks.
const tasksService = "ecs-tasks.amazonaws.com"

// asScheduler is the condition that whoever asks is the role of a heritage's
// schedules. A task cannot be: the names of its roles end otherwise.
func (in Input) asScheduler() operands { return operands{"aws:PrincipalArn": in.scheduleRoles()} }

// scheduleRoles is the pattern of the roles that EventBridge Scheduler starts a
// heritage's tasks as.
func (in Input) scheduleRoles() string {
	return in.iam("role" + Path(in.District) + "bcn-" + in.District + "-*-schedule")
}
