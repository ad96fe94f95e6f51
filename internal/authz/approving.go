package authz

import "slices"

// Approving lists the teams that approve something by any rule, sorted: those
// that rules name, those that are asked next, and the administrators, who stand
// in where a group has nobody.
func (a *Authorizer) Approving() []string {
	out := []string{administrators}
	for _, r := range a.o.Rules {
		if r.Approve != nil {
			out = slices.Concat(out, r.Approve.By, r.Approve.Escalate)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
