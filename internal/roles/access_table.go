package roles

import (
	"fmt"
	"strings"
)

// AccessTable answers every statement of AccessTemplate with its reason, as
// Markdown for docs/access.md.
func AccessTable(in AccessInput) (string, error) {
	in = in.defaults()
	if err := in.check(); err != nil {
		return "", err
	}
	type part struct {
		title string
		list  []limited
	}
	var who []limited
	for _, s := range in.accessTrust() {
		who = append(who, allow(s))
	}
	parts := []part{
		{"Who may assume the roles of access", who},
		{"Access to tasks", in.taskAccess()},
		{"Access to managed nodes", in.nodeAccess(in.sessionDocuments())},
	}
	if len(in.Ports) > 0 {
		parts = append(parts, part{"Access to databases' ports", in.nodeAccess(in.portDocuments())})
	}
	var b strings.Builder
	for _, p := range parts {
		fmt.Fprintf(&b, "### %s\n\n| statement | | what | on | if | why |\n|---|---|---|---|---|---|\n", p.title)
		for _, s := range p.list {
			on := codes(s.Resource)
			if len(s.NotResource) > 0 {
				on = "all but " + codes(s.NotResource)
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", s.Sid, s.Effect, codes(s.Action), on, s.conditions(), s.Why)
		}
		b.WriteString("\n")
	}
	return b.String(), nil
}
