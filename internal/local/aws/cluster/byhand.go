package cluster

import (
	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// What people change by hand beside a stack.

// modifyRule replaces what the call names of a rule: its actions, its
// conditions (API reference, ModifyRule).
func (c *Cluster) modifyRule(at site, in tree) (tree, error) {
	x, err := c.ruleFor(at, in.str("RuleArn"), "ModifyRule")
	if err != nil {
		return nil, err
	}
	if x.priority == 0 {
		return nil, wire.Errorf("OperationNotPermitted", "Default rule '%s' cannot be modified", x.arn)
	}
	spec := tree{"Priority": x.priority, "Actions": x.spec["Actions"], "Conditions": x.spec["Conditions"]}
	for _, k := range []string{"Actions", "Conditions"} {
		if len(in.items(k)) > 0 {
			spec[k] = in[k]
		}
	}
	next := *x
	if err := c.writeRule(&next, spec); err != nil {
		return nil, err
	}
	*x = next
	return tree{"Rules": []any{x.describe()}}, nil
}

func (c *Cluster) deleteRuleCall(at site, in tree) (tree, error) {
	x, err := c.ruleFor(at, in.str("RuleArn"), "DeleteRule")
	if err != nil {
		return nil, err
	}
	if x.priority == 0 {
		return nil, wire.Errorf("OperationNotPermitted", "Default rule '%s' cannot be deleted", x.arn)
	}
	delete(c.rules, x.arn)
	return tree{}, nil
}

// ruleFor authorizes an action on a rule and finds it.
func (c *Cluster) ruleFor(at site, arn, action string) (*rule, error) {
	x := c.rules[arn]
	tags := map[string]string{}
	if x != nil {
		tags = x.tags
	}
	if err := allowELB(at, action, arn, tags, nil); err != nil {
		return nil, err
	}
	if x == nil {
		return nil, wire.Errorf("RuleNotFound", "One or more rules not found")
	}
	return x, nil
}

// putRetention sets how many days a log group keeps its events.
func (c *Cluster) putRetention(at site, in tree) (tree, error) {
	g, err := c.logGroupFor(at, in, "logs:PutRetentionPolicy")
	if err != nil {
		return nil, err
	}
	days := in.num("retentionInDays", 0)
	if days == 0 || !retentionOK(days) {
		return nil, wire.Errorf("InvalidParameterException", "1 validation error detected: Value '%d' at 'retentionInDays' failed to satisfy constraint", days)
	}
	g.retention = days
	return tree{}, nil
}

func (c *Cluster) deleteRetention(at site, in tree) (tree, error) {
	g, err := c.logGroupFor(at, in, "logs:DeleteRetentionPolicy")
	if err != nil {
		return nil, err
	}
	g.retention = 0
	return tree{}, nil
}

func (c *Cluster) deleteLogGroup(at site, in tree) (tree, error) {
	g, err := c.logGroupFor(at, in, "logs:DeleteLogGroup")
	if err != nil {
		return nil, err
	}
	delete(c.groups, g.arn)
	return tree{}, nil
}
