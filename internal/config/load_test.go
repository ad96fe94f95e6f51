package config

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// example is the bot.yaml of DESIGN.md section 8, word for word.
func example(t testing.TB) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/bot.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestTheExampleOfTheDesignLoads(t *testing.T) {
	t.Parallel()
	c, problems := Load("bot.yaml", example(t), Options{})
	if len(problems) > 0 {
		t.Fatalf("problems: %v", problems)
	}
	if len(c.Hash) != 64 {
		t.Errorf("hash %q", c.Hash)
	}
	got := *c
	got.Rules, got.Hash = nil, ""
	want := Config{
		Sources:  Sources{Root: ".", GitHub: []string{"acme/*"}},
		Language: "en",
		Tags:     []bcn.Tag{{Key: "cost-center", Value: "web"}},
		Slack: Slack{
			Command: "/bcn", Sockets: 2,
			Channels: Channels{Approvals: "C0APPROVE", Announce: "C0DEPLOY", Security: "C0SEC"},
		},
		People: []Person{
			{Slack: "U0DEV", GitHub: "dana", Email: "dana@example.com"},
			{Slack: "U0LEAD", GitHub: "lee", Email: "lee@example.com"},
		},
		Teams: map[string]Team{
			"developers": {SlackUsergroup: "S0DEVELOPERS"},
			"leads":      {GitHubTeam: "acme/leads"},
			"oncall":     {Members: []string{"U0ONCALL"}},
			"admins":     {Members: []string{"U0ADMIN"}},
		},
		Access: Access{RunAs: "bcn-access", Idle: 5 * time.Minute},
		Drift:  Drift{Watch: "0 3 * * *"},
		Audit:  Audit{Anchor: Anchor{Every: 24 * time.Hour, Channel: "C0SEC"}, Reconcile: "0 4 * * *"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestRulesOfTheExample(t *testing.T) {
	t.Parallel()
	c, _ := Load("bot.yaml", example(t), Options{})
	if len(c.Rules) != 6 {
		t.Fatalf("%d rules", len(c.Rules))
	}
	deploy := c.Rules[3]
	if diff := cmp.Diff(&Approve{By: []string{"leads"}, Count: 1, Within: time.Hour}, deploy.Approve); diff != "" {
		t.Error(diff)
	}
	want := `{"allow":["developers"],"to":["deploy","rollback","restart","run"],"on":["production"],` +
		`"apps":["*"],"approve":{"by":["leads"],"count":1,"within":"1h0m0s"}}`
	if string(deploy.Raw) != want {
		t.Errorf("raw\n%s\nwant\n%s", deploy.Raw, want)
	}
	if deploy.Line != 25 {
		t.Errorf("line %d", deploy.Line)
	}
	if c.Rules[4].Max != time.Hour {
		t.Errorf("max %s", c.Rules[4].Max)
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	c, problems := Load("bot.yaml", []byte(least), Options{})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if c.Language != "en" || c.Slack.Command != "/bcn" || c.Slack.Sockets != 2 || c.Sources.Root != "" {
		t.Errorf("%+v", c)
	}
}

// least is the smallest file that is valid.
const least = "teams: { admins: { members: [U0ADMIN] } }\nrules: []\n"

func TestBadInputIsRefusedWithItsPlace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, yaml, want string }{
		{"an empty file", "", "1:1: the file is empty"},
		{"only a comment", "# nothing", "1:1: the file is empty"},
		{"a list", "[]", "1:1: the file must be a mapping, it is a list"},
		{"no YAML", "a: b: c", "1:1: not YAML: mapping values are not allowed in this context"},
		{"two documents", least + "---\n{}", "3:1: the file holds more than one document"},
		{"an unknown key", least + "langauge: en", `3:1: unknown key "langauge"; did you mean "language"?`},
		{"an unknown nested key", least + "slack: { socket: 1 }", `3:10: unknown key "socket" in slack; did you mean "sockets"?`},
		{"a key twice", least + "rules: []", `3:1: "rules" is written twice, first on line 2`},
		{"a merge key", "x: &x {}\n" + least + "<<: *x", "4:1: keys must be plain words"},
		{"a number for a string", least + "language: 3", "3:11: language must be a string, it is the number 3"},
		{"a string for a number", least + "slack: { sockets: two }", `3:19: slack.sockets must be a whole number, it is "two"`},
		{"too many sockets", least + "slack: { sockets: 11 }", "slack.sockets must be between 1 and 10, it is 11"},
		{"an unknown language", least + "language: fr", `3:11: language: "fr" is not en or ja`},
		{"nothing for a list", least + "people:", "3:8: people must be a list, it is empty"},
		{"a channel's name for its id", least + "slack: { channels: { announce: \"#deploys\" } }", "is not a Slack channel id"},
		{"a command without slash", least + "slack: { command: bcn }", "is not a slash command"},
		{"an AWS tag", least + "tags: { \"aws:x\": y }", `must not begin with "aws:"`},
		{"a bcn tag", least + "tags: { \"bcn:app\": y }", `must not begin with "bcn:"`},
		{"any repository at all", least + "sources: { github: [\"*\"] }", "is not repositories such as"},
		{"a person without Slack", least + "people: [{ github: dana }]", "3:10: people[0] needs slack"},
		{
			"one Slack account of two people", least + "people:\n - { slack: U0A }\n - { slack: U0A }",
			"5:4: people[1]: the Slack account U0A belongs to the person of line 4 already",
		},
		{
			"one GitHub login of two people", least + "people:\n - { slack: U0A, github: Dana }\n - { slack: U0B, github: dana }",
			"people[1]: the GitHub login dana belongs to the person of line 4 already",
		},
		{"a team of nobody", "teams: { admins: {} }\nrules: []", "1:18: teams.admins names nobody"},
		{"no admins", "teams: { leads: { members: [U0A] } }\nrules: []", "the team admins is missing"},
		{"no rules", "teams: { admins: { members: [U0A] } }", "rules are missing"},
		{"a guardrail", least + "guardrails: [x]", `3:14: guardrails[0] must be a mapping, it is "x"`},
		{"a secret's path that climbs", least + "secrets: [{ app: a, path: ../b }]", `must not hold "//" or ".."`},
		{"a volume that is no file system", least + "volumes: [{ app: a, file_system: data }]", "3:34: volumes[0].file_system"},
		{"a volume without app", least + "volumes: [{ file_system: fs-01234567 }]", "volumes[0] needs both app and file_system"},
		{"a secret without app", least + "secrets: [{ path: b }]", "secrets[0] needs both app and path"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			refused(t, c.yaml, c.want)
		})
	}
}

func TestBadRulesAreRefusedWithTheirPlace(t *testing.T) {
	t.Parallel()
	const teams = "teams: { admins: { members: [U0ADMIN] }, leads: { members: [U0A, U0B] } }\nrules:\n - "
	for _, c := range []struct{ name, rule, want string }{
		{"an unknown team", "{ allow: [lead], to: [deploy] }", `3:14: rules[0].allow: there is no team "lead"; did you mean "leads"?`},
		{"an unknown verb", "{ allow: [leads], to: [depoly] }", `there is no verb "depoly"; did you mean "deploy"?`},
		{"an unknown approver", "{ allow: [leads], to: [deploy], approve: { by: [x] } }", `there is no team "x"`},
		{"everybody as approver", "{ allow: [leads], to: [deploy], approve: { by: [\"*\"] } }", `"*" is no team`},
		{"no approver", "{ allow: [leads], to: [deploy], approve: { count: 1 } }", "rules[0].approve needs by"},
		{"an empty list of approvers", "{ allow: [leads], to: [deploy], approve: { by: [] } }", "must name at least one"},
		{"a quorum of none", "{ allow: [leads], to: [deploy], approve: { by: [leads], count: 0 } }", "must be between 1 and 20, it is 0"},
		{"a quorum that cannot be", "{ allow: [leads], to: [deploy], approve: { by: [leads], count: 3 } }", "3 people must approve, but only 2 can"},
		{"no time to approve", "{ allow: [leads], to: [deploy], approve: { by: [leads], within: 0s } }", "must be more than nothing"},
		{"a time without unit", "{ allow: [leads], to: [access], max: 10 }", "must be a time such as 30m or 1h, it is the number 10"},
		{"nobody allowed", "{ to: [deploy] }", "rules[0] needs allow"},
		{"nothing allowed", "{ allow: [leads] }", "rules[0] needs to"},
		{"an empty matcher", "{ allow: [leads], to: [deploy], on: [] }", "rules[0].on must name at least one"},
		{"a matcher that is no list", "{ allow: [leads], to: deploy }", `rules[0].to must be a list, it is "deploy"`},
		{"a word for true", "{ allow: [leads], to: [deploy], destructive: \"yes\" }", `must be true or false, it is "yes"`},
		{"approve misspelt", "{ allow: [leads], to: [deploy], aprove: { by: [leads] } }", `unknown key "aprove" in rules[0]; did you mean "approve"?`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			refused(t, teams+c.rule, c.want)
		})
	}
}

