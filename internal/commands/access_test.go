package commands

import (
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/text"
)

func TestAccessGrammar(t *testing.T) {
	t.Parallel()
	const node, task = "i-0123456789abcdef0", "0123456789abcdef0123456789abcdef"
	for in, want := range map[string]accessArgs{
		"access a b --reason x":                                         {App: "a", Env: "b", Reason: "x"},
		"access a b for 10m --reason x":                                 {App: "a", Env: "b", Reason: "x", For: "10m", length: 10 * time.Minute},
		"access a b for 10 minutes --reason x":                          {App: "a", Env: "b", Reason: "x", For: "10minutes", length: 10 * time.Minute},
		"access a b for 1 hour 30 min --reason x":                       {App: "a", Env: "b", Reason: "x", For: "1hour30min", length: 90 * time.Minute},
		"access for 1h a b --reason x":                                  {App: "a", Env: "b", Reason: "x", For: "1h", length: time.Hour},
		"access a b For 90S --reason x":                                 {App: "a", Env: "b", Reason: "x", For: "90S", length: 90 * time.Second},
		"access a b --for 10m --reason x":                               {App: "a", Env: "b", Reason: "x", For: "10m", length: 10 * time.Minute},
		"access a b --reason for 10m --live":                            {App: "a", Env: "b", Reason: "for 10m", Live: true},
		"access a b --reason x -- rails c":                              {App: "a", Env: "b", Reason: "x", Command: "rails c"},
		"access a b --reason x -- sleep 1 --reason y -- z":              {App: "a", Env: "b", Reason: "x", Command: "sleep 1 --reason y -- z"},
		"access a b --reason x — y":                                     {App: "a", Env: "b", Reason: "x — y"},
		"access a b --reason x -- echo &lt;a&gt; “b” ｃ 'd":              {App: "a", Env: "b", Reason: "x", Command: "echo <a> “b” ｃ 'd"},
		"access a b --reason x --\u00a0ls":                              {App: "a", Env: "b", Reason: "x", Command: "ls"},
		"access a b web --live --reason x":                              {App: "a", Env: "b", Service: "web", Live: true, Reason: "x"},
		"access a b --live --task " + task + " --reason x":              {App: "a", Env: "b", Task: task, Live: true, Reason: "x"},
		"access a b --live --task arn:x:task/c/" + task + " --reason x": {App: "a", Env: "b", Task: task, Live: true, Reason: "x"},
		"access --district d --instance " + node + " --reason x":        {District: "d", Instance: node, Reason: "x"},
		"access --district d --instance mi-0123456789abcdef0 —reason x": {District: "d", Instance: "mi-0123456789abcdef0", Reason: "x"},
		"access --district d --port orders-db for 5m --reason x":        {District: "d", Port: "orders-db", For: "5m", length: 5 * time.Minute, Reason: "x"},
	} {
		t.Run(in, func(t *testing.T) {
			t.Parallel()
			c, err := parse(in, "/bcn")
			if err != nil || c.typo != "" {
				t.Fatal(c.typo, err)
			}
			if got := *c.grammar.(*accessArgs); got != want {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		})
	}
}

func TestAccessFamily(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]struct{ verb, typo string }{
		"access":                     {"help", ""},
		"access help":                {"help", ""},
		"access --help":              {"access", ""},
		"access a --help":            {"access", ""},
		"access list":                {"access list", ""},
		"ACCESS List":                {"access list", ""},
		"access list --help":         {"access list", ""},
		"access end":                 {"access end", ""},
		"access lst":                 {"access list", "access lst"},
		"access exend 7":             {"access extend", "access exend"},
		"access ended b --reason x":  {"access", ""},
		"access lists b --reason x":  {"access", ""},
		"acess list":                 {"access list", "acess list"},
		"acess a b --reason x":       {"access", "acess"},
		"access a b --reason x --":   {"access", ""},
		"access opener b --reason x": {"access", ""},
	} {
		t.Run(in, func(t *testing.T) {
			t.Parallel()
			if c, _ := parse(in, "/bcn"); c.verb == nil || c.verb.name != want.verb || c.typo != want.typo {
				t.Errorf("%+v", c)
			}
		})
	}
	t.Run("no app or environment can be named as a second word", func(t *testing.T) {
		t.Parallel()
		for _, two := range members("access") {
			if bcn.CodeOf(checkName(two)) != bcn.CodeReservedName {
				t.Errorf("%s can be a name", two)
			}
		}
	})
}

