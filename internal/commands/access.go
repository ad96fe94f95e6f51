package commands

import (
	"context"
	"regexp"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/text"
)

// accessArgs asks to be let into one of four things: a task of one's own, a
// running task, a node, a database's port.
type accessArgs struct {
	App      string `arg:"" optional:"" live:"app"`
	Env      string `arg:"" optional:"" live:"env"`
	Service  string `arg:"" optional:"" kind:"live-service"`
	For      string `name:"for" placeholder:"10m" kind:"length"`
	Live     bool   `name:"live"`
	Task     string `name:"task" placeholder:"ID"`
	District string `name:"district" placeholder:"D" live:"district"`
	Instance string `name:"instance" placeholder:"ID"`
	Port     string `name:"port" placeholder:"NAME"`
	Reason   string `name:"reason" placeholder:"TEXT" free:"" kind:"access-reason"`
	glassFlag
	Command string `kong:"-" rest:"" placeholder:"COMMAND..."`

	length time.Duration
}

func (g *accessArgs) forms() []string {
	return []string{
		"APP ENV [for 10m] --reason TEXT [--break-glass] [-- COMMAND...]",
		"APP ENV [SERVICE] --live [for 10m] [--task ID] --reason TEXT [--break-glass] [-- COMMAND...]",
		"--district D --instance ID [for 10m] --reason TEXT [--break-glass]",
		"--district D --port NAME [for 10m] --reason TEXT [--break-glass]",
	}
}

