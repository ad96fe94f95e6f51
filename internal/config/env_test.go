package config

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

var testKey = base64.StdEncoding.EncodeToString([]byte("0123456789abcdef0123456789abcdef"))

func fromMap(vars, files map[string]string) (*Process, []Problem) {
	return FromEnv(
		func(k string) string { return vars[k] },
		func(name string) ([]byte, error) {
			if s, ok := files[name]; ok {
				return []byte(s), nil
			}
			return nil, errors.New("no such file")
		})
}

func serving() map[string]string {
	return map[string]string{
		"SLACK_BOT_TOKEN": "xoxb-secret", "SLACK_APP_TOKEN": "xapp-secret", "BCN_KEY": testKey,
		"DATABASE_URL": "postgres://bcn:secret@127.0.0.1/bcn", "VAULT_TOKEN": "secret-vault", "GITHUB_TOKEN": "secret-github",
	}
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	t.Run("has defaults", func(t *testing.T) {
		t.Parallel()
		p, problems := fromMap(nil, nil)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		if p.SlackAPIURL != SlackAPI || p.ConfigPath != "bot.yaml" || p.HTTPAddr != "127.0.0.1:8080" || p.LogLevel != slog.LevelInfo {
			t.Errorf("%s", p)
		}
	})
	t.Run("is enough to serve", func(t *testing.T) {
		t.Parallel()
		p, _ := fromMap(serving(), nil)
		if missing := p.RequireServe(); len(missing) > 0 {
			t.Error(missing)
		}
		if p.Key.Reveal() != "0123456789abcdef0123456789abcdef" {
			t.Error("the key is not decoded")
		}
		if p.MigrateDatabaseURL != p.DatabaseURL {
			t.Error("MIGRATE_DATABASE_URL does not default to DATABASE_URL")
		}
	})
	t.Run("without anything, names all that serve needs", func(t *testing.T) {
		t.Parallel()
		p, _ := fromMap(nil, nil)
		if got := p.RequireServe(); len(got) != 4 {
			t.Error(got)
		}
	})
	t.Run("refuses a Slack of one's own with the real AWS", func(t *testing.T) {
		t.Parallel()
		vars := serving()
		vars["SLACK_API_URL"] = "http://127.0.0.1:1/api/"
		p, _ := fromMap(vars, nil)
		if got := p.RequireServe(); len(got) != 1 || got[0].File != "SLACK_API_URL" {
			t.Error(got)
		}
		vars["AWS_ENDPOINT_URL"] = "http://127.0.0.1:2"
		p, _ = fromMap(vars, nil)
		if got := p.RequireServe(); len(got) != 0 {
			t.Error(got)
		}
		vars["AWS_ENDPOINT_URL"] = "https://sts.eu-west-1.amazonaws.com"
		p, _ = fromMap(vars, nil)
		if got := p.RequireServe(); len(got) != 1 {
			t.Error(got)
		}
	})
	t.Run("takes secrets from files", func(t *testing.T) {
		t.Parallel()
		p, problems := fromMap(map[string]string{"SLACK_BOT_TOKEN_FILE": "/run/t"}, map[string]string{"/run/t": "xoxb-1\n"})
		if len(problems) > 0 || p.SlackBotToken.Reveal() != "xoxb-1" {
			t.Error(p, problems)
		}
	})
}

func TestBadEnvironmentIsRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, variable, value, want string }{
		{"a user's token", "SLACK_BOT_TOKEN", "xoxp-secret", "SLACK_BOT_TOKEN: does not begin with xoxb-"},
		{"tokens swapped", "SLACK_APP_TOKEN", "xoxb-secret", "SLACK_APP_TOKEN: does not begin with xapp-"},
		{"a key that is no base64", "BCN_KEY", "secret!", "BCN_KEY: is not base64"},
		{"a short key", "BCN_KEY", "c2VjcmV0", "BCN_KEY: holds 6 bytes, not 32"},
		{"another database", "DATABASE_URL", "mysql://secret@h", "DATABASE_URL: is not a PostgreSQL address"},
		{"an address without host", "SLACK_API_URL", "secret", "SLACK_API_URL: is not an address"},
		{"a port that is none", "BCN_HTTP_ADDR", "x:99999", "BCN_HTTP_ADDR: \"x:99999\" is not an address"},
		{"an unknown level", "BCN_LOG_LEVEL", "loud", "is not debug, info, warn or error"},
		{"a key of GitHub alone", "GITHUB_APP_ID", "7", "and GITHUB_APP_PRIVATE_KEY belong together"},
		{"a public key", "GITHUB_APP_PRIVATE_KEY", "secret", "is not a private key"},
		{"a file that is not there", "BCN_KEY_FILE", "/nowhere", "BCN_KEY_FILE: cannot be read"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, problems := fromMap(map[string]string{c.variable: c.value}, nil)
			if len(problems) != 1 || !strings.Contains(problems[0].Error(), c.want) {
				t.Errorf("got %v, want %s", problems, c.want)
			}
			if strings.Contains(fmt.Sprint(problems), "secret") {
				t.Errorf("a secret is shown: %v", problems)
			}
		})
	}
	t.Run("a secret given twice", func(t *testing.T) {
		t.Parallel()
		_, problems := fromMap(map[string]string{"BCN_KEY": testKey, "BCN_KEY_FILE": "/k"}, nil)
		if len(problems) != 1 {
			t.Error(problems)
		}
	})
}

func TestNoWayOfWritingAProcessShowsASecret(t *testing.T) {
	t.Parallel()
	p, problems := fromMap(serving(), nil)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "process", p, "value", *p, "token", p.SlackBotToken)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "process", p, "value", *p)
	encoded, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	all := log.String() + string(encoded) + p.String()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		all += fmt.Sprintf(verb, p) + fmt.Sprintf(verb, *p) + fmt.Sprintf(verb, p.Key)
	}
	for _, shown := range []string{"secret", "0123456789abcdef", testKey, fmt.Sprintf("%x", "secret")} {
		if strings.Contains(all, shown) {
			t.Errorf("%q is shown in %s", shown, all)
		}
	}
}
