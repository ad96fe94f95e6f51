package config

import (
	"strings"
	"testing"
)

func TestTheWatchForDrift(t *testing.T) {
	t.Parallel()
	for _, x := range []struct{ name, more, want, problem string }{
		{"is at night where nothing is said", "", "0 3 * * *", ""},
		{"is when it is told", "drift: { watch: every 6h }\n", "every 6h", ""},
		{"can be off", "drift: { watch: off }\n", "off", ""},
		{"is no other word", "drift: { watch: never }\n", "", `drift.watch: "never" is neither off nor a schedule that repeats`},
		{"is no single time", "drift: { watch: 2031-01-02 03:00 }\n", "", `is neither off nor a schedule that repeats`},
		{"has no other key", "drift: { wach: off }\n", "", `unknown key "wach" in drift; did you mean "watch"?`},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			c, problems := Load("bot.yaml", []byte(least+x.more), Options{})
			switch {
			case x.problem == "" && (len(problems) > 0 || c.Drift.Watch != x.want):
				t.Errorf("%v %v", c, problems)
			case x.problem != "" && (len(problems) != 1 || !strings.Contains(problems[0].Message, x.problem)):
				t.Errorf("%v", problems)
			}
		})
	}
}
