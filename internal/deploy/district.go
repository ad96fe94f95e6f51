package deploy

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/render"
)

// laidOut fills in what was not said of the network of a new district.
func laidOut(d bcn.District) bcn.District {
	if d.Network != nil {
		n := render.DefaultNetwork(*d.Network)
		d.Network, d.CIDR = &n, cmp.Or(d.CIDR, render.DefaultCIDR(d.Name))
	}
	return d
}

// describeDistrict checks what can be seen of a new district before there is a
// plan: its name is free, and so is what was said of its network.
func (s *Service) describeDistrict(ctx context.Context, c bcn.Change, d bcn.District) (bcn.Change, error) {
	c.District, c.Subject = d.Name, "district:"+d.Name
	if err := render.CheckName(d.Name, 20); err != nil {
		return c, err
	}
	if c.Kind == bcn.KindDistrictCreate {
		if _, err := render.CheckDistrict(d); err != nil {
			return c, err
		}
	}
	_, err := s.Store.District(ctx, d.Name)
	return c, free(err, d.Name, "district")
}

// describeDistrictEdit does the same for one that is there.
func (s *Service) describeDistrictEdit(ctx context.Context, c bcn.Change, edit Edit) (bcn.Change, error) {
	c.District, c.Subject = edit.Name, "district:"+edit.Name
	d, err := s.district(ctx, edit.Name)
	if err != nil {
		return c, err
	}
	if edit.Plugin != nil {
		return c, s.describePlugin(d, *edit.Plugin)
	}
	tenants, err := s.tenants(ctx, d.Name)
	if err != nil {
		return c, err
	}
	if c.Kind == bcn.KindDistrictDelete {
		return c, stillUsed(d.Name, tenants)
	}
	after := editedDistrict(d, edit)
	var homeless []tenant
	for _, t := range tenants {
		for _, env := range t.environments {
			if !after.Serves(env) {
				homeless = append(homeless, t)
				break
			}
		}
	}
	if err := stillUsed(d.Name, homeless); err != nil {
		return c, err
	}
	if _, err := render.CheckDistrict(after); err != nil {
		return c, err
	}
	return c, s.describeMachines(ctx, d, after)
}

// tenant is a heritage or an endpoint that lives in a district.
type tenant struct {
	what         string
	environments []string
}

func (t tenant) String() string { return t.what }

func (s *Service) tenants(ctx context.Context, district string) ([]tenant, error) {
	heritages, err := s.Store.Heritages(ctx)
	if err != nil {
		return nil, err
	}
	endpoints, err := s.Store.Endpoints(ctx)
	if err != nil {
		return nil, err
	}
	var out []tenant
	for _, h := range heritages {
		if h.District == district {
			out = append(out, tenant{h.App + " " + h.Env, []string{h.Env}})
		}
	}
	for _, e := range endpoints {
		if e.District == district {
			out = append(out, tenant{"endpoint " + e.Name, e.Environments})
		}
	}
	return out, nil
}

// editedDistrict is the district as it would be.
func editedDistrict(d bcn.District, edit Edit) bcn.District {
	if d.Network != nil {
		n := machinesOf(*d.Network, edit)
		n.NAT = cmp.Or(edit.NAT, n.NAT)
		d.Network = &n
	}
	if len(edit.Environments) > 0 {
		d.Environments = edit.Environments
	}
	return d
}

// planDistrictCreate assumes the role that it was told, finds out the account,
// and renders the network.
func (s *Service) planDistrictCreate(ctx context.Context, c Claimed) (bcn.Plan, error) {
	if _, err := s.describeDistrict(ctx, c.Change, *c.Wish.District); err != nil {
		return bcn.Plan{}, err
	}
	d, err := s.Districts.Reach(ctx, s.Target(c.Change, *c.Wish.District))
	if err != nil {
		return bcn.Plan{}, err
	}
	d.Bucket = render.BucketName(d)
	return s.proposeDistrict(ctx, c, d, append([]bcn.Line{
		{Mark: bcn.MarkAdded, What: "district " + d.Name + " in " + d.Region + " of account " + d.Account},
		{Mark: bcn.MarkAdded, What: "network " + d.CIDR + ", NAT: " + d.Network.NAT},
	}, append(machineLines(d), natLines(d)...)...))
}

// natLines say what else follows from the way to the internet.
func natLines(d bcn.District) []bcn.Line {
	if d.Network.NAT != render.NATNone {
		return nil
	}
	out := []bcn.Line{{Mark: bcn.MarkNote, What: "tasks have public addresses; nothing reaches them but through an endpoint"}}
	if d.Network.Launch == render.LaunchEC2 {
		out = append(out, bcn.Line{Mark: bcn.MarkNote, What: "tasks on machines have none: without a NAT they reach the network and S3 alone, and take no access"})
	}
	return out
}

// planDistrictUpdate renders the district as it would be; without anything to
// change, as today's bcn renders it.
func (s *Service) planDistrictUpdate(ctx context.Context, c Claimed) (bcn.Plan, error) {
	if _, err := s.describeDistrictEdit(ctx, c.Change, *c.Wish.Edit); err != nil {
		return bcn.Plan{}, err
	}
	if c.Wish.Edit.Plugin != nil {
		return s.planPlugin(ctx, c)
	}
	before, err := s.district(ctx, c.Wish.Edit.Name)
	if err != nil {
		return bcn.Plan{}, err
	}
	after := editedDistrict(before, *c.Wish.Edit)
	lines := districtLines(before, after)
	p, err := s.proposeDistrict(ctx, c, after, lines)
	if err == nil && p.Empty() && len(lines) > 0 {
		p.Stacks = nil // which environments it serves is known to bcn alone
	}
	return p, err
}

