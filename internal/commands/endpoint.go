package commands

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/text"
)

type endpointListArgs struct{}

func (r *Registry) endpointList(ctx context.Context, a asked, _ *endpointListArgs) (chat.Message, error) {
	all, err := r.reads.Endpoints(ctx)
	if err != nil {
		return chat.Message{}, fmt.Errorf("read endpoints: %w", err)
	}
	list, err := allowed(ctx, r, a, all, func(e bcn.Endpoint) string { return e.District })
	if err != nil {
		return chat.Message{}, err
	}
	if len(list) == 0 {
		return say(r.text.Say(a.lang, text.ReplyNoEndpoints, nil)), nil
	}
	title := r.text.Say(a.lang, text.ReplyEndpoints, text.Args{"Count": len(list)})
	body := title
	for _, e := range list[:min(len(list), maxListed)] {
		body += "\n• " + r.text.Say(a.lang, text.ReplyEndpointLine, r.endpointArgs(a.lang, e))
	}
	m := chat.Message{Text: title, Blocks: []chat.Block{{Section: body}}}
	return r.more(a, m, len(list)-maxListed), nil
}

func (r *Registry) endpointArgs(lang string, e bcn.Endpoint) text.Args {
	reach := text.ReplyInternal
	if e.Public {
		reach = text.ReplyPublic
	}
	return text.Args{
		"name": e.Name, "district": e.District, "reach": r.text.Say(lang, reach, nil),
		"environments": strings.Join(e.Environments, ", "), "dns": e.DNSName,
	}
}

type endpointShowArgs struct {
	Name string `arg:"" live:"endpoint" kind:"endpoint"`
}

func (r *Registry) endpointShow(ctx context.Context, a asked, g *endpointShowArgs) (chat.Message, error) {
	all, err := r.reads.Endpoints(ctx)
	if err != nil {
		return chat.Message{}, fmt.Errorf("read endpoints: %w", err)
	}
	i := slices.IndexFunc(all, func(e bcn.Endpoint) bool { return e.Name == g.Name })
	if i < 0 {
		return chat.Message{}, bcn.E(bcn.CodeUnknownName, "what", "endpoint", "name", g.Name)
	}
	e := all[i]
	if err := r.who.Allow(ctx, a.actor, a.verb.name, "", "", e.District); err != nil {
		return chat.Message{}, err
	}
	title := r.text.Say(a.lang, text.ReplyEndpointLine, r.endpointArgs(a.lang, e))
	return chat.Message{Text: title, Blocks: []chat.Block{{Section: title}, {Fields: []chat.Markup{
		r.labelled(a.lang, text.LabelAddress, dash(chat.Code(e.DNSName))),
		r.labelled(a.lang, text.LabelCertificate, dash(chat.Code(e.Certificate))),
		r.labelled(a.lang, text.LabelLoadBalancer, dash(chat.Code(e.LoadBalancer))),
		r.labelled(a.lang, text.LabelSecurityGroups, dash(chat.Code(e.SecurityGroup))),
	}}}}, nil
}

type endpointCreateArgs struct {
	Name        string   `arg:"" kind:"new-name"`
	District    string   `name:"district" placeholder:"D" required:"" live:"district"`
	Public      bool     `name:"public"`
	Certificate string   `name:"certificate" placeholder:"ARN"`
	For         []string `name:"for" placeholder:"ENV,..." required:""`
}

func (g *endpointCreateArgs) check() error {
	if err := checkNames(append([]string{g.Name}, g.For...)...); err != nil {
		return err
	}
	if g.Certificate == "" {
		return nil
	}
	return forms(form{"--certificate", certForm, "arn:aws:acm:eu-west-1:123456789012:certificate/ID", []string{g.Certificate}})
}

func (r *Registry) endpointCreate(ctx context.Context, a asked, g *endpointCreateArgs) (chat.Message, error) {
	return r.ask(ctx, a, deploy.Wish{Kind: bcn.KindEndpoint, Endpoint: &bcn.Endpoint{
		Name: g.Name, District: g.District, Public: g.Public, Certificate: g.Certificate, Environments: unique(g.For),
	}})
}
