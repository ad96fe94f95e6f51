package manifest

import "strings"

// Limits of a file, so that a hostile one costs little.
const (
	MaxBytes = 256 << 10 // size of a file
	MaxNodes = 50_000    // values after aliases are expanded
	MaxDepth = 64        // nesting after aliases are expanded
)

// File is a valid barcelona.yml.
type File struct {
	Name         string               `json:"-"` // as given to Parse
	Environments map[string]*Heritage `json:"environments"`

	at Position // of the environments key
}

// Heritage is one environment of a file, with defaults filled in.
type Heritage struct {
	Name           string          `json:"name"`
	ImageName      string          `json:"image_name"`
	Services       []Service       `json:"services"`
	Environment    Variables       `json:"environment,omitempty"`
	BeforeDeploy   *BeforeDeploy   `json:"before_deploy,omitempty"` // nil: none
	ScheduledTasks []ScheduledTask `json:"scheduled_tasks,omitempty"`
	Repositories   []Repository    `json:"repositories,omitempty"`
	// TaskRole is what the app's own code may do.
	TaskRole []Permission `json:"task_role,omitempty"`
	// KMSKey encrypts the secrets that people set for the app: an ARN, or
	// alias/NAME; "" for the account's own key of Parameter Store.
	KMSKey string `json:"kms_key,omitempty"`
	// RunEnv is added to the environment of `run`, and wins there.
	RunEnv Vars `json:"run_env,omitempty"`
	// Launch is what services and tasks run on where they do not say it.
	Launch string `json:"launch"`

	At Position `json:"-"`
}

// Listener joins a web service to an endpoint. Times are in seconds.
type Listener struct {
	Endpoint           string      `json:"endpoint"`
	Interval           int         `json:"health_check_interval"`
	HealthPath         string      `json:"health_check_path"`
	Timeout            int         `json:"health_check_timeout"`
	HealthyThreshold   int         `json:"healthy_threshold_count"`
	UnhealthyThreshold int         `json:"unhealthy_threshold_count"`
	Priority           int         `json:"rule_priority"`
	Conditions         []Condition `json:"rule_conditions"`

	At Position `json:"-"`
}

// Condition is what a request must match to reach the service.
type Condition struct {
	Type  string `json:"type"` // path-pattern | host-header
	Value string `json:"value"`
}

// Variable is one environment variable; exactly one of Value (a pointer, as
// the empty string is a value), SSMPath, ValueFrom and SSMPrefix is set.
type Variable struct {
	Name      string  `json:"name,omitempty"` // "" with SSMPrefix
	Value     *string `json:"value,omitempty"`
	SSMPath   string  `json:"ssm_path,omitempty"`
	ValueFrom string  `json:"value_from,omitempty"`
	// SSMPrefix brings in every parameter below a path, each named by the last
	// word of its own. It ends with a slash.
	SSMPrefix string `json:"ssm_prefix,omitempty"`
	// ReadAtRuntime lets the app's own code read the reference too.
	ReadAtRuntime bool `json:"read_at_runtime,omitempty"`

	At Position `json:"-"`
}

// Repository is a private registry's password, which ECS reads when it pulls.
type Repository struct {
	Name        string `json:"name"`        // what images begin with: quay.io, quay.io/acme
	Credentials string `json:"credentials"` // ARN of a Secrets Manager secret
}

// Of says whether the image is the repository's.
func (r Repository) Of(image string) bool {
	return image == r.Name || strings.HasPrefix(image, r.Name+"/")
}

// Permission lets the app's code do each action to each resource.
type Permission struct {
	Actions   []string `json:"actions"`   // such as s3:GetObject, without wildcards
	Resources []string `json:"resources"` // ARNs, or "*" for an action that knows no resource
}

// Claim is what a listener takes of an endpoint: no two rules of one listener
// may have the same priority, whichever heritage they belong to.
type Claim struct {
	Endpoint string
	Priority int
	Service  string
}

// Claims lists the rule priorities that the heritage takes, in file order.
func (h Heritage) Claims() []Claim {
	var out []Claim
	for _, s := range h.Services {
		for _, l := range s.Listeners {
			out = append(out, Claim{Endpoint: l.Endpoint, Priority: l.Priority, Service: s.Name})
		}
	}
	return out
}

// Environment answers the heritage of an environment, or a Problem that
// suggests the nearest one.
func (f *File) Environment(name string) (*Heritage, *Problem) {
	if h, ok := f.Environments[name]; ok {
		return h, nil
	}
	return nil, &Problem{
		File: f.Name, Line: f.at.Line, Column: f.at.Column, Path: "environments",
		Message: "there is no environment " + quote(name), Hint: didYouMean(name, keysOf(f.Environments)),
	}
}
