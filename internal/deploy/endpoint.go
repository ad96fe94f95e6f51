package deploy

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/render"
)

// Edit is what is to change of an endpoint or a district that is there; what is
// not set stays as it is. Deleting takes the name alone.
type Edit struct {
	Name         string
	Environments []string `json:",omitempty"`

	// Of endpoints.
	Certificates []string `json:",omitempty"` // ACM ARNs, the default one first
	TLS          string   `json:",omitempty"`
	AccessLogs   *bool    `json:",omitempty"`

	// Of districts that bcn made.
	NAT          string `json:",omitempty"`
	Launch       string `json:",omitempty"`
	InstanceType string `json:",omitempty"`
	Size         int    `json:",omitempty"`

	// Repair puts back what was changed outside, beside whatever else is said.
	Repair bool `json:",omitempty"`

	// Of any district: nothing else changes with it.
	Plugin *PluginEdit `json:",omitempty"`
}

// describeEndpointEdit checks what can be seen before there is a plan.
func (s *Service) describeEndpointEdit(ctx context.Context, c bcn.Change, edit Edit) (bcn.Change, error) {
	e, err := s.endpoint(ctx, edit.Name)
	if err != nil {
		return c, err
	}
	c.District, c.Subject = e.District, "endpoint:"+e.Name
	d, err := s.district(ctx, e.District)
	if err != nil {
		return c, err
	}
	users, err := s.endpointUsers(ctx, e)
	if err != nil {
		return c, err
	}
	if c.Kind == bcn.KindEndpointDelete {
		return c, stillUsed(e.Name, users)
	}
	after := edited(e, edit)
	for _, env := range after.Environments {
		if !d.Serves(env) {
			return c, bcn.E(bcn.CodeEnvironmentForeign, "what", "district", "name", d.Name, "env", env)
		}
	}
	users = slices.DeleteFunc(users, func(u user) bool { return after.Serves(u.heritage.Env) })
	if err := stillUsed(e.Name, users); err != nil {
		return c, err
	}
	return c, checkEndpoint(after, d)
}

// checkEndpoint holds the limits that are known without rendering: names, and
// where certificates have to be.
func checkEndpoint(e bcn.Endpoint, d bcn.District) error {
	if err := render.CheckEndpointName(e.Name); err != nil {
		return err
	}
	for _, arn := range append([]string{e.Certificate}, e.MoreCertificates...) {
		parts := strings.Split(arn, ":") // arn:aws:acm:REGION:ACCOUNT:certificate/ID
		if arn != "" && (len(parts) < 6 || parts[1] != bcn.Partition(d.Region) || parts[3] != d.Region || parts[4] != d.Account) {
			return bcn.E(bcn.CodeCertificateElsewhere, "certificate", arn, "region", d.Region, "account", d.Account)
		}
	}
	return nil
}

// edited is the endpoint as it would be.
func edited(e bcn.Endpoint, edit Edit) bcn.Endpoint {
	if len(edit.Certificates) > 0 {
		e.Certificate, e.MoreCertificates = edit.Certificates[0], edit.Certificates[1:]
	}
	if edit.TLS != "" {
		e.TLS = edit.TLS
	}
	if edit.AccessLogs != nil {
		e.AccessLogs = *edit.AccessLogs
	}
	if len(edit.Environments) > 0 {
		e.Environments = edit.Environments
	}
	return e
}

func (s *Service) endpoint(ctx context.Context, name string) (bcn.Endpoint, error) {
	all, err := s.Store.Endpoints(ctx)
	if err != nil {
		return bcn.Endpoint{}, err
	}
	if i := slices.IndexFunc(all, func(e bcn.Endpoint) bool { return e.Name == name }); i >= 0 {
		return all[i], nil
	}
	return bcn.Endpoint{}, bcn.E(bcn.CodeUnknownName, "what", "endpoint", "name", name)
}

// planEndpoint plans a new load balancer.
func (s *Service) planEndpoint(ctx context.Context, c Claimed) (bcn.Plan, error) {
	e := *c.Wish.Endpoint
	// Asked again: while it waited for its turn another may have taken the name.
	if _, err := s.describeEndpoint(ctx, c.Change, e); err != nil {
		return bcn.Plan{}, err
	}
	return s.proposeEndpoint(ctx, c, e, []bcn.Line{{Mark: bcn.MarkAdded, What: "endpoint " + e.Name}})
}

// planEndpointUpdate renders the endpoint as it would be; without anything to
// change, as today's bcn renders it.
func (s *Service) planEndpointUpdate(ctx context.Context, c Claimed) (bcn.Plan, error) {
	if _, err := s.describeEndpointEdit(ctx, c.Change, *c.Wish.Edit); err != nil {
		return bcn.Plan{}, err
	}
	before, err := s.endpoint(ctx, c.Wish.Edit.Name)
	if err != nil {
		return bcn.Plan{}, err
	}
	after := edited(before, *c.Wish.Edit)
	lines := endpointLines(before, after)
	p, err := s.proposeEndpoint(ctx, c, after, lines)
	if err == nil && p.Empty() && len(lines) > 0 {
		p.Stacks = nil // which environments it serves is known to bcn alone
	}
	return p, err
}

