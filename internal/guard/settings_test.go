package guard_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/guard"
)

// found answers the ids of what a set finds in one resource.
func found(t testing.TB, s guard.Settings, resources map[string]string) []string {
	t.Helper()
	set, problems := guard.New(s, nil)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	var out []string
	for _, f := range set.Check(context.Background(), input(resources)) {
		out = append(out, f.ID)
	}
	return out
}

func input(resources map[string]string, changes ...bcn.ResourceDelta) guard.Input {
	p := stack(resources)
	return guard.Input{
		Plan:   guard.Plan{App: "hello", Env: "production", Heritage: "hello", District: "default", Kind: "deploy"},
		Stacks: []bcn.StackPlan{{Name: p.Name, Template: p.Template, Changes: changes}},
	}
}

const digest = "@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

func TestImagesComeFromListedRegistries(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		image, registry string
		fits            bool
	}{
		{"ghcr.io/acme/hello", "ghcr.io/acme", true},
		{"ghcr.io/acme/hello", "ghcr.io/acme/", true},
		{"ghcr.io/acme/hello", "ghcr.io", true},
		{"ghcr.io/acme", "ghcr.io/acme", true},
		{"ghcr.io/acme:v1", "ghcr.io/acme", true},
		{"ghcr.io/acme-evil/hello", "ghcr.io/acme", false},
		{"ghcr.io.evil.example/acme/hello", "ghcr.io", false},
		{"evil.example/ghcr.io/acme/hello", "ghcr.io/acme", false},
		{"localhost:5000/acme/hello", "localhost:5000", true},
		{"localhost/acme", "docker.io", false},
		{"acme/hello", "docker.io/acme", true},
		{"acme/hello:v1", "docker.io/acme", true},
		{"acme/hello", "docker.io/library", false},
		{"redis", "docker.io/library", true},
		{"redis:7", "docker.io/library/redis", true},
		{"docker.io/acme/hello", "docker.io/acme", true},
	} {
		t.Run(c.image+" and "+c.registry, func(t *testing.T) {
			t.Parallel()
			got := found(t, guard.Settings{Registries: []string{"quay.io", c.registry}}, map[string]string{"T": task(`{"Image":"` + c.image + digest + `"}`)})
			if slices.Contains(got, guard.ImageRegistry) == c.fits {
				t.Errorf("%v", got)
			}
		})
	}
	t.Run("where none is listed, any will do", func(t *testing.T) {
		t.Parallel()
		if got := found(t, guard.Settings{}, map[string]string{"T": task(`{"Image":"evil.example/x` + digest + `"}`)}); len(got) > 0 {
			t.Errorf("%v", got)
		}
	})
}

func TestSizesAndCountsHaveLimits(t *testing.T) {
	t.Parallel()
	sized := func(cpu, memory, containers string) string {
		return res("AWS::ECS::TaskDefinition", `{"NetworkMode":"awsvpc","Cpu":`+cpu+`,"Memory":`+memory+`,"ContainerDefinitions":[`+containers+`]}`)
	}
	of := func(rest string) string { return `{"Image":"` + pinned + `"` + rest + `}` }
	limits := guard.Settings{Memory: 2048, CPU: 1024, Count: 5}
	for name, c := range map[string]struct{ resource, want string }{
		"at the limit":                          {sized(`"1024"`, `"2048"`, of("")), ""},
		"too much memory, in words":             {sized(`"1024"`, `"4096"`, of("")), guard.TaskSize},
		"too much memory, as a number":          {sized(`1024`, `4096`, of("")), guard.TaskSize},
		"too much CPU":                          {sized(`"2048"`, `"2048"`, of("")), guard.TaskSize},
		"two containers that are too much":      {task(of(`,"Memory":1500`) + "," + of(`,"Memory":1500`)), guard.TaskSize},
		"a reservation that is too much":        {task(of(`,"MemoryReservation":"3000"`)), guard.TaskSize},
		"memory in other words":                 {sized(`"1024"`, `"4 GB"`, of("")), guard.Unresolved},
		"memory by a parameter":                 {sized(`"1024"`, `{"Ref":"M"}`, of("")), guard.Unresolved},
		"a container's memory by a parameter":   {task(of(`,"Memory":{"Ref":"M"}`)), guard.Unresolved},
		"five tasks":                            {res("AWS::ECS::Service", `{"DesiredCount":5}`), ""},
		"six tasks":                             {res("AWS::ECS::Service", `{"DesiredCount":"6"}`), guard.ServiceCount},
		"a count by a parameter":                {res("AWS::ECS::Service", `{"DesiredCount":{"Ref":"N"}}`), guard.Unresolved},
		"a count that is kept as it is":         {res("AWS::ECS::Service", `{}`), ""},
		"auto scaling that may become too many": {res("AWS::ApplicationAutoScaling::ScalableTarget", `{"MinCapacity":1,"MaxCapacity":50}`), guard.ServiceCount},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := found(t, limits, map[string]string{"R": c.resource})
			if c.want == "" && len(got) > 0 || c.want != "" && !slices.Contains(got, c.want) {
				t.Errorf("want %q, got %v", c.want, got)
			}
			if got := found(t, guard.Settings{}, map[string]string{"R": c.resource}); len(got) > 0 {
				t.Errorf("without limits: %v", got)
			}
		})
	}
}

