package policy

import (
	"fmt"
	"slices"
	"strings"
)

// Request is what is asked of a policy.
type Request struct {
	Action   string // ecs:RunTask
	Resource string // an ARN, or * for actions without a resource
	Keys     Keys
	// Caller is who asks, for trust policies: ARNs, the account's id and root,
	// or a service's name, any of which a Principal may name.
	Caller []Principal
}

// Decision is a policy's answer.
type Decision int

// The decisions. Implicit is a denial because nothing allows.
const (
	Implicit Decision = iota
	Allowed
	Denied
)

// Decide evaluates one document by itself: an explicit deny wins, and nothing
// is allowed that no statement allows.
func (d *Document) Decide(r Request) Decision {
	known := operators()
	out := Implicit
	for i := range d.Statements {
		s := &d.Statements[i]
		if !s.applies(r, known, d.Version) {
			continue
		}
		if s.Deny {
			return Denied
		}
		out = Allowed
	}
	return out
}

func (s *Statement) applies(r Request, known map[string]comparison, version string) bool {
	if s.Principals != nil && !s.principal(r.Caller) {
		return false
	}
	if slices.ContainsFunc(s.Actions, func(p string) bool { return actionMatches(p, r.Action) }) == s.NotAction {
		return false
	}
	if s.Resources != nil {
		vars := r.Keys
		if version != "2012-10-17" {
			vars = nil
		}
		match := func(p string) bool { return arnMatches(p, r.Resource, vars) }
		if slices.ContainsFunc(s.Resources, match) == s.NotRes {
			return false
		}
	}
	for _, c := range s.Conditions {
		if !c.holds(known, r.Keys) {
			return false
		}
	}
	return true
}

// principal says whether one of the caller's names is in the statement. A
// wildcard is only ever the whole value, as IAM has it.
func (s *Statement) principal(caller []Principal) bool {
	for _, p := range s.Principals {
		for _, c := range caller {
			if p.Type == c.Type && (p.Value == c.Value || p.Value == "*" && p.Type == "AWS") {
				return true
			}
		}
	}
	return false
}

// Set is all that decides about one principal.
type Set struct {
	Identity []*Document // the role's inline and managed policies
	Boundary *Document   // nil: the role has none
	Session  *Document   // nil: the session was opened without one
}

// Verdict is a Set's answer, and why.
type Verdict struct {
	Allowed bool
	Reason  string // in AWS's words, to follow "is not authorized to perform ... on resource: ..."
}

// Decide evaluates all documents together.
func (s Set) Decide(r Request) Verdict {
	identity := Implicit
	for _, d := range s.Identity {
		switch d.Decide(r) {
		case Denied:
			return Verdict{Reason: "with an explicit deny in an identity-based policy"}
		case Allowed:
			identity = Allowed
		}
	}
	limits := []struct {
		doc        *Document
		none, deny string
	}{
		{s.Boundary, "because no permissions boundary allows the %s action", "with an explicit deny in a permissions boundary"},
		{s.Session, "because no session policy allows the %s action", "with an explicit deny in a session policy"},
	}
	reason := ""
	for _, l := range limits {
		if l.doc == nil {
			continue
		}
		switch l.doc.Decide(r) {
		case Denied:
			return Verdict{Reason: l.deny}
		case Implicit:
			reason = fmt.Sprintf(l.none, r.Action)
		}
	}
	if identity != Allowed {
		reason = fmt.Sprintf("because no identity-based policy allows the %s action", r.Action)
	}
	return Verdict{Allowed: reason == "", Reason: reason}
}

// AccountPrincipals are the names by which a trust policy may call anything in
// an account: its id, and its root's ARN, which IAM takes for the same.
func AccountPrincipals(account string) []Principal {
	return []Principal{
		{Type: "AWS", Value: account},
		{Type: "AWS", Value: "arn:aws:iam::" + account + ":root"},
	}
}

// ServicePrincipal is an AWS service, such as ecs-tasks.amazonaws.com.
func ServicePrincipal(name string) []Principal {
	return []Principal{{Type: "Service", Value: strings.ToLower(name)}}
}
