package text_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/guard"
	"github.com/bcn-bot/bcn/internal/schedule"
	"github.com/bcn-bot/bcn/internal/text"
)

// constants reads the string constants of a type from Go files: name to value.
func constants(t *testing.T, typ string, files ...string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			v, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			if id, ok := v.Type.(*ast.Ident); !ok || id.Name != typ || len(v.Values) != 1 {
				return true
			}
			if lit, ok := v.Values[0].(*ast.BasicLit); ok {
				s, err := strconv.Unquote(lit.Value)
				if err != nil {
					t.Fatal(err)
				}
				out[v.Names[0].Name] = s
			}
			return true
		})
	}
	if len(out) == 0 {
		t.Fatalf("no constant of type %s in %v", typ, files)
	}
	return out
}

func idFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("ids_*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	return files
}

// sources reads the module's Go files outside this package, without tests.
func sources(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && p != root || d.Name() == "text" && filepath.Base(filepath.Dir(p)) == "internal") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go") {
			return nil
		}
		raw, err := os.ReadFile(p)
		b.Write(raw)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestCatalogue(t *testing.T) {
	t.Parallel()
	c := catalogue(t)

	t.Run("all languages hold the same ids", func(t *testing.T) {
		t.Parallel()
		en, ja := c.IDs(text.English), c.IDs(text.Japanese)
		for _, id := range en {
			if !slices.Contains(ja, id) {
				t.Errorf("%s is not in Japanese", id)
			}
		}
		for _, id := range ja {
			if !slices.Contains(en, id) {
				t.Errorf("%s is not in English", id)
			}
		}
	})
	t.Run("all languages hold the same placeholders", func(t *testing.T) {
		t.Parallel()
		for _, id := range c.IDs(text.English) {
			en, ja := c.Placeholders(text.English, id), c.Placeholders(text.Japanese, id)
			if !slices.Equal(en, ja) {
				t.Errorf("%s: English takes %v, Japanese %v", id, en, ja)
			}
		}
	})
	t.Run("every constant has a sentence", func(t *testing.T) {
		t.Parallel()
		for name, id := range constants(t, "ID", idFiles(t)...) {
			if !c.Has(text.ID(id)) {
				t.Errorf("%s = %q has no sentence", name, id)
			}
		}
	})
	t.Run("every constant is used", func(t *testing.T) {
		t.Parallel()
		used := map[string]bool{}
		for _, name := range regexp.MustCompile(`\btext\.\w+`).FindAllString(sources(t), -1) {
			used[strings.TrimPrefix(name, "text.")] = true
		}
		for name := range constants(t, "ID", idFiles(t)...) {
			if !used[name] {
				t.Errorf("%s is used nowhere", name)
			}
		}
	})
	t.Run("every sentence is named by a constant, a code, a finding, a state or a kind", func(t *testing.T) {
		t.Parallel()
		named := constants(t, "ID", idFiles(t)...)
		all := sources(t)
		for _, id := range c.IDs(text.English) {
			if !isNamed(string(id), named) && !isLiteral(string(id), all) {
				t.Errorf("%s is named by nothing", id)
			}
		}
	})
	t.Run("every code has a sentence that is more than its code", func(t *testing.T) {
		t.Parallel()
		for name, code := range constants(t, "Code", "../bcn/codes.go") {
			for _, lang := range text.Languages() {
				if said := c.Error(lang, bcn.E(bcn.Code(code))); len(said) < 20 || strings.Contains(string(said), code) && strings.Contains(code, "_") {
					t.Errorf("%s in %s: %q", name, lang, said)
				}
			}
		}
	})
	t.Run("no sentence names somebody or something of an installation", func(t *testing.T) {
		t.Parallel()
		names := regexp.MustCompile(`(?i)\b(hello|acme|dana|olu|lee|production|staging|deploys|leads|developers|oncall|admins|example\.com)\b|\b[UCST]0[A-Z]+\b|\b\d{12}\b`)
		for _, lang := range text.Languages() {
			for _, id := range c.IDs(lang) {
				if found := names.FindString(string(c.Say(lang, id, nil))); found != "" {
					t.Errorf("%s %s: names %q", lang, id, found)
				}
			}
		}
	})
	t.Run("no sentence writes the slash command literally", func(t *testing.T) {
		t.Parallel()
		other, err := text.New(text.WithCommand("/ship"))
		if err != nil {
			t.Fatal(err)
		}
		for _, lang := range text.Languages() {
			for _, id := range other.IDs(lang) {
				if said := string(other.Say(lang, id, nil)); strings.Contains(said, "/bcn") {
					t.Errorf("%s %s: %q", lang, id, said)
				}
			}
		}
	})
}

