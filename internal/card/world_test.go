package card_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/card"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/text"
)

var update = flag.Bool("update", false, "write the golden files")

var at = time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)

// secret is the value of an environment variable; it is in the plan, and must
// be nowhere in what is said.
const secret = "hunter2"

// evil is what somebody may write wherever they may write something.
const evil = "<!channel> *now* _x_ `y` <https://evil.example|ok> & \u202egnp\u2069\nline\x1b[31m"

func presenter(t *testing.T, lang string) *card.Presenter {
	t.Helper()
	words, err := text.New()
	if err != nil {
		t.Fatal(err)
	}
	return card.New(card.Options{Text: words, Lang: lang, Approvals: "C0APPROVE", Announce: "C0DEPLOY", Security: "C0SECURITY"})
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got; -update writes it):\n%s", file, diff)
	}
}

// shown writes a message down as it reads.
func shown(m chat.Message) string {
	var b strings.Builder
	fmt.Fprintf(&b, "notification: %s\n", m.Text)
	for _, k := range m.Blocks {
		switch {
		case k.Header != "":
			fmt.Fprintf(&b, "# %s\n", k.Header)
		case k.Section != "":
			fmt.Fprintf(&b, "%s\n", k.Section)
		case k.Context != "":
			fmt.Fprintf(&b, "  (small) %s\n", strings.ReplaceAll(string(k.Context), "\n", "\n  (small) "))
		case k.Code != "":
			fmt.Fprintf(&b, "```\n%s\n```\n", strings.TrimRight(k.Code, "\n"))
		case k.Divider:
			b.WriteString("----\n")
		}
		for _, f := range k.Fields {
			fmt.Fprintf(&b, "| %s\n", strings.ReplaceAll(string(f), "\n", " / "))
		}
		for _, u := range k.Buttons {
			fmt.Fprintf(&b, "[%s](%s %s %s)", u.Label, u.Action, u.Value, u.Style)
			if u.Confirm != nil {
				fmt.Fprintf(&b, " asks %q %q %s/%s", u.Confirm.Title, u.Confirm.Text, u.Confirm.Yes, u.Confirm.No)
			}
			b.WriteString("\n")
		}
	}
	return b.String()
}

func told(notes []deploy.Note) string {
	var b strings.Builder
	for _, n := range notes {
		fmt.Fprintf(&b, "%s %s", n.Role, n.Key)
		if n.Channel != "" {
			fmt.Fprintf(&b, " in %s", n.Channel)
		}
		if n.Broadcast {
			b.WriteString(", also in the channel")
		}
		b.WriteString("\n")
		if n.Role != deploy.RoleCard {
			b.WriteString(shown(n.Body))
		}
	}
	if len(notes) == 0 {
		b.WriteString("(nothing)\n")
	}
	return b.String()
}

func dana() bcn.Actor { return bcn.Actor{Kind: bcn.Person, User: "U0DEV", Team: "T0", Name: "dana"} }

func deployment(state bcn.ChangeState, change ...func(*bcn.Change)) bcn.Change {
	c := bcn.Change{
		ID: 1042, Kind: bcn.KindDeploy, Subject: "heritage:hello", App: "hello", Env: "production", Heritage: "hello", District: "default",
		Tag: "v2", State: state, Requester: dana(), Channel: "C0DEPLOYS", CreatedAt: at,
	}
	if !state.BeforeApplying() && state != bcn.ChangeClosed {
		started := at.Add(time.Minute)
		c.StartedAt = &started
	}
	if state.Ended() {
		ended := at.Add(time.Minute + 95*time.Second)
		c.EndedAt = &ended
	}
	for _, f := range change {
		f(&c)
	}
	return c
}

func because(code bcn.Code, params ...string) func(*bcn.Change) {
	return func(c *bcn.Change) { c.Code, c.Params = code, bcn.E(code, params...).Params }
}

