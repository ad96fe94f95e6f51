package aws

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// securityGroup is AWS::EC2::SecurityGroup.
type securityGroup struct{ *Account }

var _ wire.Resource = securityGroup{}

func (a securityGroup) attributes(id, vpcID string) map[string]string {
	return map[string]string{"GroupId": id, "Id": id, "VpcId": vpcID}
}

func (a securityGroup) Create(_ context.Context, r wire.Request) (string, map[string]string, error) {
	p := r.Properties
	name, vpcID := text(p, "GroupName"), text(p, "VpcId")
	if name == "" {
		name = generated(r, 255)
	}
	tags := stackTags(r)
	keys := tagKeys("aws:RequestTag/", userTags(tags))
	keys["ec2:CreateAction"] = []string{"CreateSecurityGroup"}
	anyGroup := groupARN(r.Account, r.Region, "*")
	if err := r.Authorize("ec2:CreateSecurityGroup", anyGroup, keys); err != nil {
		return "", nil, err
	}
	if err := r.Authorize("ec2:CreateSecurityGroup", "arn:aws:ec2:"+r.Region+":"+r.Account+":vpc/"+vpcID, a.vpcKeys(r.Region, vpcID)); err != nil {
		return "", nil, err
	}
	if len(userTags(tags)) > 0 {
		if err := r.Authorize("ec2:CreateTags", anyGroup, keys); err != nil {
			return "", nil, err
		}
	}
	g, err := a.makeGroup(r.Region, name, text(p, "GroupDescription"), vpcID, tags)
	if err != nil {
		return "", nil, err
	}
	return g.id, a.attributes(g.id, vpcID), a.syncRules(r, g.id)
}

func (a *Account) vpcKeys(region, id string) map[string][]string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if v, ok := a.in(region).vpcs[id]; ok {
		return tagKeys("aws:ResourceTag/", v.tags)
	}
	return nil
}

// groupKeys are the condition keys of an existing group.
func (a *Account) groupKeys(id string) map[string][]string {
	a.mu.Lock()
	defer a.mu.Unlock()
	g, region, ok := a.group(id)
	if !ok {
		return nil
	}
	keys := tagKeys("aws:ResourceTag/", g.tags)
	maps.Copy(keys, tagKeys("ec2:ResourceTag/", g.tags))
	keys["ec2:Vpc"] = []string{"arn:aws:ec2:" + region + ":" + a.ID + ":vpc/" + g.vpc}
	return keys
}

// ruleSet is one direction of a group's rules.
type ruleSet struct {
	property          string
	ingress           bool
	authorize, revoke string
}

func ruleSets() []ruleSet {
	return []ruleSet{
		{"SecurityGroupIngress", true, "ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress"},
		{"SecurityGroupEgress", false, "ec2:AuthorizeSecurityGroupEgress", "ec2:RevokeSecurityGroupEgress"},
	}
}

// syncRules brings the group's inline rules to the properties. Rules that
// other resources put in stay; the default egress goes when egress is declared.
func (a securityGroup) syncRules(r wire.Request, id string) error {
	arn := groupARN(r.Account, r.Region, id)
	for _, set := range ruleSets() {
		want, err := rulesOf(r.Properties, set.property)
		if err != nil {
			return err
		}
		was, err := rulesOf(r.Old, set.property)
		if err != nil {
			return err
		}
		everything := Rule{Protocol: "-1", From: -1, To: -1, CIDR: "0.0.0.0/0"}
		if !set.ingress && len(was) == 0 {
			was = []Rule{everything}
		}
		if !set.ingress && len(want) == 0 {
			want = []Rule{everything}
		}
		for _, gone := range missing(was, want) {
			if err := r.Authorize(set.revoke, arn, a.groupKeys(id)); err != nil {
				return err
			}
			a.revoke(id, set.ingress, gone)
		}
		for _, rule := range missing(want, was) {
			if err := r.Authorize(set.authorize, arn, a.groupKeys(id)); err != nil {
				return err
			}
			if _, err := a.addRule(id, set.ingress, rule); err != nil {
				return err
			}
		}
	}
	return nil
}

// missing are the rules of a that are not in b.
func missing(a, b []Rule) []Rule {
	var out []Rule
	for _, r := range a {
		if !slices.ContainsFunc(b, r.same) {
			out = append(out, r)
		}
	}
	return out
}

