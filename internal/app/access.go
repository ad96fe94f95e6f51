package app

import (
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/config"
	"github.com/bcn-bot/bcn/internal/grant"
	"github.com/bcn-bot/bcn/internal/roles"
)

// administrators is the team whose members may end any grant.
const administrators = "admins"

// databases answers the databases of bot.yaml.
func databases(c *config.Config) func(district, name string) (grant.Port, bool) {
	return func(district, name string) (grant.Port, bool) {
		p, ok := c.Access.Database(district, name)
		return grant.Port{Host: p.Host, Port: p.Port, Through: p.Through}, ok
	}
}

// accessInput is what the roles and documents of access in a district are made
// with, by bot.yaml.
func accessInput(c *config.Config, in roles.Input) roles.AccessInput {
	a := c.Access
	out := roles.AccessInput{
		Input: in, RunAs: a.RunAs, IdleMinutes: int(a.Idle / time.Minute), LogGroup: a.LogGroup, Key: a.Key,
		NodeTag: roles.Tag{Key: a.NodeTag.Key, Value: a.NodeTag.Value},
	}
	for _, p := range a.PortsOf(in.District) {
		out.Ports = append(out.Ports, roles.DatabasePort{Name: p.Name, Host: p.Host, Port: p.Port})
	}
	return out
}

// accessOf is accessInput for what bcn compares with.
func accessOf(c *config.Config) func(bcn.District) roles.AccessInput {
	return func(d bcn.District) roles.AccessInput {
		return accessInput(c, roles.Input{
			District: d.Name, Account: d.Account, Region: d.Region, Cluster: d.Cluster, Bucket: d.Bucket,
		})
	}
}
