package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/bcn"
)

// Inspect implements deploy.Districts. What the role may not see is a problem
// among the others; what AWS does not answer at all ends the inspection.
func (a *Apply) Inspect(ctx context.Context, t bcn.Target) (bcn.District, error) {
	i := &inspection{s: a.aws.For(t), d: t.District}
	caller, err := i.caller(ctx)
	if err != nil {
		return t.District, err
	}
	i.d.Account = caller.Account
	for _, check := range []func(context.Context) error{i.roles, i.network, i.groups, i.cluster, i.bucket} {
		if err := i.refused(check(ctx)); err != nil {
			return t.District, err
		}
	}
	if len(i.problems) > 0 {
		return t.District, bcn.E(bcn.CodeDistrictInvalid, "problems", strings.Join(i.problems, "\n"))
	}
	return i.d, nil
}

// Reach implements deploy.Districts.
func (a *Apply) Reach(ctx context.Context, t bcn.Target) (bcn.District, error) {
	i := &inspection{s: a.aws.For(t), d: t.District}
	caller, err := i.caller(ctx)
	if err != nil {
		return t.District, err
	}
	i.d.Account = caller.Account
	if err := i.refused(i.roles(ctx)); err != nil {
		return t.District, err
	}
	if len(i.problems) > 0 {
		return t.District, bcn.E(bcn.CodeDistrictInvalid, "problems", strings.Join(i.problems, "\n"))
	}
	return i.d, nil
}

// Machines implements deploy.Districts.
func (a *Apply) Machines(ctx context.Context, t bcn.Target) (int, error) {
	return a.aws.For(t).ClusterMachines(ctx, t.District.Cluster)
}

// inspection collects what is wrong with a district.
type inspection struct {
	s        *awsx.Session
	d        bcn.District
	problems []string
}

// caller assumes the role of a district that bcn does not know yet. What AWS
// says of a role that is not there is what it says of one that does not trust
// bcn, so the refusal names the district whose roles are to be applied.
func (i *inspection) caller(ctx context.Context) (awsx.Caller, error) {
	caller, err := i.s.Caller(ctx)
	if bcn.CodeOf(err) == bcn.CodeAccessDenied {
		return caller, bcn.E(bcn.CodeAccessDenied, "action", "sts:AssumeRole", "role", i.d.Role, "district", i.d.Name).Wrap(err)
	}
	return caller, err
}

func (i *inspection) problem(format string, args ...any) {
	i.problems = append(i.problems, fmt.Sprintf(format, args...))
}

// refused makes a problem of what AWS refuses, and answers any other error.
func (i *inspection) refused(err error) error {
	var e *bcn.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code {
	case bcn.CodeAccessDenied:
		i.problem("--role: %s is not allowed to use %s", e.Params["role"], e.Params["action"])
	case bcn.CodeAWSRefused:
		i.problem("%s: %s", e.Params["what"], e.Params["why"])
	default:
		return err
	}
	return nil
}

// roles compares the accounts in the ARNs with the one that was reached.
func (i *inspection) roles(context.Context) error {
	for _, r := range []struct{ flag, arn string }{{"--role", i.d.Role}, {"--cfn-role", i.d.CFNRole}} {
		account, ok := roleAccount(r.arn)
		switch {
		case !ok:
			i.problem("%s: %q is not the ARN of a role", r.flag, r.arn)
		case account != i.d.Account:
			i.problem("%s: account %s, not %s", r.flag, account, i.d.Account)
		}
	}
	if i.d.Role == i.d.CFNRole {
		i.problem("--cfn-role: the same as --role; CloudFormation has a role of its own")
	}
	return nil
}

// roleAccount reads arn:PARTITION:iam::ACCOUNT:role/NAME.
func roleAccount(arn string) (string, bool) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != "iam" || !strings.HasPrefix(parts[5], "role/") {
		return "", false
	}
	return parts[4], true
}

func (i *inspection) network(ctx context.Context) error {
	vpcs, err := i.s.VPCs(ctx, []string{i.d.VPC})
	if err != nil {
		return err
	}
	if len(vpcs) == 0 {
		i.problem("--vpc: %s is not in %s of account %s", i.d.VPC, i.s.Region(), i.d.Account)
		return nil
	}
	i.d.CIDR = vpcs[0].CIDR
	all := append(slices.Clone(i.d.Subnets), i.d.PublicSubnets...)
	subnets, err := i.s.Subnets(ctx, unique(all))
	if err != nil {
		return err
	}
	byID := map[string]awsx.Subnet{}
	for _, v := range subnets {
		byID[v.ID] = v
	}
	i.subnets("--subnets", i.d.Subnets, byID)
	if len(i.d.PublicSubnets) > 0 {
		i.subnets("--public-subnets", i.d.PublicSubnets, byID)
	}
	return nil
}

// subnets checks one list: all there, all in the network, two zones at least,
// since a load balancer needs two and a zone may fail.
func (i *inspection) subnets(flag string, ids []string, byID map[string]awsx.Subnet) {
	zones := map[string]bool{}
	for _, id := range ids {
		v, ok := byID[id]
		switch {
		case !ok:
			i.problem("%s: %s does not exist", flag, id)
		case v.VPC != i.d.VPC:
			i.problem("%s: %s is in %s, not in %s", flag, id, v.VPC, i.d.VPC)
		default:
			zones[v.Zone] = true
		}
	}
	if len(zones) < 2 {
		i.problem("%s: %d availability zones, at least 2 are needed", flag, len(zones))
	}
}

func (i *inspection) groups(ctx context.Context) error {
	groups, err := i.s.SecurityGroups(ctx, unique(i.d.SecurityGroups))
	if err != nil {
		return err
	}
	vpcOf := map[string]string{}
	for _, v := range groups {
		vpcOf[v.ID] = v.VPC
	}
	for _, id := range i.d.SecurityGroups {
		switch vpc, ok := vpcOf[id]; {
		case !ok:
			i.problem("--security-groups: %s does not exist", id)
		case vpc != i.d.VPC:
			i.problem("--security-groups: %s is in %s, not in %s", id, vpc, i.d.VPC)
		}
	}
	return nil
}

func (i *inspection) cluster(ctx context.Context) error {
	status, err := i.s.ClusterStatus(ctx, i.d.Cluster)
	switch {
	case gone(err):
		i.problem("--cluster: %s does not exist in %s of account %s", i.d.Cluster, i.s.Region(), i.d.Account)
		return nil
	case bcn.CodeOf(err) == bcn.CodeAccessDenied:
		// The roles are made for one cluster, so another is refused, not missing.
		i.problem("--cluster: the role may not use %s", i.d.Cluster)
		return nil
	case err != nil:
		return err
	case status != "ACTIVE":
		i.problem("--cluster: %s is %s, not ACTIVE", i.d.Cluster, status)
	}
	return nil
}

func (i *inspection) bucket(ctx context.Context) error {
	region, err := i.s.BucketRegion(ctx, i.d.Account, i.d.Bucket)
	switch {
	case gone(err):
		i.problem("--bucket: %s is not a bucket of account %s that the role may use", i.d.Bucket, i.d.Account)
		return nil
	case err != nil:
		return err
	case region != "" && region != i.s.Region():
		i.problem("--bucket: %s is in %s, not in %s", i.d.Bucket, region, i.s.Region())
	}
	return nil
}
