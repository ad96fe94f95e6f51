package render_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/local/aws/schema"
	"github.com/bcn-bot/bcn/internal/manifest"
	"github.com/bcn-bot/bcn/internal/render"
)

// anyInput draws a valid manifest that uses any of its keys, and what else its
// stacks are made of.
func anyInput(t *rapid.T) render.Input {
	h := anyHeritage(t)
	in := input(h)
	for _, prefix := range render.Prefixes(h, in.District) {
		in.Parameters = map[string][]string{prefix: {prefix + "BELOW", prefix + "deep/DEEPER"}}
	}
	if rapid.Bool().Draw(t, "keys") {
		in.Keys = []string{keyARN, keyARN[:len(keyARN)-1] + "9"}
	}
	in.District.AssignPublicIP = rapid.Bool().Draw(t, "public")
	in.Overlay = bcn.Overlay{
		Env:      rapid.MapOfN(rapid.SampledFrom([]string{"V0", "S1", "OTHER", "PORT"}), rapid.String(), 0, 3).Draw(t, "set"),
		Counts:   rapid.MapOfN(rapid.SampledFrom([]string{"s0", "s1", "gone"}), rapid.IntRange(0, 9), 0, 3).Draw(t, "counts"),
		Restarts: rapid.MapOfN(rapid.SampledFrom([]string{"", "s0"}), rapid.StringMatching(`bcn-[0-9]{1,4}`), 0, 2).Draw(t, "restarts"),
	}
	return in
}

func anyHeritage(t *rapid.T) *manifest.Heritage {
	h := &manifest.Heritage{
		Name:      rapid.StringMatching(`[a-z]{2,20}x`).Draw(t, "name"),
		ImageName: rapid.SampledFrom([]string{"123456789012.dkr.ecr.us-east-1.amazonaws.com/app", "quay.io/acme/app"}).Draw(t, "image"),
		Launch:    anyLaunch(t),
	}
	for i := range rapid.IntRange(1, 6).Draw(t, "services") {
		h.Services = append(h.Services, anyService(t, i))
	}
	for i := range rapid.IntRange(0, 5).Draw(t, "variables") {
		value := rapid.String().Draw(t, "value")
		h.Environment = append(h.Environment,
			manifest.Variable{Name: fmt.Sprintf("V%d", i), Value: &value},
			manifest.Variable{Name: fmt.Sprintf("S%d", i), SSMPath: fmt.Sprintf("%s/s%d", h.Name, i), ReadAtRuntime: rapid.Bool().Draw(t, "runtime")})
	}
	if rapid.Bool().Draw(t, "prefix") {
		h.Environment = append(h.Environment, manifest.Variable{SSMPrefix: h.Name + "/", ReadAtRuntime: rapid.Bool().Draw(t, "runtime")})
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "tasks") {
		h.ScheduledTasks = append(h.ScheduledTasks, manifest.ScheduledTask{
			Name: fmt.Sprintf("task%d", i), Schedule: "rate(1 day)", Timezone: "UTC", Enabled: rapid.Bool().Draw(t, "enabled"),
			Command: rapid.SliceOfN(rapid.String(), 1, 4).Draw(t, "words"), CPU: 512, Memory: rapid.IntRange(1, 122880).Draw(t, "memory"),
		})
	}
	if rapid.Bool().Draw(t, "before") {
		h.BeforeDeploy = &manifest.BeforeDeploy{Command: "bin/migrate", Memory: rapid.IntRange(1, 8192).Draw(t, "memory"), Timeout: time.Minute}
	}
	if rapid.Bool().Draw(t, "repository") {
		h.Repositories = []manifest.Repository{{Name: "quay.io/acme", Credentials: pullPassword}, {Name: "quay.io", Credentials: pullPassword}}
	}
	if rapid.Bool().Draw(t, "may") {
		h.TaskRole = []manifest.Permission{{Actions: []string{"s3:PutObject", "s3:GetObject"}, Resources: []string{"arn:aws:s3:::b/*"}}}
	}
	return h
}

