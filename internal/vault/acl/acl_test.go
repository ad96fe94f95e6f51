package acl_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/bcn-bot/bcn/internal/vault/acl"
)

// rules joins policies that are written as lines: a path, and what it gives.
func rules(t interface{ Fatal(...any) }, policies ...string) acl.ACL {
	var all []acl.Policy
	for _, lines := range policies {
		var b strings.Builder
		for _, line := range strings.Split(strings.TrimSpace(lines), "\n") {
			path, gives, _ := strings.Cut(strings.TrimSpace(line), " ")
			b.WriteString(`path "` + path + `" { capabilities = ["` + strings.Join(strings.Fields(gives), `", "`) + `"] }` + "\n")
		}
		p, err := acl.Parse("p", b.String())
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return acl.New(all...)
}

const hello = "secret/barcelona/districts/tokyo/heritages/hello/production"

func TestCan(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		policies []string
		path     string
		can      bool
	}{
		{"nothing is given without a policy", nil, hello, false},
		{"the exact path", []string{hello + " update"}, hello, true},
		{"another capability of the exact path", []string{hello + " read list"}, hello, false},
		{"a slash in front of a policy's path is not part of it", []string{"/" + hello + " update"}, hello, true},
		{"what the path is only a prefix of", []string{hello + "/more update"}, hello, false},
		{"what is a prefix of the path, without a *", []string{"secret/barcelona update"}, hello, false},
		{"a glob", []string{"secret/barcelona/districts/tokyo/* update"}, hello, true},
		{"a glob of another district", []string{"secret/barcelona/districts/osaka/* update"}, hello, false},
		{"a glob in the middle of a segment", []string{"secret/barcelona/districts/tok* update"}, hello, true},
		{"a * that is not at the end is a letter", []string{"secret/*/districts/tokyo/heritages/hello/production update"}, hello, false},
		{"a + stands for one segment", []string{"secret/barcelona/districts/+/heritages/hello/production update"}, hello, true},
		{"a + does not stand for two", []string{"secret/+/tokyo/heritages/hello/production update"}, hello, false},
		{"a + does not stand for none", []string{"secret/barcelona/districts/tokyo/heritages/hello/production/+ update"}, hello, false},
		{"a + and a glob", []string{"secret/barcelona/districts/+/heritages/hel* update"}, hello, true},
		{"a + within a segment is a letter", []string{"secret/barcelona/districts/to+/heritages/hello/production update"}, hello, false},
		{"capabilities of two policies for one path are joined", []string{hello + " read", hello + " update"}, hello, true},
		{"deny beats what another policy gives at the same path", []string{hello + " update", hello + " deny"}, hello, false},
		{"deny beats what the same stanza gives", []string{hello + " update deny"}, hello, false},
		{"deny of a glob beats another policy's at the same glob", []string{"secret/* update", "secret/* deny"}, hello, false},
		{"a narrow deny takes away what a wide glob gives", []string{"secret/* update\n" + hello + " deny"}, hello, false},
		{"an exact path counts before a denied glob", []string{"secret/* deny\n" + hello + " update"}, hello, true},
		{"a narrow path takes away by giving less", []string{"secret/* update\nsecret/barcelona/* read"}, hello, false},
		{"a longer glob counts before a shorter", []string{"secret/* read\nsecret/barcelona/* update"}, hello, true},
		{"a + later counts before a + sooner", []string{
			"secret/+/districts/tokyo/heritages/hello/production update\nsecret/barcelona/districts/+/heritages/hello/production deny",
		}, hello, false},
		{"a + counts before a glob of the same beginning", []string{
			"secret/barcelona/districts/* update\nsecret/barcelona/districts/+/heritages/hello/production deny",
		}, hello, false},
		{"a longer glob counts before a + that comes sooner", []string{
			"secret/barcelona/districts/tokyo/* update\nsecret/barcelona/districts/+/heritages/hello/production deny",
		}, hello, true},
		{"fewer + count before more", []string{
			"secret/barcelona/districts/+/heritages/+/production update\nsecret/barcelona/districts/+/heritages/hello/production deny",
		}, hello, false},
		{"a + without a glob counts before one with it", []string{
			"secret/barcelona/districts/+/heritages/hello/prod* update\nsecret/barcelona/districts/+/heritages/hello/production deny",
		}, hello, false},
		{"a longer path with + counts before a shorter", []string{
			"secret/barcelona/districts/+/heritages/* update\nsecret/barcelona/districts/+/heritages/hello/* deny",
		}, hello, false},
		{"sudo alone gives nothing else", []string{hello + " sudo"}, hello, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			can, err := rules(t, c.policies...).Can(c.path, "update")
			if can != c.can || err != nil {
				t.Errorf("%v, %v", can, err)
			}
		})
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text string
		can        bool
	}{
		{"JSON is read as HCL is", `{"path": {"` + hello + `": {"capabilities": ["update"]}}}`, true},
		{"the old word write", `path "` + hello + `" { policy = "write" }`, true},
		{"the old word read gives no more", `path "` + hello + `" { policy = "read" }`, false},
		{"the old word deny counts beside capabilities", "path \"" + hello + "\" {\n policy = \"deny\"\n capabilities = [\"update\"]\n}", false},
		{"a comment and a name are no conditions", "name = \"x\"\npath \"" + hello + "\" {\n comment = \"hello\"\n capabilities = [\"update\"]\n}", true},
		{"an empty policy gives nothing", ``, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p, err := acl.Parse("p", c.text)
			if err != nil {
				t.Fatal(err)
			}
			if can, err := acl.New(p).Can(hello, "update"); can != c.can || err != nil {
				t.Errorf("%v, %v", can, err)
			}
		})
	}
	for name, text := range map[string]string{
		"what is no HCL":                `path "a" {`,
		"a word that is not known":      `paths "a" { capabilities = ["read"] }`,
		"a stanza's word likewise":      `path "a" { capability = ["read"] }`,
		"a capability likewise":         `path "a" { capabilities = ["write"] }`,
		"an old word likewise":          `path "a" { policy = "all" }`,
		"a glob behind a +":             `path "a/+*" { capabilities = ["read"] }`,
		"a stanza without a path":       `path { capabilities = ["read"] }`,
		"a stanza with two paths":       `path "a" "b" { capabilities = ["read"] }`,
		"a path without a stanza":       `path = "a"`,
		"a word that is written twice":  "path \"a\" {\n capabilities = [\"deny\"]\n capabilities = [\"update\"]\n}",
		"capabilities that are no list": `path "a" { capabilities = { read = true } }`,
	} {
		t.Run("refuses "+name, func(t *testing.T) {
			t.Parallel()
			if p, err := acl.Parse("p", text); err == nil {
				t.Errorf("read as %+v", p)
			}
		})
	}
	t.Run("the policy root is nobody's", func(t *testing.T) {
		t.Parallel()
		if _, err := acl.Parse("root", ""); err == nil {
			t.Error("it was read")
		}
	})
}

