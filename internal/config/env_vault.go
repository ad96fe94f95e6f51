package config

import (
	"net/url"
)

// VaultLogin is how bcn gets a token of Vault: Token, RoleID with SecretID, or
// KubernetesRole.
type VaultLogin struct {
	CACert              string // file
	Token               Secret
	RoleID              Secret
	SecretID            Secret
	AppRolePath         string // where AppRole is mounted, below auth/
	KubernetesRole      Secret
	KubernetesPath      string
	KubernetesTokenPath string // file with the service account's token; empty: where Kubernetes puts it
}

// Given says whether there is a way to a token.
func (v VaultLogin) Given() bool {
	return v.Token.Set() || v.RoleID.Set() || v.KubernetesRole.Set()
}

// way names it, for logs.
func (v VaultLogin) way() string {
	switch {
	case v.Token.Set():
		return "token"
	case v.RoleID.Set():
		return "approle"
	case v.KubernetesRole.Set():
		return "kubernetes"
	default:
		return ""
	}
}

// mount checks where an auth method is mounted.
func mount(to *string) func(string) string {
	return func(s string) string {
		if wrong := shape(s, `^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$`, "where an auth method is mounted, such as approle"); wrong != "" {
			return wrong
		}
		*to = s
		return ""
	}
}

// vault checks that there is one way to a token at most.
func (e *env) vault(p *Process) {
	v := p.Vault
	if len(e.problems) == 0 && v.RoleID.Set() != v.SecretID.Set() {
		e.fault("VAULT_ROLE_ID", "and VAULT_SECRET_ID belong together")
	}
	given := 0
	for _, is := range []bool{v.Token.Set(), v.RoleID.Set() || v.SecretID.Set(), v.KubernetesRole.Set()} {
		if is {
			given++
		}
	}
	if given > 1 {
		e.fault("VAULT_TOKEN", "VAULT_ROLE_ID and VAULT_KUBERNETES_ROLE are ways to one token: give one of them")
	}
}

// RequireVault answers what is missing where Vault decides who is in a team, and
// an address over which another could decide it: without TLS, but on this
// machine.
func (p *Process) RequireVault(c *Config) []Problem {
	if !c.NeedsVault() {
		return nil
	}
	var out []Problem
	if p.VaultAddr == "" {
		out = append(out, Problem{File: "VAULT_ADDR", Message: "is not set; a team of bot.yaml has a vault_policy"})
	} else if !private(p.VaultAddr) {
		out = append(out, Problem{File: "VAULT_ADDR", Message: "must be https:// (or on this machine), without a user or password"})
	}
	if !p.Vault.Given() {
		out = append(out, Problem{File: "VAULT_TOKEN", Message: "is not set (or VAULT_ROLE_ID and VAULT_SECRET_ID, or VAULT_KUBERNETES_ROLE); a team of bot.yaml has a vault_policy"})
	}
	return out
}

// private says that nobody between here and there can read or answer.
func private(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.User != nil {
		return false
	}
	return u.Scheme == "https" || loopback(u.Hostname())
}
