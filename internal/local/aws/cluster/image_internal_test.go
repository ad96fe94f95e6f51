package cluster

import (
	"strings"
	"testing"
)

func TestParseReference(t *testing.T) {
	t.Parallel()
	const ecr = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/"
	for text, want := range map[string]reference{
		"nginx":                        {repo: "docker.io/library/nginx", tag: "latest"},
		"nginx:1":                      {repo: "docker.io/library/nginx", tag: "1"},
		"team/app:2":                   {repo: "docker.io/team/app", tag: "2"},
		"localhost:5000/app":           {repo: "localhost:5000/app", tag: "latest"},
		"ghcr.io/a/b@sha256:00":        {repo: "ghcr.io/a/b", digest: "sha256:00"},
		ecr + "hello:v1":               {account: "123456789012", region: "eu-west-1", repo: "hello", tag: "v1"},
		ecr + "team/hello@sha256:00":   {account: "123456789012", region: "eu-west-1", repo: "team/hello", digest: "sha256:00"},
		ecr + "hello:v1@sha256:00":     {account: "123456789012", region: "eu-west-1", repo: "hello", tag: "v1", digest: "sha256:00"},
		"public.ecr.aws/degica/app:v1": {repo: "public.ecr.aws/degica/app", tag: "v1"},
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			want.text = text
			if got := parseReference(text); got != want {
				t.Fatalf("%+v, want %+v", got, want)
			}
		})
	}
}

func FuzzParseReference(f *testing.F) {
	f.Add("123456789012.dkr.ecr.eu-west-1.amazonaws.com/hello:v1")
	f.Add("a/b@sha256:00")
	f.Fuzz(func(t *testing.T, text string) {
		ref := parseReference(text)
		if ref.tag == "" && ref.digest == "" && !strings.ContainsAny(text, ":@") {
			t.Fatalf("%q names nothing: %+v", text, ref)
		}
		if ref.account != "" && !strings.Contains(text, ".dkr.ecr.") {
			t.Fatalf("%q is not ECR's: %+v", text, ref)
		}
	})
}
