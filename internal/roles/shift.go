package roles

// shifterService is the principal as which ECS shifts traffic.
const shifterService = "ecs.amazonaws.com"

// infrastructureRoles is the pattern of the roles that ECS shifts a heritage's
// traffic as.
func (in Input) infrastructureRoles() string {
	return in.iam("role" + Path(in.District) + "bcn-" + in.District + "-*-infrastructure")
}

// asShifter is the condition that whoever asks is such a role. A task cannot be:
// the names of its roles end otherwise.
func (in Input) asShifter() operands { return operands{"aws:PrincipalArn": in.infrastructureRoles()} }

// boundaryShift is what of load balancers no role of a heritage can exceed; each
// role is limited to what has its heritage's tags.
func boundaryShift(in Input) []statement {
	elb := func(rest string) string { return in.arn("elasticloadbalancing", rest) }
	return []statement{
		{
			Sid: "ReadBalancers", Action: []string{
				"elasticloadbalancing:DescribeListeners", "elasticloadbalancing:DescribeRules",
				"elasticloadbalancing:DescribeTargetGroups", "elasticloadbalancing:DescribeTargetHealth",
			}, Resource: []string{"*"},
			Condition: map[string]operands{"StringEquals": in.inRegion(), "ArnLike": in.asShifter()},
			Why:       "ECS looks at what it shifts traffic between, as the role of that alone; the actions know no resources",
		},
		{
			Sid: "ShiftTraffic", Action: []string{
				"elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:ModifyRule", "elasticloadbalancing:RegisterTargets",
			}, Resource: []string{elb("targetgroup/*/*"), elb("listener-rule/app/*/*/*/*")},
			Condition: map[string]operands{"ArnLike": in.asShifter()},
			Why:       "blue_green, canary and linear: targets and weights of rules",
		},
	}
}

// cfnShift lets CloudFormation give such a role to a service.
func cfnShift(in Input) []statement {
	return []statement{{
		Sid: "PassToShift", Action: []string{"iam:PassRole"}, Resource: []string{in.infrastructureRoles()},
		Condition: map[string]operands{"StringEquals": {"iam:PassedToService": shifterService}},
		Why:       "the role that ECS shifts a service's traffic as, to this one service",
	}}
}

// botShift is what people do in chat while traffic is shifted, and what bcn does
// after a rollback.
func botShift(in Input) []statement {
	return []statement{
		{
			Sid: "Shift", Action: []string{
				"ecs:ContinueServiceDeployment", "ecs:DescribeServiceDeployments", "ecs:StopServiceDeployment",
			}, Resource: []string{in.arn("ecs", "service-deployment/"+in.Cluster+"/*")},
			Why: "deployments of the district's cluster that wait for a person, or are taken back",
		},
		{
			Sid: "Mend", Action: []string{"elasticloadbalancing:ModifyRule"},
			Resource:  []string{in.arn("elasticloadbalancing", "listener-rule/app/*")},
			Condition: map[string]operands{"StringLike": in.tagged()},
			Why:       "a rollback writes the weights of an older template, which may send people to no tasks; of rules of bcn's stacks alone",
		},
	}
}
