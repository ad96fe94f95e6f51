package card_test

import (
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// recipient is the key of a requester's machine.
const recipient = "age1ckspx3k2wgnhxqehfy6zc7ks3sl2curqmtawpt02hsp506eq9afs9qlg0e"

const taskARN = "arn:aws:ecs:ap-northeast-1:123456789012:task/default/0123456789abcdef0123456789abcdef"

// entry is a change that asks for access.
func entry(kind bcn.Kind, state bcn.ChangeState, more ...func(*bcn.Change)) bcn.Change {
	c := deployment(state, more...)
	c.Kind, c.Subject, c.Tag, c.Reason = kind, "access:0011223344556677", "", "a customer sees no orders"
	c.Requester = bcn.Actor{Kind: bcn.Person, User: "U0ONCALL", Team: "T0", Name: "olu"}
	if kind == bcn.KindAccessInstance || kind == bcn.KindAccessPort {
		c.App, c.Env, c.Heritage = "", "", ""
	}
	return c
}

// entryPlan is what access of a kind would open.
func entryPlan(kind bcn.Kind, change ...func(*bcn.AccessPlan)) *bcn.Plan {
	p := &bcn.Plan{
		Kind: kind, Needs: []bcn.Need{{Teams: []string{"leads"}, Count: 1}},
		District: bcn.District{Name: "default", Account: "123456789012", Region: "ap-northeast-1", Cluster: "default"},
	}
	a := &bcn.AccessPlan{Seconds: 600}
	switch kind {
	case bcn.KindAccess:
		p.Tag, p.Digest = "v2", "sha256:"+strings.Repeat("ab12", 16)
		a.Release, a.Container, a.TaskDefinition, a.StopTask = 4, "access", "arn:definition", true
	case bcn.KindAccessLive:
		p.Tag, p.Digest = "v2", "sha256:"+strings.Repeat("ab12", 16)
		a.Release, a.Container, a.Service, a.Task, a.ByBot = 4, "web", "web", taskARN, true
	case bcn.KindAccessInstance:
		a.Node, a.NodeName, a.Document, a.Role, a.Session = "i-0123456789abcdef0", "web-1.internal", "bcn-default-session-10m", "arn:role", 600
	default:
		a.Node, a.Database, a.Host, a.Port, a.Document, a.Role = "i-0123456789abcdef0", "orders-db", "orders.internal", 5432, "bcn-default-port-orders-db", "arn:role"
	}
	for _, f := range change {
		f(a)
	}
	p.Access = a
	return p
}

// granted is a grant in a state, with what has happened to it by then.
func granted(state bcn.GrantState, change ...func(*bcn.Grant)) *bcn.Grant {
	start, end, over, verified := at, at.Add(10*time.Minute), at.Add(10*time.Minute), at.Add(10*time.Minute+7*time.Second)
	g := &bcn.Grant{ID: 1042, State: state, Person: "U0ONCALL", OpenUntil: end, StartsAt: &start, EndsAt: &end}
	switch state {
	case bcn.GrantApproved:
	case bcn.GrantExpired:
		g.Why, g.EndedAt = bcn.WhyUnused, &over
	case bcn.GrantCancelled:
		g.Why, g.By, g.EndedAt = bcn.WhyEnded, "U0LEAD", &over
	default:
		g.Key, g.Mints = recipient, 1
		g.Sessions = []bcn.GrantSession{
			{ID: "bcn-g1042-1-0aaaaaaaaaaaaaaaa", Started: at.Add(time.Minute), Log: "bcn/default/sessions bcn-g1042-1-0aaaaaaaaaaaaaaaa"},
			{ID: "bcn-g1042-1-0bbbbbbbbbbbbbbbb", Started: at.Add(3 * time.Minute)},
		}
	}
	if state == bcn.GrantEnding || state == bcn.GrantEnded || state == bcn.GrantEndFailed {
		g.Why, g.EndedAt = bcn.WhyTime, &over
	}
	if state == bcn.GrantEnded {
		g.VerifiedAt, g.SweptAt = &verified, &over
		for i := range g.Sessions {
			g.Sessions[i].Closed = &over
		}
	}
	for _, f := range change {
		f(g)
	}
	return g
}

func ends(why bcn.GrantWhy, by string) func(*bcn.Grant) {
	return func(g *bcn.Grant) { g.Why, g.By = why, by }
}

// early ends a grant before its time.
func early(g *bcn.Grant) {
	over := at.Add(4 * time.Minute)
	g.EndedAt = &over
}

// intruder is a session that no grant is behind.
func intruder(g *bcn.Grant) {
	g.Sessions = append(g.Sessions, bcn.GrantSession{ID: "somebody-0cccccccccccccccc", Started: at.Add(2 * time.Minute), Stranger: true})
}

func trail() []deploy.TrailLine {
	return []deploy.TrailLine{
		{At: at.Add(30 * time.Second), Name: "AssumeRole", User: "bcn-g1042-1"},
		{At: at.Add(time.Minute), Name: "StartSession", User: "bcn-g1042-1"},
		{At: at.Add(10*time.Minute + time.Second), Name: "StartSession", User: "bcn-g1042-1", Error: "AccessDeniedException"},
	}
}
