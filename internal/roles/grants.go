package roles

// grantStatements are what the bot's role needs to open and end time-boxed
// access. Credentials for people are not among it: bcn itself assumes the roles
// of access.
func grantStatements(in Input) []statement {
	region := map[string]operands{"StringEquals": in.inRegion()}
	stops := in.arn("scheduler", "schedule/default/"+StopSchedules)
	return []statement{
		{
			Sid: "EndSessions", Action: []string{"ssm:TerminateSession"},
			Resource: []string{in.arn("ssm", "session/"+AccessSessions), in.arn("ssm", "session/ecs-execute-command-*")},
			Why:      "sessions of grants, which are named after them, and those of ECS Exec, which AWS names",
		},
		{
			Sid: "FindSessions", Action: []string{"ssm:DescribeSessions", "ssm:DescribeInstanceInformation"}, Resource: []string{"*"},
			Condition: region,
			Why:       "whether a session is over, and whether a node is there; the actions know no resources",
		},
		{
			Sid: "ReadDocuments", Action: []string{"ssm:GetDocument"},
			Resource: []string{in.arn("ssm", "document/"+SessionDocuments(in.District)), in.arn("ssm", "document/"+PortDocuments(in.District))},
			Why:      "a session document that was changed is not used",
		},
		{
			Sid: "ArmStops", Action: []string{"scheduler:CreateSchedule", "scheduler:GetSchedule", "scheduler:DeleteSchedule"},
			Resource: []string{stops},
			Why:      "a task that is entered is stopped at the grant's end, also with bcn dead",
		},
		{
			Sid: "PassToScheduler", Action: []string{"iam:PassRole"}, Resource: []string{in.SchedulerRoleARN()},
			Condition: map[string]operands{"StringEquals": {"iam:PassedToService": schedulerService}},
			Why:       "this one role, to this one service",
		},
		{
			Sid: "ReadTrail", Action: []string{"cloudtrail:LookupEvents"}, Resource: []string{"*"}, Condition: region,
			Why: "the report of a grant says what was called with it; the action knows no resources",
		},
	}
}

// schedulerService is EventBridge Scheduler's principal.
const schedulerService = "scheduler.amazonaws.com"

// schedulerTrust lets EventBridge Scheduler assume its role for the account's
// own schedules (its User Guide, "Confused deputy prevention").
func schedulerTrust(in Input) []statement {
	return []statement{{
		Sid: "Assume", Principal: map[string]string{"Service": schedulerService}, Action: []string{"sts:AssumeRole"},
		Condition: map[string]operands{"StringEquals": {"aws:SourceAccount": in.Account}},
		Why:       "only EventBridge Scheduler, only for schedules of this account",
	}}
}

// scheduler is what a schedule of a grant may do: end a task.
func scheduler(in Input) []statement {
	return []statement{{
		Sid: "StopTask", Action: []string{"ecs:StopTask"}, Resource: []string{in.arn("ecs", "task/"+in.Cluster+"/*")},
		Condition: map[string]operands{"ArnEquals": {"ecs:cluster": in.cluster()}},
		Why:       "tasks of the district's cluster",
	}}
}
