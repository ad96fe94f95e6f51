package render_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bcn-bot/bcn/internal/bcn"
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
