package ruletest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/bcn-bot/bcn/internal/authz"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/config"
)

// Problem is a case that fails, or a place of the file that cannot be read.
type Problem struct {
	File         string
	Line, Column int
	Message      string
}

// Error writes it as editors understand it.
func (p Problem) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Message)
}

// Asker asks the rules of one bot.yaml.
type Asker struct {
	dir   directory
	rules []config.Rule
	verbs Verbs
	known []string // verbs, as they are typed and as rules name them
}

// NewAsker makes an Asker. known are all verbs that cases may name.
func NewAsker(c *config.Config, people People, known []string, verbs Verbs) *Asker {
	return &Asker{dir: directory{c: c, people: people}, rules: c.Rules, verbs: verbs, known: known}
}

func (a *Asker) authorizer(q Question) *authz.Authorizer {
	return authz.New(authz.Options{
		Rules: a.rules, People: a.dir, Teams: a.dir, Workspace: authz.Workspace{Team: home}, Now: func() time.Time { return q.At },
	})
}

func actor(who string) bcn.Actor { return bcn.Actor{Kind: bcn.Person, User: who, Team: home} }

// ask answers what the rules say. A question without a time is not about hours.
func (a *Asker) ask(ctx context.Context, q Question) (answer, error) {
	q.Ask.AnyTime = q.At.IsZero()
	v, err := a.authorizer(q).Foresee(ctx, actor(q.Who), q.Ask)
	return answered(v, q, err)
}

// Run runs the cases of a file and answers how many there are, and those that
// fail.
func Run(ctx context.Context, c *config.Config, path string, data []byte, known []string, verbs Verbs) (int, []Problem) {
	f := &file{path: path, c: c, asker: NewAsker(c, People{}, known, verbs)}
	f.read(data)
	faults := len(f.problems) // cases that cannot be read do not hold either
	for _, one := range f.cases {
		got, err := f.asker.ask(ctx, one.question)
		switch {
		case err != nil:
			f.fault(one.at, "%s: %v", one.said, err)
		case !one.want.met(got):
			f.fault(one.at, "%s: %s\n\tthe rules say: %s", one.said, one.expected, got)
		}
	}
	slices.SortStableFunc(f.problems, func(a, b Problem) int { return cmp.Or(a.Line-b.Line, a.Column-b.Column) })
	return len(f.cases) + faults, f.problems
}

// file is a file of cases while it is read.
type file struct {
	path     string
	c        *config.Config
	asker    *Asker
	cases    []testCase
	problems []Problem
}

// testCase is one case and where it stands.
type testCase struct {
	at             *yaml.Node
	said, expected string
	question       Question
	want           expectation
}

func (f *file) fault(n *yaml.Node, format string, args ...any) {
	p := Problem{File: f.path, Line: 1, Column: 1, Message: fmt.Sprintf(format, args...)}
	if n != nil {
		p.Line, p.Column = n.Line, n.Column
	}
	f.problems = append(f.problems, p)
}

func (f *file) read(data []byte) {
	var doc yaml.Node
	err := yaml.NewDecoder(bytes.NewReader(data)).Decode(&doc)
	if err != nil || len(doc.Content) == 0 || doc.Content[0].Kind != yaml.MappingNode {
		if err != nil && !errors.Is(err, io.EOF) {
			f.fault(nil, "%v", err)
			return
		}
		f.fault(nil, "the file must be a mapping with cases, and people where teams are not listed in bot.yaml")
		return
	}
	var cases *yaml.Node
	root := doc.Content[0]
	for i := 0; i+1 < len(root.Content); i += 2 {
		switch key := root.Content[i]; key.Value {
		case "people":
			f.people(root.Content[i+1])
		case "cases":
			cases = root.Content[i+1]
		default:
			f.fault(key, "unknown key %q; known: cases, people", key.Value)
		}
	}
	if cases == nil || cases.Kind != yaml.SequenceNode || len(cases.Content) == 0 {
		f.fault(cases, "cases must be a list of at least one case")
		return
	}
	for _, n := range cases.Content {
		f.one(n)
	}
}

func (f *file) people(n *yaml.Node) {
	if n.Kind != yaml.MappingNode {
		f.fault(n, "people must be a mapping such as: olu: [developers]")
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, list := n.Content[i].Value, n.Content[i+1]
		var teams []string
		if list.Kind != yaml.SequenceNode || list.Decode(&teams) != nil {
			f.fault(list, "the teams of %s must be a list", name)
			continue
		}
		for j, team := range teams {
			if err := f.asker.Team(team); err != nil {
				f.fault(list.Content[j], "%v", err)
			}
		}
		f.asker.dir.people[name] = teams
	}
}

// one reads a case: a sentence and what is expected, or its parts by name.
func (f *file) one(n *yaml.Node) {
	out := testCase{}
	var err error
	switch i := strings.LastIndex(n.Value, ": "); {
	case n.Kind == yaml.MappingNode && len(n.Content) > 2:
		out, err = f.structured(n)
	case n.Kind == yaml.MappingNode && len(n.Content) == 2:
		out.said, out.expected = n.Content[0].Value, n.Content[1].Value
	case i > 0: // in quotes
		out.said, out.expected = n.Value[:i], n.Value[i+2:]
	default:
		err = errors.New("a case is a sentence, a colon and what is expected")
	}
	out.at = n
	if err == nil && out.question.Who == "" {
		out.question, err = readSentence(out.said, f.asker.known, f.asker.verbs)
	}
	if err == nil {
		out.want, err = readExpectation(out.expected)
	}
	if err == nil {
		err = cmp.Or(f.asker.Person(out.question.Who, "people says who is in which team"), f.asker.Places(out.question))
	}
	for _, team := range out.want.teams() {
		if err == nil {
			err = f.asker.Team(team)
		}
	}
	if err != nil {
		f.fault(n, "%v", err)
		return
	}
	f.cases = append(f.cases, out)
}

// structured reads a case whose parts have names.
func (f *file) structured(n *yaml.Node) (testCase, error) {
	var parts struct {
		Who, Verb, App, Env, District, Reason, Expect string
		Destructive, IAM                              bool
		At                                            time.Time
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if !slices.Contains([]string{"who", "verb", "app", "env", "district", "reason", "expect", "destructive", "iam", "at"}, n.Content[i].Value) {
			return testCase{}, fmt.Errorf("unknown key %q; known: who, verb, app, env, district, destructive, iam, reason, at, expect", n.Content[i].Value)
		}
	}
	if err := n.Decode(&parts); err != nil {
		return testCase{}, err
	}
	if parts.Who == "" || parts.Verb == "" || parts.Expect == "" {
		return testCase{}, errors.New("a case needs who, verb and expect")
	}
	verb, rest := findVerb(strings.Fields(parts.Verb), f.asker.known)
	if verb == "" || len(rest) > 0 {
		return testCase{}, noVerb(parts.Verb, f.asker.known)
	}
	q := Question{Who: parts.Who, Reason: parts.Reason, At: parts.At}
	q.Ask = authz.Ask{App: parts.App, Env: parts.Env, District: parts.District, Destructive: parts.Destructive, IAM: parts.IAM}
	q.Ask.Verb, q.Ask.Reads = f.asker.verbs(verb)
	said := strings.Join(strings.Fields(strings.Join([]string{parts.Who, parts.Verb, parts.App, parts.Env}, " ")), " ")
	return testCase{said: said, expected: parts.Expect, question: q}, nil
}
