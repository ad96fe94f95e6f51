package config

import (
	"strings"
	"testing"
)

func TestRulesBoundCounts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, rule  string
		least, most int
		raw         string // behind to
	}{
		{"nothing", `to: [scale]`, 1, 20, ``},
		{"a most", `to: [scale], max_count: 40`, 1, 40, `,"max_count":40`},
		{"none is allowed", `to: ["*"], min_count: 0`, 0, 20, `,"min_count":0`},
		{"both", `to: [deploy, scale], min_count: 2, max_count: 2`, 2, 2, `,"min_count":2,"max_count":2`},
		{"only to stop", `to: [scale], min_count: 0, max_count: 0`, 0, 0, `,"min_count":0,"max_count":0`},
		{"what ECS takes at most", `to: [scale], max_count: 5000`, 1, 5000, `,"max_count":5000`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, problems := Load("bot.yaml", []byte(ruleOf+c.rule+" }\n"), Options{})
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			if least, most := got.Rules[0].Counts.Bounds(); least != c.least || most != c.most {
				t.Errorf("%d to %d, want %d to %d", least, most, c.least, c.most)
			}
			if _, rest, _ := strings.Cut(string(got.Rules[0].Raw), "]"); !strings.HasSuffix(rest, "]"+c.raw+"}") {
				t.Errorf("raw %s, want ...%s", got.Rules[0].Raw, c.raw)
			}
		})
	}
}

func TestBadCountsAreRefusedWithTheirPlace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, rule, want string }{
		{"less than none", "to: [scale], min_count: -1", "rules[0].min_count"},
		{"more than ECS takes", "to: [scale], max_count: 5001", "rules[0].max_count"},
		{"no number", "to: [scale], max_count: many", "rules[0].max_count"},
		{"none between", "to: [scale], min_count: 5, max_count: 4", "3:61: rules[0]: min_count 5 is over max_count 4"},
		{"none between by default", "to: [scale], min_count: 21", "min_count 21 is over max_count 20"},
		{"about nothing", "to: [deploy], max_count: 3", `rules[0].max_count is about scale: rules[0].to would have to name scale or "*"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, problems := Load("bot.yaml", []byte(ruleOf+c.rule+" }\n"), Options{})
			if len(problems) != 1 || !strings.Contains(problems[0].Error(), c.want) {
				t.Errorf("%v, want %q", problems, c.want)
			}
		})
	}
}
