package commands

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/schedule"
	"github.com/bcn-bot/bcn/internal/text"
)

func TestScheduleGrammar(t *testing.T) {
	t.Parallel()
	type want struct{ spec, command string }
	nightly := want{"0 2 * * *", "deploy a b c"}
	for in, want := range map[string]want{
		`schedule add "0 2 * * *" -- deploy a b c`:                        nightly,
		"schedule add “0 2 * * *” -- deploy a b c":                        nightly,
		"schedule add '0 2 * * *' --quiet -- deploy a b c":                nightly,
		"schedule add ‘0 2 * * *’ — deploy a b c":                         nightly,
		"schedule add `0 2 * * *` -- deploy a b c":                        nightly,
		"schedule add 0 2 * * * -- deploy a b c":                          nightly,
		"schedule add 0 2 * * * —tz UTC —quiet -- deploy a b c":           nightly,
		"schedule add --tz UTC 0 2 * * * -- deploy a b c":                 nightly,
		"schedule add *0 2 * * ** -- deploy a b c":                        nightly,
		"schedule add 0 2 *** -- deploy a b c":                            nightly,
		"schedule add 0 2* * * -- deploy a b c":                           nightly,
		"schedule add ０　２　＊　＊　＊ -- deploy a b c":                          nightly,
		"<@U0BOT> Schedule Add 0 2 * * * -- /bcn deploy a b c":            nightly,
		"schedule add 0 2 * * * --\u00a0deploy a b c":                     nightly,
		"schedule add */15 9-17 * * mon-fri -- status":                    {"*/15 9-17 * * mon-fri", "status"},
		"schedule add 0 9–17 * * 1–5 -- status":                           {"0 9-17 * * 1-5", "status"},
		"schedule add @daily -- status":                                   {"@daily", "status"},
		"schedule add _@daily_ -- status":                                 {"@daily", "status"},
		"schedule add every 30m -- status":                                {"every 30m", "status"},
		"schedule add *every 2 hours* -- status":                          {"every 2 hours", "status"},
		"schedule add every mon, thu at 15:00 -- status":                  {"every mon, thu at 15:00", "status"},
		"schedule add at 2027-01-05 09:30 -- status":                      {"at 2027-01-05 09:30", "status"},
		"schedule add --after x -- status a":                              {"", "status a"},
		"schedule add @daily -- deploy a b c --reason it’s &lt;x&gt; — y": {"@daily", "deploy a b c --reason it’s <x> — y"},
		"schedule add @daily -- deploy a b c --reason a -- b":             {"@daily", "deploy a b c --reason a -- b"},
		"schedule add @daily -- digest --in <#C0ABC|here>":                {"@daily", "digest --in C0ABC"},
	} {
		t.Run(in, func(t *testing.T) {
			t.Parallel()
			c, err := parse(in, "/bcn")
			if err != nil || c.typo != "" {
				t.Fatal(c.typo, err)
			}
			g := c.grammar.(*scheduleAddArgs)
			if g.spec != want.spec || bareCommand(g.Command) != want.command {
				t.Errorf("got %q -- %q", g.spec, g.Command)
			}
		})
	}
}

// TestScheduleTypedAgain: what was understood of a schedule, typed as bcn would
// write it, is understood as the same.
func TestScheduleTypedAgain(t *testing.T) {
	t.Parallel()
	number := rapid.StringMatching(`(\*|[0-9]{1,2}|[1-5]-[6-9]|\*/[2-9]|[0-4],[5-9])`)
	word := rapid.StringMatching(`[a-z][a-z0-9-]{0,10}`)
	free := rapid.StringMatching(`[a-zé'"*$\\#&<>-][a-z '"*$\\#&<>|-]{0,20}[a-z.!]`)
	lengths := rapid.SampledFrom([]string{"", "0", "10m", "4h", "1h30m", "2d"})
	rapid.Check(t, func(t *rapid.T) {
		in := scheduleAddArgs{Spec: []string{strings.Join(rapid.SliceOfN(number, 5, 5).Draw(t, "spec"), " ")}}
		in.Command = "deploy " + word.Draw(t, "app") + " " + word.Draw(t, "env") + " v1 --reason " + free.Draw(t, "reason")
		in.AskBefore, in.Announce, in.Timeout = lengths.Draw(t, "ask"), lengths.Draw(t, "announce"), lengths.Draw(t, "timeout")
		in.Quiet, in.Yes = rapid.Bool().Draw(t, "quiet"), rapid.Bool().Draw(t, "yes")
		in.TZ = rapid.SampledFrom([]string{"", "Asia/Tokyo", "UTC"}).Draw(t, "zone")
		line := typedSchedule(&in)
		c, err := parse(entity.Replace(line), "/bcn")
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		got := c.grammar.(*scheduleAddArgs)
		if got.spec != in.Spec[0] || got.Command != in.Command || got.AskBefore != in.AskBefore || got.Quiet != in.Quiet || got.TZ != in.TZ || got.Yes != in.Yes {
			t.Fatalf("%q parsed to %+v", line, got)
		}
		var s bcn.Schedule
		got.apply(&s)
		if want, _ := (span{"announce", "10m", 0, 7 * 24 * time.Hour}).read(in.Announce); s.Options.Announce != want {
			t.Fatalf("%q announces %s before", line, s.Options.Announce)
		}
	})
}