func TestLength(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]time.Duration{
		"": 0, "1m": time.Minute, "60s": time.Minute, "10m": 10 * time.Minute, "1h": time.Hour, "1h30m": 90 * time.Minute,
		"10minutes": 10 * time.Minute, "90 seconds": 90 * time.Second, "2HRS": 2 * time.Hour, "999999h": 999999 * time.Hour,
	} {
		if got, err := length(in); got != want || err != nil {
			t.Errorf("length(%q) = %s, %v, want %s", in, got, err, want)
		}
	}
	for _, in := range []string{"10", "0", "m", "10x", "-10m", "1.5h", "10m!", "1e3m", "10m10", "9999999m", strings.Repeat("1m", 30), "10분"} {
		var p problem
		if _, err := length(in); !errors.As(err, &p) {
			t.Errorf("length(%q): %v", in, err)
		}
	}
	for _, in := range []string{"59s", "0m", "1s"} {
		if _, err := length(in); bcn.CodeOf(err) != bcn.CodeTooShort {
			t.Errorf("length(%q): %v", in, err)
		}
	}
}

// TestAccessTypedAgain: the command that a correction tells people to type asks
// for what was meant, command and all.
func TestAccessTypedAgain(t *testing.T) {
	t.Parallel()
	word := rapid.StringMatching(`[a-z][a-z0-9-]{0,12}`)
	free := rapid.StringMatching(`[a-zé'"*$\\#&<>][a-z '"*$\\#&<>]{0,20}[a-z.!]`)
	command := rapid.StringMatching(`([a-z'"“|&;<>$][a-zé '"“”|&;<>$\\-]{0,40}[a-z)])?`)
	rapid.Check(t, func(t *rapid.T) {
		in := accessArgs{App: word.Draw(t, "app"), Env: word.Draw(t, "env"), Reason: free.Draw(t, "reason"), Command: command.Draw(t, "command")}
		if in.Live = rapid.Bool().Draw(t, "live"); in.Live {
			in.Service = word.Draw(t, "service")
		}
		if rapid.Bool().Draw(t, "for") {
			in.For, in.length = "10m", 10*time.Minute
		}
		if nearest(in.App, members("access")) != "" || nearest(in.App, []string{"help"}) != "" {
			return // such a name reads as a second word
		}
		line := entity.Replace(typed("access", &in))
		c, err := parse(line, "/bcn")
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if got := *c.grammar.(*accessArgs); got != in {
			t.Fatalf("%q parsed to %+v, meant %+v", line, got, in)
		}
	})
}

// TestSealed: what is sealed comes out whole, in lines that a terminal takes
// and blocks that Slack takes, and nothing of it is in the line that
// notifications show.
func TestSealed(t *testing.T) {
	t.Parallel()
	cat, err := text.New()
	if err != nil {
		t.Fatal(err)
	}
	r := New(Options{Text: cat})
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, sealedMost).Draw(t, "length")
		sealed := strings.Repeat("bcn-sealed-1.AbCdEfGh_-0123456789", n/32+1)[:n]
		m := r.sealed(rapid.SampledFrom(text.Languages()).Draw(t, "language"), text.Args{"id": chat.Markup("#7")}, deploy.Opened{Sealed: sealed})
		var got strings.Builder
		for _, b := range m.Blocks {
			for line := range strings.SplitSeq(b.Code, "\n") {
				if len(line) > sealedLine {
					t.Fatalf("a line of %d characters", len(line))
				}
				got.WriteString(line)
			}
			if len(b.Code) > 2500 {
				t.Fatalf("a block of %d characters", len(b.Code))
			}
		}
		if got.String() != sealed || len(m.Blocks) > 45 {
			t.Fatalf("%d characters in %d blocks became %d", n, len(m.Blocks), got.Len())
		}
		if strings.Contains(string(m.Text), "sealed-1") {
			t.Fatalf("a notification would show %q", m.Text)
		}
	})
}
