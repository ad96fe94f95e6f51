package commands

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kballard/go-shellquote"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/text"
)

// What a run may ask for: the largest task of Fargate (ECS developer guide,
// "Task CPU and memory"), and a day.
const (
	maxRunMemory  = 122880 // MiB
	maxRunCPU     = 16384  // units
	maxRunTimeout = 24 * time.Hour
)

// runArgs runs a command once, in a task of the last release's image.
type runArgs struct {
	App     string `arg:"" live:"app"`
	Env     string `arg:"" live:"env"`
	Memory  string `name:"memory" placeholder:"MIB" kind:"run-memory"`
	CPU     string `name:"cpu" placeholder:"UNITS" kind:"run-cpu"`
	Timeout string `name:"timeout" placeholder:"1h" kind:"run-timeout"`
	Reason  string `name:"reason" placeholder:"TEXT" free:""`
	glassFlag
	Command string `kong:"-" rest:"" placeholder:"COMMAND..." kind:"run-command"`

	words       []string
	memory, cpu int
	timeout     time.Duration
}

func (g *runArgs) forms() []string {
	return []string{"APP ENV [--memory MIB] [--cpu UNITS] [--timeout 1h] [--reason TEXT] [--break-glass] -- COMMAND..."}
}

func (g *runArgs) check() (err error) {
	if g.Command == "" {
		return problem{id: problemMissing, word: "-- COMMAND"}
	}
	if g.words, err = shellquote.Split(g.Command); err != nil || len(g.words) == 0 {
		return problem{id: problemQuote}
	}
	if names := inlineSecrets(g.words); len(names) > 0 {
		return bcn.E(bcn.CodeLooksSecret, "names", strings.Join(names, ", "))
	}
	if g.memory, err = amount("--memory", g.Memory, "1024", maxRunMemory); err != nil {
		return err
	}
	if g.cpu, err = amount("--cpu", g.CPU, "512", maxRunCPU); err != nil {
		return err
	}
	g.timeout, err = upTo("--timeout", g.Timeout, "2h", maxRunTimeout)
	return err
}

// upTo reads a length of time of at most most; nothing is 0.
func upTo(flag, s, example string, most time.Duration) (time.Duration, error) {
	d, err := length(s)
	if err != nil || d > most {
		return 0, problem{id: problemForm, word: flag + " " + clip(s), suggestion: flag + " " + example}
	}
	return d, nil
}

var amountForm = regexp.MustCompile(`^[1-9]\d{0,6}$`)

// amount reads a number of at most most; nothing is 0.
func amount(flag, s, example string, most int) (int, error) {
	if s == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(s)
	if !amountForm.MatchString(s) || err != nil || n > most {
		return 0, problem{id: problemForm, word: flag + " " + clip(s), suggestion: flag + " " + example}
	}
	return n, nil
}

// run asks for a task that runs a command; the card speaks.
func (r *Registry) run(ctx context.Context, a asked, g *runArgs) (chat.Message, error) {
	return r.ask(ctx, a, deploy.Wish{Kind: bcn.KindRun, App: g.App, Env: g.Env, Reason: g.Reason, BreakGlass: g.BreakGlass, Run: &deploy.RunWish{
		Text: g.Command, Command: g.words, CPU: g.cpu, Memory: g.memory, Timeout: g.timeout,
	}})
}

// How much of the logs is shown at once, and from how long ago at most.
const (
	logLines   = 60
	logBytes   = 300 // of one line
	logAll     = 6000
	logDefault = 15 * time.Minute
	logLongest = 7 * 24 * time.Hour
)

// logsArgs asks for the newest lines that an app wrote.
type logsArgs struct {
	App     string `arg:"" live:"app"`
	Env     string `arg:"" live:"env"`
	Service string `arg:"" optional:"" kind:"log-service"`
	Since   string `name:"since" placeholder:"15m" kind:"log-since"`
	Grep    string `name:"grep" placeholder:"TEXT" kind:"log-grep"`

	since time.Duration
}

func (g *logsArgs) check() error {
	if g.Service != "" && !serviceForm.MatchString(g.Service) {
		return problem{id: problemForm, word: clip(g.Service), suggestion: "web"}
	}
	since, err := upTo("--since", g.Since, "2h", logLongest)
	if err != nil {
		return err
	}
	if g.since = since; since == 0 {
		g.since = logDefault
	}
	return nil
}

// again is the command as it would be typed once more.
func (g *logsArgs) again() string {
	out := "logs " + g.App + " " + g.Env
	if g.Service != "" {
		out += " " + g.Service
	}
	if g.Since != "" {
		out += " --since " + g.Since
	}
	if g.Grep != "" {
		out += " --grep " + shellquote.Join(g.Grep)
	}
	return out
}

// logs answers the newest lines, to the asker alone.
func (r *Registry) logs(ctx context.Context, a asked, g *logsArgs) (chat.Message, error) {
	h, err := r.heritage(ctx, a, g.App, g.Env)
	if err != nil {
		return chat.Message{}, err
	}
	got, err := r.logReader.Logs(ctx, h, deploy.LogQuery{Service: g.Service, Since: g.since, Grep: g.Grep, Limit: logLines})
	if err != nil {
		return chat.Message{}, err
	}
	if g.Service != "" && !got.Wrote && !slices.Contains(got.Runs, g.Service) {
		return chat.Message{}, suggested(bcn.E(bcn.CodeUnknownName, "what", "service", "name", g.Service, "known", strings.Join(got.Runs, ", ")))
	}
	args := text.Args{
		"app": g.App, "env": g.Env, "service": g.Service, "grep": g.Grep, "since": text.Duration(a.lang, g.since), "Count": len(got.Lines),
		"services": joined(got.Services),
	}
	id := text.ReplyLogs
	switch {
	case !got.Wrote:
		id = text.ReplyLogsNone
	case len(got.Lines) == 0:
		id = text.ReplyLogsEmpty
	}
	title := r.text.Say(a.lang, id, args)
	m := chat.Message{Text: title, Blocks: []chat.Block{{Section: title}}}
	lines, cut := fitLog(got.Lines)
	if lines != "" {
		m.Blocks = append(m.Blocks, chat.Block{Code: lines})
	}
	if got.More || cut {
		m.Blocks = append(m.Blocks, chat.Block{Context: r.text.Say(a.lang, text.ReplyLogsMore, args)})
	}
	m.Blocks = append(m.Blocks, chat.Block{Buttons: []chat.Button{{
		Action: chat.ActionTyped, Value: g.again(), Label: r.text.Plain(a.lang, text.ButtonRefresh, nil),
	}}})
	return m, nil
}

// fitLog writes the newest lines that fit, the oldest of them first, and says
// whether older ones do not.
func fitLog(lines []deploy.LogLine) (fitting string, cut bool) {
	out := ""
	for i := len(lines) - 1; i >= 0; i-- {
		l := lines[i]
		line := l.At.UTC().Format("15:04:05") + " " + l.Source + " " + chat.LogLine(l.Text, logBytes) + "\n"
		if len(out)+len(line) > logAll {
			return strings.TrimSuffix(out, "\n"), true
		}
		out = line + out
	}
	return strings.TrimSuffix(out, "\n"), false
}
