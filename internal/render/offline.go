package render

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/manifest"
)

// Example values of `bot render`, whose stacks are for reading.
const (
	exampleInstallation = "example"
	exampleAccount      = "123456789012"
	exampleRegion       = "us-east-1"
)

// ExampleDistrict is the district that `bot render` uses when it is told none.
func ExampleDistrict() bcn.District {
	return bcn.District{
		Name: "example", Region: exampleRegion, Account: exampleAccount,
		Role:    "arn:aws:iam::" + exampleAccount + ":role/bcn-example",
		CFNRole: "arn:aws:iam::" + exampleAccount + ":role/bcn-example-cloudformation",
		VPC:     "vpc-0a1b2c3d4e5f60718", CIDR: "10.0.0.0/16", Cluster: "example",
		Subnets:        []string{"subnet-0a1b2c3d4e5f60711", "subnet-0a1b2c3d4e5f60712"},
		PublicSubnets:  []string{"subnet-0a1b2c3d4e5f60721", "subnet-0a1b2c3d4e5f60722"},
		SecurityGroups: []string{"sg-0a1b2c3d4e5f60731"},
		Bucket:         "bcn-example-templates",
	}
}

// ExampleEndpoint is an endpoint as it would be once its stack is complete.
func ExampleEndpoint(d bcn.District, name string, public bool, env string) bcn.Endpoint {
	return bcn.Endpoint{
		Name: name, District: d.Name, Public: public, Environments: []string{env},
		LoadBalancer:  d.ARN("elasticloadbalancing", "loadbalancer/app/"+name+"/0a1b2c3d4e5f6071"),
		HTTPListener:  d.ARN("elasticloadbalancing", "listener/app/"+name+"/0a1b2c3d4e5f6071/1a2b3c4d5e6f7081"),
		SecurityGroup: "sg-0a1b2c3d4e5f60741",
		DNSName:       name + "-1234567890." + d.Region + ".elb." + bcn.Domain(d.Region),
	}
}

// districtFile is what `bot render --district` reads: bcn.District's fields by
// their names in `district show`, and the district's endpoints.
type districtFile struct {
	Name           string         `yaml:"name"`
	Region         string         `yaml:"region"`
	Account        string         `yaml:"account"`
	Role           string         `yaml:"role"`
	CFNRole        string         `yaml:"cfn_role"`
	VPC            string         `yaml:"vpc"`
	CIDR           string         `yaml:"cidr"`
	Cluster        string         `yaml:"cluster"`
	Subnets        []string       `yaml:"subnets"`
	PublicSubnets  []string       `yaml:"public_subnets"`
	SecurityGroups []string       `yaml:"security_groups"`
	Bucket         string         `yaml:"bucket"`
	AssignPublicIP bool           `yaml:"assign_public_ip"`
	Environments   []string       `yaml:"environments"`
	Endpoints      []endpointFile `yaml:"endpoints"`
	// CapacityProvider is what tasks of launch: ec2 are placed on; left out: the
	// launch type.
	CapacityProvider string       `yaml:"capacity_provider"`
	Plugins          []pluginFile `yaml:"plugins"`
	// Parameters are the names of what is in Parameter Store, by which ssm_prefix
	// is rendered; what is not below one means nothing.
	Parameters []string `yaml:"parameters"`
}

type pluginFile struct {
	Name     string            `yaml:"name"`
	Image    string            `yaml:"image"` // left out: the plugin's own, which district plugin set pins
	Settings map[string]string `yaml:"settings"`
}

type endpointFile struct {
	Name          string `yaml:"name"`
	Public        bool   `yaml:"public"`
	LoadBalancer  string `yaml:"load_balancer"` // ARN; only for auto_scaling by requests
	HTTPListener  string `yaml:"http_listener"`
	HTTPSListener string `yaml:"https_listener"`
	SecurityGroup string `yaml:"security_group"`
}

// Offline renders what a file's environment would become, by stack name. No
// registry is asked, so that the image stays name:tag; what is applied for
// real has name@sha256:... there. Without district the example district is
// used, with an endpoint of each name that the file mentions. The app is taken
// to be named like the heritage, and references are not checked. Problems are
// the file's; the error is about the arguments.
func Offline(file []byte, env, tag string, district []byte) (map[string]json.RawMessage, []manifest.Problem, error) {
	if !validTag(tag) {
		return nil, nil, fmt.Errorf("%q is not a tag: letters, digits, underscores, dots and hyphens, at most 128", tag)
	}
	parsed, problems := manifest.Parse("barcelona.yml", file)
	if parsed == nil {
		return nil, problems, nil
	}
	h, problem := parsed.Environment(env)
	if problem != nil {
		return nil, append(problems, *problem), nil //nolint:nilerr // it is among the problems
	}
	in := Input{
		Heritage: h, File: parsed.Name, App: h.Name, Env: env, Installation: exampleInstallation,
		District: ExampleDistrict(), Endpoints: map[string]bcn.Endpoint{},
	}
	if len(district) > 0 {
		var err error
		var parameters []string
		if in.District, in.Endpoints, parameters, err = readDistrict(district, env); err != nil {
			return nil, problems, err
		}
		in.Parameters = byPrefix(h, in.District, parameters)
	} else {
		for _, c := range h.Claims() {
			in.Endpoints[c.Endpoint] = ExampleEndpoint(in.District, c.Endpoint, true, env)
		}
	}
	s, err := newUnpinned(in, h.ImageName+":"+tag)
	if err != nil {
		return nil, problems, err
	}
	stacks, err := s.render()
	if err != nil {
		return nil, problems, err
	}
	out := map[string]json.RawMessage{}
	for _, p := range stacks {
		out[p.Name] = p.Template
	}
	problems = append(problems, warnings(s.findings, h)...)
	return out, append(problems, unread(h, in)...), nil
}

