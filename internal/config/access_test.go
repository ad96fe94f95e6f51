package config

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/roles"
)

// fullAccess is a section with every key.
const fullAccess = `access:
  run_as: ops
  idle: 10m
  log_group: bcn/default/sessions
  key: arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555
  node_tag: { key: Access, value: bcn }
  url: https://bcn.internal.example.com/
  ports:
    - { district: default, name: orders, host: orders.db.internal, port: 5432, through: i-0123456789abcdef0 }
    - { district: default, name: users, host: 10.0.0.5, port: 3306, through: mi-0123456789abcdef0 }
    - { district: tokyo, name: orders, host: orders.db.internal, port: 5432, through: i-0123456789abcdef1 }
`

func TestTheSectionOfAccessLoads(t *testing.T) {
	t.Parallel()
	c, problems := Load("bot.yaml", []byte(least+fullAccess), Options{})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	orders := Port{District: "default", Name: "orders", Host: "orders.db.internal", Port: 5432, Through: "i-0123456789abcdef0"}
	users := Port{District: "default", Name: "users", Host: "10.0.0.5", Port: 3306, Through: "mi-0123456789abcdef0"}
	tokyo := Port{District: "tokyo", Name: "orders", Host: "orders.db.internal", Port: 5432, Through: "i-0123456789abcdef1"}
	want := Access{
		RunAs: "ops", Idle: 10 * time.Minute, LogGroup: "bcn/default/sessions",
		Key:     "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555",
		NodeTag: bcn.Tag{Key: "Access", Value: "bcn"}, URL: "https://bcn.internal.example.com",
		Ports: []Port{orders, users, tokyo},
	}
	if diff := cmp.Diff(want, c.Access); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]Port{orders, users}, c.Access.PortsOf("default")); diff != "" {
		t.Error(diff)
	}
	if got, ok := c.Access.Database("tokyo", "orders"); !ok || got != tokyo {
		t.Errorf("orders of tokyo: %+v, %v", got, ok)
	}
	if got, ok := c.Access.Database("tokyo", "users"); ok || got != (Port{}) {
		t.Errorf("users of tokyo: %+v, %v", got, ok)
	}
}

func TestAddressesOfTheListener(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"https://bcn.example.com":          "https://bcn.example.com",
		"https://bcn.example.com:8443/bcn": "https://bcn.example.com:8443/bcn",
		"http://localhost:8080":            "http://localhost:8080",
		"http://127.0.0.1:8080/":           "http://127.0.0.1:8080",
		"http://[::1]:8080":                "http://[::1]:8080",
	} {
		t.Run(address, func(t *testing.T) {
			t.Parallel()
			c, problems := Load("bot.yaml", []byte(least+"access: { url: \""+address+"\" }"), Options{})
			if len(problems) > 0 || c.Access.URL != want {
				t.Errorf("%v, %v", c, problems)
			}
		})
	}
}

func TestABadSectionOfAccessIsRefusedWithItsPlace(t *testing.T) {
	t.Parallel()
	const port = "district: default, name: orders, host: db, port: 5432, through: i-0123456789abcdef0"
	for _, c := range []struct{ name, section, want string }{
		{"an unknown key", "{ run-as: ops }", `3:11: unknown key "run-as" in access; did you mean "run_as"?`},
		{"no mapping", "ops", "3:9: access must be a mapping"},
		{"nothing", "", "access must be a mapping, it is empty"},
		{"root", "{ run_as: root }", "3:19: access.run_as: sessions do not run as root"},
		{"a user that is none", "{ run_as: \"a b\" }", "is not a user such as bcn-access"},
		{"no idle time", "{ idle: 0m }", "3:17: access.idle must be between 1m and 1h, it is 0s"},
		{"an idle time over an hour", "{ idle: 61m }", "access.idle must be between 1m and 1h, it is 1h1m"},
		{"half minutes of idle time", "{ idle: 90s }", "access.idle must be whole minutes"},
		{"an idle time without unit", "{ idle: 5 }", "access.idle must be a time such as 30m or 1h, it is the number 5"},
		{"a log group with a space", "{ log_group: \"a b\" }", "is not the name of a log group"},
		{"a log group for any district", "{ log_group: \"bcn/{district}\" }", "is not the name of a log group"},
		{"an alias of a key", "{ key: alias/x }", "is not the ARN of a KMS key"},
		{"every key", "{ key: \"arn:aws:kms:eu-west-1:123456789012:key/*\" }", "is not the ARN of a KMS key"},
		{"a tag without value", "{ node_tag: { key: Access } }", "3:21: access.node_tag needs both key and value"},
		{"any tag", "{ node_tag: { key: Access, value: \"*\" } }", `access.node_tag.value: "*" is not a word of a tag`},
		{"a variable in a tag", "{ node_tag: { key: Access, value: \"${aws:userid}\" } }", "is not a word of a tag"},
		{"a name without scheme", "{ url: bcn.example.com }", "3:16: access.url: \"bcn.example.com\" is not an address"},
		{"another scheme", "{ url: \"ftp://bcn.example.com\" }", "is not an address"},
		{"an address without host", "{ url: \"https://:80\" }", "is not an address"},
		{"plain HTTP over a network", "{ url: \"http://bcn.example.com\" }", "must begin with https://"},
		{"plain HTTP to a name like the machine's", "{ url: \"http://localhost.example.com\" }", "must begin with https://"},
		{"plain HTTP to a private address", "{ url: \"http://10.0.0.1\" }", "must begin with https://"},
		{"a password in an address", "{ url: \"https://a:b@bcn.example.com\" }", "must be without user, query and fragment"},
		{"a query in an address", "{ url: \"https://bcn.example.com?a=b\" }", "must be without user, query and fragment"},
		{"a port without host", "{ ports: [{ district: default, name: orders, port: 1, through: i-0123456789abcdef0 }] }", "3:19: access.ports[0] needs district, name, host, port and through"},
		{"port nought", "{ ports: [{ port: 0 }] }", "access.ports[0].port must be between 1 and 65535, it is 0"},
		{"a port that is none", "{ ports: [{ port: 65536 }] }", "it is 65536"},
		{"a port as text", "{ ports: [{ port: \"5432\" }] }", "must be a whole number"},
		{"a host that is an address of the web", "{ ports: [{ host: \"postgres://db\" }] }", "is not a host such as"},
		{"a node by its name", "{ ports: [{ through: bastion }] }", "is not a managed node such as"},
		{"a database in capitals", "{ ports: [{ name: Orders }] }", "is not a database's name"},
		{"a district that is a pattern", "{ ports: [{ district: \"*\" }] }", "is not a district"},
		{
			"a database twice", "{ ports: [{ " + port + " }, { " + port + " }] }",
			"access.ports[1]: the name orders of default is taken by access.ports[0]",
		},
		{
			"names that make one logical id", "{ ports: [{ " + port + " }, { " + strings.Replace(port, "orders", "or-ders", 1) + " }] }",
			"access.ports[1]: the name or-ders of default is taken by access.ports[0]; hyphens do not count",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			refused(t, least+"access: "+c.section, c.want)
		})
	}
}