// typedSchedule quotes the expression, as people do.
func typedSchedule(g *scheduleAddArgs) string {
	plain := *g
	plain.Spec = nil
	line, _ := strings.CutPrefix(typed("schedule add", &plain), "schedule add")
	return `schedule add "` + g.Spec[0] + `"` + line
}

// TestPlainSpec: what is an expression as it was typed is never touched, and
// whatever comes out means something only if a person could have meant it.
func TestPlainSpec(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`([*0-9/,-]{1,4} ){4}[*0-9/,-]{1,4}`).Draw(t, "spec")
		got := plainSpec(s)
		if isCron(s) && got != s {
			t.Fatalf("%q became %q", s, got)
		}
		if squeeze := func(x string) string { return strings.ReplaceAll(x, " ", "") }; squeeze(got) != squeeze(s) && squeeze("*"+got+"*") != squeeze(s) {
			t.Fatalf("%q became %q: more than spaces and marks changed", s, got)
		}
		if plainSpec(got) != got {
			t.Fatalf("%q became %q, and that %q", s, got, plainSpec(got))
		}
	})
}

func TestSpans(t *testing.T) {
	t.Parallel()
	x := span{"announce", "10m", 0, 7 * 24 * time.Hour}
	for in, want := range map[string]time.Duration{
		"": 0, "0": 0, "1m": time.Minute, "10 m": 10 * time.Minute, "4H": 4 * time.Hour, "1h30m": 90 * time.Minute, "7d": 7 * 24 * time.Hour, "2days": 48 * time.Hour, "90s": 90 * time.Second,
	} {
		if got, err := x.read(in); got != want || err != nil {
			t.Errorf("read(%q) = %s, %v, want %s", in, got, err, want)
		}
	}
	for _, in := range []string{"10", "10x", "m", "-1h", "1.5h", "30s", "8d", "999999d", "999999d999999d999999h", "every day"} {
		var p problem
		if got, err := x.read(in); !errors.As(err, &p) || got != 0 || !strings.HasPrefix(p.word, "--announce ") {
			t.Errorf("read(%q) = %s, %v", in, got, err)
		}
	}
}