// validTag is the grammar of tags (OCI distribution specification).
func validTag(tag string) bool {
	ok, err := regexp.MatchString(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$`, tag)
	return ok && err == nil
}

func readDistrict(data []byte, env string) (bcn.District, map[string]bcn.Endpoint, []string, error) {
	var f districtFile
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	if err := decoder.Decode(&f); err != nil {
		return bcn.District{}, nil, nil, fmt.Errorf("read district: %w", err)
	}
	for key, value := range map[string]string{"name": f.Name, "region": f.Region, "account": f.Account, "vpc": f.VPC, "cluster": f.Cluster} {
		if value == "" {
			return bcn.District{}, nil, nil, fmt.Errorf("read district: the key %s is missing", key)
		}
	}
	if len(f.Subnets) == 0 {
		return bcn.District{}, nil, nil, fmt.Errorf("read district: the key subnets is missing")
	}
	d := bcn.District{
		Name: f.Name, Region: f.Region, Account: f.Account, Role: f.Role, CFNRole: f.CFNRole, VPC: f.VPC,
		CIDR: f.CIDR, Cluster: f.Cluster, Subnets: f.Subnets, PublicSubnets: f.PublicSubnets,
		SecurityGroups: f.SecurityGroups, Bucket: f.Bucket, AssignPublicIP: f.AssignPublicIP, Environments: f.Environments,
		CapacityProvider: f.CapacityProvider,
	}
	endpoints := map[string]bcn.Endpoint{}
	for _, e := range f.Endpoints {
		endpoints[e.Name] = bcn.Endpoint{
			Name: e.Name, District: d.Name, Public: e.Public, Environments: []string{env},
			LoadBalancer: e.LoadBalancer, HTTPListener: e.HTTPListener, HTTPSListener: e.HTTPSListener, SecurityGroup: e.SecurityGroup,
		}
	}
	plugins, err := readPlugins(d, f.Plugins)
	d.Plugins = plugins
	return d, endpoints, f.Parameters, err
}

// readPlugins checks a district's plugins as district plugin set does. What is
// not pinned stays as it is written: nobody asks a registry here.
func readPlugins(d bcn.District, list []pluginFile) ([]bcn.Plugin, error) {
	var out []bcn.Plugin
	for _, f := range list {
		p, err := Plugins().Find(f.Name)
		if err != nil {
			return nil, fmt.Errorf("read district: %w", err)
		}
		if err := p.Check(d, f.Settings); err != nil {
			return nil, fmt.Errorf("read district: the plugin %s: %w", f.Name, err)
		}
		out = append(out, bcn.Plugin{Name: f.Name, Image: cmp.Or(f.Image, p.Image), Settings: f.Settings})
	}
	slices.SortFunc(out, func(a, b bcn.Plugin) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// byPrefix sorts the parameters by the prefixes of the file.
func byPrefix(h *manifest.Heritage, d bcn.District, parameters []string) map[string][]string {
	out := map[string][]string{}
	for _, prefix := range Prefixes(h, d) {
		for _, name := range parameters {
			if strings.HasPrefix(name, prefix) {
				out[prefix] = append(out[prefix], name)
			}
		}
		slices.Sort(out[prefix])
	}
	return out
}

// warnings turns the renderer's findings into problems of the file, in
// English as all of `bot render` is; in chat the catalogue says them.
func warnings(findings []bcn.Finding, h *manifest.Heritage) []manifest.Problem {
	places := map[string]manifest.Position{}
	for _, s := range h.Services {
		places["service "+s.Name] = s.At
	}
	for _, t := range h.ScheduledTasks {
		places["task "+t.Name] = t.At
	}
	var out []manifest.Problem
	for _, f := range findings {
		of := "service " + f.Params["service"]
		if task, ok := f.Params["task"]; ok {
			of = "task " + task
		}
		out = append(out, manifest.Problem{
			File: "barcelona.yml", Warning: true, Line: places[of].Line, Column: places[of].Column,
			Message: of + ": " + warning(f),
		})
	}
	return out
}

// unread says which variables are not in what was rendered: nobody looked what
// lies below a path.
func unread(h *manifest.Heritage, in Input) []manifest.Problem {
	var out []manifest.Problem
	for _, v := range h.Environment {
		if v.SSMPrefix != "" && len(in.Parameters[prefixName(in.District.Name, v.SSMPrefix)]) == 0 {
			out = append(out, manifest.Problem{
				File: "barcelona.yml", Warning: true, Line: v.At.Line, Column: v.At.Column,
				Message: "ssm_prefix: what is below " + v.SSMPrefix + " is only known when a deploy is planned, and left out here (parameters of --district names them)",
			})
		}
	}
	return out
}

func warning(f bcn.Finding) string {
	switch f.ID {
	case FargateSize, FargateTaskSize:
		return fmt.Sprintf("Fargate has no cpu %s with memory %s, it gets cpu %s and memory %s",
			f.Params["cpu"], f.Params["memory"], f.Params["new_cpu"], f.Params["new_memory"])
	case ForceSSLWithoutCertificate:
		return "force_ssl has no effect: the endpoint " + f.Params["endpoint"] + " has no certificate"
	case PlainHTTP:
		return "plain HTTP is served too: the endpoint " + f.Params["endpoint"] + " has a certificate, and force_ssl is not set"
	case PublicMismatch:
		return "public does not agree with the endpoint " + f.Params["endpoint"] + ", which decides"
	default:
		return f.ID
	}
}
