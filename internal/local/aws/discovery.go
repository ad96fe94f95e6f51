package aws

import (
	"context"
	"maps"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// The types of Cloud Map, by which tasks get names in a network. Nothing here
// resolves them.
const (
	typeNamespace = "AWS::ServiceDiscovery::PrivateDnsNamespace"
	typeDNSName   = "AWS::ServiceDiscovery::Service"
)

// dnsNamespace is AWS::ServiceDiscovery::PrivateDnsNamespace. Its actions are
// those of the type's published schema; Cloud Map makes the zone in Route 53 in
// the caller's name (Cloud Map API Reference, CreatePrivateDnsNamespace).
type dnsNamespace struct{ *Account }

// dnsService is AWS::ServiceDiscovery::Service.
type dnsService struct{ *Account }

var (
	_ wire.Resource = dnsNamespace{}
	_ wire.Resource = dnsService{}
)

func discoveryARN(q wire.Request, kind, id string) string {
	return "arn:aws:servicediscovery:" + q.Region + ":" + q.Account + ":" + kind + "/" + id
}

const anyZone = "arn:aws:route53:::hostedzone/*"

func authorizeAll(q wire.Request, resource string, keys map[string][]string, actions ...string) error {
	for _, action := range actions {
		if err := q.Authorize(action, resource, keys); err != nil {
			return err
		}
	}
	return nil
}

// Create implements wire.Resource.
func (n dnsNamespace) Create(_ context.Context, q wire.Request) (string, map[string]string, error) {
	tags := stackTags(q)
	keys := tagKeys("aws:RequestTag/", userTags(tags))
	if err := authorizeAll(q, discoveryARN(q, "namespace", "*"), keys, "servicediscovery:CreatePrivateDnsNamespace"); err != nil {
		return "", nil, err
	}
	if err := authorizeAll(q, anyZone, nil, "route53:CreateHostedZone", "route53:GetHostedZone", "route53:ListHostedZonesByName"); err != nil {
		return "", nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	r, name := n.in(q.Region), text(q.Properties, "Name")
	if r.vpcs[text(q.Properties, "Vpc")] == nil {
		return "", nil, wire.Errorf("InvalidInput", "The VPC %s does not exist", text(q.Properties, "Vpc"))
	}
	for _, t := range r.things {
		if t.typ == typeNamespace && text(t.props, "Name") == name {
			return "", nil, wire.Errorf("NamespaceAlreadyExists", "A namespace with the name %s already exists", name)
		}
	}
	id := "ns-" + random(16, lowerHex)
	t := &thing{id: id, typ: typeNamespace, props: q.Properties, tags: tags, attrs: map[string]string{
		"Id": id, "Arn": discoveryARN(q, "namespace", id), "HostedZoneId": "Z" + random(20, upperHexless),
	}}
	r.things[id] = t
	return id, t.attrs, nil
}

// Update implements wire.Resource.
func (n dnsNamespace) Update(_ context.Context, id string, q wire.Request) (map[string]string, error) {
	return n.changeThing(q, id, "namespace", "servicediscovery:UpdatePrivateDnsNamespace")
}

func (a *Account) changeThing(q wire.Request, id, kind, action string) (map[string]string, error) {
	a.mu.Lock()
	t := a.in(q.Region).things[id]
	a.mu.Unlock()
	if t == nil {
		return nil, wire.Errorf("NotFound", "The %s %s does not exist", kind, id)
	}
	tags := stackTags(q)
	actions := []string{action}
	if !maps.Equal(tags, t.tags) {
		actions = append(actions, "servicediscovery:TagResource")
	}
	if err := authorizeAll(q, discoveryARN(q, kind, id), tagKeys("aws:ResourceTag/", t.tags), actions...); err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	t.props, t.tags = q.Properties, tags
	return t.attrs, nil
}

// Delete implements wire.Resource.
func (n dnsNamespace) Delete(_ context.Context, id string, q wire.Request) error {
	n.mu.Lock()
	r := n.in(q.Region)
	t, held := r.things[id], len(r.having(typeDNSName, "NamespaceId", id)) > 0
	n.mu.Unlock()
	if t == nil {
		return nil
	}
	if err := authorizeAll(q, discoveryARN(q, "namespace", id), tagKeys("aws:ResourceTag/", t.tags), "servicediscovery:DeleteNamespace"); err != nil {
		return err
	}
	if err := authorizeAll(q, anyZone, nil, "route53:DeleteHostedZone"); err != nil {
		return err
	}
	if held {
		return wire.Errorf("ResourceInUse", "The namespace %s contains services", id)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(r.things, id)
	return nil
}

// Ready is at once.
func (n dnsNamespace) Ready(context.Context, string, wire.Request) (bool, error) { return true, nil }

// Create implements wire.Resource.
func (d dnsService) Create(_ context.Context, q wire.Request) (string, map[string]string, error) {
	tags := stackTags(q)
	if err := authorizeAll(q, discoveryARN(q, "service", "*"), tagKeys("aws:RequestTag/", userTags(tags)), "servicediscovery:CreateService"); err != nil {
		return "", nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	r, in := d.in(q.Region), text(q.Properties, "NamespaceId")
	if t := r.things[in]; t == nil || t.typ != typeNamespace {
		return "", nil, wire.Errorf("NamespaceNotFound", "The namespace %s does not exist", in)
	}
	id := "srv-" + random(16, lowerHex)
	t := &thing{id: id, typ: typeDNSName, props: q.Properties, tags: tags, attrs: map[string]string{
		"Id": id, "Arn": discoveryARN(q, "service", id), "Name": text(q.Properties, "Name"),
	}}
	r.things[id] = t
	return id, t.attrs, nil
}

// Update implements wire.Resource.
func (d dnsService) Update(_ context.Context, id string, q wire.Request) (map[string]string, error) {
	return d.changeThing(q, id, "service", "servicediscovery:UpdateService")
}

// Delete implements wire.Resource.
func (d dnsService) Delete(_ context.Context, id string, q wire.Request) error {
	d.mu.Lock()
	r := d.in(q.Region)
	t := r.things[id]
	d.mu.Unlock()
	if t == nil {
		return nil
	}
	if err := authorizeAll(q, discoveryARN(q, "service", id), tagKeys("aws:ResourceTag/", t.tags), "servicediscovery:DeleteService"); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(r.things, id)
	return nil
}

// Ready is at once.
func (d dnsService) Ready(context.Context, string, wire.Request) (bool, error) { return true, nil }
