package commands

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
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
		r.labelled(a.lang, text.LabelCertificate, codes(certificatesOf(e))),
		r.labelled(a.lang, text.LabelTLS, tlsOf(e)),
		r.labelled(a.lang, text.LabelAccessLogs, accessLogsOf(e)),
		r.labelled(a.lang, text.LabelLoadBalancer, dash(chat.Code(e.LoadBalancer))),
		r.labelled(a.lang, text.LabelSecurityGroups, dash(chat.Code(e.SecurityGroup))),
	}}}}, nil
}

func certificatesOf(e bcn.Endpoint) []string {
	if e.Certificate == "" {
		return nil
	}
	return append([]string{e.Certificate}, e.MoreCertificates...)
}

// tlsOf is the name of the policy; without a certificate there is none.
func tlsOf(e bcn.Endpoint) chat.Markup {
	if e.Certificate == "" {
		return dash("")
	}
	return chat.Code(cmp.Or(e.TLS, "intermediate"))
}

// accessLogsOf is below what the logs are in the district's bucket.
func accessLogsOf(e bcn.Endpoint) chat.Markup {
	if !e.AccessLogs {
		return dash("")
	}
	return chat.Code("elb/" + e.Name)
}

type endpointCreateArgs struct {
	Name        string   `arg:"" kind:"new-name"`
	District    string   `name:"district" placeholder:"D" required:"" live:"district"`
	Public      bool     `name:"public"`
	Certificate []string `name:"certificate" placeholder:"ARN,..."`
	TLS         string   `name:"tls" placeholder:"modern|intermediate|old"`
	AccessLogs  bool     `name:"access-logs"`
	For         []string `name:"for" placeholder:"ENV,..." required:""`
	Reason      string   `name:"reason" placeholder:"TEXT" free:""`
}

func (g *endpointCreateArgs) check() error {
	if err := checkNames(append([]string{g.Name}, g.For...)...); err != nil {
		return err
	}
	if g.TLS != "" && len(g.Certificate) == 0 {
		return problem{id: problemMissing, word: "--certificate ARN"}
	}
	return checkTLS(g.Certificate, g.TLS)
}

func (r *Registry) endpointCreate(ctx context.Context, a asked, g *endpointCreateArgs) (chat.Message, error) {
	e := bcn.Endpoint{
		Name: g.Name, District: g.District, Public: g.Public, TLS: g.TLS, AccessLogs: g.AccessLogs, Environments: unique(g.For),
	}
	if list := unique(g.Certificate); len(list) > 0 {
		e.Certificate, e.MoreCertificates = list[0], list[1:]
	}
	return r.ask(ctx, a, deploy.Wish{Kind: bcn.KindEndpoint, Reason: g.Reason, Endpoint: &e})
}

// tlsForm are the names of TLS policies (render.TLSPolicies).
var tlsForm = regexp.MustCompile(`^(modern|intermediate|old)$`)

func checkTLS(certificates []string, tls string) error {
	all := []form{{"--certificate", certForm, "arn:aws:acm:eu-west-1:123456789012:certificate/ID", certificates}}
	if tls != "" {
		all = append(all, form{"--tls", tlsForm, "intermediate", []string{tls}})
	}
	return forms(all...)
}

type endpointUpdateArgs struct {
	Name         string   `arg:"" live:"endpoint" kind:"endpoint"`
	Certificate  []string `name:"certificate" placeholder:"ARN,..."`
	TLS          string   `name:"tls" placeholder:"modern|intermediate|old"`
	AccessLogs   bool     `name:"access-logs"`
	NoAccessLogs bool     `name:"no-access-logs"`
	For          []string `name:"for" placeholder:"ENV,..."`
	Reason       string   `name:"reason" placeholder:"TEXT" free:""`
}

func (g *endpointUpdateArgs) check() error {
	if err := checkNames(g.For...); err != nil {
		return err
	}
	if g.AccessLogs && g.NoAccessLogs {
		return problem{id: problemUnexpected, word: "--no-access-logs"}
	}
	return checkTLS(g.Certificate, g.TLS)
}

func (r *Registry) endpointUpdate(ctx context.Context, a asked, g *endpointUpdateArgs) (chat.Message, error) {
	edit := deploy.Edit{Name: g.Name, Certificates: unique(g.Certificate), TLS: g.TLS, Environments: unique(g.For)}
	if g.AccessLogs || g.NoAccessLogs {
		edit.AccessLogs = &g.AccessLogs
	}
	return r.ask(ctx, a, deploy.Wish{Kind: bcn.KindEndpointUpdate, Reason: g.Reason, Edit: &edit})
}

type endpointDeleteArgs struct {
	Name   string `arg:"" live:"endpoint" kind:"endpoint"`
	Reason string `name:"reason" placeholder:"TEXT" free:""`
}

func (r *Registry) endpointDelete(ctx context.Context, a asked, g *endpointDeleteArgs) (chat.Message, error) {
	return r.ask(ctx, a, deploy.Wish{Kind: bcn.KindEndpointDelete, Reason: g.Reason, Edit: &deploy.Edit{Name: g.Name}})
}
