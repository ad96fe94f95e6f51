package commands

import (
	"context"
	"fmt"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/text"
)

// week is what a digest looks back on where nobody says otherwise.
const week = 7 * 24 * time.Hour

type digestArgs struct {
	Since string `name:"since" placeholder:"7d"`
	In    string `name:"in" placeholder:"#C" kind:"digest-in"`

	since time.Duration
}

func (g *digestArgs) check() (err error) {
	if g.In != "" && !channelForm.MatchString(g.In) {
		return problem{id: text.ProblemChannel, word: clip(g.In)}
	}
	x := span{"since", "7d", time.Hour, 366 * 24 * time.Hour}
	if g.since, err = x.read(g.Since); g.since == 0 {
		g.since = week
	}
	return err
}

// digest tells the four figures of the apps that the actor may see.
func (r *Registry) digest(ctx context.Context, a asked, g *digestArgs) (chat.Message, error) {
	heritages, err := r.visible(ctx, a, func(h bcn.Heritage) bool { return g.In == "" || h.Channel == g.In })
	if err != nil {
		return chat.Message{}, err
	}
	m, _, err := r.figuresOf(ctx, a.lang, heritages, g.In, g.since)
	return m, err
}

// Digest is what bcn says by itself to a channel about the apps that are
// announced there, in the channels' language: no rule is asked, because the
// channel hears of each of their deploys anyway. False: nothing was deployed.
func (r *Registry) Digest(ctx context.Context, channel string, last time.Duration) (chat.Message, bool, error) {
	heritages, err := r.reads.Heritages(ctx)
	if err != nil {
		return chat.Message{}, false, fmt.Errorf("read heritages: %w", err)
	}
	var here []bcn.Heritage
	for _, h := range heritages {
		if h.Channel == channel || h.Channel == "" && channel == r.announce {
			here = append(here, h)
		}
	}
	return r.figuresOf(ctx, r.lang, here, channel, last)
}

func (r *Registry) figuresOf(ctx context.Context, lang string, heritages []bcn.Heritage, channel string, last time.Duration) (chat.Message, bool, error) {
	all, err := r.figures.Digest(ctx, last)
	if err != nil {
		return chat.Message{}, false, fmt.Errorf("read figures: %w", err)
	}
	known := map[string]bool{}
	for _, h := range heritages {
		known[h.App+" "+h.Env] = true
	}
	var lines []DigestLine
	var total DigestLine
	for _, l := range all {
		if known[l.App+" "+l.Env] {
			lines = append(lines, l)
			total.Deploys, total.Failed = total.Deploys+l.Deploys, total.Failed+l.Failed
		}
	}
	args := text.Args{"last": last, "channel": chat.Markup(""), "Count": total.Deploys, "rate": rate(total)}
	if channel != "" {
		args["channel"] = chat.Channel(channel)
	}
	if total.Deploys == 0 {
		return say(r.text.Say(lang, text.ReplyDigestEmpty, args)), false, nil
	}
	title := r.text.Say(lang, text.ReplyDigest, args)
	body := title
	for _, l := range lines[:min(len(lines), maxListed)] {
		body += "\n• " + r.text.Say(lang, text.ReplyDigestLine, text.Args{
			"app": l.App, "env": l.Env, "Count": l.Deploys, "rate": rate(l), "lead": optional(lang, l.Lead), "restore": optional(lang, l.Restore),
		})
	}
	m := chat.Message{Text: title, Blocks: []chat.Block{{Section: body}}}
	m = r.more(asked{lang: lang}, m, len(lines)-maxListed)
	m.Blocks = append(m.Blocks, chat.Block{Context: r.text.Say(lang, text.ReplyDigestNote, nil)})
	return m, true, nil
}

// rate is how many of the deploys failed, in percent.
func rate(l DigestLine) string {
	if l.Deploys == 0 {
		return "0 %"
	}
	return fmt.Sprintf("%d %%", (l.Failed*100+l.Deploys/2)/l.Deploys)
}
