package manifest

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
	Name        string    `json:"name"`
	ImageName   string    `json:"image_name"`
	Services    []Service `json:"services"`
	Environment Variables `json:"environment"`
	// BeforeDeploy and ScheduledTasks are refused by Parse for now: a release
	// without its migration would be wrong.
	BeforeDeploy   string          `json:"before_deploy"`
	ScheduledTasks []ScheduledTask `json:"scheduled_tasks"`

	At Position `json:"-"`
}

// Service types.
const (
	TypeDefault = "default" // a worker
	TypeWeb     = "web"     // has a port, and PORT in its environment
)

// Service is one long-running ECS service.
type Service struct {
	Name        string `json:"name"`
	ServiceType string `json:"service_type"`
	Command     string `json:"command"`
	CPU         int    `json:"cpu"`    // units, 1024 are one; 0: not given
	Memory      int    `json:"memory"` // MiB
	Port        int    `json:"web_container_port"`
	ForceSSL    bool   `json:"force_ssl"`
	// Public, where given, must agree with the endpoint, which alone decides.
	Public *bool `json:"public"`
	// Exec lets ECS Exec into running tasks. It is a key of bcn's own:
	// Barcelona has none like it.
	Exec      bool       `json:"exec"`
	Listeners []Listener `json:"listeners"`

	At Position `json:"-"`
}

// Web says that the service listens on Port.
func (s Service) Web() bool { return s.ServiceType == TypeWeb }

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
// the empty string is a value), SSMPath and ValueFrom is set.
type Variable struct {
	Name      string  `json:"name"`
	Value     *string `json:"value"`
	SSMPath   string  `json:"ssm_path"`
	ValueFrom string  `json:"value_from"`

	At Position `json:"-"`
}

// ScheduledTask is a command that runs at times. Not available yet.
type ScheduledTask struct {
	Schedule string `json:"schedule"`
	Command  any    `json:"command"` // string or list of strings
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
