package render_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bcn-bot/bcn/internal/manifest"
	"github.com/bcn-bot/bcn/internal/render"
)

func TestAFileSystemIsMountedByWhoMayAlone(t *testing.T) {
	t.Parallel()
	on := func(service, id string) manifest.Service {
		return manifest.Service{Name: service, Volumes: []manifest.Volume{{Name: "scratch"}, {Name: "data", EFS: &manifest.EFS{FileSystem: id}}}}
	}
	h := &manifest.Heritage{Name: "hello-staging", Services: []manifest.Service{on("web", "fs-1"), on("worker", "fs-2")}}
	grant := func(app, id string) render.FileSystemGrant { return render.FileSystemGrant{App: app, FileSystem: id} }
	for title, c := range map[string]struct {
		grants []render.FileSystemGrant
		want   []string
	}{
		"no entry":              {nil, []string{"web (fs-1)", "worker (fs-2)"}},
		"one for each":          {[]render.FileSystemGrant{grant("hello", "fs-1"), grant("*", "fs-2")}, nil},
		"one for another app":   {[]render.FileSystemGrant{grant("hello", "fs-1"), grant("other", "fs-2")}, []string{"worker (fs-2)"}},
		"one for the heritage":  {[]render.FileSystemGrant{grant("hello-staging", "fs-1"), grant("*", "fs-2")}, []string{"web (fs-1)"}},
		"one for the beginning": {[]render.FileSystemGrant{grant("*", "fs-"), grant("*", "fs-2")}, []string{"web (fs-1)"}},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, render.RefusedFileSystems(h, "hello", c.grants)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
