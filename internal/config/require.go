package config

import (
	"log/slog"
	"net/url"
	"strings"
)

// Require answers a problem for each of the named variables that was not
// given. It knows those whose absence can matter.
func (p *Process) Require(names ...string) []Problem {
	given := map[string]bool{
		"SLACK_BOT_TOKEN":      p.SlackBotToken.Set(),
		"SLACK_APP_TOKEN":      p.SlackAppToken.Set(),
		"DATABASE_URL":         p.DatabaseURL.Set(),
		"MIGRATE_DATABASE_URL": p.MigrateDatabaseURL.Set(),
		"BCN_KEY":              p.Key.Set(),
		"GITHUB_TOKEN":         p.GitHubToken.Set() || p.GitHubAppID != 0,
		"PAGERDUTY_TOKEN":      p.PagerDutyToken.Set(),
		"AWS_REGION":           p.AWSRegion != "",
	}
	hints := map[string]string{
		"SLACK_BOT_TOKEN": "; it begins with xoxb- (bot manifest makes the app)",
		"SLACK_APP_TOKEN": "; it begins with xapp- and has the scope connections:write",
		"BCN_KEY":         "; make one with: openssl rand -base64 32",
		"PAGERDUTY_TOKEN": "; a rule asks PagerDuty who is on call",
		"GITHUB_TOKEN":    " (or GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY)",
	}
	var out []Problem
	for _, name := range names {
		if !given[name] {
			out = append(out, Problem{File: name, Message: "is not set" + hints[name]})
		}
	}
	return out
}

// RequireServe answers what keeps `bot serve` from starting: missing tokens,
// and a Slack that is not Slack's beside an AWS that is AWS's, since then
// whoever runs that Slack could say who approved what.
func (p *Process) RequireServe() []Problem {
	out := p.Require("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "DATABASE_URL", "BCN_KEY")
	if !p.SlackIsReal() && p.AWSIsReal() {
		out = append(out, Problem{File: "SLACK_API_URL", Message: "is not Slack's while AWS is real: refused"})
	}
	return out
}

// RequireOncall answers what the rules need besides where they ask PagerDuty who
// is on call: a token, and beside an AWS that is AWS's a PagerDuty that is
// PagerDuty's, since whoever runs another could say who needs no approval.
func (p *Process) RequireOncall(c *Config) []Problem {
	if !c.NeedsPagerDuty() {
		return nil
	}
	out := p.Require("PAGERDUTY_TOKEN")
	if p.PagerDutyAPIURL != "" && p.AWSIsReal() {
		u, err := url.Parse(p.PagerDutyAPIURL)
		if err != nil || u.Scheme != "https" || !strings.HasSuffix(strings.ToLower(u.Hostname()), ".pagerduty.com") {
			out = append(out, Problem{File: "PAGERDUTY_API_URL", Message: "is not PagerDuty's while AWS is real: refused"})
		}
	}
	return out
}

// SlackIsReal says that the Web API is Slack's own, over TLS.
func (p *Process) SlackIsReal() bool {
	u, err := url.Parse(p.SlackAPIURL)
	if err != nil || u.Scheme != "https" {
		return false
	}
	host := strings.ToLower(u.Hostname())
	return host == "slack.com" || strings.HasSuffix(host, ".slack.com")
}

// AWSIsReal says that calls may reach AWS: there is no endpoint of one's own,
// or it is one of AWS's.
func (p *Process) AWSIsReal() bool {
	if p.AWSEndpointURL == "" {
		return true
	}
	u, err := url.Parse(p.AWSEndpointURL)
	if err != nil {
		return true
	}
	host := strings.ToLower(u.Hostname())
	for _, suffix := range []string{".amazonaws.com", ".amazonaws.com.cn", ".api.aws"} {
		if strings.HasSuffix(host, suffix) {
			return true
		}
	}
	return false
}

// String writes what was given, secrets hidden.
func (p *Process) String() string {
	var b strings.Builder
	for _, a := range p.attributes() {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(a.Key + "=" + a.Value.String())
	}
	return b.String()
}

// LogValue is String for slog.
func (p *Process) LogValue() slog.Value { return slog.GroupValue(p.attributes()...) }

func (p *Process) attributes() []slog.Attr {
	return []slog.Attr{
		slog.String("slack_bot_token", p.SlackBotToken.String()),
		slog.String("slack_app_token", p.SlackAppToken.String()),
		slog.String("slack_api_url", bare(p.SlackAPIURL)),
		slog.String("database_url", p.DatabaseURL.String()),
		slog.String("migrate_database_url", p.MigrateDatabaseURL.String()),
		slog.String("bcn_key", p.Key.String()),
		slog.String("github_token", p.GitHubToken.String()),
		slog.Int64("github_app_id", p.GitHubAppID),
		slog.String("github_app_private_key", p.GitHubAppPrivateKey.String()),
		slog.String("github_api_url", bare(p.GitHubAPIURL)),
		slog.String("vault_addr", bare(p.VaultAddr)),
		slog.String("vault_login", p.Vault.way()),
		slog.String("pagerduty_token", p.PagerDutyToken.String()),
		slog.String("pagerduty_api_url", bare(p.PagerDutyAPIURL)),
		slog.String("bcn_ticket_token", p.TicketToken.String()),
		slog.String("aws_region", p.AWSRegion),
		slog.String("aws_endpoint_url", bare(p.AWSEndpointURL)),
		slog.String("bcn_config", p.ConfigPath),
		slog.String("bcn_http_addr", p.HTTPAddr),
		slog.String("bcn_log_level", p.LogLevel.String()),
	}
}

// bare writes an address without user, password and query.
func bare(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return hidden
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String()
}