// isNamed says whether Go code can name the id: by a constant, or by a table
// of internal/bcn.
func isNamed(id string, named map[string]string) bool {
	for _, n := range named {
		if n == id {
			return true
		}
	}
	for _, prefix := range []string{
		"error.", "state.", "kind.", "card.first.", "card.state.", "grant.state.", "grant.why.", "access.may.", "access.never.", "access.where.",
		"schedule.problem.", "schedule.field.", "schedule.skip.", "schedule.when.", "schedule.weekday.", "schedule.weekdays.", "schedule.month.",
		"schedule.state.", "tick.state.", "tick.first.", "guardrail.", "hold.", "why.", "schedule.own.",
	} {
		if strings.HasPrefix(id, prefix) {
			return true // the tests of codes, states and kinds hold these
		}
	}
	return false
}

// isLiteral says whether code outside gives the finding, or the word of a
// param, that the sentence is about.
func isLiteral(id, all string) bool {
	if of, ok := strings.CutPrefix(id, "word.of."); ok {
		return strings.Contains(all, `"`+of+` "`)
	}
	if word, ok := strings.CutPrefix(id, "word."); ok {
		return strings.Contains(all, `"`+strings.ReplaceAll(word, "_", " ")+`"`)
	}
	finding, ok := strings.CutPrefix(id, "guard.")
	return ok && strings.Contains(all, `"`+finding+`"`)
}

// known lists words by themselves.
func known[S ~string](list []S) map[string]string {
	out := map[string]string{}
	for _, s := range list {
		out[string(s)] = string(s)
	}
	return out
}

func numbers(from, to int) []string {
	var out []string
	for n := from; n <= to; n++ {
		out = append(out, strconv.Itoa(n))
	}
	return out
}

func TestCodesAndNothingElse(t *testing.T) {
	t.Parallel()
	c := catalogue(t)
	codes := constants(t, "Code", "../bcn/codes.go")
	states := constants(t, "ChangeState", "../bcn/change.go")
	kinds := constants(t, "Kind", "../bcn/change.go")
	access := map[string]string{}
	for name, k := range kinds {
		if bcn.Kind(k).Access() {
			access[name] = k
		}
	}
	rights := map[string]string{}
	for name, r := range constants(t, "Right", "../access/words.go") {
		rights[name] = strings.TrimPrefix(r, "access.")
	}
	for _, k := range access {
		rights["where "+k] = "where." + k
	}
	for prefix, known := range map[string]map[string]string{
		"error.": codes, "state.": states, "kind.": kinds, "card.first.": kinds, "card.state.": states,
		"grant.state.": constants(t, "GrantState", "../bcn/grant.go"), "grant.why.": constants(t, "GrantWhy", "../bcn/grant.go"),
		"access.":           rights,
		"schedule.state.":   constants(t, "ScheduleState", "../bcn/schedule.go"),
		"tick.first.":       constants(t, "TickState", "../bcn/schedule.go"),
		"tick.state.":       constants(t, "TickState", "../bcn/schedule.go"),
		"schedule.problem.": known(schedule.ProblemIDs()), "schedule.skip.": known(schedule.SkipReasons()), "schedule.when.": known(schedule.Kinds()),
		"hold.":              known([]string{"line", "span", "what", "why", "waiter"}),
		"schedule.field.":    known([]string{"minute", "hour", "day", "month", "weekday"}),
		"guardrail.":         known(guard.IDs()),
		"schedule.weekday.":  known(numbers(0, 6)),
		"schedule.weekdays.": known(numbers(0, 6)),
		"schedule.month.":    known(numbers(1, 12)),
	} {
		t.Run(prefix+" has a sentence for each and no other", func(t *testing.T) {
			t.Parallel()
			var want, got []string
			for _, v := range known {
				want = append(want, prefix+v)
			}
			for _, id := range c.IDs(text.English) {
				if strings.HasPrefix(string(id), prefix) {
					got = append(got, string(id))
				}
			}
			slices.Sort(want)
			if !slices.Equal(want, got) {
				t.Errorf("sentences %v\nwanted %v", got, want)
			}
		})
	}
}

// A few words are about a code that there is.
func TestWhyIsAboutACode(t *testing.T) {
	t.Parallel()
	codes := constants(t, "Code", "../bcn/codes.go")
	n := 0
	for _, id := range catalogue(t).IDs(text.English) {
		word, ok := strings.CutPrefix(string(id), "why.")
		if !ok {
			continue
		}
		n++
		if !slices.Contains(slices.Collect(maps.Values(codes)), word) {
			t.Errorf("%s is about no code", id)
		}
	}
	if n == 0 {
		t.Error("there are none")
	}
}