func TestAllProblemsAreReportedAtOnceInOrder(t *testing.T) {
	t.Parallel()
	_, problems := Load("bot.yaml", []byte("language: fr\nfoo: 1\nslack: { sockets: x }\nteams: { a: { members: [dana] } }\n"), Options{})
	if len(problems) != 6 {
		t.Fatalf("%d problems: %v", len(problems), problems)
	}
	for i := 1; i < len(problems); i++ {
		if problems[i].Line < problems[i-1].Line {
			t.Errorf("%v comes after %v", problems[i], problems[i-1])
		}
	}
}

func TestVerbsAreTheCallers(t *testing.T) {
	t.Parallel()
	file := []byte("teams: { admins: { members: [U0A] } }\nrules: [{ allow: [\"*\"], to: [fly] }]\n")
	if _, problems := Load("bot.yaml", file, Options{Verbs: []string{"fly"}}); len(problems) > 0 {
		t.Errorf("fly is known to the caller: %v", problems)
	}
	if _, problems := Load("bot.yaml", file, Options{}); len(problems) != 1 {
		t.Errorf("fly is known to nobody else: %v", problems)
	}
}

func refused(t *testing.T, yaml, want string) {
	t.Helper()
	c, problems := Load("bot.yaml", []byte(yaml), Options{})
	if c != nil {
		t.Error("a config was answered")
	}
	var all []string
	for _, p := range problems {
		all = append(all, p.Error())
	}
	text := strings.Join(all, "\n")
	if !strings.Contains(text, want) || !strings.HasPrefix(text, "bot.yaml:") {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
}

func FuzzLoadNeverPanicsAndAnswersOneOrTheOther(f *testing.F) {
	f.Add(string(example(f)))
	f.Add(least)
	f.Add("a: &a [*a]\nrules: *a\nteams: &t { admins: *t }")
	f.Add("? [x]\n: y\n<<: {}\n")
	f.Add(least + fullAccess)
	f.Add(least + "access: &a { url: 'http://[::1', idle: -1m, node_tag: *a, ports: [*a, { port: 1e3 }] }")
	f.Add(ruleOf + "to: [access, access:live], max: 30m, open_within: 10m, session: 20m, exec: bot, stop_task: true }\n")
	f.Add(fullSchedules)
	f.Add(scheduled + "  - { name: a, after: b, when: &w [], tz: *w }\n  - { name: b, after: a, when: |\n 0 2\n }\n")
	f.Add(ruleOf + "to: [deploy], max: 9999999h, session: *x, stop_task: [] }\n")
	f.Fuzz(func(t *testing.T, s string) {
		c, problems := Load("f", []byte(s), Options{})
		if (c == nil) == (len(problems) == 0) {
			t.Fatalf("config %v, problems %v", c, problems)
		}
		for _, p := range problems {
			if p.Line < 1 || p.Column < 1 || p.Message == "" {
				t.Fatalf("problem without place: %#v", p)
			}
		}
		if c == nil {
			return
		}
		for _, r := range c.Rules {
			if r.Max > MaxAccess || r.Access.Session > MaxAccess || (r.Access.Session > 0 && r.Access.OpenWithin == 0) {
				t.Fatalf("a rule gives more access than there can be: %+v", r)
			}
		}
	})
}
