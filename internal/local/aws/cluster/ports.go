package cluster

import "errors"

// Source is where a connection comes from: members of security groups, with
// addresses in subnets.
type Source struct {
	Groups  []string
	Subnets []string
}

// Network answers what the cluster needs to know of EC2. It is called while
// the cluster's lock is held, so it must not call back into the cluster.
type Network interface {
	// Admits answers whether one of the security groups has an ingress rule
	// for the TCP port whose source is one of from.Groups, or a CIDR that
	// holds one of from.Subnets.
	Admits(groups []string, port int, from Source) bool
	// Subnet answers the VPC and the availability zone of a subnet.
	Subnet(id string) (vpc, zone string, ok bool)
	// SecurityGroup answers the VPC of a security group.
	SecurityGroup(id string) (vpc string, ok bool)
}

// Roles answers what the cluster needs to know of IAM. It is called while the
// cluster's lock is held, so it must not call back into the cluster.
type Roles interface {
	// Trusts answers nil where the role exists and its trust policy lets the
	// service principal (ecs-tasks.amazonaws.com) assume it now.
	Trusts(roleARN, service string) error
	// Allows answers nil where the role's policies allow the action in the
	// region; keys are the condition keys beyond the global ones.
	Allows(region, roleARN, action, resource string, keys map[string][]string) error
}

// Secrets answers whether what a task definition refers to exists. It is
// called while the cluster's lock is held, so it must not call back into the
// cluster.
type Secrets interface {
	// Parameter answers for a Parameter Store name, with its leading slash
	// where it has one.
	Parameter(region, name string) bool
	// Secret answers for the ARN of a secret of Secrets Manager, with or
	// without its random suffix.
	Secret(arn string) bool
	// ParameterKey and SecretKey answer the customer's KMS key that it is
	// encrypted with, "" where there is none, and the condition keys with which
	// it is asked to decrypt.
	ParameterKey(region, name string) (arn string, use map[string][]string)
	SecretKey(secret string) (arn string, use map[string][]string)
}

// nothing is the answer of a port that was not given: it knows of nothing, so
// that a forgotten port refuses instead of admitting.
type nothing struct{}

var errNothing = errors.New("the cluster knows of no roles")

func (nothing) Admits([]string, int, Source) bool          { return false }
func (nothing) Subnet(string) (vpc, zone string, ok bool)  { return "", "", false }
func (nothing) SecurityGroup(string) (vpc string, ok bool) { return "", false }
func (nothing) Trusts(string, string) error                { return errNothing }
func (nothing) Parameter(string, string) bool              { return false }
func (nothing) Secret(string) bool                         { return false }

func (nothing) Allows(string, string, string, string, map[string][]string) error { return errNothing }
func (nothing) ParameterKey(string, string) (string, map[string][]string)        { return "", nil }
func (nothing) SecretKey(string) (string, map[string][]string)                   { return "", nil }
