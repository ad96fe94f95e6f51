package aws

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// thing is a part of a network that has no code of its own: what the template
// said of it, and what it answers.
type thing struct {
	id, typ string
	props   map[string]any
	attrs   map[string]string
	tags    map[string]string
}

// networkType is how a type of EC2's is made, changed and deleted: the actions
// that its CloudFormation handler calls, and the rules that EC2 keeps.
type networkType struct {
	account *Account
	typ     string
	kind    string // of its ARN: route-table; empty: it has none
	prefix  string // of its id
	create  string // CreateRouteTable
	also    []string
	update  []string
	remove  string
	parents map[string]string // properties that name a resource which the creation is about, by the kind of its ARN
	// make checks what EC2 refuses and fills in id and attributes; it runs with mu.
	make func(a *Account, r *region, t *thing, q wire.Request) error
	// change does the same for an update; nil: anything may change.
	change func(a *Account, r *region, t *thing, q wire.Request) error
	// held answers why it cannot be deleted; it runs with mu. Who else is in it
	// was asked before.
	held func(a *Account, r *region, t *thing) error
	// gone undoes what make did beside the thing.
	gone func(r *region, t *thing)
	// occupied is asked of the cluster, without mu.
	occupied bool
	// more is asked for once, beside the actions: passing a role, say.
	more func(q wire.Request) error
}

var _ wire.Resource = networkType{}

func (n networkType) arn(q wire.Request, id string) string { return ec2ARN(q, n.kind, id) }

func ec2ARN(q wire.Request, kind, id string) string {
	return "arn:aws:ec2:" + q.Region + ":" + q.Account + ":" + kind + "/" + id
}

// tagsFor are a resource's tags; a launch template has them elsewhere.
func (n networkType) tagsFor(q wire.Request) map[string]string {
	if q.Tags != nil {
		return stackTags(q)
	}
	out := map[string]string{}
	for _, e := range list(q.Properties, "TagSpecifications") {
		if m, _ := e.(map[string]any); m["ResourceType"] == n.kind {
			maps.Copy(out, tagsOf(list(m, "Tags")))
		}
	}
	return out
}

// Create implements wire.Resource.
func (n networkType) Create(_ context.Context, q wire.Request) (string, map[string]string, error) {
	tags := n.tagsFor(q)
	if err := n.mayCreate(q, tags); err != nil {
		return "", nil, err
	}
	a := n.account
	a.mu.Lock()
	defer a.mu.Unlock()
	r := a.in(q.Region)
	t := &thing{typ: n.typ, props: q.Properties, tags: tags, attrs: map[string]string{}, id: n.prefix + random(16, lowerHex)}
	if err := n.make(a, r, t, q); err != nil {
		return "", nil, err
	}
	r.things[t.id] = t
	return t.id, t.attrs, nil
}

func (n networkType) mayCreate(q wire.Request, tags map[string]string) error {
	keys := tagKeys("aws:RequestTag/", userTags(tags))
	maps.Copy(keys, n.instanceKeys(q))
	if n.kind != "" {
		if err := q.Authorize("ec2:"+n.create, n.arn(q, "*"), keys); err != nil {
			return err
		}
	}
	for _, property := range sortedKeys(n.parents) {
		for _, id := range ids(q.Properties[property]) {
			if err := q.Authorize("ec2:"+n.create, ec2ARN(q, n.parents[property], id), n.account.networkKeys(q.Region, id)); err != nil {
				return err
			}
		}
	}
	if n.kind != "" && len(userTags(tags)) > 0 {
		keys["ec2:CreateAction"] = []string{n.create}
		if err := q.Authorize("ec2:CreateTags", n.arn(q, "*"), keys); err != nil {
			return err
		}
	}
	for _, action := range n.also {
		if err := q.Authorize("ec2:"+action, n.arn(q, "*"), tagKeys("aws:ResourceTag/", tags)); err != nil {
			return err
		}
	}
	if n.more != nil {
		return n.more(q)
	}
	return nil
}

// instanceKeys tell of which type a machine is.
func (n networkType) instanceKeys(q wire.Request) map[string][]string {
	if n.kind != "instance" {
		return nil
	}
	n.account.mu.Lock()
	defer n.account.mu.Unlock()
	t := n.account.in(q.Region).things[text(launchTemplateOf(q.Properties), "LaunchTemplateId")]
	if t == nil {
		return nil
	}
	data, _ := t.props["LaunchTemplateData"].(map[string]any)
	return map[string][]string{"ec2:InstanceType": {text(data, "InstanceType")}}
}

