package render

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/manifest"
	"github.com/bcn-bot/bcn/internal/plugin"
	"github.com/bcn-bot/bcn/internal/plugin/shipped"
)

// Plugins are those that rendering knows.
func Plugins() plugin.Table { return shipped.Table() }

// plugged is what plugins have brought into the stacks, which the execution
// role must be able to pull and read.
type plugged struct {
	images  []string
	secrets []bcn.SecretRef
}

// plug shows a task definition to the district's plugins, in the order of
// their names, and does what they answer. Its first container stays the app's.
func (s *source) plug(t *taskDefinition, m manifest.Service, scheduled bool) error {
	view := plugin.Task{
		District: s.District.Name, Region: s.District.Region, App: s.App, Env: s.Env, Heritage: s.Heritage.Name,
		Name: m.Name, Scheduled: scheduled, Fargate: m.Launch != manifest.LaunchEC2 && !slices.Contains(t.RequiresCompatibilities, "EC2"),
	}
	for _, set := range s.District.Plugins {
		p, err := s.table().Find(set.Name)
		if err != nil {
			return err
		}
		change := p.Task(view, maps.Clone(set.Settings))
		if change.Route != nil {
			if t.ContainerDefinitions[0].LogConfiguration.LogDriver == firelens {
				return bcn.E(bcn.CodeNameTaken, "name", firelens, "by", "another plugin")
			}
			t.ContainerDefinitions[0].LogConfiguration = s.route(*change.Route)
		}
		for _, c := range change.Sidecars {
			if err := s.sidecar(t, set.Image, c); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *source) table() plugin.Table {
	if s.Plugins != nil {
		return s.Plugins
	}
	return Plugins()
}

const firelens = "awsfirelens"

// route is the log driver that hands lines to the log router; its options
// become an output of Fluent Bit (ECS Developer Guide, "Send Amazon ECS logs to
// an AWS service or AWS Partner").
func (s *source) route(r plugin.Route) logConfiguration {
	return logConfiguration{LogDriver: firelens, Options: maps.Clone(r.Options), SecretOptions: s.secretsOf(r.Secrets)}
}

// sidecar adds a container, and its memory to the task's.
func (s *source) sidecar(t *taskDefinition, image string, c plugin.Sidecar) error {
	for _, other := range t.ContainerDefinitions {
		if other.Name == c.Name {
			return bcn.E(bcn.CodeNameTaken, "name", c.Name, "by", "a container of the task "+t.Family)
		}
	}
	d, h := s.District, s.Heritage
	out := container{
		Name: c.Name, Image: image, Essential: c.Essential, Memory: c.Memory, Secrets: s.secretsOf(c.Secrets),
		LogConfiguration: logConfiguration{LogDriver: "awslogs", Options: map[string]string{
			"awslogs-group": LogGroup(d.Name, h.Name), "awslogs-region": d.Region, streamPrefix: pluginStreams,
		}},
	}
	for _, name := range slices.Sorted(maps.Keys(c.Environment)) {
		out.Environment = append(out.Environment, keyValue{name, c.Environment[name]})
	}
	if c.Router {
		out.FirelensConfiguration = &firelensConfiguration{Type: "fluentbit", Options: map[string]string{"enable-ecs-log-metadata": "true"}}
	}
	t.ContainerDefinitions = append(t.ContainerDefinitions, out)
	s.plugged.images = append(s.plugged.images, image)
	return grow(t, c.Memory)
}

// pluginStreams is how the streams of sidecars begin in the heritage's log
// group. No heritage can be called so.
const pluginStreams = "plugin"

// grow raises a task on Fargate to the next size that has this much more
// memory, so that the app keeps what its file gives it.
func grow(t *taskDefinition, memory int) error {
	if t.Cpu == "" { // on instances containers have their own
		return nil
	}
	cpu, err := strconv.Atoi(t.Cpu)
	if err != nil {
		return bcn.E(bcn.CodeInternal).Wrap(err)
	}
	had, err := strconv.Atoi(t.Memory)
	if err != nil {
		return bcn.E(bcn.CodeInternal).Wrap(err)
	}
	newCPU, newMemory, ok := fargate(cpu, had+memory)
	if !ok {
		return bcn.E(bcn.CodeAWSRefused, "what", t.Family, "why", fmt.Sprintf("no task of Fargate has %d MiB more than %d: a plugin of the district needs them", memory, had))
	}
	t.Cpu, t.Memory = strconv.Itoa(newCPU), strconv.Itoa(newMemory)
	return nil
}

// secretsOf are references by name, which the execution role will have to read.
func (s *source) secretsOf(refs map[string]string) []secret {
	var out []secret
	for _, name := range slices.Sorted(maps.Keys(refs)) {
		out = append(out, secret{Name: name, ValueFrom: refs[name]})
		s.plugged.secrets = append(s.plugged.secrets, bcn.SecretRef{Name: name, From: refs[name]})
	}
	return out
}

// repositories are those of ECR that the heritage's tasks are pulled from.
func (s *source) repositories() []string {
	var out []string
	for _, image := range append([]string{s.Heritage.ImageName}, s.plugged.images...) {
		image, _, _ = strings.Cut(image, "@")
		if arn := ecrRepository(image); arn != "" {
			out = append(out, arn)
		}
	}
	return unique(out)
}
