package aws

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// vpc, subnet and group are EC2's network, as far as bcn looks at it.
type vpc struct {
	id, cidr string
	tags     map[string]string
}

type subnet struct {
	id, vpc, cidr, zone string
	public              bool // MapPublicIpOnLaunch
	tags                map[string]string
}

func (a *Account) ec2() wire.Actions {
	return wire.Actions{
		"DescribeVpcs":           accepts(a.describe("ec2:DescribeVpcs", "vpcSet", a.vpcRows), "VpcId", "Filter", "MaxResults", "NextToken"),
		"DescribeSubnets":        accepts(a.describe("ec2:DescribeSubnets", "subnetSet", a.subnetRows), "SubnetId", "Filter", "MaxResults", "NextToken"),
		"DescribeSecurityGroups": accepts(a.describe("ec2:DescribeSecurityGroups", "securityGroupInfo", a.groupRows), "GroupId", "Filter", "MaxResults", "NextToken"),
	}
}

// row is one described thing: what is answered, and what filters look at.
type row struct {
	out     map[string]any
	filters map[string][]string
}

// kind is how the ids of a thing are given and missed.
type kind struct {
	param    string // VpcId, which the dialect numbers: VpcId.1
	filter   string // vpc-id
	notFound string
	message  string
	rows     []row
}

// describe makes the handler of a Describe call: ids, filters, pages. Describe
// calls of EC2 know no resource-level permissions.
func (a *Account) describe(action, set string, rows func(region string) kind) wire.Handler {
	return func(_ context.Context, c *wire.Call) (any, error) {
		if err := c.Authorize(action, "*", nil); err != nil {
			return nil, err
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		k := rows(c.Region)
		ids := texts(c.Params, k.param)
		if err := k.allThere(ids); err != nil {
			return nil, err
		}
		size, ok := number(c.Params, "MaxResults", 1000)
		if !ok || size < 5 || size > 1000 || len(ids) > 0 && c.Params["MaxResults"] != nil {
			return nil, wire.Errorf("InvalidParameterValue", "MaxResults must be between 5 and 1000, and cannot be used with ids")
		}
		found := []any{}
		for _, r := range k.rows {
			pass, err := r.passes(list(c.Params, "Filter"))
			if err != nil {
				return nil, err
			}
			if pass && (len(ids) == 0 || slices.Contains(ids, r.filters[k.filter][0])) {
				found = append(found, r.out)
			}
		}
		from, to, next, err := page(str(c.Params, "NextToken"), size, len(found))
		if err != nil {
			return nil, err
		}
		out := map[string]any{set: found[from:to]}
		if next != "" {
			out["nextToken"] = next
		}
		return out, nil
	}
}

func (k kind) allThere(ids []string) error {
	for _, id := range ids {
		if !slices.ContainsFunc(k.rows, func(r row) bool { return r.filters[k.filter][0] == id }) {
			return wire.Errorf(k.notFound, k.message, id)
		}
	}
	return nil
}

// passes applies filters: all must hold, each by any of its values, in which *
// and ? are wildcards.
func (r row) passes(filters []any) (bool, error) {
	for _, e := range filters {
		f, _ := e.(map[string]any)
		name := str(f, "Name")
		have, known := r.filters[name]
		if !known && !strings.HasPrefix(name, "tag:") {
			return false, wire.Errorf("InvalidParameterValue", "The filter '%s' is invalid", name)
		}
		ok := slices.ContainsFunc(texts(f, "Value"), func(v string) bool {
			p := wildcard(v)
			return slices.ContainsFunc(have, p.MatchString)
		})
		if !ok {
			return false, nil
		}
	}
	return true, nil
}

func wildcard(s string) *regexp.Regexp {
	q := regexp.QuoteMeta(s)
	q = strings.ReplaceAll(strings.ReplaceAll(q, `\*`, `.*`), `\?`, `.`)
	return regexp.MustCompile(`(?s)^` + q + `$`)
}

// tagged adds the filters by tags.
func tagged(filters map[string][]string, tags map[string]string) map[string][]string {
	filters["tag-key"] = sortedKeys(tags)
	for k, v := range tags {
		filters["tag:"+k] = []string{v}
	}
	return filters
}

func (a *Account) vpcRows(region string) kind {
	k := kind{param: "VpcId", filter: "vpc-id", notFound: "InvalidVpcID.NotFound", message: "The vpc ID '%s' does not exist"}
	store := a.in(region).vpcs
	for _, id := range sortedKeys(store) {
		v := store[id]
		k.rows = append(k.rows, row{
			out: map[string]any{
				"vpcId": id, "cidrBlock": v.cidr, "state": "available", "isDefault": false, "ownerId": a.ID,
				"instanceTenancy": "default", "tagSet": tagList(v.tags, "key", "value"),
				"cidrBlockAssociationSet": []any{map[string]any{"cidrBlock": v.cidr, "cidrBlockState": map[string]any{"state": "associated"}}},
			},
			filters: tagged(map[string][]string{
				"vpc-id": {id}, "cidr": {v.cidr}, "cidr-block-association.cidr-block": {v.cidr},
				"state": {"available"}, "is-default": {"false"}, "owner-id": {a.ID},
			}, v.tags),
		})
	}
	return k
}

func (a *Account) subnetRows(region string) kind {
	k := kind{param: "SubnetId", filter: "subnet-id", notFound: "InvalidSubnetID.NotFound", message: "The subnet ID '%s' does not exist"}
	store := a.in(region).subnets
	for _, id := range sortedKeys(store) {
		s := store[id]
		k.rows = append(k.rows, row{
			out: map[string]any{
				"subnetId": id, "vpcId": s.vpc, "cidrBlock": s.cidr, "availabilityZone": s.zone, "state": "available",
				"availableIpAddressCount": 251, "mapPublicIpOnLaunch": s.public, "defaultForAz": false, "ownerId": a.ID,
				"subnetArn": "arn:aws:ec2:" + region + ":" + a.ID + ":subnet/" + id, "tagSet": tagList(s.tags, "key", "value"),
			},
			filters: tagged(map[string][]string{
				"subnet-id": {id}, "vpc-id": {s.vpc}, "cidr-block": {s.cidr}, "availability-zone": {s.zone},
				"state": {"available"}, "owner-id": {a.ID}, "map-public-ip-on-launch": {scalar(s.public)},
			}, s.tags),
		})
	}
	return k
}
