package guard

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

const (
	groupType   = "AWS::EC2::SecurityGroup"
	ingressType = "AWS::EC2::SecurityGroupIngress"
	// wide is the shortest prefix that is not taken for everywhere: halves and
	// quarters of the internet would otherwise pass. Private networks are 10.0.0.0/8
	// at the widest.
	wide = 8
)

// ingressClosed: only a public load balancer may be reached from everywhere,
// and only on 80 and 443.
func ingressClosed(t tree, report deny) {
	public := publicGroups(t)
	for _, r := range t.resources {
		switch r.kind {
		case groupType:
			list, there := r.properties["SecurityGroupIngress"]
			if !there {
				continue
			}
			entries, ok := list.([]any)
			if !ok {
				report(Unresolved, r.id, "what", "SecurityGroupIngress")
				continue
			}
			for i, one := range entries {
				where := fmt.Sprintf("%s.SecurityGroupIngress[%d]", r.id, i)
				m, ok := one.(map[string]any)
				if !ok || intrinsic(m) {
					report(Unresolved, where, "what", "SecurityGroupIngress")
					continue
				}
				entry(where, m, public[r.id], report)
			}
		case ingressType:
			entry(r.id, r.properties, false, report)
		}
	}
}

// entry judges one ingress rule; public says that it belongs to a public load
// balancer of the same template.
func entry(where string, m map[string]any, public bool, report deny) {
	for _, key := range []string{"CidrIp", "CidrIpv6"} {
		v, there := m[key]
		if !there {
			continue
		}
		cidr, ok := v.(string)
		if !ok {
			report(Unresolved, where, "what", key)
			continue
		}
		prefix, err := netip.ParsePrefix(cidr)
		if err != nil {
			report(Unresolved, where, "what", key)
			continue
		}
		if prefix.Bits() >= wide || public && webPort(m) {
			continue
		}
		report(OpenIngress, where, "from", cidr, "ports", fmt.Sprintf("%v-%v", m["FromPort"], m["ToPort"]))
	}
	// A prefix list says neither here nor in the change set who is in it.
	if m["SourcePrefixListId"] != nil {
		report(Unresolved, where, "what", "SourcePrefixListId")
	}
}

func webPort(m map[string]any) bool {
	from, to := port(m["FromPort"]), port(m["ToPort"])
	return m["IpProtocol"] == "tcp" && from == to && (from == 80 || from == 443)
}

func port(v any) int64 {
	switch v := v.(type) {
	case json.Number:
		n, err := v.Int64()
		if err == nil {
			return n
		}
	case string:
		n, err := strconv.ParseInt(v, 10, 64)
		if err == nil {
			return n
		}
	}
	return -1
}

// publicGroups are the security groups of the template that only its
// internet-facing load balancers use.
func publicGroups(t tree) map[string]bool {
	out := map[string]bool{}
	for _, r := range t.resources {
		if r.kind != "AWS::ElasticLoadBalancingV2::LoadBalancer" || r.properties["Scheme"] != "internet-facing" {
			continue
		}
		groups, _ := r.properties["SecurityGroups"].([]any)
		for _, g := range groups {
			out[referred(g)] = true
		}
	}
	for _, r := range t.resources {
		if r.kind == "AWS::ElasticLoadBalancingV2::LoadBalancer" {
			continue
		}
		walk(r.id, r.properties, func(_ string, v any) {
			delete(out, referred(v))
		})
	}
	delete(out, "")
	return out
}

// referred answers the logical id that a Ref or Fn::GetAtt names, or "".
func referred(v any) string {
	m, ok := v.(map[string]any)
	if !ok || len(m) != 1 {
		return ""
	}
	if id, ok := m["Ref"].(string); ok {
		return id
	}
	switch at := m["Fn::GetAtt"].(type) {
	case string:
		id, _, _ := strings.Cut(at, ".")
		return id
	case []any:
		if len(at) > 0 {
			id, _ := at[0].(string)
			return id
		}
	}
	return ""
}
