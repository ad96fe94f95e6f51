package roles

// InstanceClasses are the classes of machines that CloudFormation may start:
// general purpose, compute and memory, none of them with accelerators.
func InstanceClasses() []string {
	return []string{
		"t3.*", "t3a.*", "t4g.*", "m5.*", "m6i.*", "m6g.*", "m7i.*", "m7g.*",
		"c5.*", "c6i.*", "c6g.*", "c7i.*", "c7g.*", "r5.*", "r6i.*", "r6g.*", "r7i.*", "r7g.*",
	}
}

// NetworkPolicyName is the managed policy of CloudFormation's role with what a
// district that bcn makes needs.
func NetworkPolicyName(district string) string { return "bcn-" + district + "-network" }

// networkKinds are the parts of a network, as ARNs name them. A VPC is not
// among them: who makes something in one has to be allowed that, too.
func networkKinds(in Input) []string {
	var out []string
	for _, kind := range []string{
		"elastic-ip", "internet-gateway", "launch-template", "natgateway", "route-table", "subnet", "vpc-endpoint", "vpc-flow-log",
	} {
		out = append(out, in.arn("ec2", kind+"/*"))
	}
	return out
}

// network is what CloudFormation may do for a district that bcn makes: what
// district adopt does not need. It makes nothing without the installation's
// tag, and changes and deletes nothing that lacks it.
func network(in Input) []statement {
	list := append(newNetwork(in), ownNetwork(in)...)
	return append(list, besideNetwork(in)...)
}

func newNetwork(in Input) []statement {
	kinds, vpcs := networkKinds(in), in.arn("ec2", "vpc/*")
	request := map[string]operands{"StringLike": {"aws:RequestTag/" + InstallationTag: in.installation()}}
	made := []string{
		"AllocateAddress", "CreateFlowLogs", "CreateInternetGateway", "CreateLaunchTemplate", "CreateNatGateway",
		"CreateRouteTable", "CreateSubnet", "CreateVpc", "CreateVpcEndpoint",
	}
	return []statement{
		{
			Sid: "NewVpc", Action: []string{"ec2:CreateVpc"}, Resource: []string{vpcs}, Condition: request,
			Why: "a network with the installation's tag",
		},
		{
			Sid: "NewParts", Action: []string{
				"ec2:AllocateAddress", "ec2:CreateFlowLogs", "ec2:CreateInternetGateway", "ec2:CreateLaunchTemplate", "ec2:CreateNatGateway",
				"ec2:CreateRouteTable", "ec2:CreateSubnet", "ec2:CreateVpcEndpoint",
			}, Resource: kinds, Condition: request,
			Why: "its parts, with the tag too",
		},
		{
			Sid: "TagNew", Action: []string{"ec2:CreateTags"}, Resource: []string{in.arn("ec2", "*/*")},
			Condition: map[string]operands{"StringEquals": {"ec2:CreateAction": append(made, "RunInstances")}},
			Why:       "tagged while they are made: a tag cannot make somebody else's network bcn's",
		},
	}
}

