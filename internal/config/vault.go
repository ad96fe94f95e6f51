package config

import (
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// VaultPolicy makes whoever has a capability on a path of Vault a member of a
// team, for the heritage that the path then names and for no other.
type VaultPolicy struct {
	Path       string `json:"path"` // with {district}, {app} and {env}, each a segment
	Capability string `json:"capability"`
}

// The places of a path. A heritage is an app in an environment, so that a path
// with all three names the district and the heritage.
var vaultPlaces = []string{"{district}", "{app}", "{env}"}

// vaultCapabilities are those that a team can stand for.
var vaultCapabilities = []string{"create", "read", "update", "delete"}

// placeForm is that of a name in a path: it cannot be read as two segments, or
// as a sign of a policy.
var placeForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,200}$`)

// For answers the path for what is asked; false where it is not about one
// heritage in one district, of whom the path says nothing.
func (v VaultPolicy) For(of bcn.Matter) (string, bool) {
	for _, name := range []string{of.District, of.App, of.Env} {
		if !placeForm.MatchString(name) || strings.Contains(name, "..") {
			return "", false
		}
	}
	segments := strings.Split(v.Path, "/")
	for i, s := range segments {
		switch s {
		case "{district}":
			segments[i] = of.District
		case "{app}":
			segments[i] = of.App
		case "{env}":
			segments[i] = of.Env
		}
	}
	return strings.Join(segments, "/"), true
}

func (l *loader) vaultPolicy(to **VaultPolicy) func(string, *yaml.Node) {
	return func(path string, n *yaml.Node) {
		var v VaultPolicy
		before := len(l.problems)
		ok := l.object(path, n,
			field{"path", l.checked(&v.Path, isVaultPath)},
			field{"capability", l.checked(&v.Capability, isVaultCapability)},
		)
		if ok && len(l.problems) == before && (v.Path == "" || v.Capability == "") {
			l.fault(resolve(n), "%s needs both path and capability", path)
		}
		*to = &v
	}
}

func isVaultCapability(s string) string {
	if slices.Contains(vaultCapabilities, s) {
		return ""
	}
	return quoted(s) + " is not one of " + strings.Join(vaultCapabilities, ", ")
}

// isVaultPath wants each place once, as a segment of its own: two names in one
// segment could be those of another heritage.
func isVaultPath(s string) string {
	rest := s
	for _, place := range vaultPlaces {
		if strings.Count("/"+s+"/", "/"+place+"/") != 1 || strings.Count(s, place) != 1 {
			return quoted(s) + " must have " + strings.Join(vaultPlaces, ", ") + ", each once and as a segment of its own"
		}
		rest = strings.Replace(rest, place, "x", 1)
	}
	if strings.Contains(s, "..") {
		return quoted(s) + ` must not hold ".."`
	}
	return shape(rest, `^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$`, "a path of Vault such as secret/barcelona/districts/{district}/heritages/{app}/{env}")
}

// isVaultEntity takes the id of an entity, or its name.
func isVaultEntity(s string) string {
	if strings.Contains(s, "..") {
		return quoted(s) + ` must not hold ".."`
	}
	return shape(s, `^[A-Za-z0-9_][A-Za-z0-9_.@-]{0,127}$`, "the id or the name of an entity of Vault")
}

// entityID is the form of an entity's id; anything else is a name.
var entityID = regexp.MustCompile(`(?i)^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// vaultEntities refuses names beside ids: bot.yaml does not show whether they
// are of one entity, which belongs to one person.
func (l *loader) vaultEntities(at *yaml.Node) {
	var ids, names bool
	for _, p := range l.c.People {
		ids = ids || p.Vault != "" && entityID.MatchString(p.Vault)
		names = names || p.Vault != "" && !entityID.MatchString(p.Vault)
	}
	if ids && names {
		l.fault(at, "people: give all entities of Vault by their ids, or all by their names: an id and a name could be of one entity")
	}
}

// NeedsVault says whether a team's members are asked of Vault.
func (c *Config) NeedsVault() bool { return len(c.VaultTeams()) > 0 }

// VaultTeams answers the teams with a vault_policy, sorted.
func (c *Config) VaultTeams() []string {
	var out []string
	for name, t := range c.Teams {
		if t.VaultPolicy != nil {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}