func TestLogsHaveAnEnd(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ properties, want string }{
		"a year":                    {`{"RetentionInDays":365}`, ""},
		"a year in words":           {`{"RetentionInDays":"365"}`, ""},
		"for ever":                  {`{}`, guard.LogRetention},
		"no days":                   {`{"RetentionInDays":0}`, guard.LogRetention},
		"as long as a parameter is": {`{"RetentionInDays":{"Ref":"Days"}}`, guard.Unresolved},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := found(t, guard.Settings{}, map[string]string{"Logs": res("AWS::Logs::LogGroup", c.properties)})
			if fmt.Sprint(got) != fmt.Sprint(slices.DeleteFunc([]string{c.want}, func(s string) bool { return s == "" })) {
				t.Errorf("%v", got)
			}
		})
	}
}

func TestWhatHoldsDataIsKeptUnlessARuleSaysDestructive(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{
		"AWS::Logs::LogGroup", "AWS::S3::Bucket", "AWS::RDS::DBInstance", "AWS::DynamoDB::Table", "AWS::EFS::FileSystem", "AWS::SecretsManager::Secret",
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			in := input(nil, bcn.ResourceDelta{Action: "Remove", LogicalID: "Data", Type: kind})
			findings := guard.Builtin().Check(context.Background(), in)
			if len(findings) != 1 || findings[0].ID != guard.StatefulLost || !guard.Denied(findings) || !guard.Denied(guard.Settle(findings, false)) {
				t.Errorf("%+v", findings)
			}
			if settled := guard.Settle(findings, true); guard.Denied(settled) || guard.NeedsApproval(settled) || settled[0].Level != bcn.Warn {
				t.Errorf("with a destructive rule: %+v", settled)
			}
			if !guard.Denied(findings) {
				t.Error("settling has changed what it was given")
			}
		})
	}
	t.Run("a destructive rule lets nothing else pass", func(t *testing.T) {
		t.Parallel()
		findings := guard.Check([]bcn.Proposal{stack(map[string]string{"G": group(world22)})}, nil)
		if !guard.Denied(guard.Settle(findings, true)) {
			t.Errorf("%+v", findings)
		}
	})
	t.Run("what is taken away as a whole is not judged", func(t *testing.T) {
		t.Parallel()
		in := input(map[string]string{"G": group(world22)}, bcn.ResourceDelta{Action: "Remove", LogicalID: "Data", Type: "AWS::S3::Bucket"})
		in.Removes = true
		if findings := guard.Builtin().Check(context.Background(), in); len(findings) > 0 {
			t.Errorf("%+v", findings)
		}
	})
}

func TestLevels(t *testing.T) {
	t.Parallel()
	all := map[string]bcn.Level{}
	for _, id := range guard.IDs() {
		all[id] = bcn.Warn
	}
	t.Run("only some can be chosen", func(t *testing.T) {
		t.Parallel()
		set, _ := guard.New(guard.Settings{Levels: all}, nil)
		for _, g := range set.List() {
			want := bcn.Deny
			if slices.Contains(guard.Settable(), g.ID) {
				want = bcn.Warn
			}
			if g.Level != want {
				t.Errorf("%s: %s", g.ID, g.Level)
			}
		}
		if got := set.Check(context.Background(), input(map[string]string{"G": group(world22)})); !guard.Denied(got) {
			t.Errorf("%+v", got)
		}
	})
	t.Run("approve neither denies nor passes silently", func(t *testing.T) {
		t.Parallel()
		set, _ := guard.New(guard.Settings{Count: 1, Levels: map[string]bcn.Level{guard.ServiceCount: bcn.AskFirst}}, nil)
		got := set.Check(context.Background(), input(map[string]string{"S": res("AWS::ECS::Service", `{"DesiredCount":2}`)}))
		if guard.Denied(got) || !guard.NeedsApproval(got) {
			t.Errorf("%+v", got)
		}
	})
	t.Run("a level that is not known denies", func(t *testing.T) {
		t.Parallel()
		if !guard.Denied([]bcn.Finding{{Level: "maybe"}}) || !guard.Denied([]bcn.Finding{{}}) {
			t.Error("passed")
		}
	})
}

func TestLimitsHoldWhereverTheResourceIs(t *testing.T) {
	t.Parallel()
	settings := guard.Settings{Registries: []string{"docker.io/acme"}, Memory: 2048, CPU: 1024, Count: 5}
	set, _ := guard.New(settings, nil)
	bad := map[string]string{
		guard.ImageRegistry: task(`{"Image":"ghcr.io/acme/hello` + digest + `"}`),
		guard.TaskSize:      task(`{"Image":"` + pinned + `","Memory":4096}`),
		guard.ServiceCount:  res("AWS::ECS::Service", `{"DesiredCount":6}`),
		guard.LogRetention:  res("AWS::Logs::LogGroup", `{}`),
		guard.Privileged:    res("AWS::ECS::TaskDefinition", `{"ContainerDefinitions":[],"Volumes":[{"Name":"x"},{"Name":"y","Host":{"SourcePath":"/"}}]}`),
	}
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SampledFrom(slices.Sorted(maps.Keys(bad))).Draw(t, "violation")
		resources := passing()
		for i := range rapid.IntRange(0, 5).Draw(t, "others") {
			resources[fmt.Sprintf("Other%d", i)] = res("AWS::ECS::Service", `{"DesiredCount":1}`)
		}
		resources[rapid.StringMatching(`[A-Za-z][a-zA-Z0-9]{0,10}Bad`).Draw(t, "id")] = bad[want]
		var got []string
		for _, f := range set.Check(context.Background(), input(resources)) {
			got = append(got, f.ID)
		}
		if !slices.Equal(got, []string{want}) {
			t.Fatalf("want %s, got %v", want, got)
		}
	})
}
