package manifest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bcn-bot/bcn/internal/manifest"
)

// example reads examples/NAME/barcelona.yml; its problems must be these.
func example(t *testing.T, name string, want ...string) *manifest.File {
	t.Helper()
	data, err := os.ReadFile("../../examples/" + name + "/barcelona.yml")
	if err != nil {
		t.Fatal(err)
	}
	file, problems := manifest.Parse(name, data)
	var got []string
	for _, p := range problems {
		got = append(got, p.String())
	}
	if diff := cmp.Diff(want, got); diff != "" || file == nil {
		t.Fatalf("problems of %s (-want +got):\n%s", name, diff)
	}
	return file
}

func TestExamples(t *testing.T) {
	t.Parallel()
	folders, err := filepath.Glob("../../examples/*/barcelona.yml")
	if err != nil || len(folders) != 6 {
		t.Errorf("there are other examples: %v, %v", folders, err)
	}
	t.Run("one shifts traffic, by hand where it matters", func(t *testing.T) {
		t.Parallel()
		file := example(t, "shifting")
		by, alone := file.Environments["production"].Services[0].Deployment, file.Environments["staging"].Services[0].Deployment
		if by.Strategy != manifest.BlueGreen || by.Pause != 60 || alone.Strategy != manifest.Canary || alone.Pause != 0 || alone.Shifts() != 2 {
			t.Errorf("%+v %+v", by, alone)
		}
	})
	t.Run("one runs on machines, and beside them on Fargate", func(t *testing.T) {
		t.Parallel()
		services := example(t, "machines").Environments["preview"].Services
		if len(services) != 2 || services[0].Launch != manifest.LaunchEC2 || services[1].Launch != manifest.LaunchFargate {
			t.Errorf("%+v", services)
		}
	})
	t.Run("the smallest has one worker and nothing else", func(t *testing.T) {
		t.Parallel()
		h := example(t, "worker").Environments["production"]
		if len(h.Services) != 1 || h.Services[0].Web() || h.BeforeDeploy != nil || len(h.Environment) != 0 {
			t.Errorf("%+v", h)
		}
	})
	t.Run("redash starts what its image's entry point knows", func(t *testing.T) {
		t.Parallel()
		h := example(t, "redash").Environments["production"]
		var got []string
		for _, s := range h.Services {
			got = append(got, strings.Join(append(s.EntryPoint, s.Name, s.Command), " "))
		}
		want := []string{
			"/app/bin/docker-entrypoint server server", "/app/bin/docker-entrypoint scheduler scheduler", "/app/bin/docker-entrypoint worker worker",
		}
		if diff := cmp.Diff(want, got); diff != "" || h.KMSKey != "alias/redash" || h.Environment[0].SSMPrefix != "redash/" {
			t.Errorf("%s%+v", diff, h)
		}
	})
	t.Run("a Rails app's file warns of other tools' sections alone", func(t *testing.T) {
		t.Parallel()
		file := example(t, "rails",
			`rails:138:1: nothing reads the key "review" (bcn makes no review apps) [warning]`,
			`rails:144:1: nothing reads the key "bcnd" (Settings of another tool, which bcn does not read) [warning]`)
		h := file.Environments["production"]
		want := []manifest.Claim{
			{Endpoint: "main", Priority: 900, Service: "site"},
			{Endpoint: "main", Priority: 800, Service: "api"},
			{Endpoint: "internal", Priority: 800, Service: "api"},
		}
		if diff := cmp.Diff(want, h.Claims()); diff != "" {
			t.Error(diff)
		}
		site, api := h.Services[0], h.Services[1]
		if site.Command == api.Command || site.Memory != api.Memory || site.AutoScaling.Max != 10 || *api.DesiredCount != 3 ||
			site.Volumes[1].EFS.AccessPoint == "" || api.Listeners[1].UnhealthyThreshold != 3 {
			t.Errorf("what is merged stays, what is written wins: %+v %+v", site, api)
		}
		if len(h.ScheduledTasks) != 2 || h.ScheduledTasks[0].Timezone != "Asia/Tokyo" || h.ScheduledTasks[1].Command[4] != "Session.sweep(older_than: 1.day)" {
			t.Errorf("%+v", h.ScheduledTasks)
		}
		if staging := file.Environments["staging"]; len(staging.Services[0].Volumes) != 0 || staging.BeforeDeploy.Command != h.BeforeDeploy.Command {
			t.Errorf("%+v", staging)
		}
	})
}
