package roles

// scheduleStatements are what scheduled tasks need: schedules of bcn's names,
// which start tasks as the role that the heritage's own stack made.
func scheduleStatements(in Input) []statement {
	return []statement{
		{
			Sid: "Schedules", Action: []string{
				"scheduler:CreateSchedule", "scheduler:DeleteSchedule", "scheduler:GetSchedule", "scheduler:UpdateSchedule",
			}, Resource: []string{in.arn("scheduler", "schedule/default/bcn-*")},
			Why: "scheduled tasks of barcelona.yml",
		},
		{
			Sid: "PassToScheduler", Action: []string{"iam:PassRole"}, Resource: []string{in.scheduleRoles()},
			Condition: map[string]operands{"StringEquals": {"iam:PassedToService": schedulerService}},
			Why:       "the role of a heritage's schedules, to this one service",
		},
	}
}

// scalingStatements are what services need whose count follows the load.
// Application Auto Scaling asks for ecs:UpdateService too, and makes the alarms
// of its policies in the caller's name (its User Guide, "Identity-based
// policies": permissions to create scaling policies).
func scalingStatements(in Input) []statement {
	return []statement{
		{
			Sid: "Scaling", Action: []string{
				"application-autoscaling:DeleteScalingPolicy", "application-autoscaling:DeregisterScalableTarget",
				"application-autoscaling:ListTagsForResource", "application-autoscaling:PutScalingPolicy",
				"application-autoscaling:RegisterScalableTarget", "application-autoscaling:TagResource",
				"application-autoscaling:UntagResource",
			}, Resource: []string{in.arn("application-autoscaling", "scalable-target/*")},
			Condition: map[string]operands{"StringEqualsIfExists": {"application-autoscaling:service-namespace": "ecs"}},
			Why:       "auto_scaling; of ECS services alone, which UpdateService limits to the district's cluster",
		},
		{
			Sid: "ReadScaling", Action: []string{
				"application-autoscaling:DescribeScalableTargets", "application-autoscaling:DescribeScalingPolicies",
				"cloudwatch:DescribeAlarms",
			}, Resource: []string{"*"},
			Condition: map[string]operands{"StringEquals": in.inRegion()},
			Why:       "the actions know no resources, or are asked without one",
		},
		{
			Sid: "ScalingAlarms", Action: []string{"cloudwatch:DeleteAlarms", "cloudwatch:PutMetricAlarm"},
			Resource: []string{in.arn("cloudwatch", "alarm:TargetTracking-service/"+in.Cluster+"/*")},
			Why:      "the alarms of target tracking, which have these names",
		},
	}
}
