package render

import (
	"strconv"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// The images of ECS for Amazon Linux 2023, as public parameters of AWS's (ECS
// Developer Guide, "Retrieving Amazon ECS-optimized Linux AMI metadata").
const (
	machineImage    = "/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id"
	machineImageARM = "/aws/service/ecs/optimized-ami/amazon-linux-2023/arm64/recommended/image_id"

	// machineDisk is in GiB: images of containers are on it, too.
	machineDisk = 50
)

// CapacityProvider is the name of the capacity provider of a district's
// machines, and of their auto scaling group.
func CapacityProvider(district string) string { return "bcn-" + district }

// MachineRole is the name of the role of a district's machines. No role of a
// heritage ends so: the permissions boundary tells them apart by it.
func MachineRole(district string) string { return roleName(district, "cluster", "machines") }

// machines adds what tasks of launch type ec2 run on: a group of machines
// which ECS itself makes larger and smaller, and drains before one goes. There
// is no key, no bastion and no way in: access is Session Manager's.
func (s *district) machines() error {
	if err := s.plug(); err != nil || s.District.Network.Launch != LaunchEC2 {
		return err
	}
	s.machineRole()
	// Tasks have security groups of their own; nothing comes to the machines.
	s.Resources["MachineSecurityGroup"] = resource{Type: "AWS::EC2::SecurityGroup", Properties: securityGroup{
		GroupDescription: "bcn: the machines of the district " + s.District.Name, VpcId: ref("VPC"), Tags: s.named("machines"),
	}}
	s.machineTemplate()
	s.machineGroup()
	s.Resources["MachineCapacity"] = resource{Type: "AWS::ECS::CapacityProvider", Properties: map[string]any{
		"Name": CapacityProvider(s.District.Name),
		"AutoScalingGroupProvider": map[string]any{
			"AutoScalingGroupArn": ref("Machines"), "ManagedDraining": "ENABLED", "ManagedTerminationProtection": "ENABLED",
			"ManagedScaling": map[string]any{"Status": "ENABLED", "TargetCapacity": 100, "MinimumScalingStepSize": 1, "MaximumScalingStepSize": 2},
		},
		"Tags": s.tags,
	}}
	s.Outputs[OutputCapacityProvider] = output{"What tasks of launch type ec2 are placed on", ref("MachineCapacity")}
	return nil
}

// machineRole is what a machine may do: be one of this cluster, and be reached
// by Session Manager. Images and secrets are read with the roles of the tasks.
func (s *district) machineRole() {
	d := s.District
	cluster := map[string]map[string]any{"ArnEquals": {"ecs:cluster": d.ARN("ecs", "cluster/"+d.Name)}}
	s.Resources["MachineRole"] = resource{Type: roleType, Properties: role{
		RoleName: MachineRole(d.Name), Path: RolePath(d.Name), Description: "bcn: the machines of the district " + d.Name,
		PermissionsBoundary: BoundaryARN(d),
		AssumeRolePolicyDocument: policyDocument{Version: policyVersion, Statement: []statement{{
			Effect: "Allow", Principal: map[string]string{"Service": bcn.MachineService(d.Region)}, Action: []string{"sts:AssumeRole"},
		}}},
		// ECS Developer Guide, "Amazon ECS container instance IAM role", narrowed to
		// the cluster, and Systems Manager User Guide, "Verify or create an IAM role
		// with Session Manager permissions".
		Policies: []inlinePolicy{{PolicyName: "bcn", PolicyDocument: policyDocument{Version: policyVersion, Statement: []statement{
			{
				Effect: "Allow", Resource: []string{d.ARN("ecs", "cluster/"+d.Name)},
				Action: []string{
					"ecs:DeregisterContainerInstance", "ecs:RegisterContainerInstance", "ecs:SubmitAttachmentStateChanges",
					"ecs:SubmitContainerStateChange", "ecs:SubmitTaskStateChange",
				},
			},
			{
				Effect: "Allow", Resource: []string{d.ARN("ecs", "container-instance/"+d.Name+"/*")}, Condition: cluster,
				Action: []string{"ecs:Poll", "ecs:StartTelemetrySession", "ecs:UpdateContainerInstancesState"},
			},
			{
				Effect: "Allow", Resource: []string{"*"}, // these know no resources
				Action: []string{
					"ecs:DiscoverPollEndpoint", "ssm:UpdateInstanceInformation", "ssmmessages:CreateControlChannel",
					"ssmmessages:CreateDataChannel", "ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel",
				},
			},
			{ // sessions of access are written down by the machine
				Effect: "Allow", Resource: []string{d.ARN("logs", "log-group:bcn/"+d.Name+"/sessions:*")},
				Action: []string{"logs:CreateLogStream", "logs:PutLogEvents"},
			},
			{
				Effect: "Allow", Resource: []string{"*"}, Action: []string{"logs:DescribeLogGroups", "logs:DescribeLogStreams"},
			},
		}}}},
		Tags: s.tags,
	}}
	s.Resources["MachineProfile"] = resource{Type: "AWS::IAM::InstanceProfile", Properties: map[string]any{
		"InstanceProfileName": MachineRole(d.Name), "Path": RolePath(d.Name), "Roles": []any{ref("MachineRole")},
	}}
}

// machineTemplate is what each machine starts as. A newer image is a newer
// version of it, and the group exchanges its machines.
func (s *district) machineTemplate() {
	n := s.District.Network
	image := machineImage
	if m, _ := machineOf(n.InstanceType); m.arm {
		image = machineImageARM
	}
	tags := s.named("machine")
	s.Resources["MachineLaunchTemplate"] = resource{Type: "AWS::EC2::LaunchTemplate", Properties: map[string]any{
		"TagSpecifications": tagged("launch-template", s.named("machines")),
		"LaunchTemplateData": map[string]any{
			"ImageId": s.image("MachineImage", "ECS's image of today", image), "InstanceType": n.InstanceType,
			"IamInstanceProfile": map[string]any{"Arn": getAtt("MachineProfile", "Arn")},
			"MetadataOptions":    metadataOptions(), "BlockDeviceMappings": encryptedDisk(machineDisk),
			"UserData":          map[string]any{"Fn::Base64": s.machineScript()},
			"TagSpecifications": append(tagged("instance", tags), tagged("volume", tags)...),
			"NetworkInterfaces": []any{map[string]any{
				"DeviceIndex": 0, "AssociatePublicIpAddress": n.NAT == NATNone, "DeleteOnTermination": true,
				"Groups": []any{getAtt("MachineSecurityGroup", "GroupId")},
			}},
		},
	}}
}

// machineGroup keeps as many machines as were asked for, in both zones, and
// more while tasks need them. A machine that runs tasks is protected until ECS
// has drained it.
func (s *district) machineGroup() {
	n := s.District.Network
	kind := "Private"
	if n.NAT == NATNone {
		kind = "Public" // without a NAT a machine reaches ECS by an address of its own
	}
	var tags []any
	for _, t := range append(s.named("machine"), tag{"AmazonECSManaged", "true"}) { // which ECS would add by itself
		tags = append(tags, map[string]any{"Key": t.Key, "Value": t.Value, "PropagateAtLaunch": true})
	}
	s.Resources["Machines"] = resource{
		Type: "AWS::AutoScaling::AutoScalingGroup",
		// Until they have left, the cluster cannot go, nor the way out.
		DependsOn: s.wayOut("Cluster"),
		UpdatePolicy: map[string]any{
			// As many as before run while one after the other is exchanged (Auto
			// Scaling User Guide, "AutoScalingRollingUpdate").
			"AutoScalingRollingUpdate": map[string]any{
				"MinInstancesInService": n.Size, "MaxBatchSize": 1, "PauseTime": "PT3M",
				"SuspendProcesses": []any{"HealthCheck", "ReplaceUnhealthy", "AZRebalance", "AlarmNotification", "ScheduledActions"},
			},
		},
		Properties: map[string]any{
			"AutoScalingGroupName": CapacityProvider(s.District.Name), "MinSize": strconv.Itoa(n.Size), "MaxSize": strconv.Itoa(MostMachines(n.Size)),
			"VPCZoneIdentifier": []any{ref(kind + "Subnet1"), ref(kind + "Subnet2")}, "NewInstancesProtectedFromScaleIn": true,
			"LaunchTemplate": map[string]any{
				"LaunchTemplateId": ref("MachineLaunchTemplate"), "Version": getAtt("MachineLaunchTemplate", "LatestVersionNumber"),
			},
			"Tags": tags,
		},
	}
}

// wayOut is what has to be there for a machine to reach ECS.
func (s *district) wayOut(more ...string) []string {
	out := append([]string{"PublicRoute"}, more...)
	if s.District.Network.NAT != NATNone {
		out = append(out, "PrivateRoute1", "PrivateRoute2")
	}
	return out
}

// machineScript makes a machine one of the cluster. What plugins install comes
// first and must succeed: a machine that lacks it joins no cluster. What keeps
// tasks in their limits comes last, so that nothing before it can undo it.
func (s *district) machineScript() string {
	parts := []string{"#!/bin/bash\nset -euo pipefail\n"}
	parts = append(parts, s.boots...)
	return strings.Join(append(parts, `rpm -q amazon-ssm-agent || dnf install -y amazon-ssm-agent
systemctl enable --now amazon-ssm-agent
systemctl mask --now sshd.service sshd.socket || true
cat > /etc/ecs/ecs.config <<'END'
ECS_CLUSTER=`+s.District.Name+`
ECS_AWSVPC_BLOCK_IMDS=true
ECS_DISABLE_PRIVILEGED=true
ECS_ENABLE_AWSLOGS_EXECUTIONROLE_OVERRIDE=true
ECS_ENABLE_TASK_IAM_ROLE=true
END
chmod 600 /etc/ecs/ecs.config
`), "")
}