func rulesOf(p map[string]any, property string) ([]Rule, error) {
	var out []Rule
	for _, e := range list(p, property) {
		m, _ := e.(map[string]any)
		r, err := ruleOf(m)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// revoke takes out the rule that is the same.
func (a *Account) revoke(id string, in bool, rule Rule) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if g, _, ok := a.group(id); ok {
		rules := g.rules(in)
		*rules = slices.DeleteFunc(slices.Clone(*rules), rule.same)
	}
}

func (a securityGroup) Update(_ context.Context, id string, r wire.Request) (map[string]string, error) {
	a.mu.Lock()
	g, _, ok := a.group(id)
	var old map[string]string
	vpcID := ""
	if ok {
		old, vpcID = g.tags, g.vpc
	}
	a.mu.Unlock()
	if !ok {
		return nil, noSuchGroup(id)
	}
	if err := a.retag(r, id, old, stackTags(r)); err != nil {
		return nil, err
	}
	return a.attributes(id, vpcID), a.syncRules(r, id)
}

func (a securityGroup) retag(r wire.Request, id string, old, tags map[string]string) error {
	if maps.Equal(old, tags) {
		return nil
	}
	arn, keys := groupARN(r.Account, r.Region, id), a.groupKeys(id)
	maps.Copy(keys, tagKeys("aws:RequestTag/", userTags(tags)))
	actions := []string{"ec2:CreateTags"}
	for k := range old {
		if _, keep := tags[k]; !keep {
			actions = append(actions, "ec2:DeleteTags")
			break
		}
	}
	for _, action := range actions {
		if err := r.Authorize(action, arn, keys); err != nil {
			return err
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if g, _, ok := a.group(id); ok {
		g.tags = tags
	}
	return nil
}

func (a securityGroup) Delete(_ context.Context, id string, r wire.Request) error {
	keys := a.groupKeys(id)
	if keys == nil {
		return nil
	}
	if err := r.Authorize("ec2:DeleteSecurityGroup", groupARN(r.Account, r.Region, id), keys); err != nil {
		return err
	}
	return a.deleteGroup(id)
}

// Ready is at once.
func (a securityGroup) Ready(context.Context, string, wire.Request) (bool, error) { return true, nil }

// groupRule is AWS::EC2::SecurityGroupIngress, or Egress: one rule of a group
// that another resource, or another stack, made.
type groupRule struct {
	*Account
	ruleSet
}

var _ wire.Resource = groupRule{}

func (a groupRule) Create(_ context.Context, r wire.Request) (string, map[string]string, error) {
	id := text(r.Properties, "GroupId")
	rule, err := ruleOf(r.Properties)
	if err != nil {
		return "", nil, err
	}
	if err := r.Authorize(a.authorize, groupARN(r.Account, r.Region, id), a.groupKeys(id)); err != nil {
		return "", nil, err
	}
	made, err := a.addRule(id, a.ingress, rule)
	if err != nil {
		return "", nil, err
	}
	return made, map[string]string{"Id": made}, nil
}

// Update can only be about the description; all else replaces the rule.
func (a groupRule) Update(_ context.Context, id string, r wire.Request) (map[string]string, error) {
	g := text(r.Properties, "GroupId")
	action := "ec2:UpdateSecurityGroupRuleDescriptionsIngress"
	if !a.ingress {
		action = "ec2:UpdateSecurityGroupRuleDescriptionsEgress"
	}
	if err := r.Authorize(action, groupARN(r.Account, r.Region, g), a.groupKeys(g)); err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if found, _, ok := a.group(g); ok {
		rules := slices.Clone(*found.rules(a.ingress))
		for i := range rules {
			if rules[i].ID == id {
				rules[i].Description = text(r.Properties, "Description")
			}
		}
		*found.rules(a.ingress) = rules
	}
	return map[string]string{"Id": id}, nil
}

func (a groupRule) Delete(_ context.Context, id string, r wire.Request) error {
	g := text(r.Properties, "GroupId")
	keys := a.groupKeys(g)
	if keys == nil {
		return nil
	}
	if err := r.Authorize(a.ruleSet.revoke, groupARN(r.Account, r.Region, g), keys); err != nil {
		return err
	}
	a.dropRule(g, a.ingress, id)
	return nil
}

// Ready is at once.
func (a groupRule) Ready(context.Context, string, wire.Request) (bool, error) { return true, nil }

// notFound says whether an error tells that the thing is not there.
func notFound(err error) bool {
	var e *wire.Error
	return errors.As(err, &e) && (e.Code == "NoSuchEntity" || e.Code == "InvalidGroup.NotFound")
}
