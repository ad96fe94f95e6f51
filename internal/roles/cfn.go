package roles

import "slices"

// cfnTrust lets CloudFormation alone assume its role. There is no condition on
// the stack: whoever passes the role needs iam:PassRole, which the bot's role
// alone has.
func cfnTrust() []statement {
	return []statement{{
		Sid: "Assume", Principal: map[string]string{"Service": "cloudformation.amazonaws.com"},
		Action: []string{"sts:AssumeRole"}, Why: "only CloudFormation, only when passed",
	}}
}

// cfn is what CloudFormation may do for bcn's stacks: what the handlers of the
// rendered resource types call.
func cfn(in Input) []statement {
	list := append(roleStatements(in), serviceStatements(in)...)
	list = append(list, scheduleStatements(in)...)
	list = append(list, scalingStatements(in)...)
	list = append(list, cfnShift(in)...)
	list = append(list, balancerStatements(in)...)
	return append(list, networkStatements(in)...)
}

func roleStatements(in Input) []statement {
	roles := []string{in.taskRoles()}
	bounded := map[string]operands{"ArnEquals": {"iam:PermissionsBoundary": in.BoundaryARN()}}
	return []statement{
		{
			Sid: "BoundedRoles", Action: []string{
				"iam:AttachRolePolicy", "iam:CreateRole", "iam:PutRolePermissionsBoundary",
				"iam:PutRolePolicy",
			}, Resource: roles, Condition: bounded,
			Why: "roles of tasks, made and widened only within the boundary",
		},
		{
			Sid: "Roles", Action: []string{
				"iam:DeleteRole", "iam:DeleteRolePolicy", "iam:DetachRolePolicy", "iam:GetRole",
				"iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies", "iam:TagRole", "iam:UntagRole",
				"iam:UpdateAssumeRolePolicy", "iam:UpdateRole", "iam:UpdateRoleDescription",
			}, Resource: roles,
			Why: "the rest of a role's life; a boundary is never removed",
		},
		{
			Sid: "PassToTasks", Action: []string{"iam:PassRole"}, Resource: roles,
			Condition: map[string]operands{"StringEquals": {"iam:PassedToService": tasksService}},
			Why:       "task definitions name their roles",
		},
		{
			Sid: "ServiceLinkedRoles", Action: []string{"iam:CreateServiceLinkedRole"},
			Resource: []string{
				in.iam("role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"),
				in.iam("role/aws-service-role/elasticloadbalancing.amazonaws.com/AWSServiceRoleForElasticLoadBalancing"),
				in.iam("role/aws-service-role/ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService"),
			},
			Why: "the first service, load balancer and scaled service of an account make these",
		},
		{
			Sid: "LogGroups", Action: []string{
				"logs:CreateLogGroup", "logs:DeleteLogGroup", "logs:DeleteRetentionPolicy",
				"logs:DescribeIndexPolicies", "logs:GetDataProtectionPolicy", "logs:ListTagsForResource",
				"logs:PutRetentionPolicy", "logs:TagResource", "logs:UntagResource",
			},
			Resource: []string{in.arn("logs", "log-group:"+TaskLogGroups(in.District))},
			Why:      "a heritage's log group",
		},
		{
			Sid: "ListLogGroups", Action: []string{"logs:DescribeLogGroups", "logs:DescribeResourcePolicies"},
			Resource: []string{"*"}, Condition: map[string]operands{"StringEquals": in.inRegion()},
			Why: "the handler looks its group up in the list",
		},
	}
}

func serviceStatements(in Input) []statement {
	region := map[string]operands{"StringEquals": in.inRegion()}
	services := in.arn("ecs", "service/"+in.Cluster+"/*")
	return []statement{
		{
			Sid: "Services", Action: []string{
				"ecs:CreateService", "ecs:DeleteService", "ecs:DescribeServiceDeployments",
				"ecs:DescribeServices", "ecs:ListServiceDeployments", "ecs:UpdateService",
			},
			Resource: []string{services, in.arn("ecs", "service-deployment/"+in.Cluster+"/*")},
			Why:      "services of the district's cluster",
		},
		{
			Sid: "TaskDefinitions", Action: []string{
				"ecs:DeregisterTaskDefinition", "ecs:DescribeTaskDefinition",
				"ecs:RegisterTaskDefinition",
			}, Resource: []string{"*"}, Condition: region,
			Why: "the actions know no resources; what a task may do is limited by PassToTasks",
		},
		{
			Sid: "TagTaskDefinitions", Action: []string{"ecs:ListTagsForResource", "ecs:TagResource", "ecs:UntagResource"},
			Resource: []string{services, in.arn("ecs", "task-definition/*:*")},
			Why:      "stack tags on services and task definitions",
		},
	}
}

