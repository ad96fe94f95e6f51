package render

import (
	"fmt"
	"strconv"

	"github.com/kballard/go-shellquote"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/manifest"
)

const taskDefinitionType = "AWS::ECS::TaskDefinition"

// sized raises CPU and memory to a pair that Fargate has, and warns where
// that is more than was written. Instances have no such pairs.
func (s *source) sized(m manifest.Service) manifest.Service {
	if m.Launch == manifest.LaunchEC2 {
		return m
	}
	cpu, memory, ok := fargate(m.CPU, m.Memory)
	if !ok {
		return m // the manifest's limits are those of the table
	}
	if memory != m.Memory || m.CPU != 0 && cpu != m.CPU {
		s.warnSize(FargateSize, "service", m, cpu, memory)
	}
	m.CPU, m.Memory = cpu, memory
	return m
}

// sizedTask is sized of a scheduled task. The size that stands where none was
// written is Barcelona's, and raised without a word.
func (s *source) sizedTask(t manifest.ScheduledTask) manifest.Service {
	m := manifest.Service{Name: t.Name, CPU: t.CPU, Memory: t.Memory, At: t.At}
	cpu, memory, ok := fargate(t.CPU, t.Memory)
	if !ok {
		return m
	}
	written := t.CPU != manifest.DefaultTaskCPU || t.Memory != manifest.DefaultTaskMemory
	if written && (memory != t.Memory || cpu != t.CPU) {
		s.warnSize(FargateTaskSize, "task", m, cpu, memory)
	}
	m.CPU, m.Memory = cpu, memory
	return m
}

func (s *source) warnSize(id, what string, m manifest.Service, cpu, memory int) {
	asked := strconv.Itoa(m.CPU)
	if m.CPU == 0 {
		asked = "-"
	}
	s.findings = append(s.findings, bcn.Finding{
		ID: id, Level: bcn.Warn, Where: s.where(m.At),
		Params: map[string]string{
			what: m.Name, "cpu": asked, "memory": strconv.Itoa(m.Memory),
			"new_cpu": strconv.Itoa(cpu), "new_memory": strconv.Itoa(memory),
		},
	})
}

// where writes a place of the manifest, for findings.
func (s *source) where(at manifest.Position) string {
	return fmt.Sprintf("%s:%d:%d", s.File, at.Line, at.Column)
}

// serviceTask is the task definition of a service.
func (s *source) serviceTask(m manifest.Service) (taskDefinition, error) {
	t := s.taskDefinition(m)
	c := &t.ContainerDefinitions[0]
	var err error
	if c.Command, err = commandOf(m); err != nil {
		return t, err
	}
	c.EntryPoint, c.StopTimeout = m.EntryPoint, m.StopTimeout
	for _, u := range m.Ulimits {
		c.Ulimits = append(c.Ulimits, ulimit{Name: u.Name, SoftLimit: u.Soft, HardLimit: u.Hard})
	}
	t.Volumes, c.MountPoints = volumes(m)
	if m.Exec {
		c.LinuxParameters = &linuxParameters{InitProcessEnabled: true}
	}
	if m.Web() {
		c.PortMappings = []portMapping{{ContainerPort: m.Port, Protocol: "tcp"}}
		c.Environment = withPort(c.Environment, c.Secrets, m.Port)
	}
	err = s.plug(&t, m, false)
	return t, err
}

// commandOf is what the container runs: a shell that becomes the command, or
// the command's words for an entry point of the file's own.
func commandOf(m manifest.Service) ([]string, error) {
	switch {
	case m.Command == "":
		return nil, nil
	case len(m.EntryPoint) == 0:
		return []string{"sh", "-c", "exec " + m.Command}, nil
	}
	words, err := shellquote.Split(m.Command)
	if err != nil {
		return nil, bcn.E(bcn.CodeInternal).Wrap(fmt.Errorf("render: the command of %s: %w", m.Name, err))
	}
	return words, nil
}

// withPort adds PORT; one of the file's own wins, as in Barcelona.
func withPort(plain []keyValue, secrets []secret, port int) []keyValue {
	for _, v := range plain {
		if v.Name == "PORT" {
			return plain
		}
	}
	for _, v := range secrets {
		if v.Name == "PORT" {
			return plain
		}
	}
	return insert(plain, keyValue{"PORT", strconv.Itoa(port)})
}

// insert keeps the list sorted by name.
func insert(list []keyValue, one keyValue) []keyValue {
	i := 0
	for i < len(list) && list[i].Name < one.Name {
		i++
	}
	return append(list[:i:i], append([]keyValue{one}, list[i:]...)...)
}

// taskDefinition is what all task definitions of the heritage have: one
// container of its image, with its environment, logs and roles. On Fargate the
// size is the task's, on instances the container's.
func (s *source) taskDefinition(m manifest.Service) taskDefinition {
	d, h := s.District, s.Heritage
	t := taskDefinition{
		Family:      Family(h.Name, m.Name),
		NetworkMode: "awsvpc", RequiresCompatibilities: []string{launchType(m.Launch)},
		ExecutionRoleArn:     RoleARN(d, ExecutionRole(d.Name, h.Name)),
		TaskRoleArn:          RoleARN(d, TaskRole(d.Name, h.Name)),
		ContainerDefinitions: []container{s.container(m)},
		Tags:                 s.tags,
	}
	if m.Launch == manifest.LaunchEC2 {
		t.ContainerDefinitions[0].Cpu, t.ContainerDefinitions[0].Memory = m.CPU, m.Memory
		return t
	}
	cpu, memory, _ := fargate(m.CPU, m.Memory)
	t.Cpu, t.Memory = strconv.Itoa(cpu), strconv.Itoa(memory)
	return t
}

// streamPrefix is the option of the awslogs driver that a stream's name begins
// with.
const streamPrefix = "awslogs-stream-prefix"

func (s *source) container(m manifest.Service) container {
	d, h := s.District, s.Heritage
	c := container{
		Name: m.Name, Image: s.image, Essential: true, Environment: s.env.plain,
		LogConfiguration: logConfiguration{LogDriver: "awslogs", Options: map[string]string{
			"awslogs-group": LogGroup(d.Name, h.Name), "awslogs-region": d.Region, streamPrefix: h.Name,
		}},
	}
	if r, ok := s.Heritage.Repository(); ok {
		c.RepositoryCredentials = &repositoryCredentials{CredentialsParameter: r.Credentials}
	}
	for _, r := range s.env.secrets {
		c.Secrets = append(c.Secrets, secret{Name: r.Name, ValueFrom: r.From})
	}
	return c
}