func districtLines(before, after bcn.District) []bcn.Line {
	var out []bcn.Line
	line := func(what, from, to string) {
		if from != to {
			out = append(out, bcn.Line{Mark: bcn.MarkChanged, What: fmt.Sprintf("%s: %s → %s", what, orNone(from), orNone(to))})
		}
	}
	line("NAT", before.Network.NAT, after.Network.NAT)
	line("launch", before.Network.Launch, after.Network.Launch)
	line("machines", machinesText(*before.Network), machinesText(*after.Network))
	line("environments", strings.Join(before.Environments, ", "), strings.Join(after.Environments, ", "))
	if (before.Network.NAT == render.NATNone) != (after.Network.NAT == render.NATNone) {
		out = append(out, bcn.Line{Mark: bcn.MarkNote, What: "services move to the other subnets with their next deploy; until then they keep what they have, so change NAT to none only after it"})
	}
	if before.Network.InstanceType != "" && after.Network.InstanceType != "" && before.Network.InstanceType != after.Network.InstanceType {
		out = append(out, bcn.Line{Mark: bcn.MarkNote, What: "machines are exchanged one by one; what runs on each moves first"})
	}
	return out
}

func (s *Service) proposeDistrict(ctx context.Context, c Claimed, d bcn.District, lines []bcn.Line) (bcn.Plan, error) {
	proposal, err := render.District(render.DistrictInput{District: d, Installation: s.Installation, Tags: s.Tags})
	if err != nil {
		return bcn.Plan{}, err
	}
	stacks, put, err := s.proposeEdit(ctx, c, d, proposal)
	if err != nil {
		return bcn.Plan{}, err
	}
	record, err := json.Marshal(d)
	return bcn.Plan{District: d, Record: record, Stacks: stacks, Lines: append(lines, put...)}, err
}

// planDistrictDelete plans the deletion of what district create made, and says
// what stays. An adopted district is only forgotten.
func (s *Service) planDistrictDelete(ctx context.Context, c Claimed) (bcn.Plan, error) {
	if _, err := s.describeDistrictEdit(ctx, c.Change, *c.Wish.Edit); err != nil {
		return bcn.Plan{}, err
	}
	d, err := s.district(ctx, c.Wish.Edit.Name)
	if err != nil {
		return bcn.Plan{}, err
	}
	p := bcn.Plan{District: d, Lines: []bcn.Line{{Mark: bcn.MarkRemoved, What: "district " + d.Name}}}
	stays := func(what string) { p.Lines = append(p.Lines, bcn.Line{Mark: bcn.MarkNote, What: "stays: " + what}) }
	if d.Made() {
		stays("the bucket " + d.Bucket + " and its policy")
		stays("log groups below Barcelona/" + d.Name + "/")
	} else {
		stays("everything in AWS: the district was adopted, bcn only forgets it")
	}
	stays("the roles of bot iam, and parameters below /barcelona/" + d.Name + "/")
	if p.Record, err = json.Marshal(d); err != nil || !d.Made() {
		return p, err
	}
	p.Stacks, err = s.removals(ctx, c, d, render.DistrictStack(d.Name))
	return p, err
}

// districtResult is the row that a change of a district leaves.
func (s *Service) districtResult(ctx context.Context, r running, m *Move) error {
	m.District = &bcn.District{}
	if err := json.Unmarshal(r.plan.Record, m.District); err != nil {
		return err
	}
	m.Rewrite, m.Forget = r.Change.Kind == bcn.KindDistrictUpdate, r.Change.Kind == bcn.KindDistrictDelete
	if m.Forget || len(r.plan.Stacks) == 0 {
		return nil
	}
	outputs, err := s.Stacks.Outputs(ctx, r.target, r.plan.Stacks[0].Name)
	if err == nil {
		*m.District = render.FillDistrict(*m.District, outputs)
	}
	return err
}

// followed answers the district that a followed stack is in. That of a change
// which makes it is only in the plan until the change has succeeded.
func (s *Service) followed(ctx context.Context, name string, by bcn.ID) (bcn.District, error) {
	d, err := s.Store.District(ctx, name)
	if !errors.Is(err, ErrNone) {
		return d, err
	}
	stored, err := s.Store.Plan(ctx, by)
	if err != nil {
		return d, err
	}
	p, err := planOf(Claimed{Change: bcn.Change{ID: by}, Plan: &stored})
	return p.District, err
}

// stillFree looks once more, right before it begins, whether what is to be
// taken away is used by nobody.
func (s *Service) stillFree(ctx context.Context, c Claimed) error {
	var err error
	switch c.Change.Kind {
	case bcn.KindEndpointUpdate, bcn.KindEndpointDelete:
		_, err = s.describeEndpointEdit(ctx, c.Change, *c.Wish.Edit)
	case bcn.KindDistrictUpdate, bcn.KindDistrictDelete:
		_, err = s.describeDistrictEdit(ctx, c.Change, *c.Wish.Edit)
	default:
	}
	return err
}
