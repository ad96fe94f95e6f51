package commands

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/text"
)

type statusArgs struct {
	App string `arg:"" optional:"" live:"app"`
	Env string `arg:"" optional:"" live:"env"`
}

const (
	maxStatus   = 15              // heritages shown at once: each costs a call to AWS
	liveReads   = 4               // of those at the same time
	liveTimeout = 8 * time.Second // for one of them
)

// standing is where one heritage stands.
type standing struct {
	heritage bcn.Heritage
	releases []bcn.Release // newest first
	rollouts []deploy.Rollout
	stacks   []deploy.StackStatus
	liveErr  error // what runs could not be read
	open     []bcn.Change
	holds    []chat.Markup
}

func (r *Registry) status(ctx context.Context, a asked, g *statusArgs) (chat.Message, error) {
	heritages, err := r.visible(ctx, a, func(h bcn.Heritage) bool {
		return (g.App == "" || h.App == g.App) && (g.Env == "" || h.Env == g.Env)
	})
	if err != nil {
		return chat.Message{}, err
	}
	if len(heritages) == 0 {
		return say(r.text.Say(a.lang, text.ReplyNoApps, nil)), nil
	}
	shown := heritages[:min(len(heritages), maxStatus)]
	standings, err := r.standings(ctx, shown)
	if err != nil {
		return chat.Message{}, err
	}
	title := r.text.Say(a.lang, text.ReplyStatus, text.Args{"Count": len(heritages)})
	m := chat.Message{Text: title}
	halt, err := r.reads.Halt(ctx)
	if err != nil {
		return chat.Message{}, fmt.Errorf("read halt: %w", err)
	}
	if halt.On {
		m.Blocks = append(m.Blocks, chat.Block{Section: r.halted(a.lang, halt)})
	}
	holds, err := r.holds.HoldViews(ctx)
	if err != nil {
		return chat.Message{}, fmt.Errorf("read locks: %w", err)
	}
	for i := range standings {
		standings[i].holds = r.holdLines(a.lang, holds, standings[i].heritage)
	}
	for _, s := range standings {
		m.Blocks = append(m.Blocks, chat.Block{Section: r.standing(ctx, a, s)})
	}
	if len(heritages) > maxStatus {
		m.Blocks = append(m.Blocks, chat.Block{Context: r.text.Say(a.lang, text.ReplyMoreStatus, text.Args{
			"Count": len(heritages) - maxStatus,
		})})
	}
	return m, nil
}

// standings reads everything about the heritages, AWS for several at a time.
func (r *Registry) standings(ctx context.Context, heritages []bcn.Heritage) ([]standing, error) {
	open, err := r.reads.Open(ctx)
	if err != nil {
		return nil, fmt.Errorf("read open changes: %w", err)
	}
	out := make([]standing, len(heritages))
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(liveReads)
	for i, h := range heritages {
		group.Go(func() error {
			releases, err := r.reads.Releases(gctx, h.Name, 10)
			if err != nil {
				return fmt.Errorf("read releases of %s: %w", h.Name, err)
			}
			s := standing{heritage: h, releases: releases}
			for _, c := range open {
				if c.App == h.App && c.Env == h.Env {
					s.open = append(s.open, c)
				}
			}
			if len(releases) > 0 { // else nothing of it is in AWS
				lctx, cancel := context.WithTimeout(gctx, liveTimeout)
				defer cancel()
				if s.rollouts, s.liveErr = r.live.Rollouts(lctx, h); s.liveErr == nil {
					s.stacks, s.liveErr = r.live.Stacks(lctx, h)
				}
			}
			out[i] = s
			return nil
		})
	}
	return out, group.Wait()
}

