package bcn

import "time"

// District is one network and ECS cluster in one AWS account and region,
// reached by assuming Role. It serves named environments.
type District struct {
	Name           string   `json:"name"`
	Region         string   `json:"region"`
	Account        string   `json:"account"`
	Role           string   `json:"role"`     // the bot's role
	CFNRole        string   `json:"cfn_role"` // CloudFormation's role
	VPC            string   `json:"vpc"`
	CIDR           string   `json:"cidr"`
	Cluster        string   `json:"cluster"` // name
	Subnets        []string `json:"subnets"` // private, where tasks run
	PublicSubnets  []string `json:"public_subnets"`
	SecurityGroups []string `json:"security_groups"` // put on every task
	Bucket         string   `json:"bucket"`          // templates over 51,200 bytes
	AssignPublicIP bool     `json:"assign_public_ip"`
	Environments   []string `json:"environments"`
	Network        *Network `json:"network,omitempty"` // nil: adopted
	Plugins        []Plugin `json:"plugins,omitempty"` // sorted by name
	// CapacityProvider is what places tasks on the machines that bcn made; empty:
	// it made none.
	CapacityProvider string    `json:"capacity_provider,omitempty"`
	CreatedAt        time.Time `json:"-"`
}

// Serves says whether the district serves the environment.
func (d District) Serves(env string) bool { return contains(d.Environments, env) }

// Made says that bcn made the district's network, which it may then change and
// delete; an adopted one it only uses.
func (d District) Made() bool { return d.Network != nil }

// Plugin is a plugin that is set for a district.
type Plugin struct {
	Name     string            `json:"name"`
	Image    string            `json:"image"`              // of its container, pinned: NAME@sha256:...
	Settings map[string]string `json:"settings,omitempty"` // as they were typed; secrets are references
}

// Network is what district create was told of the network that it makes.
type Network struct {
	NAT          string `json:"nat"`                     // none, instance, managed_gateway or managed_gateway_multi_az
	Launch       string `json:"launch"`                  // fargate or ec2
	InstanceType string `json:"instance_type,omitempty"` // of ec2
	Size         int    `json:"size,omitempty"`          // of ec2: instances
}

// Endpoint is one Application Load Balancer of a district. What follows
// Environments is read from its stack's outputs once it is made.
type Endpoint struct {
	Name             string   `json:"name"`
	District         string   `json:"district"`
	Public           bool     `json:"public"`
	Certificate      string   `json:"certificate,omitempty"`       // ACM ARN, the default one
	MoreCertificates []string `json:"more_certificates,omitempty"` // ACM ARNs, chosen by the name that a client asks for (SNI)
	TLS              string   `json:"tls,omitempty"`               // old, intermediate or modern; empty: intermediate
	AccessLogs       bool     `json:"access_logs,omitempty"`       // in the district's bucket
	Environments     []string `json:"environments"`

	LoadBalancer  string `json:"load_balancer,omitempty"` // ARN
	HTTPListener  string `json:"http_listener,omitempty"` // ARN
	HTTPSListener string `json:"https_listener,omitempty"`
	SecurityGroup string `json:"security_group,omitempty"`
	DNSName       string `json:"dns_name,omitempty"`
}

// Serves says whether the endpoint serves the environment.
func (e Endpoint) Serves(env string) bool { return contains(e.Environments, env) }

// Heritage is one app in one environment, bound for good to one district and
// one source.
type Heritage struct {
	App       string    `json:"app"`
	Env       string    `json:"env"`
	Name      string    `json:"name"` // environments.ENV.name of barcelona.yml
	District  string    `json:"district"`
	Source    string    `json:"source"` // github:OWNER/REPO[@REF] or dir:PATH
	Channel   string    `json:"channel,omitempty"`
	CreatedAt time.Time `json:"-"`
}

// BaseStack is the name of the stack with roles and log group.
func (h Heritage) BaseStack() string { return "heritage-" + h.Name }

// ServicesStack is the name of the stack with all services.
func (h Heritage) ServicesStack() string { return h.Name }

// Target says in which district, and in whose name, AWS is called.
type Target struct {
	District   District
	ExternalID string
	Session    string // role session name, "bcn-" + change id
	Identity   string // SourceIdentity: the requester, or SystemIdentity
}

func contains(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}
