package commands

import (
	"context"
	"net/netip"
	"regexp"
	"strconv"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// The forms of what a district's network is told.
var (
	natForm     = regexp.MustCompile(`^(` + natHolder + `)$`)
	launchForm  = regexp.MustCompile(`^(fargate|ec2)$`)
	machineForm = regexp.MustCompile(`^[a-z][a-z0-9-]*\.[a-z0-9-]+$`)
	sizeForm    = regexp.MustCompile(`^[1-9][0-9]?$`)
)

const (
	natHolder   = "none|instance|managed_gateway|managed_gateway_multi_az"
	roleExample = "arn:aws:iam::123456789012:role/NAME"
)

type districtCreateArgs struct {
	Name         string   `arg:"" kind:"new-name"`
	Region       string   `name:"region" placeholder:"REGION" required:""`
	Role         string   `name:"role" placeholder:"ARN" required:""`
	CFNRole      string   `name:"cfn-role" placeholder:"ARN" required:""`
	NAT          string   `name:"nat" placeholder:"none|instance|managed_gateway|managed_gateway_multi_az"`
	Launch       string   `name:"launch" placeholder:"fargate|ec2"`
	CIDR         string   `name:"cidr" placeholder:"NETWORK"`
	InstanceType string   `name:"instance-type" placeholder:"TYPE"`
	Size         string   `name:"size" placeholder:"N"`
	For          []string `name:"for" placeholder:"ENV,..." required:""`
	Reason       string   `name:"reason" placeholder:"TEXT" free:""`
}

func (g *districtCreateArgs) check() error {
	if err := checkNames(append([]string{g.Name}, g.For...)...); err != nil {
		return err
	}
	if _, err := netip.ParsePrefix(g.CIDR); g.CIDR != "" && err != nil {
		return problem{id: problemForm, word: "--cidr " + clip(g.CIDR), suggestion: "10.1.0.0/16"}
	}
	if err := checkPlace(g.Region, g.Role, g.CFNRole); err != nil {
		return err
	}
	return forms(
		form{"--nat", natForm, natHolder, some(g.NAT)},
		form{"--launch", launchForm, "fargate|ec2", some(g.Launch)},
		form{"--instance-type", machineForm, "m6i.large", some(g.InstanceType)},
		form{"--size", sizeForm, "2", some(g.Size)},
	)
}

// some is the value as a list, empty where it was not given.
func some(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

func (r *Registry) districtCreate(ctx context.Context, a asked, g *districtCreateArgs) (chat.Message, error) {
	d := bcn.District{
		Name: g.Name, Region: g.Region, Role: g.Role, CFNRole: g.CFNRole, CIDR: g.CIDR, Environments: unique(g.For),
		Network: &bcn.Network{NAT: g.NAT, Launch: g.Launch, InstanceType: g.InstanceType},
	}
	if g.Size != "" {
		d.Network.Size, _ = strconv.Atoi(g.Size) // its form was checked
	}
	return r.ask(ctx, a, deploy.Wish{Kind: bcn.KindDistrictCreate, Reason: g.Reason, District: &d})
}

type districtUpdateArgs struct {
	Name         string   `arg:"" live:"district" kind:"district"`
	NAT          string   `name:"nat" placeholder:"none|instance|managed_gateway|managed_gateway_multi_az"`
	Launch       string   `name:"launch" placeholder:"fargate|ec2"`
	InstanceType string   `name:"instance-type" placeholder:"TYPE"`
	Size         string   `name:"size" placeholder:"N"`
	For          []string `name:"for" placeholder:"ENV,..."`
	Reason       string   `name:"reason" placeholder:"TEXT" free:""`
}

func (g *districtUpdateArgs) check() error {
	if g.NAT+g.Launch+g.InstanceType+g.Size == "" && len(g.For) == 0 {
		return problem{id: problemMissing, word: "--nat|--launch|--instance-type|--size|--for"}
	}
	if err := checkNames(g.For...); err != nil {
		return err
	}
	return forms(
		form{"--nat", natForm, natHolder, some(g.NAT)},
		form{"--launch", launchForm, "fargate|ec2", some(g.Launch)},
		form{"--instance-type", machineForm, "m6i.large", some(g.InstanceType)},
		form{"--size", sizeForm, "2", some(g.Size)},
	)
}

func (r *Registry) districtUpdate(ctx context.Context, a asked, g *districtUpdateArgs) (chat.Message, error) {
	edit := deploy.Edit{Name: g.Name, NAT: g.NAT, Launch: g.Launch, InstanceType: g.InstanceType, Environments: unique(g.For)}
	if g.Size != "" {
		edit.Size, _ = strconv.Atoi(g.Size) // its form was checked
	}
	return r.ask(ctx, a, deploy.Wish{Kind: bcn.KindDistrictUpdate, Reason: g.Reason, Edit: &edit})
}

type districtNameArgs struct {
	Name   string `arg:"" live:"district" kind:"district"`
	Reason string `name:"reason" placeholder:"TEXT" free:""`
}

// districtApply renders the district as this version of bcn does.
func (r *Registry) districtApply(ctx context.Context, a asked, g *districtNameArgs) (chat.Message, error) {
	return r.ask(ctx, a, deploy.Wish{Kind: bcn.KindDistrictUpdate, Reason: g.Reason, Edit: &deploy.Edit{Name: g.Name}})
}

func (r *Registry) districtDelete(ctx context.Context, a asked, g *districtNameArgs) (chat.Message, error) {
	return r.ask(ctx, a, deploy.Wish{Kind: bcn.KindDistrictDelete, Reason: g.Reason, Edit: &deploy.Edit{Name: g.Name}})
}