// standing writes one heritage's paragraph.
func (r *Registry) standing(ctx context.Context, a asked, s standing) chat.Markup {
	lines := []chat.Markup{r.text.Say(a.lang, text.ReplyStatusTitle, text.Args{
		"app": s.heritage.App, "env": s.heritage.Env, "district": s.heritage.District,
	})}
	lines = append(lines, r.lastRelease(a, s)...)
	for _, ro := range s.rollouts {
		lines = append(lines, r.rollout(a.lang, ro))
		if traffic := r.traffic(a.lang, ro); traffic != "" {
			lines = append(lines, traffic)
		}
	}
	if len(s.stacks) > 0 {
		lines = append(lines, r.text.Say(a.lang, text.ReplyStacks, text.Args{"stacks": states(s.stacks)}))
	}
	if s.liveErr != nil {
		lines = append(lines, r.text.Say(a.lang, text.ReplyLiveUnread, text.Args{"why": r.text.Error(a.lang, s.liveErr)}))
	}
	lines = append(lines, s.holds...)
	for _, c := range s.open {
		lines = append(lines, r.text.Say(a.lang, text.ReplyGoingOn, text.Args{
			"id": r.ref(ctx, c.ID), "what": r.describe(a.lang, c), "state": r.state(a.lang, c.State),
			"by": who(c.Requester),
		}))
	}
	var b strings.Builder
	for i, l := range lines {
		if i > 0 {
			b.WriteString("\n• ")
		}
		b.WriteString(string(l))
	}
	return chat.Markup(b.String())
}

// states writes where stacks stand, as AWS calls it.
func states(stacks []deploy.StackStatus) chat.Markup {
	var out []string
	for _, s := range stacks {
		out = append(out, string(chat.Code(s.Stack)+" "+chat.Code(s.Status)))
	}
	return chat.Markup(strings.Join(out, ", "))
}

// lastRelease tells the last successful release, and a later one that was not.
func (r *Registry) lastRelease(a asked, s standing) []chat.Markup {
	good := slices.IndexFunc(s.releases, func(x bcn.Release) bool { return x.Outcome == bcn.ChangeSucceeded })
	var lines []chat.Markup
	if good >= 0 {
		x := s.releases[good]
		lines = append(lines, r.text.Say(a.lang, text.ReplyLastRelease, text.Args{
			"number": x.Number, "tag": x.Tag, "digest": shortDigest(x.Digest), "by": mention(x.By), "at": x.EndedAt,
		}))
	} else {
		lines = append(lines, r.text.Say(a.lang, text.ReplyNeverDeployed, text.Args{
			"app": s.heritage.App, "env": s.heritage.Env,
		}))
	}
	if len(s.releases) > 0 && good != 0 {
		x := s.releases[0]
		lines = append(lines, r.text.Say(a.lang, text.ReplyLastAttempt, text.Args{
			"number": x.Number, "tag": x.Tag, "outcome": r.state(a.lang, x.Outcome), "by": mention(x.By), "at": x.EndedAt,
		}))
	}
	return lines
}

// rollout tells how many tasks of a service run, and whether it is steady.
func (r *Registry) rollout(lang string, ro deploy.Rollout) chat.Markup {
	doing, reason := text.ReplyRollingOut, chat.Truncate(ro.Reason, 200)
	switch {
	case ro.Steady:
		doing, reason = text.ReplySteady, "" // ECS only says that it is
	case ro.State == "FAILED":
		doing = text.ReplyRolloutFailed
	}
	return r.text.Say(lang, text.ReplyService, text.Args{
		"service": ro.Service, "running": ro.Running, "desired": ro.Desired, "pending": ro.Pending,
		"healthy": ro.Healthy, "targets": ro.Targets, "reason": reason,
		"doing": r.text.Say(lang, doing, nil),
	})
}

// shortDigest is as much of a digest as people compare by eye.
func shortDigest(d string) string {
	d = strings.TrimPrefix(d, "sha256:")
	return d[:min(len(d), 12)]
}

// state says a change's state in words.
func (r *Registry) state(lang string, s bcn.ChangeState) chat.Markup {
	return r.text.Say(lang, text.StateID(s), nil)
}

// describe says in a few words what a change does.
func (r *Registry) describe(lang string, c bcn.Change) chat.Markup {
	_, name, _ := strings.Cut(c.Subject, ":")
	return r.text.Say(lang, text.KindID(c.Kind), text.Args{"app": c.App, "env": c.Env, "tag": c.Tag, "name": name, "district": c.District})
}

// who shows an actor without any authority.
func who(a bcn.Actor) chat.Markup {
	if a.User == "" {
		return chat.Escape(cmp.Or(a.Name, "bcn"))
	}
	return chat.Mention(a.User)
}

// mention shows a user id; machines have none.
func mention(user string) chat.Markup {
	if user == "" {
		return "–"
	}
	return chat.Mention(user)
}