func launchTemplateOf(p map[string]any) map[string]any {
	m, _ := p["LaunchTemplate"].(map[string]any)
	return m
}

// ids reads one id or a list of them.
func ids(v any) []string {
	switch x := v.(type) {
	case string:
		return []string{x}
	case []any:
		var out []string
		for _, e := range x {
			out = append(out, scalar(e))
		}
		return out
	}
	return nil
}

// networkKeys are the condition keys of anything in a network, by its id.
func (a *Account) networkKeys(region, id string) map[string][]string {
	a.mu.Lock()
	defer a.mu.Unlock()
	r := a.in(region)
	switch {
	case r.vpcs[id] != nil:
		return tagKeys("aws:ResourceTag/", r.vpcs[id].tags)
	case r.subnets[id] != nil:
		return tagKeys("aws:ResourceTag/", r.subnets[id].tags)
	}
	for _, t := range r.things {
		if t.id == id || t.attrs["AllocationId"] == id {
			return tagKeys("aws:ResourceTag/", t.tags)
		}
	}
	return nil
}

// Update implements wire.Resource.
func (n networkType) Update(_ context.Context, id string, q wire.Request) (map[string]string, error) {
	a := n.account
	a.mu.Lock()
	t := a.in(q.Region).things[id]
	a.mu.Unlock()
	if t == nil {
		return nil, wire.Errorf("InvalidID.NotFound", "The ID '%s' does not exist", id)
	}
	actions, tags := slices.Clone(n.update), n.tagsFor(q)
	if !maps.Equal(tags, t.tags) {
		actions = append(actions, "CreateTags")
	}
	of, keys := n.arn(q, id), tagKeys("aws:ResourceTag/", t.tags)
	if n.kind == "" { // of the thing that it belongs to
		for property, kind := range n.parents {
			of, keys = ec2ARN(q, kind, text(q.Properties, property)), a.networkKeys(q.Region, text(q.Properties, property))
		}
	}
	for _, action := range actions {
		if err := q.Authorize("ec2:"+action, of, keys); err != nil {
			return nil, err
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if n.change != nil {
		if err := n.change(a, a.in(q.Region), t, q); err != nil {
			return nil, err
		}
	}
	t.props, t.tags = q.Properties, tags
	return t.attrs, nil
}

// Delete implements wire.Resource.
func (n networkType) Delete(_ context.Context, id string, q wire.Request) error {
	a := n.account
	a.mu.Lock()
	t := a.in(q.Region).things[id]
	a.mu.Unlock()
	if t == nil {
		return nil
	}
	if n.kind != "" {
		if err := q.Authorize("ec2:"+n.remove, n.arn(q, id), tagKeys("aws:ResourceTag/", t.tags)); err != nil {
			return err
		}
	}
	for _, property := range sortedKeys(n.parents) {
		if n.kind != "" {
			break
		}
		for _, parent := range ids(t.props[property]) {
			if err := q.Authorize("ec2:"+n.remove, ec2ARN(q, n.parents[property], parent), a.networkKeys(q.Region, parent)); err != nil {
				return err
			}
		}
	}
	if n.occupied && a.occupied != nil && a.occupied(id) {
		return dependent(n.kind, id)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	r := a.in(q.Region)
	if n.held != nil {
		if err := n.held(a, r, t); err != nil {
			return err
		}
	}
	if n.gone != nil {
		n.gone(r, t)
	}
	delete(r.things, id)
	return nil
}

// dependent is what EC2 says of what something else is still in.
func dependent(kind, id string) *wire.Error {
	return wire.Errorf("DependencyViolation", "The %s '%s' has dependencies and cannot be deleted.", strings.ReplaceAll(kind, "-", " "), id)
}

// Ready is at once.
func (n networkType) Ready(context.Context, string, wire.Request) (bool, error) { return true, nil }

// having are the things of a type for which a property has the value.
func (r *region) having(typ, property, value string) []*thing {
	var out []*thing
	for _, id := range sortedKeys(r.things) {
		if t := r.things[id]; t.typ == typ && slices.Contains(ids(t.props[property]), value) {
			out = append(out, t)
		}
	}
	return out
}
