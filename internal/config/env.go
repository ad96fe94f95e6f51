package config

import (
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// Process is what the environment says (DESIGN.md section 7). What was not
// given is empty; Require and RequireServe say what a command needs.
type Process struct {
	SlackBotToken       Secret
	SlackAppToken       Secret
	SlackAPIURL         string // with a slash at its end
	DatabaseURL         Secret // it may hold a password
	MigrateDatabaseURL  Secret // default: DatabaseURL
	Key                 Secret // BCN_KEY: 32 bytes, decoded
	GitHubToken         Secret
	GitHubAppID         int64
	GitHubAppPrivateKey Secret // PEM
	GitHubAPIURL        string // empty: GitHub's
	GitHubClientID      string // of the OAuth app that login uses; it is no secret
	VaultAddr           string
	Vault               VaultLogin
	TicketToken         Secret // of the system that rules look tickets up in
	PagerDutyToken      Secret // of its REST API; read-only will do
	PagerDutyAPIURL     string // with a slash at its end; empty: PagerDuty's, in the US region
	AWSRegion           string
	AWSEndpointURL      string // empty: AWS's own
	ConfigPath          string // default bot.yaml
	HTTPAddr            string // default 127.0.0.1:8080
	LogLevel            slog.Level
}

// SlackAPI is where Slack's Web API is.
const SlackAPI = "https://slack.com/api/"

// FromEnv reads the environment. A secret X may instead be in the file that
// X_FILE names, whose last line feed is dropped. Every problem is answered,
// none of which shows a secret; where there is one, the Process is nil.
func FromEnv(getenv func(string) string, readFile func(string) ([]byte, error)) (*Process, []Problem) {
	e := &env{getenv: getenv, readFile: readFile}
	p := &Process{LogLevel: slog.LevelInfo}
	for _, v := range e.table(p) {
		value := v.initial
		if given, ok := e.value(v); ok {
			value = given
		}
		if value == "" {
			continue
		}
		if wrong := v.set(value); wrong != "" {
			e.fault(v.name, wrong)
		}
	}
	e.together(p)
	if len(e.problems) > 0 {
		return nil, e.problems
	}
	if !p.MigrateDatabaseURL.Set() {
		p.MigrateDatabaseURL = p.DatabaseURL
	}
	return p, nil
}

// env collects problems while the environment is read.
type env struct {
	getenv   func(string) string
	readFile func(string) ([]byte, error)
	problems []Problem
}

// variable is one line of the table. set answers what is wrong, without
// repeating a secret.
type variable struct {
	name    string
	secret  bool // it may come from the file that NAME_FILE names
	initial string
	set     func(string) string
}

func (e *env) table(p *Process) []variable {
	return []variable{
		{"SLACK_BOT_TOKEN", true, "", token(&p.SlackBotToken, "xoxb-")},
		{"SLACK_APP_TOKEN", true, "", token(&p.SlackAppToken, "xapp-")},
		{"SLACK_API_URL", false, SlackAPI, address(&p.SlackAPIURL, true)},
		{"DATABASE_URL", true, "", database(&p.DatabaseURL)},
		{"MIGRATE_DATABASE_URL", true, "", database(&p.MigrateDatabaseURL)},
		{"BCN_KEY", true, "", key(&p.Key)},
		{"GITHUB_TOKEN", true, "", token(&p.GitHubToken, "")},
		{"GITHUB_APP_ID", false, "", appID(&p.GitHubAppID)},
		{"GITHUB_APP_PRIVATE_KEY", true, "", privateKey(&p.GitHubAppPrivateKey)},
		{"GITHUB_API_URL", false, "", address(&p.GitHubAPIURL, true)},
		{"GITHUB_CLIENT_ID", false, "", plain(&p.GitHubClientID)},
		{"VAULT_ADDR", false, "", address(&p.VaultAddr, false)},
		{"VAULT_CACERT", false, "", plain(&p.Vault.CACert)},
		{"VAULT_TOKEN", true, "", token(&p.Vault.Token, "")},
		{"VAULT_ROLE_ID", true, "", token(&p.Vault.RoleID, "")},
		{"VAULT_SECRET_ID", true, "", token(&p.Vault.SecretID, "")},
		{"VAULT_APPROLE_PATH", false, "approle", mount(&p.Vault.AppRolePath)},
		{"VAULT_KUBERNETES_ROLE", true, "", token(&p.Vault.KubernetesRole, "")},
		{"VAULT_KUBERNETES_PATH", false, "kubernetes", mount(&p.Vault.KubernetesPath)},
		{"VAULT_KUBERNETES_TOKEN_PATH", false, "", plain(&p.Vault.KubernetesTokenPath)},
		{"PAGERDUTY_TOKEN", true, "", token(&p.PagerDutyToken, "")},
		{"PAGERDUTY_API_URL", false, "", address(&p.PagerDutyAPIURL, true)},
		{"BCN_TICKET_TOKEN", true, "", token(&p.TicketToken, "")},
		{"AWS_REGION", false, e.getenv("AWS_DEFAULT_REGION"), plain(&p.AWSRegion)},
		{"AWS_ENDPOINT_URL", false, "", address(&p.AWSEndpointURL, false)},
		{"BCN_CONFIG", false, "bot.yaml", plain(&p.ConfigPath)},
		{"BCN_HTTP_ADDR", false, "127.0.0.1:8080", listenAddress(&p.HTTPAddr)},
		{"BCN_LOG_LEVEL", false, "info", level(&p.LogLevel)},
	}
}

// value answers what was given for a variable, and false where nothing was or
// it could not be read.
func (e *env) value(v variable) (string, bool) {
	direct := e.getenv(v.name)
	if !v.secret {
		return direct, direct != ""
	}
	file := e.getenv(v.name + "_FILE")
	if file == "" {
		return direct, direct != ""
	}
	if direct != "" {
		e.fault(v.name, "is given twice, also as "+v.name+"_FILE")
		return "", false
	}
	data, err := e.readFile(file)
	if err != nil {
		e.fault(v.name+"_FILE", "cannot be read: "+err.Error())
		return "", false
	}
	text := strings.TrimRight(string(data), "\r\n")
	if text == "" {
		e.fault(v.name+"_FILE", "the file is empty")
		return "", false
	}
	return text, true
}

// together checks what concerns several variables.
func (e *env) together(p *Process) {
	app := p.GitHubAppID != 0 || p.GitHubAppPrivateKey.Set()
	if app && p.GitHubToken.Set() {
		e.fault("GITHUB_TOKEN", "is given beside GITHUB_APP_ID: give one of them")
	}
	if app && len(e.problems) == 0 && (p.GitHubAppID == 0 || !p.GitHubAppPrivateKey.Set()) {
		e.fault("GITHUB_APP_ID", "and GITHUB_APP_PRIVATE_KEY belong together")
	}
	e.vault(p)
}

func (e *env) fault(name, message string) {
	e.problems = append(e.problems, Problem{File: name, Message: message})
}

func plain(to *string) func(string) string {
	return func(s string) string { *to = s; return "" }
}

func token(to *Secret, prefix string) func(string) string {
	return func(s string) string {
		if !strings.HasPrefix(s, prefix) {
			return "does not begin with " + prefix
		}
		if strings.ContainsAny(s, " \t\r\n") {
			return "holds white space"
		}
		*to = NewSecret(s)
		return ""
	}
}

// address checks a URL. It never repeats it: it may hold a password.
func address(to *string, slash bool) func(string) string {
	return func(s string) string {
		u, err := url.Parse(s)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
			return "is not an address such as https://host/"
		}
		if slash && !strings.HasSuffix(s, "/") {
			s += "/"
		}
		*to = s
		return ""
	}
}

