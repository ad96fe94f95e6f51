package roles

// driftStatements are what looking for drift needs. CloudFormation reads each
// resource in the caller's name, with the actions of the resource type's read
// handler (CloudFormation registry, permissions of "read").
func driftStatements(in Input) []statement {
	stacks := []string{in.arn("cloudformation", "stack/*/*")}
	region := map[string]operands{"StringEquals": in.inRegion()}
	return []statement{
		{
			Sid: "DetectDrift", Action: []string{
				"cloudformation:DetectStackDrift", "cloudformation:DetectStackResourceDrift", "cloudformation:DescribeStackResourceDrifts",
			}, Resource: stacks,
			Condition: map[string]operands{"StringLikeIfExists": in.tagged()},
			Why:       "what was changed outside, of no stack of another installation; CloudFormation asks for the second without the stack's tags",
		},
		{
			Sid: "FollowDrift", Action: []string{"cloudformation:DescribeStackDriftDetectionStatus", "cloudformation:BatchDescribeTypeConfigurations"},
			Resource: []string{"*"}, Condition: region,
			Why: "how far a detection has come; the actions know no resources",
		},
		{
			Sid: "ReadRoles", Action: []string{"iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies"},
			Resource: []string{in.taskRoles()},
			Why:      "drift of the roles that stacks made",
		},
		{
			Sid: "ReadResources", Action: []string{
				"application-autoscaling:DescribeScalableTargets", "application-autoscaling:DescribeScalingPolicies", "application-autoscaling:ListTagsForResource",
				"elasticloadbalancing:DescribeListenerAttributes", "elasticloadbalancing:DescribeListenerCertificates",
				"elasticloadbalancing:DescribeLoadBalancerAttributes", "elasticloadbalancing:DescribeLoadBalancers", "elasticloadbalancing:DescribeTags",
				"elasticloadbalancing:DescribeTargetGroupAttributes", "elasticloadbalancing:DescribeTargetGroups",
				"logs:DescribeLogGroups", "logs:ListTagsForResource",
				"scheduler:GetSchedule",
			}, Resource: []string{"*"}, Condition: region,
			Why: "drift of what stacks made; most of the actions know no resources",
		},
	}
}
