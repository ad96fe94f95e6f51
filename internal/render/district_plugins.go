package render

import (
	"maps"
	"strconv"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/plugin"
)

// Zone is the private DNS zone in which a district's machines find the servers
// of plugins.
func Zone(district string) string { return district + ".bcn" }

// PluginLogGroup is where the lines of plugins' servers are kept, in streams
// that begin with the plugin's name. No heritage can be called so.
func PluginLogGroup(district string) string { return "Barcelona/" + district + "/plugin" }

// CheckPlugin refuses a plugin that is for machines where the district has
// none: plugin_machines.
func CheckPlugin(d bcn.District, p plugin.Plugin) error {
	if p.Machines == nil || d.Made() && d.Network.Launch == LaunchEC2 {
		return nil
	}
	return bcn.E(bcn.CodePluginMachines, "plugin", p.Name, "district", d.Name)
}

// pluginLogs is there with plugins and without: what a plugin wrote is kept when
// it is unset, and it can be set again.
func (s *district) pluginLogs() {
	s.Resources["PluginLogGroup"] = resource{
		Type: "AWS::Logs::LogGroup", DeletionPolicy: "RetainExceptOnCreate", UpdateReplacePolicy: "Retain",
		Properties: logGroup{LogGroupName: PluginLogGroup(s.District.Name), RetentionInDays: logRetention, Tags: s.tags},
	}
}

// plug asks the district's plugins what its machines get.
func (s *district) plug() error {
	table := s.Plugins
	if table == nil {
		table = Plugins()
	}
	d := s.District
	for _, set := range d.Plugins {
		p, err := table.Find(set.Name)
		if err != nil {
			return err
		}
		if err := CheckPlugin(d, p); err != nil {
			return err
		}
		if p.Machines == nil {
			continue
		}
		view := plugin.Machines{District: d.Name, Region: d.Region, Server: p.Name + "." + Zone(d.Name)}
		fleet := p.Machines(view, maps.Clone(set.Settings))
		s.boots = append(s.boots, fleet.Boot)
		if fleet.Server != nil {
			if err := s.server(p.Name, set.Image, *fleet.Server); err != nil {
				return err
			}
		}
	}
	return nil
}

// server runs a plugin's server in the cluster. Only the machines reach it, by
// a name of the district's private zone.
func (s *district) server(name, image string, server plugin.Server) error {
	d := s.District
	cpu, memory, ok := fargate(server.CPU, server.Memory)
	if !ok {
		return tooLarge("the plugin "+name, "no task of Fargate has %d and %d MiB", server.CPU, server.Memory)
	}
	id := "Plugin" + LogicalID(name)
	group := PluginLogGroup(d.Name)
	s.Resources[id+"Role"] = resource{Type: roleType, Properties: s.serverRole(name, image, group)}
	s.Resources[id+"TaskDefinition"] = resource{Type: taskDefinitionType, DependsOn: []string{"PluginLogGroup"}, Properties: serverTask{
		Family: "plugin-" + d.Name + "-" + name, NetworkMode: "awsvpc", RequiresCompatibilities: []string{"FARGATE"},
		Cpu: strconv.Itoa(cpu), Memory: strconv.Itoa(memory), ExecutionRoleArn: getAtt(id+"Role", "Arn"), Tags: s.tags,
		ContainerDefinitions: []container{{
			Name: name, Image: image, Essential: true, EntryPoint: server.EntryPoint, PortMappings: mapped(server.Ports),
			LogConfiguration: logConfiguration{LogDriver: "awslogs", Options: map[string]string{
				"awslogs-group": group, "awslogs-region": d.Region, streamPrefix: name,
			}},
		}},
	}}
	var in []any
	for _, port := range server.Ports {
		in = append(in, map[string]any{
			"Description": "the machines", "IpProtocol": "tcp", "FromPort": port, "ToPort": port,
			"SourceSecurityGroupId": getAtt("MachineSecurityGroup", "GroupId"),
		})
	}
	s.Resources[id+"SecurityGroup"] = resource{Type: "AWS::EC2::SecurityGroup", Properties: map[string]any{
		"GroupDescription": "bcn: the server of the plugin " + name, "VpcId": ref("VPC"), "SecurityGroupIngress": in, "Tags": s.named(name),
	}}
	s.discovery(id, name)
	s.Resources[id] = resource{Type: "AWS::ECS::Service", DependsOn: s.wayOut("Capacity"), Properties: s.serverService(id)}
	return nil
}

