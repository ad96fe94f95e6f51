package roles

import "github.com/bcn-bot/bcn/internal/bcn"

// MachinesPolicyName is the managed policy of CloudFormation's role with what a
// district with machines needs.
func MachinesPolicyName(district string) string { return "bcn-" + district + "-machines" }

// machineRoles is the pattern of the roles that a district's machines have. A
// task cannot have one: the names of its roles end otherwise.
func (in Input) machineRoles() string {
	return in.iam("role" + Path(in.District) + "bcn-" + in.District + "-*-machines")
}

// capacityName is what render.CapacityProvider answers: the name of the
// district's auto scaling group, and of its capacity provider.
func (in Input) capacityName() string { return "bcn-" + in.District }

// machines is what CloudFormation may do for a district with machines, beside
// what network lets it do. Of which classes they are is network's.
func machines(in Input) []statement {
	region := map[string]operands{"StringEquals": in.inRegion()}
	group := in.arn("autoscaling", "autoScalingGroup:*:autoScalingGroupName/"+in.capacityName())
	return []statement{
		{
			Sid: "Group", Action: []string{
				"autoscaling:CreateAutoScalingGroup", "autoscaling:CreateOrUpdateTags", "autoscaling:DeleteAutoScalingGroup",
				"autoscaling:DeleteTags", "autoscaling:PutLifecycleHook", "autoscaling:ResumeProcesses", "autoscaling:SetDesiredCapacity",
				"autoscaling:SetInstanceProtection", "autoscaling:SuspendProcesses", "autoscaling:TerminateInstanceInAutoScalingGroup",
				"autoscaling:UpdateAutoScalingGroup",
			}, Resource: []string{group},
			Why: "the district's one group of machines",
		},
		{
			Sid: "ReadGroups", Action: []string{
				"autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribeAutoScalingInstances", "autoscaling:DescribeLifecycleHooks",
				"autoscaling:DescribeScalingActivities", "autoscaling:DescribeTags", "ec2:DescribeInstanceTypes", "ecs:DescribeCapacityProviders",
			}, Resource: []string{"*"}, Condition: region,
			Why: "the actions know no resources, or are asked without one",
		},
		{
			Sid: "Capacity", Action: []string{
				"ecs:CreateCapacityProvider", "ecs:DeleteCapacityProvider", "ecs:ListTagsForResource", "ecs:TagResource",
				"ecs:UntagResource", "ecs:UpdateCapacityProvider",
			}, Resource: []string{in.arn("ecs", "capacity-provider/"+in.capacityName())},
			Why: "what ECS makes the group larger and smaller by",
		},
		{
			Sid: "Profile", Action: []string{
				"iam:AddRoleToInstanceProfile", "iam:CreateInstanceProfile", "iam:DeleteInstanceProfile", "iam:GetInstanceProfile",
				"iam:RemoveRoleFromInstanceProfile",
			}, Resource: []string{in.iam("instance-profile" + Path(in.District) + "*")},
			Why: "how a machine gets its role",
		},
		{
			Sid: "PassToMachines", Action: []string{"iam:PassRole"}, Resource: []string{in.machineRoles()},
			Condition: map[string]operands{"StringEquals": {"iam:PassedToService": bcn.MachineService(in.Region)}},
			Why:       "this one role, never a task's, to machines alone",
		},
		{
			Sid: "NewZone", Action: []string{"servicediscovery:CreatePrivateDnsNamespace", "servicediscovery:CreateService"},
			Resource: []string{"*"}, Condition: map[string]operands{"StringEquals": in.inRegion(), "StringLike": {"aws:RequestTag/" + InstallationTag: in.installation()}},
			Why: "the names under which machines find the servers of plugins, tagged from the first moment",
		},
		{
			Sid: "OwnZone", Action: []string{
				"servicediscovery:DeleteNamespace", "servicediscovery:DeleteService", "servicediscovery:GetNamespace", "servicediscovery:GetService",
				"servicediscovery:ListTagsForResource", "servicediscovery:TagResource", "servicediscovery:UpdatePrivateDnsNamespace", "servicediscovery:UpdateService",
			}, Resource: []string{in.arn("servicediscovery", "*/*")}, Condition: map[string]operands{"StringLike": in.tagged()},
			Why: "bcn's own names, nobody else's",
		},
		{
			Sid: "ZoneParts", Action: []string{
				"ec2:DescribeRegions", "route53:CreateHostedZone", "route53:DeleteHostedZone", "route53:GetHostedZone", "route53:ListHostedZonesByName",
				"servicediscovery:GetOperation",
			}, Resource: []string{"*"}, Condition: map[string]operands{"StringEquals": {"aws:RequestedRegion": []string{in.Region, "us-east-1"}}},
			Why: "what Cloud Map does for a zone in the caller's name; Route 53 is in one region, knows no tags here, and deletes empty zones alone",
		},
		{
			Sid: "GroupServiceRole", Action: []string{"iam:CreateServiceLinkedRole"},
			Resource: []string{in.iam("role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling")},
			Why:      "the first group of an account makes it",
		},
	}
}

// machineBoundary is what a machine may do and no task: be one of the cluster,
// and be reached by Session Manager.
func machineBoundary(in Input) []statement {
	asMachine := operands{"aws:PrincipalArn": in.machineRoles()}
	return []statement{
		{
			Sid: "BeMachine", Action: []string{
				"ecs:DeregisterContainerInstance", "ecs:Poll", "ecs:RegisterContainerInstance", "ecs:StartTelemetrySession",
				"ecs:SubmitAttachmentStateChanges", "ecs:SubmitContainerStateChange", "ecs:SubmitTaskStateChange", "ecs:UpdateContainerInstancesState",
			},
			Resource:  []string{in.cluster(), in.arn("ecs", "container-instance/"+in.Cluster+"/*")},
			Condition: map[string]operands{"ArnLike": asMachine},
			Why:       "machines of the district's cluster, never a task",
		},
		{
			Sid: "FindECS", Action: []string{"ecs:DiscoverPollEndpoint", "ssm:UpdateInstanceInformation"}, Resource: []string{"*"},
			Condition: map[string]operands{"ArnLike": asMachine, "StringEquals": in.inRegion()},
			Why:       "the same; the actions know no resources",
		},
		{
			Sid: "WriteSessions", Action: []string{"logs:CreateLogStream", "logs:PutLogEvents"},
			Resource:  []string{in.arn("logs", "log-group:"+SessionLogGroup(in.District)+":*")},
			Condition: map[string]operands{"ArnLike": asMachine},
			Why:       "sessions of access, written down by the machine",
		},
	}
}
