package render_test

import (
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/guard"
	"github.com/bcn-bot/bcn/internal/manifest"
	"github.com/bcn-bot/bcn/internal/render"
)

// abroad are regions of the parts of AWS that have names of their own.
var abroad = []string{"cn-north-1", "us-gov-west-1"}

// translated says in a region's names what was said in those of us-east-1.
func translated(s, region string) string {
	s = strings.ReplaceAll(s, "arn:aws:", "arn:"+bcn.Partition(region)+":")
	s = strings.ReplaceAll(s, "us-east-1.amazonaws.com", region+"."+bcn.Domain(region))
	return strings.ReplaceAll(s, "us-east-1", region)
}

func translatedAll(list []string, region string) []string {
	var out []string
	for _, s := range list {
		out = append(out, translated(s, region))
	}
	return out
}

// moved is the same input in another region.
func moved(in render.Input, region string) render.Input {
	in.District.Region = region
	in.Keys = translatedAll(in.Keys, region)
	endpoints := map[string]bcn.Endpoint{}
	for name, e := range in.Endpoints {
		e.LoadBalancer, e.HTTPListener, e.HTTPSListener = translated(e.LoadBalancer, region), translated(e.HTTPListener, region), translated(e.HTTPSListener, region)
		endpoints[name] = e
	}
	in.Endpoints = endpoints
	h := *in.Heritage
	h.ImageName = translated(h.ImageName, region)
	h.Environment, h.Repositories, h.TaskRole = nil, nil, nil
	for _, v := range in.Heritage.Environment {
		v.ValueFrom = translated(v.ValueFrom, region)
		h.Environment = append(h.Environment, v)
	}
	for _, r := range in.Heritage.Repositories {
		h.Repositories = append(h.Repositories, manifest.Repository{Name: r.Name, Credentials: translated(r.Credentials, region)})
	}
	for _, p := range in.Heritage.TaskRole {
		h.TaskRole = append(h.TaskRole, manifest.Permission{Actions: p.Actions, Resources: translatedAll(p.Resources, region)})
	}
	in.Heritage = &h
	return in
}

// A heritage in China or GovCloud is what it is elsewhere, in their names.
func TestHeritagesOfOtherPartitionsNameTheirOwn(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		region := rapid.SampledFrom(abroad).Draw(t, "region")
		here, _, err := render.Heritage(in)
		there, _, wrong := render.Heritage(moved(in, region))
		if (err == nil) != (wrong == nil) {
			t.Fatalf("%v here, %v in %s", err, wrong, region)
		}
		for i := range here {
			if want, got := translated(string(here[i].Template), region), string(there[i].Template); got != want {
				t.Fatalf("got  %s\nwant %s", got, want)
			}
		}
	})
}

// countries is one golden file per stack and partition.
func countries() map[string]func(t *testing.T) []bcn.Proposal {
	out := map[string]func(t *testing.T) []bcn.Proposal{}
	for name, region := range map[string]string{"china": abroad[0], "govcloud": abroad[1]} {
		out["district_"+name] = func(t *testing.T) []bcn.Proposal {
			d := made(bcn.Network{NAT: render.NATGateway, Launch: render.LaunchEC2, InstanceType: "m6i.large", Size: 2})
			d.Region = region
			return []bcn.Proposal{districtOf(t, d)}
		}
		out["partition_"+name] = func(t *testing.T) []bcn.Proposal {
			in := input(heritage(t, worker+`    environment:
      - { name: SESSION_SECRET, ssm_path: hello/session_secret }
      - { name: API, value_from: "arn:aws:secretsmanager:us-east-1:123456789012:secret:barcelona/example/hello/api" }
    scheduled_tasks:
      - { name: nightly, schedule: "cron(0 3 * * ? *)", command: bin/nightly }
`))
			in.Keys = []string{keyARN}
			stacks, _, err := render.Heritage(moved(in, region))
			if err != nil {
				t.Fatal(err)
			}
			return stacks
		}
	}
	return out
}

func TestNothingOfAnotherPartitionIsNamed(t *testing.T) {
	t.Parallel()
	for name, stacksOf := range countries() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := "arn:aws-us-gov:"
			if strings.HasSuffix(name, "china") {
				want = "arn:aws-cn:"
			}
			for _, s := range stacksOf(t) {
				all := regexp.MustCompile(`arn:[a-z-]*:`).FindAllString(string(s.Template), -1)
				for _, arn := range all {
					if arn != want {
						t.Errorf("%s names %s", s.Name, arn)
					}
				}
				if len(all) == 0 {
					t.Errorf("%s names nothing", s.Name)
				}
			}
			if findings := guard.Check(stacksOf(t), nil); len(findings) > 0 {
				t.Errorf("the guardrails refuse it: %+v", findings)
			}
		})
	}
}

// A reference by ARN is the district's own only in its partition.
func TestAReferenceOfAnotherPartitionIsRefused(t *testing.T) {
	t.Parallel()
	for region, own := range map[string]string{"cn-north-1": "aws-cn", "us-gov-west-1": "aws-us-gov", "us-east-1": "aws"} {
		for _, partition := range []string{"aws", "aws-cn", "aws-us-gov"} {
			d := render.ExampleDistrict()
			d.Region = region
			h := heritage(t, worker+"    environment:\n      - { name: KEY, value_from: \"arn:"+partition+":ssm:"+region+":123456789012:parameter/barcelona/example/hello/key\" }\n")
			mine, _, refused := render.References(h, d, "hello", nil)
			if (len(mine) == 1) != (partition == own) || len(mine)+len(refused) != 1 {
				t.Errorf("%s in %s: own %v, refused %v", partition, region, mine, refused)
			}
		}
	}
}