func plan(change ...func(*bcn.Plan)) *bcn.Plan {
	p := &bcn.Plan{
		Kind: bcn.KindDeploy, App: "hello", Env: "production", Heritage: "hello", Tag: "v2", OldTag: "v1", Image: "hello",
		Digest: "sha256:" + strings.Repeat("ab12", 16), OldDigest: "sha256:" + strings.Repeat("0f9e", 16),
		District: bcn.District{Name: "default", Region: "ap-northeast-1"}, Source: "github:acme/hello", Commit: "1a2b3c4d5e6f7a8b9c0d",
		Manifest: []byte("environment:\n  PASSWORD: " + secret + "\n"),
		Lines: []bcn.Line{
			{Mark: bcn.MarkChanged, What: "image: v1 → v2"},
			{Mark: bcn.MarkChanged, What: "service web: memory 512 → 1024"},
			{Mark: bcn.MarkAdded, What: "environment PASSWORD"},
		},
		Commits: &bcn.Commits{From: "v1", To: "v2", Ahead: 3, Back: 1, URL: "https://github.com/acme/hello/compare/1", List: []bcn.Commit{
			{SHA: "1a2b3c4d5e6f7a8b", Title: "Count <!channel> backwards", Author: "olu"}, {SHA: "2b3c4d5e6f7a8b9c", Title: "Count"},
		}},
		Diff:  " services:\n-  memory: 512\n+  memory: 1024\n",
		Needs: []bcn.Need{{Teams: []string{"leads"}, Count: 2}},
		Stacks: []bcn.StackPlan{
			{Name: "heritage-hello", StackID: "arn:aws:cloudformation:ap-northeast-1:123456789012:stack/heritage-hello/1"},
			{
				Name: "hello", StackID: "arn:aws:cloudformation:ap-northeast-1:123456789012:stack/hello/2", ChangeSet: "arn:set",
				Template: []byte(`{"Value":"` + secret + `"}`),
				Changes: []bcn.ResourceDelta{
					{
						Action: "Modify", LogicalID: "webTaskDefinition", Type: "AWS::ECS::TaskDefinition", Replacement: "True", Properties: []string{"/Properties/ContainerDefinitions", "/Properties/Memory"},
						Values: []bcn.Value{{Path: "/Properties/Memory", Before: "512", After: "1024"}},
					},
					{Action: "Modify", LogicalID: "webService", Type: "AWS::ECS::Service", Replacement: "False", Properties: []string{"/Properties/TaskDefinition"}},
				},
			},
		},
	}
	for _, f := range change {
		f(p)
	}
	return p
}

// destroys makes a plan replace one resource and remove another.
func destroys(p *bcn.Plan) {
	p.Lines = append(p.Lines, bcn.Line{Mark: bcn.MarkRemoved, What: "service worker"}, bcn.Line{Mark: bcn.MarkReplaced, What: "service web: port 80 → 8080"})
	p.Stacks[1].Changes = append(p.Stacks[1].Changes,
		bcn.ResourceDelta{Action: "Remove", LogicalID: "workerService", Type: "AWS::ECS::Service"},
		bcn.ResourceDelta{Action: "Modify", LogicalID: "webTargetGroup", Type: "AWS::ElasticLoadBalancingV2::TargetGroup", Replacement: "Conditional"},
		bcn.ResourceDelta{Action: "Add", LogicalID: "webRule", Type: "AWS::ElasticLoadBalancingV2::ListenerRule"})
}

func request(state bcn.RequestState, decisions ...bcn.Decision) *bcn.Request {
	return &bcn.Request{
		ID: 1042, State: state, Hash: hash, Requester: "U0DEV", Needs: []bcn.Need{{Teams: []string{"leads"}, Count: 2}},
		CreatedAt: at, ExpiresAt: at.Add(time.Hour), Decisions: decisions,
	}
}

const hash = "9b74c9897bac770ffc029102a200c5de9b74c9897bac770ffc029102a200c5de"

func by(user string, v bcn.Verdict, reason string) bcn.Decision {
	return bcn.Decision{Person: user, Verdict: v, Reason: reason, Teams: []string{"leads"}, Hash: hash, At: at.Add(10 * time.Minute)}
}

// faults says what in a message must never be there. Labels, confirmations and
// code are plain text: Slack reads no markup in them.
func faults(m chat.Message) string {
	if strings.Contains(shown(m), secret) {
		return "a value"
	}
	read := string(m.Text)
	for _, b := range m.Blocks {
		read += "\n" + string(b.Section) + "\n" + string(b.Context)
		for _, f := range b.Fields {
			read += "\n" + string(f)
		}
	}
	read = strings.NewReplacer("<!date", "", "<!subteam^S0LEADS>", "").Replace(read)
	for what, bad := range map[string]string{
		"a call to everybody": "<!", "somebody's link": "<https://evil", "a bidirectional character": "\u202e", "a control character": "\x1b",
		"an empty code": "``", "the number of nothing": "#0", "a hole": "<no value>", "two full stops": "..", "a space before a full stop": " .",
		"an empty pair of brackets": "()", "two spaces": "\u3002 ",
	} {
		if strings.Contains(read, bad) {
			return what
		}
	}
	return ""
}