func anyLaunch(t *rapid.T) string {
	return rapid.SampledFrom([]string{manifest.LaunchFargate, manifest.LaunchEC2}).Draw(t, "launch")
}

func anyService(t *rapid.T, i int) manifest.Service {
	s := manifest.Service{
		Name: fmt.Sprintf("s%d", i), ServiceType: "default", Command: "run " + rapid.StringMatching(`[a-zA-Z0-9 $&|-]*`).Draw(t, "command"),
		CPU: rapid.IntRange(0, 16384).Draw(t, "cpu"), Memory: rapid.IntRange(1, 122880).Draw(t, "memory"),
		Deployment: rolling(), Port: rapid.IntRange(1, 65535).Draw(t, "port"), Exec: rapid.Bool().Draw(t, "exec"),
		EntryPoint:  rapid.SliceOfN(rapid.String(), 0, 2).Draw(t, "entrypoint"),
		GracePeriod: rapid.IntRange(0, 600).Draw(t, "grace"), StopTimeout: rapid.IntRange(0, 120).Draw(t, "stop"), Launch: anyLaunch(t),
	}
	switch rapid.IntRange(0, 2).Draw(t, "count") {
	case 0:
		s.DesiredCount = rapid.Ptr(rapid.IntRange(0, 9), false).Draw(t, "desired")
	case 1:
		s.AutoScaling = &manifest.AutoScaling{Min: 1, Max: 9, CPU: rapid.IntRange(1, 100).Draw(t, "scale"), Memory: 50}
	}
	if rapid.Bool().Draw(t, "volumes") {
		s.Volumes = []manifest.Volume{
			{Name: "scratch", Path: "/scratch"},
			{Name: "efs", Path: "/efs", ReadOnly: rapid.Bool().Draw(t, "only"), EFS: &manifest.EFS{FileSystem: "fs-1", AccessPoint: "fsap-1"}},
		}
		s.Ulimits = []manifest.Ulimit{{Name: "nofile", Soft: 1, Hard: 2}}
	}
	if rapid.Bool().Draw(t, "web") {
		s.ServiceType = "web"
		s.Listeners = []manifest.Listener{{
			Endpoint: rapid.SampledFrom([]string{"main", "secure"}).Draw(t, "endpoint"),
			Interval: 10, Timeout: 5, HealthPath: "/", HealthyThreshold: 2, UnhealthyThreshold: 2, Priority: i + 1,
			Conditions: []manifest.Condition{{Type: "path-pattern", Value: "*"}},
		}}
		if s.AutoScaling != nil {
			s.AutoScaling.Requests = 100
		}
	}
	return s
}

// turned is the input with every list whose order means nothing turned around.
func turned(in render.Input) render.Input {
	h := *in.Heritage
	h.Services, h.Environment = slices.Clone(h.Services), slices.Clone(h.Environment)
	h.ScheduledTasks, h.Repositories = slices.Clone(h.ScheduledTasks), slices.Clone(h.Repositories)
	slices.Reverse(h.Services)
	slices.Reverse(h.Environment)
	slices.Reverse(h.ScheduledTasks)
	slices.Reverse(h.Repositories)
	in.Keys = slices.Clone(in.Keys)
	slices.Reverse(in.Keys)
	in.Heritage = &h
	return in
}

// faults holds a stack's resources against the published schemas.
func faults(s bcn.Proposal) []string {
	var template struct {
		Resources map[string]struct {
			Type       string
			Properties map[string]any
		}
	}
	if err := json.Unmarshal(s.Template, &template); err != nil {
		return []string{err.Error()}
	}
	var out []string
	for id, r := range template.Resources {
		for _, p := range schema.Check(r.Type, r.Properties) {
			out = append(out, s.Name+"/"+id+p.Path+": "+p.Message)
		}
	}
	return out
}
