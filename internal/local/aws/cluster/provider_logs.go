package cluster

import (
	"maps"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

func (c *Cluster) logGroupProvider() *provider {
	return &provider{
		c:      c,
		create: c.createGroupFromStack,
		read:   c.readLogGroup,
		taken: func(at site, in tree) (string, bool) {
			name := in.str("LogGroupName")
			return name, c.groups[groupARN(at, name)] != nil
		},
		update: func(at site, id string, r wire.Request) (map[string]string, error) {
			g := c.groups[groupARN(at, id)]
			if g == nil {
				return nil, wire.Errorf("ResourceNotFoundException", "The specified log group does not exist.")
			}
			in, tags := tree(r.Properties), stackTags(r)
			if err := allowLogGroup(at, g.arn, in, tags, g.tags); err != nil {
				return nil, err
			}
			days := in.num("RetentionInDays", 0)
			if !retentionOK(days) {
				return nil, wire.Errorf("InvalidParameterException", "Value '%d' at 'retentionInDays' failed to satisfy constraint", days)
			}
			g.retention, g.tags = days, tags
			return map[string]string{"Arn": g.arn + ":*"}, nil
		},
		remove: func(at site, id string, _ wire.Request) error {
			arn := groupARN(at, id)
			g := c.groups[arn]
			if g == nil {
				return nil
			}
			if err := at.allow("logs:DeleteLogGroup", arn+":*", keysOf(g.tags)); err != nil {
				return err
			}
			delete(c.groups, arn)
			return nil
		},
	}
}

func (c *Cluster) createGroupFromStack(at site, r wire.Request) (string, map[string]string, error) {
	in, tags := tree(r.Properties), stackTags(r)
	name := in.str("LogGroupName")
	if name == "" {
		name = c.generated(r, 512)
	}
	arn := groupARN(at, name)
	if err := at.allow("logs:CreateLogGroup", arn, withRequestTags(map[string][]string{}, tags)); err != nil {
		return "", nil, err
	}
	if err := allowLogGroup(at, arn, in, tags, nil); err != nil {
		return "", nil, err
	}
	g, err := c.addGroup(at, name, in.num("RetentionInDays", 0), tags)
	if err != nil {
		return "", nil, err
	}
	return name, map[string]string{"Arn": g.arn + ":*"}, nil
}

// allowLogGroup asks for what the type's handler does besides creating.
func allowLogGroup(at site, arn string, in tree, tags, old map[string]string) error {
	if in.has("RetentionInDays") {
		if err := at.allow("logs:PutRetentionPolicy", arn+":*", keysOf(old)); err != nil {
			return err
		}
	}
	if maps.Equal(tags, old) {
		return nil
	}
	return at.allow("logs:TagResource", arn, withRequestTags(keysOf(old), tags))
}
