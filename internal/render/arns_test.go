package render_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bcn-bot/bcn/internal/render"
)

const secretPrefix = "arn:aws:secretsmanager:us-east-1:123456789012:secret:"

func TestSecretsAreGrantedByTheARNThatTheyHave(t *testing.T) {
	t.Parallel()
	for title, c := range map[string]struct {
		from string
		want []string
	}{
		"a name without the random characters": {"db", []string{"db-??????"}},
		"a complete ARN":                       {"db-AbCdEf", []string{"db-AbCdEf", "db-AbCdEf-??????"}},
		"a name that ends like a complete ARN": {"my-secret", []string{"my-secret", "my-secret-??????"}},
		"with a key":                           {"my-secret:password::", []string{"my-secret", "my-secret-??????"}},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			in := input(heritage(t, worker+"    environment:\n      X: { value_from: \""+secretPrefix+"barcelona/example/hello/"+c.from+"\" }\n"))
			stacks, _, err := render.Heritage(in)
			if err != nil {
				t.Fatal(err)
			}
			var tree struct {
				Resources struct {
					ExecutionRole struct {
						Properties struct {
							Policies []struct {
								PolicyDocument struct {
									Statement []struct{ Action, Resource []string }
								}
							}
						}
					}
				}
			}
			if err := json.Unmarshal(stacks[0].Template, &tree); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range tree.Resources.ExecutionRole.Properties.Policies[0].PolicyDocument.Statement {
				if s.Action[0] == "secretsmanager:GetSecretValue" {
					for _, r := range s.Resource {
						got = append(got, strings.TrimPrefix(r, secretPrefix+"barcelona/example/hello/"))
					}
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
