package commands

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/plugin/shipped"
	"github.com/bcn-bot/bcn/internal/text"
)

type pluginListArgs struct {
	Name string `arg:"" live:"district" kind:"district"`
}

// pluginList shows settings as they were typed: none is a secret.
func (r *Registry) pluginList(ctx context.Context, a asked, g *pluginListArgs) (chat.Message, error) {
	d, err := r.district(ctx, a, g.Name)
	if err != nil {
		return chat.Message{}, err
	}
	args := text.Args{"district": g.Name, "names": strings.Join(shipped.Table().Names(), ", ")}
	title := r.text.Say(a.lang, text.ReplyPlugins, args)
	if len(d.Plugins) == 0 {
		title = r.text.Say(a.lang, text.ReplyNoPlugins, args)
	}
	m := say(title)
	for _, p := range d.Plugins {
		line := r.text.Say(a.lang, text.ReplyPluginLine, text.Args{"name": p.Name, "image": p.Image})
		for _, name := range slices.Sorted(maps.Keys(p.Settings)) {
			line += "\n• " + chat.Code(name+"="+p.Settings[name])
		}
		m.Blocks = append(m.Blocks, chat.Block{Section: line})
	}
	m.Blocks = append(m.Blocks, chat.Block{Context: r.text.Say(a.lang, text.ReplyPluginsToSet, args)})
	return m, nil
}

type pluginSetArgs struct {
	Name   string   `arg:"" live:"district" kind:"district"`
	Plugin string   `arg:"" kind:"plugin"`
	Pairs  []string `arg:"" name:"pairs" placeholder:"NAME=VALUE..." kind:"plugin-pairs"`
	Reason string   `name:"reason" placeholder:"TEXT" free:""`

	values map[string]string
}

// check reads the pairs before anything is stored: what is wrong with one is
// told by its name alone, because the value may be a key.
func (g *pluginSetArgs) check() error {
	p, err := shipped.Table().Find(g.Plugin)
	if err != nil {
		return bcn.E(bcn.CodeUnknownName, "what", "plugin", "name", clip(g.Plugin))
	}
	g.values = map[string]string{}
	for _, pair := range g.Pairs {
		name, value, ok := strings.Cut(pair, "=")
		_, twice := g.values[name]
		switch {
		case !ok:
			return problem{id: text.ProblemPair, word: "NAME=VALUE"}
		case twice:
			return problem{id: text.ProblemTwice, word: clip(name)}
		}
		g.values[name] = value
	}
	var secrets []string
	for name, value := range g.values {
		if !p.Secret(name) && looksSecret("", value) {
			secrets = append(secrets, clip(name))
		}
	}
	if len(secrets) > 0 {
		slices.Sort(secrets)
		return bcn.E(bcn.CodeLooksSecret, "names", strings.Join(secrets, ", "))
	}
	// The account and region that an ARN must be of are the stored district's,
	// which is looked at later; a value that is no reference at all is known now.
	return p.Check(bcn.District{Name: g.Name}, g.values)
}

func (r *Registry) pluginSet(ctx context.Context, a asked, g *pluginSetArgs) (chat.Message, error) {
	edit := deploy.Edit{Name: g.Name, Plugin: &deploy.PluginEdit{Name: g.Plugin, Settings: g.values}}
	return r.ask(ctx, a, deploy.Wish{Kind: bcn.KindDistrictUpdate, Reason: g.Reason, Edit: &edit})
}

type pluginUnsetArgs struct {
	Name   string `arg:"" live:"district" kind:"district"`
	Plugin string `arg:"" kind:"plugin"`
	Reason string `name:"reason" placeholder:"TEXT" free:""`
}

func (r *Registry) pluginUnset(ctx context.Context, a asked, g *pluginUnsetArgs) (chat.Message, error) {
	edit := deploy.Edit{Name: g.Name, Plugin: &deploy.PluginEdit{Name: clip(g.Plugin), Unset: true}}
	return r.ask(ctx, a, deploy.Wish{Kind: bcn.KindDistrictUpdate, Reason: g.Reason, Edit: &edit})
}