// endpointLines says what changes of an endpoint.
func endpointLines(before, after bcn.Endpoint) []bcn.Line {
	var out []bcn.Line
	line := func(what, from, to string) {
		if from != to {
			out = append(out, bcn.Line{Mark: bcn.MarkChanged, What: fmt.Sprintf("%s: %s → %s", what, orNone(from), orNone(to))})
		}
	}
	line("certificate", before.Certificate, after.Certificate)
	line("more certificates", strings.Join(before.MoreCertificates, ", "), strings.Join(after.MoreCertificates, ", "))
	line("TLS", render.TLSName(before.TLS), render.TLSName(after.TLS))
	line("access logs", onOff(before.AccessLogs), onOff(after.AccessLogs))
	line("environments", strings.Join(before.Environments, ", "), strings.Join(after.Environments, ", "))
	return out
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func onOff(b bool) string {
	if b {
		return "on"
	}
	return "off"
}

// proposeEndpoint renders a load balancer and proposes its stack.
func (s *Service) proposeEndpoint(ctx context.Context, c Claimed, e bcn.Endpoint, lines []bcn.Line) (bcn.Plan, error) {
	d, err := s.district(ctx, e.District)
	if err != nil {
		return bcn.Plan{}, err
	}
	proposal, err := render.Endpoint(render.EndpointInput{Endpoint: e, District: d, Installation: s.Installation, Tags: s.Tags})
	if err != nil {
		return bcn.Plan{}, err
	}
	stacks, put, err := s.proposeEdit(ctx, c, d, proposal)
	if err != nil {
		return bcn.Plan{}, err
	}
	lines = append(lines, put...)
	if e.AccessLogs && !d.Made() {
		lines = append(lines, bcn.Line{Mark: bcn.MarkNote, What: "access logs: the policy of the bucket " + d.Bucket +
			" must let " + render.LogWriter(d.Region) + " write below " + render.AccessLogPrefix(e.Name) + "/AWSLogs/" + d.Account + "/"})
	}
	record, err := json.Marshal(e)
	return bcn.Plan{District: d, Record: record, Stacks: stacks, Lines: lines}, err
}

// planEndpointDelete plans the deletion of a load balancer's stack.
func (s *Service) planEndpointDelete(ctx context.Context, c Claimed) (bcn.Plan, error) {
	if _, err := s.describeEndpointEdit(ctx, c.Change, *c.Wish.Edit); err != nil {
		return bcn.Plan{}, err
	}
	e, err := s.endpoint(ctx, c.Wish.Edit.Name)
	if err != nil {
		return bcn.Plan{}, err
	}
	d, err := s.district(ctx, e.District)
	if err != nil {
		return bcn.Plan{}, err
	}
	lines := []bcn.Line{{Mark: bcn.MarkRemoved, What: "endpoint " + e.Name + " (" + e.DNSName + ")"}}
	if e.AccessLogs {
		lines = append(lines, bcn.Line{Mark: bcn.MarkNote, What: "stays: access logs in s3://" + d.Bucket + "/" + render.AccessLogPrefix(e.Name) + "/"})
	}
	p := bcn.Plan{District: d, Lines: lines}
	if p.Record, err = json.Marshal(e); err != nil {
		return p, err
	}
	p.Stacks, err = s.removals(ctx, c, d, render.EndpointStack(e.Name))
	return p, err
}

// removals plans the deletion of stacks in the order given. Those that are not
// there are left out.
func (s *Service) removals(ctx context.Context, c Claimed, d bcn.District, names ...string) ([]bcn.StackPlan, error) {
	var out []bcn.StackPlan
	for _, name := range names {
		sp, err := s.Stacks.Removal(ctx, s.Target(c.Change, d), name, s.Installation)
		if err != nil {
			return nil, err
		}
		if sp.StackID != "" {
			out = append(out, sp)
		}
	}
	return out, nil
}

// endpointResult is the row that a change of an endpoint leaves.
func (s *Service) endpointResult(ctx context.Context, r running, m *Move) error {
	m.Endpoint = &bcn.Endpoint{}
	if err := json.Unmarshal(r.plan.Record, m.Endpoint); err != nil {
		return err
	}
	m.Rewrite, m.Forget = r.Change.Kind == bcn.KindEndpointUpdate, r.Change.Kind == bcn.KindEndpointDelete
	if m.Forget || len(r.plan.Stacks) == 0 {
		return nil
	}
	outputs, err := s.Stacks.Outputs(ctx, r.target, r.plan.Stacks[0].Name)
	if err == nil {
		*m.Endpoint = render.FillEndpoint(*m.Endpoint, outputs)
	}
	return err
}