func balancerStatements(in Input) []statement {
	elb := func(rest string) string { return in.arn("elasticloadbalancing", rest) }
	made := []string{elb("loadbalancer/app/*/*"), elb("targetgroup/*/*")}
	all := append(slices.Clone(made), elb("listener/app/*/*/*"), elb("listener-rule/app/*/*/*/*"))
	request := map[string]operands{"StringLike": {"aws:RequestTag/" + InstallationTag: in.installation()}}
	return []statement{
		{
			Sid: "NewBalancers", Action: []string{"elasticloadbalancing:CreateLoadBalancer", "elasticloadbalancing:CreateTargetGroup"},
			Resource: made, Condition: request,
			Why: "endpoints and web services, tagged from the first moment",
		},
		{
			Sid: "TagBalancers", Action: []string{"elasticloadbalancing:AddTags"}, Resource: all,
			Condition: map[string]operands{"StringLike": {"elasticloadbalancing:CreateAction": "Create*"}},
			Why:       "tagged while they are made: a tag cannot make somebody else's balancer bcn's",
		},
		{
			Sid: "Balancers", Action: []string{
				"elasticloadbalancing:AddListenerCertificates", "elasticloadbalancing:AddTags", "elasticloadbalancing:CreateListener",
				"elasticloadbalancing:CreateRule", "elasticloadbalancing:DeleteListener", "elasticloadbalancing:DeleteLoadBalancer",
				"elasticloadbalancing:DeleteRule", "elasticloadbalancing:DeleteTargetGroup", "elasticloadbalancing:ModifyListener",
				"elasticloadbalancing:ModifyListenerAttributes", "elasticloadbalancing:ModifyLoadBalancerAttributes",
				"elasticloadbalancing:ModifyRule", "elasticloadbalancing:ModifyTargetGroup", "elasticloadbalancing:ModifyTargetGroupAttributes",
				"elasticloadbalancing:RemoveListenerCertificates", "elasticloadbalancing:RemoveTags", "elasticloadbalancing:SetIpAddressType", "elasticloadbalancing:SetRulePriorities",
				"elasticloadbalancing:SetSecurityGroups", "elasticloadbalancing:SetSubnets",
			},
			Resource: all, Condition: map[string]operands{"StringLike": in.tagged()},
			Why: "bcn's own load balancers, target groups, listeners and rules, nobody else's",
		},
		{
			Sid: "ReadBalancers", Action: []string{
				"elasticloadbalancing:DescribeListenerAttributes", "elasticloadbalancing:DescribeListenerCertificates", "elasticloadbalancing:DescribeListeners",
				"elasticloadbalancing:DescribeLoadBalancerAttributes", "elasticloadbalancing:DescribeLoadBalancers",
				"elasticloadbalancing:DescribeRules", "elasticloadbalancing:DescribeTags",
				"elasticloadbalancing:DescribeTargetGroupAttributes", "elasticloadbalancing:DescribeTargetGroups",
				"elasticloadbalancing:DescribeTargetHealth",
			}, Resource: []string{"*"},
			Condition: map[string]operands{"StringEquals": in.inRegion()},
			Why:       "the actions know no resources",
		},
	}
}

func networkStatements(in Input) []statement {
	groups := in.arn("ec2", "security-group/*")
	tagged := map[string]operands{"StringLike": in.tagged()}
	return []statement{
		{
			Sid: "NewSecurityGroups", Action: []string{"ec2:CreateSecurityGroup"}, Resource: []string{groups, in.arn("ec2", "vpc/*")},
			Why: "one for each endpoint and each web service",
		},
		{
			Sid: "TagSecurityGroups", Action: []string{"ec2:CreateTags"}, Resource: []string{groups},
			Condition: map[string]operands{"StringEquals": {"ec2:CreateAction": "CreateSecurityGroup"}},
			Why:       "tagged while they are made: a tag cannot make somebody else's group bcn's",
		},
		{
			Sid: "SecurityGroups", Action: []string{
				"ec2:AuthorizeSecurityGroupEgress", "ec2:AuthorizeSecurityGroupIngress",
				"ec2:CreateTags", "ec2:DeleteSecurityGroup", "ec2:DeleteTags", "ec2:ModifySecurityGroupRules", "ec2:RevokeSecurityGroupEgress",
				"ec2:RevokeSecurityGroupIngress", "ec2:UpdateSecurityGroupRuleDescriptionsEgress",
				"ec2:UpdateSecurityGroupRuleDescriptionsIngress",
			}, Resource: []string{groups}, Condition: tagged,
			Why: "bcn's own groups, nobody else's",
		},
		{
			Sid: "SecurityGroupRules", Action: []string{
				"ec2:AuthorizeSecurityGroupEgress", "ec2:AuthorizeSecurityGroupIngress",
				"ec2:ModifySecurityGroupRules",
			}, Resource: []string{in.arn("ec2", "security-group-rule/*")},
			Why: "a rule is a resource too; the group that it belongs to is asked for above",
		},
		{
			Sid: "ReadNetwork", Action: []string{
				"ec2:DescribeAccountAttributes", "ec2:DescribeInternetGateways",
				"ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroupRules", "ec2:DescribeSecurityGroups",
				"ec2:DescribeSubnets", "ec2:DescribeVpcs",
			}, Resource: []string{"*"},
			Condition: map[string]operands{"StringEquals": in.inRegion()},
			Why:       "the actions know no resources",
		},
	}
}
