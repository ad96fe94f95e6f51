package commands

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/text"
)

func TestReasons(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ in, want string }{
		"goes to the end of the text":          {"deploy a b c --reason fix it's “quoted” -- and `more`", "fix it's “quoted” -- and `more`"},
		"may stand in front of words of flags": {"deploy a b c --reason see --force for 10m", "see --force for 10m"},
		"may contain its own flag":             {"deploy a b c --reason the --reason flag", "the --reason flag"},
		"may follow an equals sign":            {"deploy a b c --reason=because", "because"},
		"may follow a long dash":               {"deploy a b c —reason because", "because"},
		"may follow a wide space":              {"deploy a b c\u3000--reason\u3000直した", "直した"},
		"keeps a backslash":                    {`deploy a b c --reason C:\temp`, `C:\temp`},
		"keeps a leading dash":                 {"deploy a b c --reason -x", "-x"},
		"is not a file":                        {"deploy a b c --reason @/etc/passwd", "@/etc/passwd"},
		"may be empty":                         {"deploy a b c", ""},
		"may have 500 characters":              {"deploy a b c --reason " + strings.Repeat("理", 500), strings.Repeat("理", 500)},
	} {
		t.Run("a reason "+name, func(t *testing.T) {
			t.Parallel()
			got, err := parse(c.in, "/bcn")
			if err != nil {
				t.Fatal(err)
			}
			g := got.grammar.(*deployArgs)
			if want := (deployArgs{App: "a", Env: "b", Tag: "c", Reason: c.want}); *g != want {
				t.Errorf("got %+v, want %+v", *g, want)
			}
		})
	}
	t.Run("a reason of 501 characters is refused with its length", func(t *testing.T) {
		t.Parallel()
		_, err := parse("reject 7 "+strings.Repeat("x", 501), "/bcn")
		var e *bcn.Error
		if !errors.As(err, &e) || e.Code != bcn.CodeReasonTooLong || e.Params["length"] != "501" || e.Params["limit"] != "500" {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a reason ends where the next flag of the verb begins", func(t *testing.T) {
		t.Parallel()
		type grammar struct {
			App    string `arg:""`
			Live   bool   `name:"live"`
			Reason string `name:"reason" placeholder:"TEXT" free:""`
		}
		c := command{verb: find("deploy"), grammar: &grammar{}}
		args, err := c.arguments(" hello --reason it's a --lively thing --live")
		if err != nil {
			t.Fatal(err)
		}
		if err := fill(c.grammar, args); err != nil {
			t.Fatal(err)
		}
		if got := *c.grammar.(*grammar); got != (grammar{"hello", true, "it's a --lively thing"}) {
			t.Errorf("got %+v", got)
		}
	})
}

