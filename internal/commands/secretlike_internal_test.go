package commands

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/kballard/go-shellquote"
	"pgregory.net/rapid"
)

func TestLooksSecret(t *testing.T) {
	t.Parallel()
	secrets := map[string]string{
		"API_KEY": "x", "STRIPE_TOKEN": "abc", "SESSION_SECRET": "s", "DB_PASSWORD": "p", "db_passwd": "p", "PGPASS": "", "DATABASE_DSN": "u@h",
		"CREDENTIALS_JSON": "{}", "DATABASE_URL": "postgres://app:hunter2@db:5432/app", "REDIS": "rediss://:hunter2@cache:6379", "A": "AKIAIOSFODNN7EXAMPLE",
		"B": "ghp_16C7e42F292c6912E7710c838347Ae178B4a", "C": "-----BEGIN RSA PRIVATE KEY-----", "D": "xoxb-1234567890-abcdefghij",
		"E": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl", "F": "Bearer 0a1b2c3d4e5f", "G": "https://host/hook?token=abcdef",
		"H": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "I": "kJ8vQ2mX7rT4bN9cW6yZ1pL3", "J": "sk_live_4eC39HqLyjWDarjtT1",
	}
	delete(secrets, "PGPASS") // an empty value hides nothing
	for name, value := range secrets {
		if !looksSecret(name, value) {
			t.Errorf("%s=%s is taken", name, value)
		}
	}
	for name, value := range map[string]string{
		"RAILS_ENV": "production", "LOG_LEVEL": "debug", "WEB_CONCURRENCY": "4", "PGPASS": "", "USE_TOKEN": "true", "REQUIRE_PASSWORD": "no",
		"DATABASE_HOST": "db-1.cluster-abc.eu-west-1.rds.amazonaws.com", "URL": "https://example.com/a/b?page=2#top", "KEYBOARD": "qwerty", "MONKEY": "x",
		"RUBYOPT": "--enable=yjit -W:no-deprecated", "JAVA_OPTS": "-Xmx512m -XX:+UseG1GC", "LOCALE": "ja_JP.UTF-8", "PATH": "/usr/local/bundle/bin:/usr/bin",
		"TENANT": "8f14e45f-ceea-467f-a0a5-5d7ea1b2c3d4", "BUCKET": "acme-production-assets-ap-northeast-1", "LONG": "thisisaverylongwordwithoutanydigits",
		"ARN": "arn:aws:sns:us-east-1:123456789012:deployments", "TOKENIZER": "bpe", "AUTHOR": "dana", "AT": "2026-11-21T10:00:00Z", "MAIL": "dana@example.com",
	} {
		if looksSecret(name, value) {
			t.Errorf("%s=%s is refused", name, value)
		}
	}
}

func TestWhatMachinesMadeToBeSecretIsRefused(t *testing.T) {
	t.Parallel()
	bytes := rapid.SliceOfNDistinct(rapid.Byte(), 32, 48, rapid.ID[byte])
	rapid.Check(t, func(t *rapid.T) {
		raw := bytes.Draw(t, "bytes")
		if value := hex.EncodeToString(raw); !looksSecret("VALUE", value) {
			t.Errorf("%s is taken", value)
		}
	})
	if !looksSecret("VALUE", base64.StdEncoding.EncodeToString([]byte("\x01\x92\x83\xf4\xa5\x16\xd7\xe8\x09\xba\x1b\x2c\x3d\x4e\x5f\x60\x71\x82\x93\xa4\xb5\xc6\xd7\xe8"))) {
		t.Error("random bytes in base64 are taken")
	}
}

func TestSecretsWithinACommand(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]string{
		"psql --password hunter2":                  "--password",
		"app --api-key=hunter2":                    "--api-key",
		"env DB_PASSWORD=hunter2 rake":             "DB_PASSWORD",
		"sh -c 'PGPASSWORD=hunter2 psql'":          "PGPASSWORD",
		"curl postgres://app:hunter2@db:5432/app":  "word 2",
		"rake db:migrate VERSION=20260101 --trace": "",
		"rails runner --environment production":    "",
		"echo --password":                          "",
		"psql --no-password --host db":             "",
	} {
		words, err := shellquote.Split(said)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(inlineSecrets(words), ","); !strings.HasPrefix(strings.Trim(got, "'"), want) || (want == "") != (got == "") {
			t.Errorf("%s: %q, want %q", said, got, want)
		}
	}
}
