package render

import (
	"fmt"
	"strconv"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/manifest"
)

// gracePeriod is how long, in seconds, ECS ignores a new task's failing health
// checks.
const gracePeriod = 60

// services renders the stack of all services.
func (s *source) services() (*template, error) {
	t := newTemplate("bcn: services of the heritage " + s.Heritage.Name)
	for _, service := range s.Heritage.Services {
		if err := s.service(t, service); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func (s *source) service(t *template, m manifest.Service) error {
	id := LogicalID(m.Name)
	m = s.sized(m)
	if err := t.add(id+"TaskDefinition", resource{Type: "AWS::ECS::TaskDefinition", Properties: s.taskDefinition(m)}); err != nil {
		return err
	}
	groups := make([]any, 0, len(s.District.SecurityGroups)+1)
	for _, g := range s.District.SecurityGroups {
		groups = append(groups, g)
	}
	e := ecsService{
		Cluster: s.District.Cluster, LaunchType: "FARGATE", TaskDefinition: ref(id + "TaskDefinition"),
		// CloudFormation alone rolls back: were ECS to roll back too, the stack
		// would be complete on the old image.
		DeploymentConfiguration: deploymentConfiguration{
			MinimumHealthyPercent: 100, MaximumPercent: 200,
			DeploymentCircuitBreaker: circuitBreaker{Enable: true},
		},
		EnableECSManagedTags: true, EnableExecuteCommand: m.Exec, PropagateTags: "SERVICE", Tags: s.tags,
	}
	if count, ok := s.Desired[m.Name]; ok {
		e.DesiredCount = &count
	}
	r := resource{Type: "AWS::ECS::Service"}
	if len(m.Listeners) > 0 {
		joined, err := s.join(t, m)
		if err != nil {
			return err
		}
		r.DependsOn, e.LoadBalancers = joined.rules, joined.balancers
		e.HealthCheckGracePeriodSeconds = new(int)
		*e.HealthCheckGracePeriodSeconds = gracePeriod
		groups = append(groups, getAtt(id+"SecurityGroup", "GroupId"))
	}
	e.NetworkConfiguration.AwsvpcConfiguration = awsvpcConfiguration{
		AssignPublicIp: onOff(s.District.AssignPublicIP), SecurityGroups: groups, Subnets: s.District.Subnets,
	}
	r.Properties = e
	return t.add(id, r)
}

func onOff(on bool) string {
	if on {
		return "ENABLED"
	}
	return "DISABLED"
}

// sized raises CPU and memory to a pair that Fargate has, and warns where
// that is more than was written.
func (s *source) sized(m manifest.Service) manifest.Service {
	cpu, memory, ok := fargate(m.CPU, m.Memory)
	if !ok {
		return m // the manifest's limits are those of the table
	}
	if memory != m.Memory || m.CPU != 0 && cpu != m.CPU {
		asked := strconv.Itoa(m.CPU)
		if m.CPU == 0 {
			asked = "-"
		}
		s.findings = append(s.findings, bcn.Finding{
			ID: FargateSize, Level: bcn.Warn, Where: s.where(m.At),
			Params: map[string]string{
				"service": m.Name, "cpu": asked, "memory": strconv.Itoa(m.Memory),
				"new_cpu": strconv.Itoa(cpu), "new_memory": strconv.Itoa(memory),
			},
		})
	}
	m.CPU, m.Memory = cpu, memory
	return m
}

// where writes a place of the manifest, for findings.
func (s *source) where(at manifest.Position) string {
	return fmt.Sprintf("%s:%d:%d", s.File, at.Line, at.Column)
}

func (s *source) taskDefinition(m manifest.Service) taskDefinition {
	d, h := s.District, s.Heritage
	cpu, memory, _ := fargate(m.CPU, m.Memory)
	return taskDefinition{
		Family: Family(h.Name, m.Name), Cpu: strconv.Itoa(cpu), Memory: strconv.Itoa(memory),
		NetworkMode: "awsvpc", RequiresCompatibilities: []string{"FARGATE"},
		ExecutionRoleArn:     RoleARN(d, ExecutionRole(d.Name, h.Name)),
		TaskRoleArn:          RoleARN(d, TaskRole(d.Name, h.Name)),
		ContainerDefinitions: []container{s.container(m)},
		Tags:                 s.tags,
	}
}

func (s *source) container(m manifest.Service) container {
	d, h := s.District, s.Heritage
	c := container{
		Name: m.Name, Image: s.image, Essential: true,
		LogConfiguration: logConfiguration{LogDriver: "awslogs", Options: map[string]string{
			"awslogs-group": LogGroup(d.Name, h.Name), "awslogs-region": d.Region, "awslogs-stream-prefix": h.Name,
		}},
	}
	if m.Command != "" {
		c.Command = []string{"sh", "-c", "exec " + m.Command}
	}
	if m.Exec {
		c.LinuxParameters = &linuxParameters{InitProcessEnabled: true}
	}
	port := false
	for _, v := range h.Environment {
		if v.Value != nil {
			c.Environment = append(c.Environment, keyValue{v.Name, *v.Value})
		}
		port = port || v.Name == "PORT"
	}
	for _, r := range refs(h, d.Name) {
		c.Secrets = append(c.Secrets, secret{Name: r.Name, ValueFrom: r.From})
	}
	if m.Web() {
		c.PortMappings = []portMapping{{ContainerPort: m.Port, Protocol: "tcp"}}
		if !port { // a PORT of the file's own wins, as in Barcelona
			c.Environment = insert(c.Environment, keyValue{"PORT", strconv.Itoa(m.Port)})
		}
	}
	return c
}

// insert keeps the list sorted by name.
func insert(list []keyValue, one keyValue) []keyValue {
	i := 0
	for i < len(list) && list[i].Name < one.Name {
		i++
	}
	return append(list[:i:i], append([]keyValue{one}, list[i:]...)...)
}