func ownNetwork(in Input) []statement {
	machines := in.arn("ec2", "instance/*")
	own := map[string]operands{"StringLike": in.tagged()}
	return []statement{
		{
			Sid: "OwnNetwork", Action: []string{
				"ec2:AssociateRouteTable", "ec2:AttachInternetGateway", "ec2:CreateFlowLogs", "ec2:CreateLaunchTemplateVersion",
				"ec2:CreateNatGateway", "ec2:CreateRoute", "ec2:CreateRouteTable", "ec2:CreateSubnet", "ec2:CreateTags", "ec2:CreateVpcEndpoint",
				"ec2:DeleteFlowLogs", "ec2:DeleteInternetGateway", "ec2:DeleteLaunchTemplate", "ec2:DeleteNatGateway", "ec2:DeleteRoute",
				"ec2:DeleteRouteTable", "ec2:DeleteSubnet", "ec2:DeleteTags", "ec2:DeleteVpc", "ec2:DeleteVpcEndpoints",
				"ec2:DetachInternetGateway", "ec2:DisassociateRouteTable", "ec2:ModifyInstanceAttribute", "ec2:ModifySubnetAttribute",
				"ec2:ModifyVpcAttribute", "ec2:ModifyVpcEndpoint", "ec2:ReleaseAddress", "ec2:ReplaceRoute", "ec2:TerminateInstances",
			}, Resource: []string{in.arn("ec2", "*/*")}, Condition: own,
			Why: "bcn's own networks, nobody else's",
		},
		{
			Sid: "Machines", Action: []string{"ec2:RunInstances"}, Resource: []string{machines},
			Condition: map[string]operands{"StringLike": {"ec2:InstanceType": InstanceClasses()}},
			Why:       "machines of ordinary classes",
		},
		{
			Sid: "MachinesFrom", Action: []string{"ec2:RunInstances"},
			Resource:  []string{in.arn("ec2", "launch-template/*"), in.arn("ec2", "security-group/*"), in.arn("ec2", "subnet/*")},
			Condition: own,
			Why:       "only in bcn's own networks, from its own templates",
		},
		{
			Sid: "MachinesOf", Action: []string{"ec2:RunInstances"},
			Resource: []string{"arn:" + in.partition() + ":ec2:" + in.Region + "::image/*", in.arn("ec2", "network-interface/*"), in.arn("ec2", "volume/*")},
			Why:      "what a machine is made of",
		},
		{
			Sid: "Images", Action: []string{"ssm:GetParameters"},
			Resource: []string{"arn:" + in.partition() + ":ssm:" + in.Region + "::parameter/aws/service/*"},
			Why:      "today's image, from AWS's public parameters",
		},
		{
			Sid: "ReadParts", Action: []string{
				"ec2:DescribeAddresses", "ec2:DescribeAvailabilityZones", "ec2:DescribeFlowLogs", "ec2:DescribeImages", "ec2:DescribeInstanceAttribute",
				"ec2:DescribeInstances", "ec2:DescribeLaunchTemplateVersions", "ec2:DescribeLaunchTemplates", "ec2:DescribeNatGateways",
				"ec2:DescribeNetworkAcls", "ec2:DescribeRouteTables", "ec2:DescribeVolumes", "ec2:DescribeVpcAttribute", "ec2:DescribeVpcEndpoints",
			}, Resource: []string{"*"}, Condition: map[string]operands{"StringEquals": in.inRegion()},
			Why: "the actions know no resources",
		},
	}
}

// besideNetwork is what belongs to a district beside its network.
func besideNetwork(in Input) []statement {
	return []statement{
		{
			Sid: "PassToFlowLogs", Action: []string{"iam:PassRole"}, Resource: []string{in.taskRoles()},
			Condition: map[string]operands{"StringEquals": {"iam:PassedToService": "vpc-flow-logs.amazonaws.com"}},
			Why:       "flow logs are written by a role within the boundary",
		},
		{
			Sid: "NATServiceRole", Action: []string{"iam:CreateServiceLinkedRole"},
			Resource: []string{in.iam("role/aws-service-role/natgateway.amazonaws.com/AWSServiceRoleForNATGateway")},
			Why:      "the first NAT gateway of an account makes it",
		},
		{
			Sid: "Bucket", Action: []string{
				"s3:CreateBucket", "s3:DeleteBucket", "s3:DeleteBucketPolicy", "s3:GetBucketLocation", "s3:GetBucketOwnershipControls",
				"s3:GetBucketPolicy", "s3:GetBucketPublicAccessBlock", "s3:GetBucketTagging", "s3:GetEncryptionConfiguration",
				"s3:GetLifecycleConfiguration", "s3:ListBucket", "s3:PutBucketOwnershipControls", "s3:PutBucketPolicy",
				"s3:PutBucketPublicAccessBlock", "s3:PutBucketTagging", "s3:PutEncryptionConfiguration", "s3:PutLifecycleConfiguration",
			}, Resource: []string{in.bucket("")},
			Why: "the district's bucket, and nothing in it",
		},
		{
			Sid: "Cluster", Action: []string{
				"ecs:CreateCluster", "ecs:DeleteCluster", "ecs:DescribeClusters", "ecs:PutClusterCapacityProviders",
				"ecs:TagResource", "ecs:UntagResource", "ecs:UpdateCluster",
			}, Resource: []string{in.cluster()},
			Why: "the district's cluster",
		},
	}
}