// serverTask is a task definition without a role of the task's own.
type serverTask struct {
	Family                  string
	Cpu                     string
	Memory                  string
	NetworkMode             string
	RequiresCompatibilities []string
	ExecutionRoleArn        any
	ContainerDefinitions    []container
	Tags                    []tag
}

func mapped(ports []int) []portMapping {
	var out []portMapping
	for _, p := range ports {
		out = append(out, portMapping{ContainerPort: p, Protocol: "tcp"})
	}
	return out
}

// serverRole is what ECS starts the server with: its image and its lines.
func (s *district) serverRole(name, image, group string) role {
	d := s.District
	statements := []statement{{
		Effect: "Allow", Action: []string{"logs:CreateLogStream", "logs:PutLogEvents"},
		Resource: []string{d.ARN("logs", "log-group:"+group+":*")},
	}}
	if image, _, _ = strings.Cut(image, "@"); ecrRepository(image) != "" {
		statements = append(statements, pulling(ecrRepository(image))...)
	}
	return role{
		RoleName: roleName(d.Name, "plugin", name), Path: RolePath(d.Name), Description: "bcn: starts the server of the plugin " + name,
		PermissionsBoundary: BoundaryARN(d),
		AssumeRolePolicyDocument: policyDocument{Version: policyVersion, Statement: []statement{{
			Effect: "Allow", Principal: map[string]string{"Service": "ecs-tasks.amazonaws.com"}, Action: []string{"sts:AssumeRole"},
			Condition: map[string]map[string]any{"StringEquals": {"aws:SourceAccount": d.Account}},
		}}},
		Policies: []inlinePolicy{{PolicyName: "bcn", PolicyDocument: policyDocument{Version: policyVersion, Statement: statements}}},
		Tags:     s.tags,
	}
}

// discovery gives the server its name.
func (s *district) discovery(id, name string) {
	s.Resources["Zone"] = resource{Type: "AWS::ServiceDiscovery::PrivateDnsNamespace", Properties: map[string]any{
		"Name": Zone(s.District.Name), "Vpc": ref("VPC"), "Description": "bcn: what the machines of " + s.District.Name + " report to", "Tags": s.tags,
	}}
	s.Resources[id+"Name"] = resource{Type: "AWS::ServiceDiscovery::Service", Properties: map[string]any{
		"Name": name, "NamespaceId": getAtt("Zone", "Id"), "Tags": s.tags,
		"DnsConfig":               map[string]any{"RoutingPolicy": "MULTIVALUE", "DnsRecords": []any{map[string]any{"Type": "A", "TTL": 10}}},
		"HealthCheckCustomConfig": map[string]any{"FailureThreshold": 1},
	}}
}

// serverService keeps one server: the old one goes before the new one comes.
func (s *district) serverService(id string) map[string]any {
	kind, public := "Private", "DISABLED"
	if s.District.Network.NAT == NATNone {
		kind, public = "Public", "ENABLED"
	}
	return map[string]any{
		"Cluster": ref("Cluster"), "LaunchType": "FARGATE", "TaskDefinition": ref(id + "TaskDefinition"), "DesiredCount": 1,
		"DeploymentConfiguration": map[string]any{
			"MinimumHealthyPercent": 0, "MaximumPercent": 100, "DeploymentCircuitBreaker": map[string]any{"Enable": true, "Rollback": false},
		},
		"NetworkConfiguration": map[string]any{"AwsvpcConfiguration": map[string]any{
			"AssignPublicIp": public, "Subnets": []any{ref(kind + "Subnet1"), ref(kind + "Subnet2")},
			"SecurityGroups": []any{getAtt(id+"SecurityGroup", "GroupId")},
		}},
		"ServiceRegistries":    []any{map[string]any{"RegistryArn": getAtt(id+"Name", "Arn")}},
		"EnableECSManagedTags": true, "PropagateTags": "SERVICE", "Tags": s.tags,
	}
}
