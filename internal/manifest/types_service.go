package manifest

// Service types.
const (
	TypeDefault = "default" // a worker
	TypeWeb     = "web"     // has a port, and PORT in its environment
)

// What tasks run on.
const (
	LaunchFargate = "fargate"
	LaunchEC2     = "ec2"
)

// Service is one long-running ECS service.
type Service struct {
	Name        string `json:"name"`
	ServiceType string `json:"service_type"`
	// Command is run as sh -c "exec COMMAND"; with an EntryPoint its words are
	// given to that instead.
	Command    string `json:"command"`
	EntryPoint Words  `json:"entrypoint,omitempty"` // empty: the image's own
	CPU        int    `json:"cpu,omitempty"`        // units, 1024 are one; 0: not given
	Memory     int    `json:"memory"`               // MiB
	Port       int    `json:"web_container_port"`
	ForceSSL   bool   `json:"force_ssl,omitempty"`
	// Public, where given, must agree with the endpoint, which alone decides.
	Public *bool `json:"public,omitempty"`
	// Exec lets ECS Exec into running tasks. It is a key of bcn's own:
	// Barcelona has none like it.
	Exec bool `json:"exec,omitempty"`
	// DesiredCount is the number of tasks; nil keeps the one that runs. It and
	// AutoScaling exclude each other.
	DesiredCount *int         `json:"desired_count,omitempty"`
	AutoScaling  *AutoScaling `json:"auto_scaling,omitempty"` // nil: none
	Deployment   Deployment   `json:"deployment"`
	// GracePeriod is how long, in seconds, failing health checks of a new task
	// are ignored.
	GracePeriod int `json:"health_check_grace_period"`
	// StopTimeout is how long, in seconds, a task has between SIGTERM and
	// SIGKILL; 0: not given, ECS then waits 30.
	StopTimeout int        `json:"stop_timeout,omitempty"`
	Ulimits     []Ulimit   `json:"ulimits,omitempty"`
	Volumes     []Volume   `json:"volumes,omitempty"`
	Launch      string     `json:"launch"` // LaunchFargate | LaunchEC2
	Listeners   []Listener `json:"listeners,omitempty"`

	At Position `json:"-"`
}

// Web says that the service listens on Port.
func (s Service) Web() bool { return s.ServiceType == TypeWeb }

// AutoScaling keeps a service's count between bounds so that each given target
// is met. At least one target is set.
type AutoScaling struct {
	Min      int `json:"min_count"`
	Max      int `json:"max_count"`
	CPU      int `json:"cpu,omitempty"`      // per cent of what is reserved; 0: no target
	Memory   int `json:"memory,omitempty"`   // per cent of what is reserved; 0: no target
	Requests int `json:"requests,omitempty"` // per task and minute; 0: no target
}

// Strategies of a deployment, ECS's own.
const (
	Rolling   = "rolling"
	BlueGreen = "blue_green"
	Canary    = "canary"
	Linear    = "linear"
)

// Deployment says how a new version takes the old one's place.
type Deployment struct {
	Strategy string `json:"strategy"`
	// MinimumPercent and MaximumPercent bound the number of healthy, and of
	// all, tasks of a rolling deployment, as per cent of the count.
	MinimumPercent int      `json:"minimum_percent"`
	MaximumPercent int      `json:"maximum_percent"`
	Alarms         []string `json:"alarms,omitempty"` // CloudWatch alarms, any of which ends it

	// What follows is of the strategies that shift traffic, and zero for
	// Rolling. Times are minutes.
	Pause         int `json:"pause"`                    // for a person to shift; 0: nobody is waited for
	Bake          int `json:"bake_time"`                // with all traffic shifted, before the old tasks go
	CanaryPercent int `json:"canary_percent,omitempty"` // 0: not Canary
	CanaryBake    int `json:"canary_bake"`
	StepPercent   int `json:"step_percent,omitempty"` // 0: not Linear
	StepBake      int `json:"step_bake"`
}

// Rolling says that tasks are replaced in place, without a second target group.
func (d Deployment) Rolling() bool { return d.Strategy == Rolling || d.Strategy == "" }

// Shifts is how often a deployment shifts traffic; 0 for Rolling.
func (d Deployment) Shifts() int {
	switch d.Strategy {
	case BlueGreen:
		return 1
	case Canary:
		return 2
	case Linear:
		return (100 + d.StepPercent - 1) / d.StepPercent
	default:
		return 0
	}
}

// Waits is how many minutes a deployment may take beside what its tasks need.
// ECS leaves out the bake time of a step that reaches 100 per cent (API
// reference, LinearConfiguration).
func (d Deployment) Waits() int {
	n := d.Shifts()*d.Pause + d.Bake
	switch d.Strategy {
	case Canary:
		n += d.CanaryBake
	case Linear:
		n += (d.Shifts() - 1) * d.StepBake
	}
	return n
}

// Ulimit is a limit of the container's processes.
type Ulimit struct {
	Name string `json:"name"` // as setrlimit(2) has it, in lower case without RLIMIT_
	Soft int    `json:"soft"`
	Hard int    `json:"hard"`
}

// Volume is a directory of the container.
type Volume struct {
	Name     string `json:"name"`
	Path     string `json:"path"` // in the container, absolute
	ReadOnly bool   `json:"read_only,omitempty"`
	EFS      *EFS   `json:"efs,omitempty"` // nil: scratch space of the task
}

// EFS is a file system that outlives tasks.
type EFS struct {
	FileSystem  string `json:"file_system"`            // fs-...
	Root        string `json:"root,omitempty"`         // directory; "" is the whole
	AccessPoint string `json:"access_point,omitempty"` // fsap-...; excludes Root
}
