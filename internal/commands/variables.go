package commands

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/text"
)

// maxValue is how long a variable's value may be, in characters.
const maxValue = 2000

var variableForm = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,127}$`)

type envSetArgs struct {
	App    string   `arg:"" live:"app"`
	Env    string   `arg:"" live:"env"`
	Pairs  []string `arg:"" name:"pairs" placeholder:"NAME=VALUE..."`
	Reason string   `name:"reason" placeholder:"TEXT" free:""`
	glassFlag

	values map[string]string
}

// check reads the pairs. What is wrong with one is told by its name alone, and
// before anything is stored: the value may be a secret.
func (g *envSetArgs) check() error {
	g.values = map[string]string{}
	var secrets []string
	for _, pair := range g.Pairs {
		name, value, ok := strings.Cut(pair, "=")
		_, twice := g.values[name]
		switch {
		case !ok:
			return problem{id: text.ProblemPair, word: "NAME=VALUE"}
		case !variableForm.MatchString(name):
			return problem{id: text.ProblemVariable, word: clip(name)}
		case twice:
			return problem{id: text.ProblemTwice, word: name}
		case utf8.RuneCountInString(value) > maxValue:
			return problem{id: text.ProblemValueLong, word: name, suggestion: strconv.Itoa(maxValue)}
		case bcn.Dynamic(value):
			return problem{id: text.ProblemDynamic, word: name}
		case looksSecret(name, value):
			secrets = append(secrets, name)
		}
		g.values[name] = value
	}
	if len(secrets) > 0 {
		return bcn.E(bcn.CodeLooksSecret, "names", strings.Join(secrets, ", "))
	}
	return nil
}

// sayable is a word of a command as it may be said back: of a variable its
// name.
func sayable(grammar any, word string) string {
	if !pairsOf(grammar) {
		return word
	}
	name, _, ok := strings.Cut(word, "=")
	if !ok { // perhaps the end of a value that nobody quoted
		return "NAME=VALUE"
	}
	return name + "=…"
}

// pairsOf says that the verb takes NAME=VALUE.
func pairsOf(grammar any) bool {
	switch grammar.(type) {
	case *envSetArgs, *pluginSetArgs:
		return true
	default:
		return false
	}
}

// longest is how long a word of a command may be, in characters.
func longest(grammar any) int {
	if pairsOf(grammar) {
		return maxWord + maxValue
	}
	return maxWord
}

func (r *Registry) envSet(ctx context.Context, a asked, g *envSetArgs) (chat.Message, error) {
	return r.ask(ctx, a, deploy.Wish{Kind: bcn.KindEnv, App: g.App, Env: g.Env, Set: g.values, Reason: g.Reason, BreakGlass: g.BreakGlass})
}

type envUnsetArgs struct {
	App    string   `arg:"" live:"app"`
	Env    string   `arg:"" live:"env"`
	Names  []string `arg:"" name:"names" placeholder:"NAME..." kind:"variables"`
	Reason string   `name:"reason" placeholder:"TEXT" free:""`
	glassFlag
}

func (g *envUnsetArgs) check() error {
	for i, name := range g.Names {
		switch {
		case !variableForm.MatchString(name):
			name, _, _ = strings.Cut(name, "=") // a value may stand behind it
			return problem{id: text.ProblemVariable, word: clip(name)}
		case slices.Contains(g.Names[:i], name):
			return problem{id: text.ProblemTwice, word: name}
		}
	}
	return nil
}

func (r *Registry) envUnset(ctx context.Context, a asked, g *envUnsetArgs) (chat.Message, error) {
	names := slices.Sorted(slices.Values(g.Names))
	return r.ask(ctx, a, deploy.Wish{Kind: bcn.KindEnv, App: g.App, Env: g.Env, Unset: names, Reason: g.Reason, BreakGlass: g.BreakGlass})
}

type envListArgs struct {
	App string `arg:"" live:"app"`
	Env string `arg:"" live:"env"`
}

// envList names the variables by where they come from. Values are never shown.
func (r *Registry) envList(ctx context.Context, a asked, g *envListArgs) (chat.Message, error) {
	if _, err := r.heritage(ctx, a, g.App, g.Env); err != nil {
		return chat.Message{}, err
	}
	v, err := r.changes.Variables(ctx, g.App, g.Env)
	if err != nil {
		return chat.Message{}, err
	}
	args := text.Args{"app": g.App, "env": g.Env, "release": v.Release}
	switch {
	case v.Release == 0:
		return say(r.text.Say(a.lang, text.ReplyVariablesNone, args)), nil
	case len(v.Chat)+len(v.Both)+len(v.Secret)+len(v.File) == 0:
		return say(r.text.Say(a.lang, text.ReplyNoVariables, args)), nil
	}
	m := say(r.text.Say(a.lang, text.ReplyVariables, args))
	for _, part := range []struct {
		id    text.ID
		names []string
	}{
		{text.ReplyVariablesChat, v.Chat},
		{text.ReplyVariablesBoth, v.Both},
		{text.ReplyVariablesFile, v.File},
		{text.ReplyVariablesSecret, v.Secret},
	} {
		if len(part.names) > 0 {
			m.Blocks = append(m.Blocks, chat.Block{Section: r.text.Say(a.lang, part.id, text.Args{"names": coded(part.names)})})
		}
	}
	return m, nil
}

// maxNamed is how many names one list of an answer holds.
const maxNamed = 100

func coded(names []string) chat.Markup {
	var out []string
	for i, n := range names {
		if i == maxNamed {
			out = append(out, "…")
			break
		}
		out = append(out, string(chat.Code(chat.Truncate(n, 128))))
	}
	return chat.Markup(strings.Join(out, ", "))
}
