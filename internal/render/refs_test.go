package render_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/manifest"
	"github.com/bcn-bot/bcn/internal/render"
)

func TestReferences(t *testing.T) {
	t.Parallel()
	const ssm, sm = "arn:aws:ssm:us-east-1:123456789012:parameter", "arn:aws:secretsmanager:us-east-1:123456789012:secret:"
	grants := []render.Grant{
		{App: "hello", Path: "shared/*"},
		{App: "*", Path: "common"},
		{App: "other", Path: "theirs/*"},
		{App: "hello", Path: "/legacy/key"},
		{App: "hello", Path: "arn:aws:secretsmanager:us-east-1:999999999999:secret:x-*"},
	}
	for title, c := range map[string]struct{ source, from, verdict string }{
		"below the app":                        {"ssm_path: hello/x", "/barcelona/example/hello/x", "own"},
		"deep below the app":                   {"ssm_path: /hello/x/y", "/barcelona/example/hello/x/y", "own"},
		"below the heritage":                   {"ssm_path: hello-production/x", "/barcelona/example/hello-production/x", "own"},
		"written in full":                      {"ssm_path: /barcelona/example/hello/x", "/barcelona/example/hello/x", "own"},
		"by name":                              {"value_from: /barcelona/example/hello/x", "/barcelona/example/hello/x", "own"},
		"by ARN":                               {"value_from: " + ssm + "/barcelona/example/hello/x", ssm + "/barcelona/example/hello/x", "own"},
		"a secret by ARN":                      {"value_from: " + sm + "barcelona/example/hello/x-AbCdEf", sm + "barcelona/example/hello/x-AbCdEf", "own"},
		"allowed by an entry":                  {"ssm_path: shared/x", "/barcelona/example/shared/x", "foreign"},
		"allowed to all apps":                  {"ssm_path: common", "/barcelona/example/common", "foreign"},
		"allowed in full":                      {"value_from: /legacy/key", "/legacy/key", "foreign"},
		"a secret of another account, allowed": {"value_from: arn:aws:secretsmanager:us-east-1:999999999999:secret:x-AbCdEf", "arn:aws:secretsmanager:us-east-1:999999999999:secret:x-AbCdEf", "foreign"},
		"the app's folder itself":              {"ssm_path: hello", "/barcelona/example/hello", "refused"},
		"a longer name than the app's":         {"ssm_path: hello2/x", "/barcelona/example/hello2/x", "refused"},
		"another app's entry":                  {"ssm_path: theirs/x", "/barcelona/example/theirs/x", "refused"},
		"another district":                     {"value_from: /barcelona/other/hello/x", "/barcelona/other/hello/x", "refused"},
		"another district by ssm_path":         {"ssm_path: /barcelona/other/hello/x", "/barcelona/example/barcelona/other/hello/x", "refused"},
		"another account":                      {"value_from: arn:aws:ssm:us-east-1:999999999999:parameter/barcelona/example/hello/x", "arn:aws:ssm:us-east-1:999999999999:parameter/barcelona/example/hello/x", "refused"},
		"another region":                       {"value_from: arn:aws:ssm:eu-west-1:123456789012:parameter/barcelona/example/hello/x", "arn:aws:ssm:eu-west-1:123456789012:parameter/barcelona/example/hello/x", "refused"},
		"elsewhere":                            {"value_from: /elsewhere", "/elsewhere", "refused"},
		"what the code reads itself":           {"ssm_path: shared2/x\n        read_at_runtime: true", "/barcelona/example/shared2/x", "refused"},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			h := heritage(t, worker+"    environment:\n      - name: X\n        "+c.source+"\n")
			h.Name = "hello-production"
			own, foreign, refused := render.References(h, render.ExampleDistrict(), "hello", grants)
			want := map[string][]bcn.SecretRef{c.verdict: {{Name: "X", From: c.from}}}
			got := map[string][]bcn.SecretRef{}
			for verdict, list := range map[string][]bcn.SecretRef{"own": own, "foreign": foreign, "refused": refused} {
				if len(list) > 0 {
					got[verdict] = list
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestReferencesToAllBelowAPath(t *testing.T) {
	t.Parallel()
	grants := []render.Grant{{App: "hello", Path: "shared/*"}, {App: "hello", Path: "common"}}
	for title, c := range map[string]struct{ prefix, from, verdict string }{
		"all of the app's own":                       {"hello/", "/barcelona/example/hello/", "own"},
		"a folder of the app's":                      {"/hello/deep/", "/barcelona/example/hello/deep/", "own"},
		"all of the heritage's own":                  {"hello-production/", "/barcelona/example/hello-production/", "own"},
		"allowed by an entry":                        {"shared/", "/barcelona/example/shared/", "foreign"},
		"an entry for one name is no folder":         {"common/", "/barcelona/example/common/", "refused"},
		"all of the district":                        {"/barcelona/example/", "/barcelona/example/", "refused"},
		"another app's":                              {"other/", "/barcelona/example/other/", "refused"},
		"what only begins like the app":              {"hello2/", "/barcelona/example/hello2/", "refused"},
		"the parent of the app's, by another's name": {"x/hello/", "/barcelona/example/x/hello/", "refused"},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			h := heritage(t, worker+"    environment:\n      - ssm_prefix: "+c.prefix+"\n")
			h.Name = "hello-production"
			own, foreign, refused := render.References(h, render.ExampleDistrict(), "hello", grants)
			got := map[string][]bcn.SecretRef{"own": own, "foreign": foreign, "refused": refused}[c.verdict]
			if len(own)+len(foreign)+len(refused) != 1 || len(got) != 1 || got[0].From != c.from || !got[0].Prefix() {
				t.Errorf("own %v, foreign %v, refused %v", own, foreign, refused)
			}
			if prefixes := render.Prefixes(h, render.ExampleDistrict()); len(prefixes) != 1 || prefixes[0] != c.from {
				t.Errorf("prefixes %v", prefixes)
			}
		})
	}
}

func TestPasswordsOfRegistriesAreReferences(t *testing.T) {
	t.Parallel()
	const sm = "arn:aws:secretsmanager:us-east-1:123456789012:secret:"
	h := heritage(t, worker+`    repositories:
      - { name: quay.io, credentials: "`+sm+`barcelona/example/hello/quay-AbCdEf" }
      - { name: ghcr.io, credentials: "`+sm+`barcelona/example/other/ghcr-AbCdEf" }
`)
	own, foreign, refused := render.References(h, render.ExampleDistrict(), "hello", nil)
	if len(own) != 1 || own[0].Name != "repository quay.io" || len(foreign) != 0 || len(refused) != 1 || refused[0].Name != "repository ghcr.io" {
		t.Errorf("own %v, foreign %v, refused %v", own, foreign, refused)
	}
}

func TestAReferenceIsNeverAPattern(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"hello/*", "hello/?", "hello/${aws:userid}"} {
		h := &manifest.Heritage{Name: "hello", Environment: manifest.Variables{{Name: "X", SSMPath: path}}}
		own, foreign, refused := render.References(h, render.ExampleDistrict(), "hello", []render.Grant{{App: "*", Path: "*"}})
		if len(own)+len(foreign) != 0 || len(refused) != 1 {
			t.Errorf("%s: own %v, foreign %v", path, own, foreign)
		}
	}
}

func TestTaskRoleIsNoWayAroundReferences(t *testing.T) {
	t.Parallel()
	const ssm = "arn:aws:ssm:us-east-1:123456789012:parameter/barcelona/example/"
	for title, c := range map[string]struct {
		action, resource, verdict string
	}{
		"a parameter of the app's own":      {"ssm:GetParameter", ssm + "hello/x", "own"},
		"a parameter that an entry allows":  {"ssm:GetParameters", ssm + "shared/x", "foreign"},
		"another app's":                     {"ssm:GetParameters", ssm + "other/x", "refused"},
		"whatever case it is written in":    {"SSM:getparameters", ssm + "other/x", "refused"},
		"everything":                        {"ssm:GetParametersByPath", "*", "refused"},
		"all of the app's own, by wildcard": {"ssm:GetParameter", ssm + "hello/*", "refused"},
		"every secret":                      {"secretsmanager:GetSecretValue", "*", "refused"},
		"what reads no secret":              {"s3:GetObject", "*", ""},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			h := heritage(t, worker)
			h.TaskRole = []manifest.Permission{{Actions: []string{c.action}, Resources: []string{c.resource}}}
			own, foreign, refused := render.References(h, render.ExampleDistrict(), "hello", []render.Grant{{App: "hello", Path: "shared/*"}})
			got := map[string]int{"own": len(own), "foreign": len(foreign), "refused": len(refused)}
			want := map[string]int{"own": 0, "foreign": 0, "refused": 0}
			if c.verdict != "" {
				want[c.verdict] = 1
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
