package commands_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/commands"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/text"
)

var update = flag.Bool("update", false, "write the golden files")

// words is the catalogue of all tests: reading it takes longer than an answer.
var words = sync.OnceValues(func() (*text.Catalogue, error) { return text.New() })

func catalogue(t testing.TB) *text.Catalogue {
	t.Helper()
	c, err := words()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func registry(t testing.TB, w *world) *commands.Registry {
	t.Helper()
	return commands.New(commands.Options{
		Text: catalogue(t), Changes: w, Access: &grants{w}, Secrets: &secrets{w}, Tokens: &tokens{w}, Schedules: &schedules{w}, Holds: &locks{w}, Deputies: &deputies{w}, Logins: &logins{w}, Figures: &schedules{w}, Reads: &reads{w}, Live: w, Logs: written{}, FileTasks: written{}, Who: w, Links: w, Guardrails: &guarded{w}, Drifts: &drifting{w}, AuditLog: &logged{w}, Early: (&drifting{w}).early,
		Deciders: &deputies{w}, Cards: &deputies{w},
		Now: func() time.Time { return start },
	})
}

// turn is one thing that somebody does in a conversation.
type turn struct {
	user, text string
	action     chat.Action
	value      string
	message    string // whose button was pressed
	world      func(*world)
}

func (x turn) request() chat.Request {
	r := chat.Request{Source: chat.FromSlash, Team: "T0ACME", User: x.user, Channel: "C0DEPLOY", Text: x.text}
	if x.action != "" {
		r.Source, r.Action, r.Value = chat.FromClick, x.action, x.value
	}
	return r
}

// answer does the turn and writes down everything that can be seen of it.
func answer(t *testing.T, x turn, lang string) string {
	t.Helper()
	w := sample()
	if x.world != nil {
		x.world(w)
	}
	r, req := registry(t, w), x.request()
	var b strings.Builder
	if m, ok := r.Immediate(req, lang); ok {
		b.WriteString("(at once)\n" + show(m))
	} else {
		m, ok, err := r.Run(context.Background(), req, req.Actor(), deploy.Origin{Message: x.message}, lang)
		switch {
		case err != nil:
			b.WriteString("(error " + string(bcn.CodeOf(err)) + ")\n" + string(catalogue(t).Error(lang, err)) + "\n")
		case !ok:
			b.WriteString("(nothing: the card speaks)\n")
		default:
			b.WriteString(show(m))
		}
	}
	for _, c := range w.calls {
		b.WriteString("=> " + c + "\n")
	}
	return b.String()
}

// show writes a message as plain text, block by block.
func show(m chat.Message) string {
	var b strings.Builder
	if len(m.Blocks) == 0 || m.Blocks[0].Section != m.Text {
		fmt.Fprintf(&b, "[text] %s\n", m.Text)
	}
	for _, k := range m.Blocks {
		switch {
		case k.Header != "":
			fmt.Fprintf(&b, "[header] %s\n", k.Header)
		case k.Section != "":
			fmt.Fprintf(&b, "%s\n", k.Section)
		case k.Context != "":
			fmt.Fprintf(&b, "[small] %s\n", k.Context)
		case k.Code != "":
			fmt.Fprintf(&b, "```\n%s\n```\n", k.Code)
		case k.Divider:
			b.WriteString("----\n")
		}
		for _, f := range k.Fields {
			fmt.Fprintf(&b, "| %s\n", strings.ReplaceAll(string(f), "\n", " / "))
		}
		for _, u := range k.Buttons {
			fmt.Fprintf(&b, "[%s](%s %s %s) ", u.Label, u.Action, u.Value, u.Style)
		}
		if len(k.Buttons) > 0 {
			b.WriteString("\n")
		}
	}
	return b.String()
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
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

func TestConversations(t *testing.T) {
	t.Parallel()
	for _, lang := range text.Languages() {
		t.Run("bcn answers in "+lang, func(t *testing.T) {
			t.Parallel()
			var b strings.Builder
			for _, x := range conversations() {
				said := x.text
				if x.action != "" {
					said = fmt.Sprintf("[%s %s]", x.action, x.value)
				}
				if len(said) > 300 {
					said = fmt.Sprintf("%s… (%d characters)", said[:60], len(said))
				}
				fmt.Fprintf(&b, "### %s: %s\n%s\n", x.user, said, answer(t, x, lang))
			}
			golden(t, "testdata/conversations."+lang+".golden", b.String())
		})
	}
}

func conversations() []turn {
	dana, lee, admin, stranger := "U0DEV", "U0LEAD", "U0ADMIN", "U0STRANGER"
	adopt := "district adopt west --region eu-west-1 --role arn:aws:iam::123456789012:role/bcn --cfn-role arn:aws:iam::123456789012:role/cfn " +
		"--vpc vpc-1 --cluster west --subnets subnet-1,subnet-2 --public-subnets subnet-3,subnet-4 --security-groups sg-1 --bucket b --for production"
	none := func(w *world) { *w = world{} }
	return []turn{
		{user: dana, text: ""},
		{user: dana, text: "help"},
		{user: dana, text: "HELP Deploy"},
		{user: dana, text: "deploy --help"},
		{user: dana, text: "help district adopt"},
		{user: dana, text: "district"},
		{user: dana, text: "help endpoint"},
		{user: dana, text: "help depoly"},
		{user: dana, text: "help nonsense"},
		{user: dana, text: "help rollback"},
		// deploy
		{user: dana, text: "deploy hello production v2"},
		{user: dana, text: "<@U0BOT> Deploy hello production v2 —reason it’s *fixed* -- see <https://x.example|x.example> &amp; tell <!channel>"},
		{user: dana, text: "deploy hello production v2", world: func(w *world) { w.behind = 1039 }},
		{user: dana, text: "deploy hello production"},
		{user: dana, text: "deploy hello"},
		{user: dana, text: "deploy"},
		{user: dana, text: "deploy hello production v2 v3"},
		{user: dana, text: "deploy hello production v2 --resaon x"},
		{user: dana, text: "deploy hello production v2 --reason"},
		{user: dana, text: "deploy hello production 'v2"},
		{user: dana, text: "deploy hello production v2 --reason " + strings.Repeat("x", 4000)},
		{user: dana, text: "deploy hello production v2 -x"},
		{user: dana, text: "deploy hello production ''"},
		// wrong words
		{user: dana, text: "depoly helo prod v2"},
		{user: dana, text: "depoly hello production v2 --reason it's time"},
		{user: dana, text: "deploy helo prod v2"},
		{user: dana, text: "deploy helo production v2"},
		{user: dana, text: "deploy hello prod v2"},
		{user: dana, text: "deploy zzz production v2"},
		{user: dana, text: "depoly zzz prod v2"},
		{user: dana, text: "depoly"},
		{user: dana, text: "depoly helo"},
		{user: stranger, text: "deploy helo production v2"},
		{user: dana, text: "staus"},
		{user: dana, text: "whomai"},
		{user: dana, text: "xyzzy"},
		{user: dana, text: "aprove 1040"},
		{user: dana, text: "district lst"},
		{user: dana, text: "distrct list"},
		{user: dana, text: "district xyzzy"},
		{user: dana, text: "rollback hello production"},
		{user: dana, text: "rolback hello production"},
		{user: dana, text: "env set hello production A=b"},
		{user: dana, text: "district create x"},
		{user: dana, text: "district plugin list"},
		{user: dana, text: "<!channel> `rm` *bold*"},
		// plan, cancel, decide
		{user: dana, text: "plan hello production v2"},
		{user: dana, text: "plan hello production"},
		{user: dana, text: "plan hello staging"},
		{user: dana, text: "cancel 1040"},
		{user: dana, text: "cancel #1040"},
		{user: dana, text: "cancel ＃１０４０"},
		{user: dana, text: "cancel soon"},
		{user: dana, text: "approvals"},
		{user: lee, text: "approvals"},
		{user: stranger, text: "approvals"},
		{user: lee, text: "approvals", world: none},
		{user: lee, text: "approve 1040"},
		{user: lee, text: "approve 1040", world: func(w *world) { w.short = true }},
		{user: dana, text: "approve 1040"},
		{user: lee, text: "approve 7"},
		{user: lee, text: "approve"},
		{user: lee, text: "reject 1040"},
		{user: dana, text: "reject #1040"},
		{user: lee, text: "reject 7"},
		{user: lee, text: "reject #1040 don't -- the \"migration\" --for v2 isn’t done"},
		{user: lee, text: "reject 1040 --reason no"},
		{user: lee, action: chat.ActionApprove, value: "1040", message: "10.40"},
		{user: lee, action: chat.ActionReject, value: "1040", message: "10.40"},
		{user: lee, action: chat.ActionApprove, value: "1040", message: "99.99"},
		{user: lee, action: chat.ActionApprove, value: "1040", world: func(w *world) { w.short = true }},
		{user: dana, action: chat.ActionCancel, value: "1040", message: "10.40"},
		{user: dana, action: chat.ActionPlanAgain, value: "1040"},
		{user: admin, action: chat.ActionReplay, value: "1039"},
		{user: admin, action: "other", value: "1"},
		{user: admin, action: chat.ActionApprove, value: "<!here>"},
		// look
		{user: dana, text: "whoami"},
		{user: stranger, text: "whoami"},
		{user: dana, text: "login"},
		{user: lee, text: "login"},
		{user: dana, text: "login --forget"},
		{user: lee, text: "login --forget"},
		{user: dana, text: "apps"},
		{user: dana, text: "apps", world: none},
		{user: stranger, text: "apps"},
		{user: dana, text: "status"},
		{user: dana, text: "status hello production"},
		{user: dana, text: "status helo"},
		{user: dana, text: "status", world: none},
		{user: dana, text: "status hello", world: func(w *world) { w.liveErr = bcn.E(bcn.CodeUnavailable, "what", "AWS ECS") }},
		{user: dana, text: "status shop", world: func(w *world) { w.halt = deploy.Halt{On: true, By: "U0ADMIN", Reason: "network move"} }},
		{user: dana, text: "status", world: func(w *world) { w.blind["shop"] = true }},
		{user: dana, text: "releases hello production"},
		{user: dana, text: "releases hello staging"},
		{user: stranger, text: "releases hello production"},
		{user: dana, text: "show hello production"},
		{user: dana, text: "show hello staging"},
		// set up
		{user: admin, text: "create shop staging --district main --source github:acme/shop --channel <#C0SHOP|shop>"},
		{user: admin, text: "create shop staging --district main --source github:acme/shop --channel #shop"},
		{user: admin, text: "create shop staging --district man --source github:acme/shop"},
		{user: admin, text: "create shop staging"},
		{user: admin, text: "create list staging --district main --source dir:x"},
		{user: admin, text: "create Shop staging --district main --source dir:x"},
		{user: admin, text: "create shop staging --district main --source ftp:x"},
		{user: dana, text: "district list"},
		{user: dana, text: "district list", world: none},
		{user: dana, text: "district show main"},
		{user: dana, text: "district show mian"},
		{user: dana, text: "district plugin"},
		{user: dana, text: "help district plugin set"},
		{user: dana, text: "district plugin list main"},
		{user: dana, text: "district plugin list main", world: func(w *world) {
			w.districts[0].Plugins = []bcn.Plugin{{
				Name: "datadog", Image: "public.ecr.aws/datadog/agent@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
				Settings: map[string]string{"api_key": "/barcelona/main/plugin/datadog/api_key", "site": "datadoghq.eu"},
			}}
		}},
		{user: dana, text: "district plugin list mian"},
		{user: dana, text: "district plugin set main datadog api_key=/barcelona/main/plugin/datadog/api_key"},
		{user: dana, text: "district plugin set main datadog api_key=0123456789abcdef0123456789abcdef"},
		{user: dana, text: "district plugin set main datadog site=mars"},
		{user: dana, text: "district plugin set main vpn a=b"},
		{user: dana, text: "district plugin unset main datadog"},
		{user: stranger, text: "district list"},
		{user: admin, text: adopt},
		{user: admin, text: strings.Replace(adopt, "--for production", "--assign-public-ip --for production, staging,production", 1)},
		{user: admin, text: strings.Replace(adopt, "vpc-1", "10.0.0.0/16", 1)},
		{user: admin, text: "district adopt west"},
		{user: dana, text: "endpoint list"},
		{user: dana, text: "endpoint list", world: none},
		{user: dana, text: "endpoint show web"},
		{user: admin, text: "endpoint create api --district main --public --for production"},
		{user: admin, text: "endpoint create api --district main --public=maybe --for production"},
		{user: admin, text: "endpoint create api --district main --certificate x --for production"},
		// access
		{user: dana, text: "access"},
		{user: dana, text: "access --help"},
		{user: dana, text: "help access open"},
		{user: dana, text: "access hello production for 10m --reason a customer sees no orders"},
		{user: dana, text: "Access hello production for 10 minutes —reason the queue’s stuck — see <https://x.example|x.example> -- rails runner 'Job.stuck.count &gt; 1' --for 2h"},
		{user: dana, text: "access hello production web --live --task 0123456789abcdef0123456789abcdef for 1h --reason slow"},
		{user: dana, text: "access --district main --instance i-0123456789abcdef0 for 90 seconds --reason the disk is full"},
		{user: dana, text: "access --district main --port orders-db --reason a query hangs"},
		{user: dana, text: "access helo prod for 10m --reason x"},
		{user: dana, text: "acess hello production for 10m --reason x -- rails c"},
		{user: dana, text: "acess lst"},
		{user: dana, text: "access lst"},
		{user: dana, text: "access ned 1042"},
		{user: dana, text: "access hello"},
		{user: dana, text: "access hello production"},
		{user: dana, text: "access hello production for 10 --reason x"},
		{user: dana, text: "access hello production for 10x --reason x"},
		{user: dana, text: "access hello production for 30s --reason x"},
		{user: dana, text: "access hello production web --reason x"},
		{user: dana, text: "access hello production --task 0123 --reason x"},
		{user: dana, text: "access hello production --live --task 0123 --reason x"},
		{user: dana, text: "access hello production --district main --instance i-0123456789abcdef0 --reason x"},
		{user: dana, text: "access --district main --instance i-0123456789abcdef0 --port orders-db --reason x"},
		{user: dana, text: "access --district main --instance i-0123456789abcdef0 --live --reason x"},
		{user: dana, text: "access --district main --port orders-db --reason x -- psql"},
		{user: dana, text: "access --district main --reason x"},
		{user: dana, text: "access --instance i-0123456789abcdef0 --reason x"},
		{user: dana, text: "access --district main --instance web1 --reason x"},
		{user: dana, text: "access --reason x"},
		{user: dana, text: "access hello production --reason x --"},
		{user: dana, text: "access hello production --reason x -- " + strings.Repeat("y", 501)},
		{user: dana, text: "access hello production --reason x -- rails c\nrm -rf /"},
		{user: dana, text: "access hello production --reason x -- cat \u202efdp.txt"},
		{user: dana, text: "access list"},
		{user: lee, text: "access list"},
		{user: stranger, text: "access list"},
		{user: dana, text: "access list", world: func(w *world) { w.grants = nil }},
		{user: dana, text: "access open 1050 " + recipient},
		{user: dana, text: "access open 1050 " + recipient + " --bind", world: func(w *world) { w.sealed = "" }},
		{user: dana, text: "access open 1050 age1short"},
		{user: dana, text: "access open 1050 AGE-SECRET-KEY-1QQQQQQQQQQ"},
		{user: dana, text: "access open 1050"},
		{user: dana, text: "access open 1050 " + recipient, world: func(w *world) {
			w.openErr = bcn.E(bcn.CodeGrantKey, "id", "#1050", "fingerprint", "aaaa-bbbb-cccc-dddd-eeee")
		}},
		{user: dana, text: "access end"},
		{user: dana, text: "access end #1050"},
		{user: dana, text: "access end soon"},
		{user: dana, text: "access extend 1050 for 20m"},
		{user: dana, text: "access extend 1050"},
		{user: dana, text: "access extend 1050 for 20"},
		{user: dana, text: "access extend"},
		{user: dana, action: chat.ActionAccessEnd, value: "1050", message: "10.50"},
		{user: dana, action: chat.ActionAccessEnd, value: "1050", message: "99.99"},
		{user: dana, action: chat.ActionAccessExtend, value: "1050"},
		// by the clock
		{user: dana, text: "schedule"},
		{user: dana, text: "schedule add --help"},
		{user: dana, text: `schedule add "0 2 * * *" --name nightly2 --tz asia/tokyo --announce 10m -- deploy hello staging latest`},
		{user: dana, text: "schedule add “0 2 * * *” —ask-before 4h —in <#C0HELLO|hello> — /bcn deploy hello production latest --reason it’s *weekly* -- <@U0LEAD|lee> knows", world: func(w *world) { w.gated = []string{"leads"} }},
		{user: dana, text: "schedule add 0 2 * * 1-5 --yes --on-conflict queue --on-missed catch-up --retries 2 --timeout 1h30m --quiet -- deploy hello staging latest"},
		{user: lee, text: "schedule add *0 2 * * ** --dry-run -- status"},
		{user: dana, text: "schedule add `@daily` -- digest --in <#C0HELLO|hello>"},
		{user: dana, text: "schedule add every 30m -- approvals"},
		{user: dana, text: "schedule add at 2027-01-05 09:30 -- plan hello production"},
		{user: dana, text: "schedule add mondays, thu at 10, 15:30 -- parked list"},
		{user: dana, text: "schedule add --after nightly -- status hello staging"},
		{user: dana, text: "schedule add 0 25 * * * -- status"},
		{user: dana, text: "schedule add 0 2 30 2 * -- status"},
		{user: dana, text: "schedule add every 10s -- status"},
		{user: dana, text: "schedule add at 2020-01-05 09:30 -- status"},
		{user: dana, text: "schedule add @dayly -- status"},
		{user: dana, text: "schedule add sometimes -- status"},
		{user: dana, text: "schedule add @daily --tz Asia/Tokio -- status"},
		{user: dana, text: "schedule add @daily --on-missed never -- status"},
		{user: dana, text: "schedule add @daily --on-conflict never -- status"},
		{user: dana, text: "schedule add @daily --announce 10 -- status"},
		{user: dana, text: "schedule add @daily --announce 10d -- status"},
		{user: dana, text: "schedule add @daily --retries 99 -- status"},
		{user: dana, text: "schedule add @daily --in #general -- status"},
		{user: dana, text: "schedule add @daily --name list -- status"},
		{user: dana, text: "schedule add @daily --after nightly -- status"},
		{user: dana, text: "schedule add -- status"},
		{user: dana, text: "schedule add @daily"},
		{user: dana, text: "schedule add @daily --"},
		{user: dana, text: "schedule add @daily deploy hello staging latest"},
		{user: dana, text: "schedule add @daily -- deploy hello"},
		{user: dana, text: "schedule add @daily -- depoly hello staging latest"},
		{user: dana, text: "schedule add @daily -- approve 1040"},
		{user: dana, text: "schedule add @daily -- access hello production --reason x"},
		{user: dana, text: "schedule add @daily -- schedule list"},
		{user: dana, text: "schedule add @daily -- halt"},
		{user: dana, text: "schedule add @daily -- rollback hello production"},
		{user: dana, text: "schedule add @daily -- status " + strings.Repeat("x", 501)},
		{user: dana, text: "schedule lst"},
		{user: dana, text: "schedule list"},
		{user: lee, text: "schedule list", world: func(w *world) { w.blind["hello"] = true }},
		{user: stranger, text: "schedule list"},
		{user: dana, text: "schedule list", world: none},
		{user: dana, text: "schedule show nightly"},
		{user: lee, text: "schedule show weekly"},
		{user: dana, text: "schedule show report"},
		{user: admin, text: "schedule show 1064"},
		{user: dana, text: "schedule show nightli"},
		{user: stranger, text: "schedule show nightly"},
		{user: dana, text: "schedule show Not-A-Name"},
		{user: dana, text: "schedule run nightly"},
		{user: dana, text: "schedule skip nightly"},
		{user: dana, text: "schedule skip old"},
		{user: dana, text: "schedule pause nightly"},
		{user: lee, text: "schedule pause nightly"},
		{user: admin, text: "schedule resume old"},
		{user: dana, text: "schedule remove nightly"},
		{user: dana, text: "schedule remove"},
		{user: dana, text: "schedule edit nightly"},
		{user: dana, text: `schedule edit nightly --spec "30 3 * * *" --announce 0 --loud --name night -- deploy hello staging v2`},
		{user: dana, text: "schedule edit weekly --after nightly"},
		{user: dana, text: "schedule edit weekly -- halt"},
		{user: dana, text: "schedule calendar"},
		{user: lee, text: "schedule calendar hello"},
		{user: dana, text: "schedule calendar helo"},
		{user: stranger, text: "schedule calendar"},
		{user: dana, text: "schedule calendar", world: none},
		{user: dana, action: chat.ActionScheduleSave, value: "1060"},
		{user: dana, action: chat.ActionScheduleSave, value: "7"},
		{user: dana, action: chat.ActionScheduleSave, value: "x"},
		{user: dana, action: chat.ActionScheduleDrop, value: "1060"},
		{user: dana, action: chat.ActionScheduleRun, value: "1061"},
		{user: dana, action: chat.ActionScheduleSkip, value: "1061"},
		{user: dana, action: chat.ActionSchedulePause, value: "1061"},
		{user: admin, action: chat.ActionScheduleResume, value: "1064"},
		{user: dana, action: chat.ActionTickSkip, value: "1071"},
		{user: dana, action: chat.ActionTickRun, value: "1071"},
		{user: dana, action: chat.ActionTickPause, value: "1071"},
		{user: dana, text: "digest"},
		{user: dana, text: "digest --in <#C0HELLO|hello> --since 30d"},
		{user: dana, text: "digest --since 1d"},
		{user: dana, text: "digest --since soon"},
		{user: dana, text: "digest", world: func(w *world) { w.blind["shop"] = true }},
		{user: stranger, text: "digest"},
		// operate
		{user: admin, text: "parked list"},
		{user: admin, text: "parked list", world: none},
		{user: admin, text: "parked show 1039"},
		{user: admin, text: "parked show 1040"},
		{user: admin, text: "parked show 5"},
		{user: admin, text: "parked replay 1039"},
		{user: stranger, text: "parked list"},
		{user: admin, text: "halt"},
		{user: admin, text: "halt --reason the network moves"},
		{user: admin, text: "resume"},
	}
}
