package vault

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/bcn-bot/bcn/internal/vault/acl"
)

// Bounds of what is read for one person, and of how much at once.
const (
	maxReads = 200
	abreast  = 4
)

// Entity is who somebody is in Vault.
type Entity struct {
	Known    bool // there is such an entity
	Disabled bool
	ID, Name string
	ACL      acl.ACL
}

// Can says whether the entity has a capability on a path. The error says why
// that is not known.
func (e Entity) Can(path, capability string) (bool, error) {
	if !e.Known || e.Disabled {
		return false, nil
	}
	return e.ACL.Can(path, capability)
}

// idForm is that of an entity's id; anything else is a name.
var idForm = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// Entity reads an entity by its id or name, with all that its policies and its
// groups' give, now. The answer is not Known where there is none. Errors: Vault
// did not answer, did not allow it, or has something that acl does not read.
func (c *Client) Entity(ctx context.Context, ref string) (Entity, error) {
	ref = strings.ToLower(ref) // Vault's ids are lower case, and its names are found in any
	by := "name"
	if idForm.MatchString(ref) {
		by = "id"
	}
	if !plain(ref) {
		return Entity{}, fmt.Errorf("%q names no entity", ref)
	}
	data, err := c.read(ctx, "identity/entity/"+by+"/"+ref)
	if err != nil || data == nil {
		return Entity{}, err
	}
	e := Entity{Known: true, ID: text(data["id"]), Name: text(data["name"])}
	var ok bool
	if e.Disabled, ok = data["disabled"].(bool); !ok || e.ID == "" {
		return Entity{}, errors.New("the answer about an entity lacks its id, or whether it is disabled")
	}
	if by == "id" && e.ID != ref || by == "name" && !strings.EqualFold(e.Name, ref) {
		return Entity{}, errors.New("the answer is about another entity")
	}
	if e.Disabled {
		return e, nil
	}
	e.ACL, err = c.rights(ctx, data)
	return e, err
}

// rights joins the policies of an entity and of its groups.
func (c *Client) rights(ctx context.Context, entity map[string]any) (acl.ACL, error) {
	names, err := list(entity, "policies")
	if err != nil {
		return acl.ACL{}, err
	}
	groups, err := list(entity, "group_ids") // direct and inherited
	if err != nil {
		return acl.ACL{}, err
	}
	given, err := each(ctx, groups, c.group)
	if err != nil {
		return acl.ACL{}, err
	}
	for _, of := range given {
		names = append(names, of...)
	}
	slices.Sort(names)
	policies, err := each(ctx, slices.Compact(names), c.policy)
	if err != nil {
		return acl.ACL{}, err
	}
	return acl.New(policies...), nil
}

// group answers a group's policies. Of one that is gone since the entity was
// read it is not known what they took away.
func (c *Client) group(ctx context.Context, id string) ([]string, error) {
	data, err := c.read(ctx, "identity/group/id/"+id)
	if err != nil {
		return nil, err
	}
	if text(data["id"]) != id {
		return nil, errors.New("the answer is about another group")
	}
	return list(data, "policies")
}

// policy reads one. Of a name behind which there is no ACL policy it is not
// known what it takes away: it may be one of Vault Enterprise's (Sentinel).
func (c *Client) policy(ctx context.Context, name string) (acl.Policy, error) {
	data, err := c.read(ctx, "sys/policies/acl/"+name)
	if err != nil {
		return acl.Policy{}, err
	}
	if data == nil {
		return acl.Policy{}, fmt.Errorf("there is no ACL policy %q", name)
	}
	rules, ok := data["policy"].(string)
	if !ok || !strings.EqualFold(text(data["name"]), name) {
		return acl.Policy{}, fmt.Errorf("the answer about the policy %q is none", name)
	}
	return acl.Parse(name, rules)
}

// each reads all, some at once, in their order.
func each[T any](ctx context.Context, names []string, read func(context.Context, string) (T, error)) ([]T, error) {
	if len(names) > maxReads {
		return nil, fmt.Errorf("%d groups or policies, more than %d", len(names), maxReads)
	}
	out := make([]T, len(names))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(abreast)
	for i, name := range names {
		g.Go(func() (err error) {
			if !plain(name) {
				return fmt.Errorf("%q is not a name that is read", name)
			}
			out[i], err = read(ctx, name)
			return err
		})
	}
	return out, g.Wait()
}

// plain says that a name leads where it is put in a path, and nowhere else.
func plain(name string) bool {
	return name != "" && !strings.Contains(name, "..") && !strings.ContainsAny(name, "/?#%\\") && strings.IndexFunc(name, func(r rune) bool { return r <= ' ' || r == 0x7f }) < 0
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

// list reads a list of names; Vault writes null for none.
func list(data map[string]any, field string) ([]string, error) {
	v, there := data[field]
	if !there {
		return nil, fmt.Errorf("the answer lacks %s", field)
	}
	if v == nil {
		return nil, nil
	}
	items, ok := v.([]any)
	if !ok {
		return nil, fmt.Errorf("%s is not a list", field)
	}
	out := make([]string, 0, len(items))
	for _, item := range items {
		s, ok := item.(string)
		if !ok {
			return nil, fmt.Errorf("%s holds something that is no name", field)
		}
		out = append(out, s)
	}
	return out, nil
}