// TestWhen says of one schedule of each kind when it runs, in both languages.
func TestWhen(t *testing.T) {
	t.Parallel()
	cat, err := text.New()
	if err != nil {
		t.Fatal(err)
	}
	r, told := New(Options{Text: cat}), map[schedule.Kind]bool{}
	for spec, want := range map[string][2]string{
		"at 2027-01-05 09:30": {"once, on 2027-01-05 at 09:30", "1 回だけ、2027-01-05 09:30"},
		"every 7m":            {"every 7 min, counted from 2026-11-21 09:00", "2026-11-21 09:00 から 7分ごと"},
		"every 30m":           {"every 30 min", "30分ごと"},
		"5,35 * * * *":        {"every hour at :05 and :35", "毎時 :05、:35"},
		"0 2 * * *":           {"every day at 02:00", "毎日 02:00"},
		"30 9,12,18 * * *":    {"every day at 09:30, 12:30 and 18:30", "毎日 09:30、12:30、18:30"},
		"mondays at 10":       {"Mondays at 10:00", "毎週 月曜日 10:00"},
		"0 15 * * sun,thu":    {"Thursdays and Sundays at 15:00", "毎週 木曜日、日曜日 15:00"},
		"30 9 * * 1-5":        {"Monday to Friday at 09:30", "毎週 月曜日〜金曜日 09:30"},
		"0 3 1,15 * *":        {"every month on the 1st and 15th at 03:00", "毎月 1 日、15 日 03:00"},
		"0 3 1-3,22,31 * *":   {"every month on the 1st to 3rd, 22nd and 31st at 03:00", "毎月 1 日〜3 日、22 日、31 日 03:00"},
		"0 0 1 1,7 *":         {"every year in January and July on the 1st at 00:00", "毎年 1 月、7 月 の 1 日 00:00"},
		"*/15 9-17 * * 1-5":   {"at minute :00, :15, :30 and :45 of the hours 9 to 17, Monday to Friday", "毎週月曜日〜金曜日の9〜17 時の:00、:15、:30、:45"},
		"0 12 13 * 5":         {"at 12:00, on the 13th and also on Fridays", "13 日と、毎週金曜日の12:00"},
	} {
		s, err := schedule.Parse(spec, "Europe/London", time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC))
		if err != nil {
			t.Fatal(spec, err)
		}
		u := schedule.Describe(s)
		told[u.Kind] = true
		for i, lang := range text.Languages() {
			if got := string(r.means(lang, u)); got != want[i] {
				t.Errorf("%s in %s: %q, want %q", spec, lang, got, want[i])
			}
		}
	}
	for _, k := range schedule.Kinds() {
		if !told[k] {
			t.Errorf("no example of %s", k)
		}
	}
}

// TestScheduled: what may run by the clock is what the table says, and nothing
// of it decides, opens, sets up or schedules.
func TestScheduled(t *testing.T) {
	t.Parallel()
	var may []string
	for _, v := range table() {
		if v.scheduled != byHand {
			may = append(may, v.name)
			if v.rule == "" {
				t.Errorf("%s runs by the clock and no rule is asked", v.name)
			}
		}
		if v.scheduled == shows && v.effect != reads {
			t.Errorf("%s only shows something, and changes", v.name)
		}
	}
	want := []string{
		"deploy", "plan", "run", "promote", "restart", "scale", "locks", "approvals", "status", "logs", "releases", "apps", "show", "digest",
		"guardrails list", "guardrails test", "env list", "district list", "district show", "district plugin list", "endpoint list", "endpoint show", "parked list",
	}
	if !slices.Equal(may, want) {
		t.Errorf("by the clock run %v", may)
	}
	t.Run("what is stored is read as it was typed, not as Slack's text", func(t *testing.T) {
		t.Parallel()
		c, err := readScheduled("deploy a b c --reason <#C1|x> &lt; <!here>")
		if err != nil {
			t.Fatal(err)
		}
		if got := c.grammar.(*deployArgs).Reason; got != "<#C1|x> &lt; <!here>" {
			t.Errorf("%q", got)
		}
	})
	for in, want := range map[string]bcn.Code{
		"":                 bcn.CodeNotSchedulable,
		"/bcn":             bcn.CodeNotSchedulable,
		"deploy --help":    bcn.CodeNotSchedulable,
		"help":             bcn.CodeNotSchedulable,
		"whoami":           bcn.CodeNotSchedulable,
		"district":         bcn.CodeNotSchedulable,
		"access end":       bcn.CodeNotSchedulable,
		"schedule run x":   bcn.CodeNotSchedulable,
		"resume":           bcn.CodeNotSchedulable,
		"deploy a b":       bcn.CodeUsage,
		"deploy a b c d e": bcn.CodeUsage,
		"depoly a b c":     bcn.CodeUnknownVerb,
		"aprove 7":         bcn.CodeNotSchedulable,
		"xyzzy":            bcn.CodeUnknownVerb,
		"rollback a b":     bcn.CodeNotSchedulable,
		"status":           "",
		"/bcn status a":    "",
	} {
		t.Run("by the clock: "+in, func(t *testing.T) {
			t.Parallel()
			if _, err := readScheduled(in); bcn.CodeOf(err) != want {
				t.Errorf("got %v", err)
			}
		})
	}
}
