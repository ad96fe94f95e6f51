package config

import (
	"strings"

	"gopkg.in/yaml.v3"
)

// people reads who is who. An account belongs to one person: were it in two
// entries, one person's approval could count as another's.
func (l *loader) people(path string, n *yaml.Node) {
	taken := map[string]int{} // account → line
	l.list(path, n, func(path string, n *yaml.Node) {
		var p Person
		before := len(l.problems)
		ok := l.object(path, n,
			field{"slack", l.checked(&p.Slack, isUser)},
			field{"github", l.checked(&p.GitHub, isLogin)},
			field{"email", l.checked(&p.Email, isEmail)},
			field{"vault", l.checked(&p.Vault, isVaultEntity)},
		)
		if !ok {
			return
		}
		n = resolve(n)
		if p.Slack == "" && len(l.problems) == before {
			l.fault(n, "%s needs slack, the Slack user id", path)
		}
		for _, account := range []string{
			"the Slack account " + p.Slack,
			"the GitHub login " + strings.ToLower(p.GitHub),
			"the address " + strings.ToLower(p.Email),
			"the entity of Vault " + strings.ToLower(p.Vault),
		} {
			if strings.HasSuffix(account, " ") {
				continue
			}
			if first, ok := taken[account]; ok {
				l.fault(n, "%s: %s belongs to the person of line %d already", path, account, first)
				continue
			}
			taken[account] = n.Line
		}
		l.c.People = append(l.c.People, p)
	})
	l.vaultEntities(resolve(n))
}

func (l *loader) teams(path string, n *yaml.Node) {
	l.pairs(path, n, func(key, value *yaml.Node) {
		if wrong := isTeam(key.Value); wrong != "" {
			l.fault(key, "%s: %s", path, wrong)
		}
		var t Team
		path := join(path, key.Value)
		before := len(l.problems)
		ok := l.object(path, value,
			field{"slack_usergroup", l.checked(&t.SlackUsergroup, isUsergroup)},
			field{"github_team", l.checked(&t.GitHubTeam, isGitHubTeam)},
			field{"members", func(path string, n *yaml.Node) { t.Members = l.strings(path, n, isUser) }},
			field{"vault_policy", l.vaultPolicy(&t.VaultPolicy)},
		)
		if ok && len(l.problems) == before && t.SlackUsergroup == "" && t.GitHubTeam == "" && len(t.Members) == 0 && t.VaultPolicy == nil {
			l.fault(resolve(value), "%s names nobody: give slack_usergroup, github_team, members or vault_policy", path)
		}
		if t.VaultPolicy != nil && key.Value == "admins" {
			l.fault(resolve(value), "%s: administrators are asked for where there is no heritage, of which alone vault_policy says something", path)
		}
		l.teamAt[key.Value] = key
		l.c.Teams[key.Value] = t
	})
}