func TestAllProblemsOfAccessAreReportedAtOnce(t *testing.T) {
	t.Parallel()
	_, problems := Load("bot.yaml", []byte(least+"access: { run_as: root, idle: 0m, url: x, ports: [{ port: 0, host: \"*\" }, {}] }\n"), Options{})
	if len(problems) != 6 {
		t.Errorf("%d problems: %v", len(problems), problems)
	}
}

// What a bot.yaml may say, the template of access can be printed from: both
// packages hold the same rules.
func TestWhatLoadsCanBePrinted(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := roles.AccessInput{Input: roles.Input{
			District: "default", Account: "123456789012", Region: "eu-west-1",
			BotPrincipal: "arn:aws:iam::123456789012:role/bcn", ExternalID: "external",
		}}
		text := func(label, pattern string) string { return rapid.StringMatching(pattern).Draw(t, label) }
		in.RunAs = text("run as", `[a-zA-Z_ ][a-z0-9_-]{0,33}`)
		in.LogGroup = text("log group", `[A-Za-z0-9_./#é-]{1,20}`)
		in.Key = text("key", `(arn:aws(-cn)?:kms:eu-west-1:[0-9]{11,12}:(key|alias)/[a-z0-9-]{1,10})?`)
		in.NodeTag = roles.Tag{Key: text("tag", `[A-Za-z:é*-]{1,10}`), Value: text("value", `[A-Za-z:é*-]{1,10}`)}
		for range rapid.IntRange(0, 3).Draw(t, "ports") {
			in.Ports = append(in.Ports, roles.DatabasePort{
				Name: text("name", `[a-zA]-?[b1]-?[b1]`), Host: text("host", `[a-z.-]{1,5}`),
				Port: rapid.SampledFrom([]int{0, 1, 65535, 65536}).Draw(t, "port"),
			})
		}
		_, printed := roles.AccessTemplate(in)
		if loads := loadsAsAccess(t, in); loads && printed != nil {
			t.Fatalf("loads, and cannot be printed: %v", printed)
		} else if !loads && printed == nil && len(in.Ports) == 0 {
			t.Fatal("can be printed, and does not load")
		}
	})
}

// loadsAsAccess says whether what a template is printed from could come from a
// bot.yaml.
func loadsAsAccess(t *rapid.T, in roles.AccessInput) bool {
	var b strings.Builder
	line := func(indent, key, value string) {
		if value != "" {
			b.WriteString(indent + key + ": '" + value + "'\n")
		}
	}
	b.WriteString(least + "access:\n")
	line("  ", "run_as", in.RunAs)
	line("  ", "log_group", in.LogGroup)
	line("  ", "key", in.Key)
	b.WriteString("  node_tag:\n")
	line("    ", "key", in.NodeTag.Key)
	line("    ", "value", in.NodeTag.Value)
	b.WriteString("  ports:\n")
	if len(in.Ports) == 0 {
		b.WriteString("    []\n")
	}
	for _, p := range in.Ports {
		b.WriteString("    - district: default\n      through: i-0123456789abcdef0\n      port: ")
		b.WriteString(map[int]string{0: "0", 1: "1", 65535: "65535", 65536: "65536"}[p.Port] + "\n")
		line("      ", "name", p.Name)
		line("      ", "host", p.Host)
	}
	_, problems := Load("bot.yaml", []byte(b.String()), Options{})
	for _, p := range problems {
		if strings.Contains(p.Message, "YAML") {
			t.Fatalf("%s\n%v", b.String(), p)
		}
	}
	return len(problems) == 0
}
