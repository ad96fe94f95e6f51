package commands

import (
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

// The forms of values that Slack or AWS define. Whether they exist is seen
// when the change is planned.
var (
	sourceForm  = regexp.MustCompile(`^(github:[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+(@[A-Za-z0-9_./-]+)?|dir:.+)$`)
	channelForm = regexp.MustCompile(`^[CG][A-Z0-9]{3,}$`)
	regionForm  = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-\d+$`)
	vpcForm     = regexp.MustCompile(`^vpc-[0-9a-z]+$`)
	subnetForm  = regexp.MustCompile(`^subnet-[0-9a-z]+$`)
	groupForm   = regexp.MustCompile(`^sg-[0-9a-z]+$`)
	certForm    = regexp.MustCompile(`^arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate/.+$`)
)

type createArgs struct {
	App      string `arg:"" kind:"new-app"`
	Env      string `arg:"" kind:"new-env"`
	District string `name:"district" placeholder:"D" required:"" live:"district"`
	Source   string `name:"source" placeholder:"github:OWNER/REPO[@REF]|dir:PATH" required:""`
	Channel  string `name:"channel" placeholder:"#C"`
	Reason   string `name:"reason" placeholder:"TEXT" free:""`
}

func (g *createArgs) check() error {
	if err := checkNames(g.App, g.Env); err != nil {
		return err
	}
	if !sourceForm.MatchString(g.Source) {
		return problem{id: problemForm, word: "--source " + clip(g.Source), suggestion: "github:OWNER/REPO[@REF]"}
	}
	if g.Channel != "" && !channelForm.MatchString(g.Channel) {
		return problem{id: text.ProblemChannel, word: clip(g.Channel)}
	}
	return nil
}

func (r *Registry) create(ctx context.Context, a asked, g *createArgs) (chat.Message, error) {
	return r.ask(ctx, a, deploy.Wish{Kind: bcn.KindHeritage, App: g.App, Env: g.Env, Reason: g.Reason, Heritage: &bcn.Heritage{
		App: g.App, Env: g.Env, District: g.District, Source: g.Source, Channel: g.Channel,
	}})
}

type districtListArgs struct{}

func (r *Registry) districtList(ctx context.Context, a asked, _ *districtListArgs) (chat.Message, error) {
	all, err := r.reads.Districts(ctx)
	if err != nil {
		return chat.Message{}, fmt.Errorf("read districts: %w", err)
	}
	list, err := allowed(ctx, r, a, all, func(d bcn.District) string { return d.Name })
	if err != nil {
		return chat.Message{}, err
	}
	if len(list) == 0 {
		return say(r.text.Say(a.lang, text.ReplyNoDistricts, nil)), nil
	}
	title := r.text.Say(a.lang, text.ReplyDistricts, text.Args{"Count": len(list)})
	body := title
	for _, d := range list[:min(len(list), maxListed)] {
		body += "\n• " + r.text.Say(a.lang, text.ReplyDistrictLine, text.Args{
			"name": d.Name, "region": d.Region, "account": d.Account, "environments": strings.Join(d.Environments, ", "),
		})
	}
	m := chat.Message{Text: title, Blocks: []chat.Block{{Section: body}}}
	return r.more(a, m, len(list)-maxListed), nil
}

// allowed keeps what the actor may see with the verb, by the district that it
// belongs to. Where there is something and none of it may be seen, it fails
// with who may.
func allowed[T any](ctx context.Context, r *Registry, a asked, all []T, district func(T) string) ([]T, error) {
	if len(all) == 0 {
		return nil, r.who.Allow(ctx, a.actor, a.verb.name, "", "", "")
	}
	var out []T
	var refused error
	for _, x := range all {
		switch err := r.who.Allow(ctx, a.actor, a.verb.name, "", "", district(x)); {
		case err == nil:
			out = append(out, x)
		case notAllowed(err):
			refused = err
		default:
			return nil, err
		}
	}
	if len(out) == 0 {
		return nil, refused
	}
	return out, nil
}

type districtShowArgs struct {
	Name string `arg:"" live:"district" kind:"district"`
}

// district answers one that the actor may see.
func (r *Registry) district(ctx context.Context, a asked, name string) (bcn.District, error) {
	if err := r.who.Allow(ctx, a.actor, a.verb.name, "", "", name); err != nil {
		return bcn.District{}, err
	}
	all, err := r.reads.Districts(ctx)
	if err != nil {
		return bcn.District{}, fmt.Errorf("read districts: %w", err)
	}
	i := slices.IndexFunc(all, func(d bcn.District) bool { return d.Name == name })
	if i < 0 {
		return bcn.District{}, bcn.E(bcn.CodeUnknownName, "what", "district", "name", name)
	}
	return all[i], nil
}

func (r *Registry) districtShow(ctx context.Context, a asked, g *districtShowArgs) (chat.Message, error) {
	d, err := r.district(ctx, a, g.Name)
	if err != nil {
		return chat.Message{}, err
	}
	title := r.text.Say(a.lang, text.ReplyDistrict, text.Args{
		"name": d.Name, "region": d.Region, "account": d.Account, "environments": strings.Join(d.Environments, ", "),
	})
	return chat.Message{Text: title, Blocks: []chat.Block{{Section: title}, {Fields: []chat.Markup{
		r.labelled(a.lang, text.LabelCluster, chat.Code(d.Cluster)),
		r.labelled(a.lang, text.LabelVPC, chat.Code(d.VPC)+" "+chat.Escape(d.CIDR)),
		r.labelled(a.lang, text.LabelNetwork, networkOf(d)),
		r.labelled(a.lang, text.LabelSubnets, codes(d.Subnets)),
		r.labelled(a.lang, text.LabelPublicSubnets, codes(d.PublicSubnets)),
		r.labelled(a.lang, text.LabelSecurityGroups, codes(d.SecurityGroups)),
		r.labelled(a.lang, text.LabelBucket, dash(chat.Code(d.Bucket))),
		r.labelled(a.lang, text.LabelPlugins, codes(pluginsOf(d))),
	}}, {Fields: []chat.Markup{
		r.labelled(a.lang, text.LabelRole, chat.Code(d.Role)),
		r.labelled(a.lang, text.LabelCFNRole, chat.Code(d.CFNRole)),
		r.labelled(a.lang, text.LabelCreated, text.When(d.CreatedAt)),
	}}}}, nil
}

// pluginsOf are the names of a district's plugins.
func pluginsOf(d bcn.District) []string {
	var out []string
	for _, p := range d.Plugins {
		out = append(out, p.Name)
	}
	return out
}

// networkOf says how a network that bcn made is laid out; of an adopted one that
// is not known.
func networkOf(d bcn.District) chat.Markup {
	if !d.Made() {
		return dash("")
	}
	n := chat.Code("nat "+d.Network.NAT) + " " + chat.Code(d.Network.Launch)
	if d.Network.InstanceType != "" {
		n += " " + chat.Code(fmt.Sprintf("%d × %s", d.Network.Size, d.Network.InstanceType))
	}
	return n
}

// codes lists ids one below the other.
func codes(list []string) chat.Markup {
	var out []string
	for i, s := range list {
		if i == 12 {
			out = append(out, fmt.Sprintf("… +%d", len(list)-i))
			break
		}
		out = append(out, string(chat.Code(s)))
	}
	return dash(chat.Markup(strings.Join(out, "\n")))
}

type districtAdoptArgs struct {
	Name           string   `arg:"" kind:"new-name"`
	Region         string   `name:"region" placeholder:"REGION" required:""`
	Role           string   `name:"role" placeholder:"ARN" required:""`
	CFNRole        string   `name:"cfn-role" placeholder:"ARN" required:""`
	VPC            string   `name:"vpc" placeholder:"VPC" required:""`
	Cluster        string   `name:"cluster" placeholder:"CLUSTER" required:""`
	Subnets        []string `name:"subnets" placeholder:"SUBNET,..." required:""`
	PublicSubnets  []string `name:"public-subnets" placeholder:"SUBNET,..." required:""`
	SecurityGroups []string `name:"security-groups" placeholder:"GROUP,..." required:""`
	Bucket         string   `name:"bucket" placeholder:"BUCKET" required:""`
	AssignPublicIP bool     `name:"assign-public-ip"`
	For            []string `name:"for" placeholder:"ENV,..." required:""`
	Reason         string   `name:"reason" placeholder:"TEXT" free:""`
}

func (g *districtAdoptArgs) check() error {
	if err := checkNames(append([]string{g.Name}, g.For...)...); err != nil {
		return err
	}
	if err := checkPlace(g.Region, g.Role, g.CFNRole); err != nil {
		return err
	}
	return forms(
		form{"--vpc", vpcForm, "vpc-0a1b2c3d", []string{g.VPC}},
		form{"--subnets", subnetForm, "subnet-0a1b2c3d,subnet-1a2b3c4d", g.Subnets},
		form{"--public-subnets", subnetForm, "subnet-0a1b2c3d,subnet-1a2b3c4d", g.PublicSubnets},
		form{"--security-groups", groupForm, "sg-0a1b2c3d", g.SecurityGroups},
	)
}

// checkPlace holds that a district can be in the region, and that both roles
// are in the region's part of AWS: of another one none can be assumed.
func checkPlace(region, role, cfnRole string) error {
	if err := forms(form{"--region", regionForm, "eu-west-1", []string{region}}); err != nil {
		return err
	}
	partition := bcn.Partition(region)
	if partition == "" {
		return problem{id: text.ProblemPartition, word: clip(region)}
	}
	roles := regexp.MustCompile(`^arn:` + partition + `:iam::\d{12}:role/.+$`)
	example := "arn:" + partition + ":iam::123456789012:role/NAME"
	return forms(form{"--role", roles, example, []string{role}}, form{"--cfn-role", roles, example, []string{cfnRole}})
}

// form is what the values of a flag have to look like.
type form struct {
	flag    string
	re      *regexp.Regexp
	example string
	values  []string
}

func forms(all ...form) error {
	for _, f := range all {
		for _, v := range f.values {
			if !f.re.MatchString(v) {
				return problem{id: problemForm, word: f.flag + " " + clip(v), suggestion: f.example}
			}
		}
	}
	return nil
}

func (r *Registry) districtAdopt(ctx context.Context, a asked, g *districtAdoptArgs) (chat.Message, error) {
	return r.ask(ctx, a, deploy.Wish{Kind: bcn.KindDistrict, Reason: g.Reason, District: &bcn.District{
		Name: g.Name, Region: g.Region, Role: g.Role, CFNRole: g.CFNRole, VPC: g.VPC, Cluster: g.Cluster,
		Subnets: g.Subnets, PublicSubnets: g.PublicSubnets, SecurityGroups: g.SecurityGroups, Bucket: g.Bucket,
		AssignPublicIP: g.AssignPublicIP, Environments: unique(g.For),
	}})
}

// unique keeps the first of each, in order.
func unique(list []string) []string {
	var out []string
	for _, s := range list {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}