// The forms of names that are looked up in AWS and bot.yaml when it is planned
// (ECS: task ids have 32 hexadecimal digits; Systems Manager: node ids).
var (
	taskForm     = regexp.MustCompile(`^[0-9a-f]{32}$`)
	instanceForm = regexp.MustCompile(`^m?i-[0-9a-f]{8,17}$`)
	databaseForm = regexp.MustCompile(`^[a-z][a-z0-9-]{0,40}$`)
	serviceForm  = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,254}$`)
)

func (g *accessArgs) check() error {
	err := g.checkTask()
	if g.District+g.Instance+g.Port != "" {
		err = g.checkNode()
	}
	if err != nil {
		return err
	}
	if g.length, err = length(g.For); err != nil {
		return err
	}
	if g.Reason == "" {
		return bcn.E(bcn.CodeReasonRequired)
	}
	return nil
}

// checkTask is about access to an app's tasks.
func (g *accessArgs) checkTask() error {
	g.Task = g.Task[strings.LastIndexByte(g.Task, '/')+1:] // also of an ARN
	switch {
	case g.App == "":
		return problem{id: problemMissing, word: "APP ENV"}
	case g.Env == "":
		return problem{id: problemMissing, word: "ENV"}
	case g.Service != "" && !g.Live:
		return problem{id: text.ProblemNeedsLive, word: clip(g.Service)}
	case g.Task != "" && !g.Live:
		return problem{id: text.ProblemNeedsLive, word: "--task"}
	case g.Task != "" && !taskForm.MatchString(g.Task):
		return problem{id: problemForm, word: "--task " + clip(g.Task), suggestion: "0123456789abcdef0123456789abcdef"}
	case g.Service != "" && !serviceForm.MatchString(g.Service):
		return problem{id: problemForm, word: clip(g.Service), suggestion: "web"}
	default:
		return nil
	}
}

// checkNode is about access to a node, or to a port through one.
func (g *accessArgs) checkNode() error {
	for _, not := range []struct {
		said bool
		word string
	}{
		{g.App != "", strings.TrimSpace(clip(g.App + " " + g.Env))},
		{g.Live, "--live"},
		{g.Task != "", "--task"},
		{g.Command != "", "-- COMMAND"},
	} {
		if not.said {
			return problem{id: text.ProblemNotOfNodes, word: not.word}
		}
	}
	switch {
	case g.Instance != "" && g.Port != "":
		return problem{id: text.ProblemOneTarget}
	case g.Instance == "" && g.Port == "":
		return problem{id: text.ProblemNoTarget}
	case g.District == "":
		return problem{id: problemFlags, word: "--district"}
	case g.Instance != "" && !instanceForm.MatchString(g.Instance):
		return problem{id: problemForm, word: "--instance " + clip(g.Instance), suggestion: "i-0123456789abcdef0"}
	case g.Port != "" && !databaseForm.MatchString(g.Port):
		return problem{id: problemForm, word: "--port " + clip(g.Port), suggestion: "orders-db"}
	default:
		return nil
	}
}

// kind is which of the four is asked for.
func (g *accessArgs) kind() bcn.Kind {
	switch {
	case g.Instance != "":
		return bcn.KindAccessInstance
	case g.Port != "":
		return bcn.KindAccessPort
	case g.Live:
		return bcn.KindAccessLive
	default:
		return bcn.KindAccess
	}
}

// kindRules are the kinds that rules name beside the verb which asks for them.
func kindRules() []string {
	return []string{string(bcn.KindAccessLive), string(bcn.KindAccessInstance), string(bcn.KindAccessPort)}
}

// enter asks for access; the card speaks.
func (r *Registry) enter(ctx context.Context, a asked, g *accessArgs) (chat.Message, error) {
	return r.ask(ctx, a, deploy.Wish{Kind: g.kind(), App: g.App, Env: g.Env, Reason: g.Reason, BreakGlass: g.BreakGlass, Access: &deploy.AccessWish{
		Service: g.Service, Task: g.Task, District: g.District, Instance: g.Instance, Database: g.Port, For: g.length, Command: g.Command,
	}})
}

type accessEndArgs struct {
	ID     string `arg:"" optional:"" kind:"access-id-or-mine"`
	Closed bool   `name:"closed" kind:"access-closed"`
}

func (g *accessEndArgs) check() error {
	if g.ID == "" && g.Closed {
		return problem{id: problemMissing, word: "ID"}
	}
	if g.ID == "" {
		return nil
	}
	return checkID(g.ID)
}

func (r *Registry) accessEnd(ctx context.Context, a asked, g *accessEndArgs) (chat.Message, error) {
	var id bcn.ID
	if g.ID != "" {
		var err error
		if id, err = bcn.ParseID(g.ID); err != nil {
			return chat.Message{}, err
		}
	}
	if g.Closed {
		if err := r.access.Vouch(ctx, a.origin, a.actor, id); err != nil {
			return chat.Message{}, err
		}
		return r.acknowledge(ctx, a, text.ReplyAccessSettled, id), nil
	}
	ended, err := r.access.End(ctx, a.origin, a.actor, id)
	if err != nil {
		return chat.Message{}, err
	}
	return r.acknowledge(ctx, a, text.ReplyAccessEnding, ended), nil
}

type accessExtendArgs struct {
	ID  string `arg:"" kind:"access-id"`
	For string `name:"for" placeholder:"10m" kind:"length-more"`

	length time.Duration
}

func (g *accessExtendArgs) forms() []string { return []string{"ID [for 10m]"} }

func (g *accessExtendArgs) check() (err error) {
	if err = checkID(g.ID); err == nil {
		g.length, err = length(g.For)
	}
	return err
}

// accessExtend asks for more time. Its card speaks in the channel; whoever
// pressed a button may be elsewhere, in a direct message.
func (r *Registry) accessExtend(ctx context.Context, a asked, g *accessExtendArgs) (chat.Message, error) {
	id, err := bcn.ParseID(g.ID)
	if err != nil {
		return chat.Message{}, err
	}
	got, err := r.access.Extend(ctx, a.origin, a.actor, id, g.length)
	if err != nil {
		return chat.Message{}, err
	}
	if a.click && got.Behind == 0 {
		return say(r.text.Say(a.lang, text.ReplyAccessMore, text.Args{"id": r.ref(ctx, got.ID), "of": r.ref(ctx, id)})), nil
	}
	return r.queued(ctx, a, got), nil
}