func TestWhatIsNotJudgedIsNoYes(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"given on a condition": `path "` + hello + `" {
			capabilities = ["update"]
			required_parameters = ["ticket"]
		}`,
		"given with a second factor": `path "` + hello + `" {
			capabilities = ["update"]
			mfa_methods = ["duo"]
		}`,
		"given to a control group": `path "` + hello + `" {
			capabilities = ["update"]
			control_group = { factor "x" { identity { group_names = ["leads"] approvals = 1 } } }
		}`,
		"a template that could be this path": `path "` + hello + `" { capabilities = ["update"] }
			path "secret/barcelona/{{identity.entity.name}}/*" { capabilities = ["deny"] }`,
		"a template behind a +": `path "` + hello + `" { capabilities = ["update"] }
			path "secret/+/{{identity.entity.name}}" { capabilities = ["deny"] }`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := acl.Parse("p", text)
			if err != nil {
				t.Fatal(err)
			}
			if can, err := acl.New(p).Can(hello, "update"); can || err == nil {
				t.Errorf("%v, %v", can, err)
			}
		})
	}
	t.Run("a template elsewhere is in nobody's way", func(t *testing.T) {
		t.Parallel()
		can, err := rules(t, hello+" update\nkv/{{identity.entity.name}}/* read").Can(hello, "update")
		if !can || err != nil {
			t.Errorf("%v, %v", can, err)
		}
	})
}

// Whatever the policies are, a deny at the path itself is the last word, and
// the order of the policies does not matter.
func TestDenyAndOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		part := rapid.SampledFrom([]string{"a", "b", "+", "a*", "*"})
		line := rapid.Custom(func(t *rapid.T) string {
			path := strings.Join(rapid.SliceOfN(part, 1, 3).Draw(t, "path"), "/")
			if strings.Contains(path, "+*") {
				path = "a"
			}
			return path + " " + rapid.SampledFrom([]string{"update", "read", "deny", "update read"}).Draw(t, "gives")
		})
		policies := rapid.SliceOfN(line, 0, 6).Draw(t, "policies")
		path := strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "ab"}), 1, 3).Draw(t, "asked"), "/")
		can, err := rules(t, policies...).Can(path, "update")
		turned, _ := rules(t, rapid.Permutation(policies).Draw(t, "turned")...).Can(path, "update")
		if err != nil || can != turned {
			t.Fatalf("%v, turned %v, %v", can, turned, err)
		}
		if denied, _ := rules(t, append(policies, path+" deny")...).Can(path, "update"); denied {
			t.Fatal("denied, and yet given")
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add(`path "a/+/b*" { capabilities = ["read"] }`)
	f.Add(`{"path": {"a": {"policy": "write"}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		p, err := acl.Parse("p", text)
		if err != nil {
			return
		}
		if can, _ := acl.New(p).Can("", "nothing"); can {
			t.Error("a capability that does not exist was given")
		}
	})
}
