package sessions

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// Node is a machine that Session Manager reaches: an EC2 instance (i-...) or
// one that was registered by an activation (mi-...).
type Node struct {
	ID      string
	Region  string
	Name    string // of the computer
	Address string
	Tags    map[string]string
	Offline bool // its agent lost the connection
}

// PutNode registers a machine, or changes it where it is there; clients of its
// open sessions are told when its agent loses its connection or has it again.
func (s *Service) PutNode(n Node) {
	s.mu.Lock()
	key := n.Region + "/" + n.ID
	old, there := s.nodes[key]
	n.Tags = maps.Clone(n.Tags)
	s.nodes[key] = &n
	var open []*session
	for _, x := range s.sessions {
		if there && old.Offline != n.Offline && x.region == n.Region && x.target == n.ID && !over(x.status()) {
			open = append(open, x)
		}
	}
	s.mu.Unlock()
	for _, x := range open {
		x.stream.publish(!n.Offline)
	}
}

// known are the nodes of a region: those that were put, and EC2's machines.
func (s *Service) known(region string) []*Node {
	var out []*Node
	if s.machines != nil {
		for _, n := range s.machines(region) {
			out = append(out, &n)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range slices.Sorted(maps.Keys(s.nodes)) {
		if n := s.nodes[key]; n.Region == region {
			out = append(out, n)
		}
	}
	return out
}

func nodeARN(region, account, id string) string {
	if strings.HasPrefix(id, "mi-") {
		return "arn:aws:ssm:" + region + ":" + account + ":managed-instance/" + id
	}
	return "arn:aws:ec2:" + region + ":" + account + ":instance/" + id
}

func (s *Service) getConnectionStatus(_ context.Context, c *wire.Call) (any, error) {
	id := str(c.Params, "Target")
	to, err := s.aimAt(c, id)
	if err != nil {
		return nil, err
	}
	if err := c.Authorize("ssm:GetConnectionStatus", to.arn, tagKeys(to.tags)); err != nil {
		return nil, err
	}
	status := "notconnected"
	if to.connected {
		status = "connected"
	}
	return map[string]any{"Target": id, "Status": status}, nil
}

func (s *Service) describeNodes(_ context.Context, c *wire.Call) (any, error) {
	if err := c.Authorize("ssm:DescribeInstanceInformation", "*", nil); err != nil {
		return nil, err
	}
	n, err := size(c, 5, 50, 50)
	if err != nil {
		return nil, err
	}
	found := []any{}
	for _, node := range s.known(c.Region) {
		ok := true
		for _, f := range append(items(c.Params, "Filters"), items(c.Params, "InstanceInformationFilterList")...) {
			pass, err := node.passes(f)
			if err != nil {
				return nil, err
			}
			ok = ok && pass
		}
		if ok {
			found = append(found, node.describe(s.clock.Now()))
		}
	}
	part, next, err := page(c, found, n)
	if err != nil {
		return nil, err
	}
	return withToken(map[string]any{"InstanceInformationList": part}, next), nil
}

// passes applies a filter in either of DescribeInstanceInformation's two forms,
// whose members differ in the case of their first letters only.
func (n *Node) passes(f map[string]any) (bool, error) {
	key, values := str(f, "Key")+str(f, "key"), append(texts(f, "Values"), texts(f, "valueSet")...)
	var is string
	tag, isTag := strings.CutPrefix(key, "tag:")
	switch {
	case isTag:
		is = n.Tags[tag]
	case key == "InstanceIds":
		is = n.ID
	case key == "PingStatus":
		is = n.ping()
	case key == "ResourceType":
		is = n.kind()
	case key == "PlatformTypes":
		is = "Linux"
	default:
		return false, wire.Errorf("InvalidFilterKey", "The specified key isn't valid: %s", key)
	}
	return slices.Contains(values, is), nil
}

func (n *Node) ping() string {
	if n.Offline {
		return "ConnectionLost"
	}
	return "Online"
}

func (n *Node) kind() string {
	if strings.HasPrefix(n.ID, "mi-") {
		return "ManagedInstance"
	}
	return "EC2Instance"
}

func (n *Node) describe(now time.Time) map[string]any {
	return map[string]any{
		"InstanceId": n.ID, "PingStatus": n.ping(), "LastPingDateTime": now, "AgentVersion": agentVersion, "IsLatestVersion": true,
		"PlatformType": "Linux", "PlatformName": "Amazon Linux", "PlatformVersion": "2023", "ResourceType": n.kind(),
		"IPAddress": n.Address, "ComputerName": n.Name,
	}
}