// TestParams: the params that internal/bcn/codes.go documents behind a code
// are those that its sentence takes, or fewer.
func TestParams(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../bcn/codes.go")
	if err != nil {
		t.Fatal(err)
	}
	c := catalogue(t)
	// What the edge adds to what the codes document.
	added := []string{"command", "ref", "id"}
	line := regexp.MustCompile(`= "([a-z_]+)"\s*(?://\s*(.*))?`)
	for _, m := range line.FindAllStringSubmatch(string(raw), -1) {
		documented := regexp.MustCompile(`\([^)]*\)|:.*`).ReplaceAllString(m[2], "")
		if m[1] == "decided_before" || m[1] == "unavailable" || m[1] == "internal" {
			continue // documented in words
		}
		for _, p := range c.Placeholders(text.English, text.ErrorID(bcn.Code(m[1]))) {
			if !regexp.MustCompile(`\b`+p+`\b`).MatchString(documented) && !slices.Contains(added, p) {
				t.Errorf("error.%s takes %q; codes.go documents %q", m[1], p, documented)
			}
		}
	}
}

func TestFindings(t *testing.T) {
	t.Parallel()
	c := catalogue(t)
	for name, x := range map[string]struct {
		f    bcn.Finding
		want string
	}{
		"with its params":                              {bcn.Finding{ID: "open_ingress", Where: "web/Group", Params: map[string]string{"from": "0.0.0.0/0", "ports": "22-22"}}, "`web/Group` `0.0.0.0/0` may reach the ports `22-22`"},
		"with a size that was written":                 {bcn.Finding{ID: "fargate_size", Params: map[string]string{"service": "web", "cpu": "300", "memory": "700", "new_cpu": "512", "new_memory": "1024"}}, "cpu 300 and memory 700"},
		"with a size of which only memory was written": {bcn.Finding{ID: "fargate_size", Params: map[string]string{"service": "web", "cpu": "-", "memory": "700", "new_cpu": "512", "new_memory": "1024"}}, "asks for memory 700"},
	} {
		t.Run("a finding is told "+name, func(t *testing.T) {
			t.Parallel()
			if got := c.Finding(text.English, x.f); !strings.Contains(string(got), x.want) {
				t.Errorf("got %q, want %q in it", got, x.want)
			}
		})
	}
}

func TestWordsInParams(t *testing.T) {
	t.Parallel()
	c := catalogue(t)
	for _, x := range []struct {
		err      error
		lang, in string
	}{
		{bcn.E(bcn.CodePlanMoved, "moved", "rules"), "ja", "• ルール"},
		{bcn.E(bcn.CodePlanMoved, "moved", "stack web_<!here>"), "en", "• the stack web_\u2060&lt;!here&gt;"},
		{bcn.E(bcn.CodePlanMoved, "moved", "image: v1 → v2\nrules"), "en", "• image: v1 → v2\n• rules"},
		{bcn.E(bcn.CodeTampered, "what", "audit head"), "en", "(the head of the audit log)"},
		{bcn.E(bcn.CodeParked, "what", "applying"), "ja", "（適用中）"},
		{bcn.E(bcn.CodeCouldNotCheck, "what", "team leads"), "ja", "チーム leads"},
		{bcn.E(bcn.CodeUnavailable, "what", "AWS ECS"), "en", "No answer from AWS ECS."},
	} {
		t.Run("a word without a language is said in the reader's: "+x.in, func(t *testing.T) {
			t.Parallel()
			if got := string(c.Error(x.lang, x.err)); !strings.Contains(got, x.in) {
				t.Errorf("got %q, want %q in it", got, x.in)
			}
		})
	}
}

func TestPeople(t *testing.T) {
	t.Parallel()
	c := catalogue(t)
	got := c.Error(text.English, bcn.E(bcn.CodeAlreadyDecided, "id", "#7", "state", "rejected", "by", "U0LEAD"))
	if want := chat.Markup("`#7` was already rejected by <@U0LEAD>."); !strings.HasPrefix(string(got), string(want)) {
		t.Errorf("got %q, want %q at its beginning", got, want)
	}
	if got := c.Error(text.English, bcn.E(bcn.CodeHalted, "by", "command line")); !strings.Contains(string(got), "by command line") {
		t.Errorf("got %q", got)
	}
}
