package render_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/render"
)

const other = "sha256:0000000000000000000000000000000000000000000000000000000000000001"

func TestDiff(t *testing.T) {
	t.Parallel()
	before := heritage(t, web("main", "")+strings.Split(worker, "    services:\n")[1]+`    environment:
      KEPT: { value: kept-value }
      CHANGED: { value: old-value }
      MOVED: { value: moved-value }
      GONE: { value: gone-value }
`)
	after := heritage(t, web("main", "        memory: 1024\n        exec: true\n")+`            health_check_path: /healthz
      - name: mailer
        command: bundle exec mailer
        exec: true
    environment:
      KEPT: { value: kept-value }
      CHANGED: { value: new-value }
      MOVED: { ssm_path: hello/moved }
      NEW: { value: added-value }
`)
	lines, unified := render.Diff(before, after, digest, other)
	want := []bcn.Line{
		{Mark: bcn.MarkChanged, What: "image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/hello@9f86d081884c → 123456789012.dkr.ecr.us-east-1.amazonaws.com/hello@000000000000"},
		{Mark: bcn.MarkChanged, What: "service web: memory: 512 → 1024"},
		{Mark: bcn.MarkChanged, What: "service web: exec: false → true"},
		{Mark: bcn.MarkChanged, What: "service web: endpoint main: health check: / every 10 s, timeout 5 s, 2 good, 2 bad → /healthz every 10 s, timeout 5 s, 2 good, 2 bad"},
		{Mark: bcn.MarkAdded, What: "service mailer: worker, cpu as needed, memory 512, exec"},
		{Mark: bcn.MarkRemoved, What: "service worker"},
		{Mark: bcn.MarkChanged, What: "environment CHANGED"},
		{Mark: bcn.MarkChanged, What: "environment MOVED: a value → ssm_path hello/moved"},
		{Mark: bcn.MarkAdded, What: "environment NEW"},
		{Mark: bcn.MarkRemoved, What: "environment GONE"},
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	for _, l := range []string{"-  CHANGED: a value\n", "+  CHANGED: another value\n", " KEPT: a value\n", "-  worker:\n", "+    memory: 1024\n", "+    exec: true\n"} {
		if !strings.Contains(unified, l) {
			t.Errorf("the diff lacks %q:\n%s", l, unified)
		}
	}
	t.Run("values are in neither", func(t *testing.T) {
		t.Parallel()
		all := unified
		for _, l := range lines {
			all += l.What
		}
		for _, v := range []string{"kept-value", "old-value", "new-value", "moved-value", "gone-value", "added-value"} {
			if strings.Contains(all, v) {
				t.Errorf("%s is shown", v)
			}
		}
	})
	t.Run("nothing changed is nothing said", func(t *testing.T) {
		t.Parallel()
		if lines, unified := render.Diff(before, before, digest, digest); len(lines) > 0 || unified != "" {
			t.Errorf("%v\n%s", lines, unified)
		}
	})
	t.Run("the first release is all added", func(t *testing.T) {
		t.Parallel()
		lines, unified := render.Diff(nil, before, "", digest)
		for _, l := range lines {
			if l.Mark != bcn.MarkAdded {
				t.Errorf("%+v", l)
			}
		}
		if len(lines) != 7 || !strings.Contains(unified, "+name: hello\n") {
			t.Errorf("%v\n%s", lines, unified)
		}
	})
}