func database(to *Secret) func(string) string {
	return func(s string) string {
		words := strings.Contains(s, "=") && !strings.Contains(s, "://")
		if !words && !strings.HasPrefix(s, "postgres://") && !strings.HasPrefix(s, "postgresql://") {
			return "is not a PostgreSQL address such as postgres://user@host/database"
		}
		*to = NewSecret(s)
		return ""
	}
}

func key(to *Secret) func(string) string {
	return func(s string) string {
		raw, err := base64.StdEncoding.DecodeString(s)
		if err != nil {
			return "is not base64; make one with: openssl rand -base64 32"
		}
		if len(raw) != 32 {
			return fmt.Sprintf("holds %d bytes, not 32; make one with: openssl rand -base64 32", len(raw))
		}
		*to = NewSecret(string(raw))
		return ""
	}
}

func appID(to *int64) func(string) string {
	return func(s string) string {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil || n <= 0 {
			return "is not a number"
		}
		*to = n
		return ""
	}
}

func privateKey(to *Secret) func(string) string {
	return func(s string) string {
		block, _ := pem.Decode([]byte(s))
		if block == nil || !strings.HasSuffix(block.Type, "PRIVATE KEY") {
			return "is not a private key in PEM form"
		}
		*to = NewSecret(s)
		return ""
	}
}

func listenAddress(to *string) func(string) string {
	return func(s string) string {
		_, port, err := net.SplitHostPort(s)
		if n, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil || n > 65535 {
			return strconv.Quote(s) + " is not an address such as 127.0.0.1:8080"
		}
		*to = s
		return ""
	}
}

func level(to *slog.Level) func(string) string {
	return func(s string) string {
		if to.UnmarshalText([]byte(s)) != nil {
			return strconv.Quote(s) + " is not debug, info, warn or error"
		}
		return ""
	}
}
