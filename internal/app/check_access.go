package app

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/bcn-bot/bcn/internal/access"
	"github.com/bcn-bot/bcn/internal/apply"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/config"
	"github.com/bcn-bot/bcn/internal/grant"
	"github.com/bcn-bot/bcn/internal/roles"
)

// Credentials are minted to see whether they could be, for nobody: the policy
// denies everything, and no grant has this name.
const (
	checkSession = "bcn-gcheck"
	denyAll      = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}`
)

// access looks at what the rules' words of access need in a district: the role
// behind each, and its session documents. Rules that give "*" do not ask for
// it, since who has everything need not have this.
func (c *checker) access(ctx context.Context, a *apply.Apply, cfg *config.Config, t bcn.Target) {
	d := t.District
	mend := "apply what `bot iam --district " + d.Name + " --access` prints"
	whole := true
	fault := func(what string, err error, mend string) {
		whole = false
		c.fault("district "+d.Name+": "+what, err, mend)
	}
	kinds := accessKinds(cfg, d)
	for _, role := range accessRoles(kinds, d) {
		_, err := a.Mint(ctx, t, grant.Mint{
			Role: role, Policy: []byte(denyAll), Session: checkSession, Identity: bcn.SystemIdentity, Seconds: 900,
		})
		if err != nil {
			fault(role, err, mend+", and let bcn's own identity assume it")
		}
	}
	for _, name := range accessDocuments(kinds, cfg, d) {
		if err := a.Document(ctx, t, name); err != nil {
			var e *bcn.Error
			if errors.As(err, &e) && e.Code == bcn.CodeDistrictInvalid {
				err = errors.New(e.Params["problems"])
			}
			fault(name, err, mend)
		}
	}
	if len(kinds) > 0 && whole {
		c.ok("district %s: %s", d.Name, strings.Join(kinds, ", "))
	}
}

// accessKinds are the words of access that some rule names, for one of the
// district's environments or for the district. Without a database there is
// nothing for ports, and the template has no role for them.
func accessKinds(cfg *config.Config, d bcn.District) []string {
	var out []string
	for _, kind := range []access.Kind{access.OwnTask, access.LiveTask, access.Instance, access.Port} {
		named := slices.ContainsFunc(cfg.Rules, func(r config.Rule) bool {
			return slices.Contains(r.To, string(kind)) && among(r.Districts, d.Name) && among(r.On, d.Environments...)
		})
		if named && (kind != access.Port || len(cfg.Access.PortsOf(d.Name)) > 0) {
			out = append(out, string(kind))
		}
	}
	return out
}

// among says whether a rule's matcher takes one of the names; without it any.
func among(matcher []string, names ...string) bool {
	return len(matcher) == 0 || slices.ContainsFunc(matcher, func(m string) bool { return m == "*" || slices.Contains(names, m) })
}

// accessRoles are the ARNs of the roles behind the kinds, each once.
func accessRoles(kinds []string, d bcn.District) []string {
	var out []string
	for _, kind := range kinds {
		t := access.Target{Kind: access.Kind(kind), District: d.Name, Account: d.Account, Region: d.Region}
		if arn := t.RoleARN(); !slices.Contains(out, arn) {
			out = append(out, arn)
		}
	}
	return out
}

// accessDocuments are the session documents behind the kinds.
func accessDocuments(kinds []string, cfg *config.Config, d bcn.District) []string {
	var out []string
	if slices.Contains(kinds, string(access.Instance)) {
		for _, minutes := range roles.SessionMinutes() {
			out = append(out, roles.SessionDocumentName(d.Name, minutes))
		}
	}
	if slices.Contains(kinds, string(access.Port)) {
		for _, p := range cfg.Access.PortsOf(d.Name) {
			out = append(out, roles.PortDocumentName(d.Name, p.Name))
		}
	}
	return out
}
