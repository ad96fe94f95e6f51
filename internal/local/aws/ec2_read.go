package aws

import (
	"context"
	"strings"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

var _ wire.Readable = securityGroup{}

// Read implements wire.Readable.
func (a securityGroup) Read(_ context.Context, id string, r wire.Request) (map[string]any, bool, error) {
	if err := r.Authorize("ec2:DescribeSecurityGroups", "*", nil); err != nil {
		return nil, false, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	g, _, there := a.group(id)
	if !there {
		return nil, false, nil
	}
	return map[string]any{
		"GroupName": g.name, "GroupDescription": g.description, "VpcId": g.vpc,
		"SecurityGroupIngress": ruleTrees(g.ingress, "SourceSecurityGroupId"),
		"SecurityGroupEgress":  ruleTrees(g.egress, "DestinationSecurityGroupId"),
	}, true, nil
}

// ruleTrees are rules as a template has them.
func ruleTrees(rules []Rule, group string) []any {
	out := []any{}
	for _, r := range rules {
		m := map[string]any{"IpProtocol": r.Protocol, "FromPort": r.From, "ToPort": r.To}
		switch {
		case strings.Contains(r.CIDR, ":"):
			m["CidrIpv6"] = r.CIDR
		case r.CIDR != "":
			m["CidrIp"] = r.CIDR
		}
		if r.Group != "" {
			m[group] = r.Group
		}
		if r.Description != "" {
			m["Description"] = r.Description
		}
		out = append(out, m)
	}
	return out
}