func TestNames(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bcn.Code{
		"hello": "", "a": "", "hello-2": "", "a1-b2": "", strings.Repeat("a", 40): "",
		"": bcn.CodeBadName, "Hello": bcn.CodeBadName, "2a": bcn.CodeBadName, "a_b": bcn.CodeBadName, "a--b": bcn.CodeBadName, "a-": bcn.CodeBadName,
		"-a": bcn.CodeBadName, "a.b": bcn.CodeBadName, "日本": bcn.CodeBadName, strings.Repeat("a", 41): bcn.CodeBadName,
		"list": bcn.CodeReservedName, "for": bcn.CodeReservedName, "all": bcn.CodeReservedName, "deploy": bcn.CodeReservedName,
		"district": bcn.CodeReservedName, "access": bcn.CodeReservedName, "read": bcn.CodeReservedName,
	} {
		if got := bcn.CodeOf(checkName(s)); got != want {
			t.Errorf("checkName(%q): %q, want %q", s, got, want)
		}
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	cat, err := text.New()
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range table() {
		t.Run(v.name+" is explained, word by word", func(t *testing.T) {
			t.Parallel()
			if v.name != strings.ToLower(v.name) || !cat.Has(v.summary) || !cat.Has(v.group) {
				t.Errorf("incomplete: %+v", v)
			}
			for _, f := range fields(v.grammar()) {
				if _, ok := explanations()[f.kind]; !ok {
					t.Errorf("%s has no explanation", f.name)
				}
			}
			for _, e := range examples(v.name) {
				if c, err := parse(e, "/bcn"); e != createExample && (err != nil || c.verb.name != v.name || c.typo != "") {
					t.Errorf("the example %q does not parse as %s: %v", e, v.name, err)
				}
			}
			for _, q := range []string{v.name + " --help", strings.ToUpper(v.name) + " -h", v.name + " a --help"} {
				if c, err := parse(q, "/bcn"); err != nil || !c.help || c.verb.name != v.name {
					t.Errorf("%q is no help: %+v %v", q, c, err)
				}
			}
		})
	}
	t.Run("every rule verb is one word that rules may name", func(t *testing.T) {
		t.Parallel()
		for _, v := range RuleVerbs() {
			if strings.Contains(v, " ") || v == "read" || v == "*" || v == "" || v == "approve" || v == "reject" {
				t.Errorf("%q", v)
			}
		}
	})
}

var entity = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// TestTypedAgain: the command that a correction tells people to type parses to
// what was meant.
func TestTypedAgain(t *testing.T) {
	t.Parallel()
	word := rapid.StringMatching(`[a-z0-9][a-z0-9./:@_-]{0,12}`)
	free := rapid.StringMatching(`([a-zé'"*$\\][a-z '"—*$\\#&<>-]{0,20}[a-z.!])?`)
	rapid.Check(t, func(t *rapid.T) {
		in := deployArgs{App: word.Draw(t, "app"), Env: word.Draw(t, "env"), Tag: word.Draw(t, "tag"), Reason: free.Draw(t, "reason")}
		line := entity.Replace(typed("deploy", &in)) // as Slack sends what was typed
		c, err := parse(line, "/bcn")
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		got := *c.grammar.(*deployArgs)
		got.Reason, in.Reason = strings.TrimSpace(got.Reason), strings.TrimSpace(in.Reason)
		if got != in {
			t.Fatalf("%q parsed to %+v, meant %+v", line, got, in)
		}
	})
}

// FuzzParse: no text panics, every refusal has a code with a sentence, and
// what is accepted is within bounds.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"", "help", "deploy a b c --reason x", "reject 1 “x", "district adopt --for a,b", "<@U1> deploy", "<|> &amp;", "deploy — – -é --=x",
		"create a b --district=x --source", "endpoint create x --public=1 --for ,", "deploy -- -- --", "cancel ＃１", "run a b -- c", "\x00\xff deploy", "for 10m",
		"access a b for 10 minutes --reason x -- rails c", "access --district d --instance i-01234567 --reason —", "access list", "access open 1 age1", "access extend 1 for 1h30m",
		`schedule add "0 2 * * *" --tz asia/tokyo --announce 10m -- deploy a b c --reason x`, "schedule add *0 2 * * ** — /bcn status", "schedule add --after x -- digest --in <#C1|x>",
		"schedule edit x --spec `@daily` --announce 0 --loud", "schedule add at 2027-01-05 09:30 -- schedule add @daily -- status", "digest --since 999999d", "schedule add ** -- --",
		"access a b --reason -- --", "access a b s --live --task 0123456789abcdef0123456789abcdef --reason x for 5", "access -- \u202e --reason", "acess ned 1",
	} {
		f.Add(s)
	}
	cat, err := text.New()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := parse(s, "/bcn")
		if err != nil {
			code := bcn.CodeOf(err)
			if code == bcn.CodeInternal || !cat.Has(text.ErrorID(code)) {
				t.Fatalf("%q: %v", s, err)
			}
			return
		}
		if c.verb == nil || c.grammar == nil {
			t.Fatalf("%q: neither an error nor a command", s)
		}
		for _, x := range fields(c.grammar) {
			if x.value.Kind() != reflect.String {
				continue
			}
			if v := x.value.String(); !utf8.ValidString(v) || utf8.RuneCountInString(v) > maxReason {
				t.Fatalf("%q: %s is %q", s, x.name, v)
			}
		}
		if g, ok := c.grammar.(*accessArgs); ok && !c.help {
			if g.Reason == "" || strings.ContainsFunc(g.Command, hidden) || g.length != 0 && g.length < minLength {
				t.Fatalf("%q: %+v", s, g)
			}
			if g.kind() == bcn.KindAccess || g.kind() == bcn.KindAccessLive {
				if g.App == "" || g.Env == "" || g.District != "" {
					t.Fatalf("%q: %+v", s, g)
				}
			} else if g.App+g.Command != "" || g.District == "" {
				t.Fatalf("%q: %+v", s, g)
			}
		}
		if g, ok := c.grammar.(*scheduleAddArgs); ok && !c.help {
			if _, err := readScheduled(g.Command); err != nil || (g.spec == "") == (g.After == "") || g.announce < 0 || g.retries > maxRetries {
				t.Fatalf("%q: %+v: %v", s, g, err)
			}
		}
		if c.verb.name == "deploy" && c.typo == "" && !c.help {
			if g := c.grammar.(*deployArgs); g.App == "" || g.Env == "" || g.Tag == "" {
				t.Fatalf("%q: something was made up or left out: %+v", s, g)
			}
		}
	})
}
