package grant

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/bcn-bot/bcn/internal/access"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/config"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// Plan finds out what would be opened, and how; see deploy.Access. Nothing is
// made in AWS.
func (s *Service) Plan(ctx context.Context, c deploy.Claimed) (bcn.Plan, error) {
	d, err := s.Store.District(ctx, c.Change.District)
	if err != nil {
		return bcn.Plan{}, err
	}
	p := bcn.Plan{
		Kind: c.Change.Kind, App: c.Change.App, Env: c.Change.Env, Heritage: c.Change.Heritage, District: d,
		Access: &bcn.AccessPlan{Command: c.Wish.Access.Command, Extends: c.Wish.Access.Extends},
	}
	v, err := s.Changes.Verdict(ctx, c.Change, p)
	if err != nil {
		return p, err
	}
	if c.Wish.BreakGlass {
		v = v.Glass()
	}
	if err := s.Check(v, c.Wish.Access.For); err != nil {
		return p, err
	}
	a := p.Access
	a.Seconds = int64(lengthOf(v, c.Wish.Access.For) / time.Second)
	a.OpenWithin = int64(v.Access.OpenWithin / time.Second)
	a.ByBot, a.StopTask = v.Access.ByBot, v.Access.StopTask
	if err := s.planExtension(ctx, c, a); err != nil {
		return p, err
	}
	if err := s.planTarget(ctx, c, &p); err != nil {
		return p, err
	}
	return p, s.writable(p)
}

// planExtension lets an extension begin where the grant ends that it extends.
func (s *Service) planExtension(ctx context.Context, c deploy.Claimed, a *bcn.AccessPlan) error {
	if a.Extends == 0 {
		return nil
	}
	old, err := s.Store.Grant(ctx, a.Extends)
	if err != nil {
		return err
	}
	if old.EndsAt == nil {
		return bcn.E(bcn.CodeGrantOver, "id", a.Extends.String(), "state", string(old.State))
	}
	// The person is in already: there is no first use to wait for.
	a.OpenWithin, a.From = 0, old.EndsAt.UTC()
	if rest := old.EndsAt.Sub(c.Now); rest+time.Duration(a.Seconds)*time.Second > config.MaxAccess {
		return bcn.E(bcn.CodeTooLong, "most", (config.MaxAccess - rest).Truncate(time.Minute).String(), "by", "AWS")
	}
	return nil
}

func (s *Service) planTarget(ctx context.Context, c deploy.Claimed, p *bcn.Plan) error {
	t := s.Changes.Target(c.Change, p.District)
	switch p.Kind {
	case bcn.KindAccess:
		return s.planOwnTask(ctx, t, p)
	case bcn.KindAccessLive:
		return s.planLiveTask(ctx, t, c.Wish.Access, p)
	case bcn.KindAccessPort:
		port, ok := s.Port(p.District.Name, c.Wish.Access.Database)
		if !ok {
			return bcn.E(bcn.CodeUnknownName, "what", "database", "name", c.Wish.Access.Database)
		}
		p.Access.Database, p.Access.Host, p.Access.Port = c.Wish.Access.Database, port.Host, port.Port
		return s.planNode(ctx, t, port.Through, p)
	default:
		class, err := access.Class(lasts(c, p.Access))
		if err != nil {
			return bcn.E(bcn.CodeTooLong, "most", config.MaxAccess.String(), "by", "AWS").Wrap(err)
		}
		p.Access.Session = int64(class / time.Second)
		return s.planNode(ctx, t, c.Wish.Access.Instance, p)
	}
}

// lasts is how long a session may go on that is opened as soon as it can be:
// an extension can be opened before the grant ends that it extends.
func lasts(c deploy.Claimed, a *bcn.AccessPlan) time.Duration {
	length := time.Duration(a.Seconds) * time.Second
	if a.From.After(c.Now) {
		length += a.From.Sub(c.Now)
	}
	return length
}

// release puts the last successful release into the plan: an access that waits
// while another one is deployed opens something else than was shown.
func (s *Service) release(ctx context.Context, p *bcn.Plan) error {
	last, _, err := s.Store.LastRelease(ctx, p.Heritage)
	if errors.Is(err, deploy.ErrNone) {
		return bcn.E(bcn.CodeNoRelease, "app", p.App, "env", p.Env)
	}
	p.BaseRelease, p.Tag, p.Image, p.Digest = last.Number, last.Tag, last.Image, last.Digest
	p.Access.Release = last.Number
	return err
}

// planOwnTask uses the task definition for access of the last release. Whoever
// enters it is root there and can stop what is to end it, so that a StopTask
// is armed outside in any case.
func (s *Service) planOwnTask(ctx context.Context, t bcn.Target, p *bcn.Plan) error {
	if err := s.release(ctx, p); err != nil {
		return err
	}
	task, err := s.AWS.AccessTask(ctx, t, bcn.Heritage{App: p.App, Env: p.Env, Name: p.Heritage, District: p.District.Name})
	if err != nil {
		return err
	}
	if task.Digest != p.Digest {
		return bcn.E(bcn.CodeNoAccessTask, "app", p.App, "env", p.Env)
	}
	p.Access.TaskDefinition, p.Access.Container, p.Access.StopTask = task.TaskDefinition, task.Container, true
	return nil
}

// planLiveTask picks the running task: the one that was named, or the newest.
// bcn opens the session itself: nothing else tells whose an ECS Exec session
// is, and only what is known can be ended.
func (s *Service) planLiveTask(ctx context.Context, t bcn.Target, w *deploy.AccessWish, p *bcn.Plan) error {
	if err := s.release(ctx, p); err != nil {
		return err
	}
	tasks, err := s.AWS.Tasks(ctx, t, bcn.Heritage{App: p.App, Env: p.Env, Name: p.Heritage, District: p.District.Name})
	if err != nil {
		return err
	}
	i := slices.IndexFunc(tasks, func(k Task) bool {
		return k.Exec && k.Ready && (w.Service == "" || k.Service == w.Service) && (w.Task == "" || taskID(k.ARN) == w.Task)
	})
	if i < 0 {
		return bcn.E(bcn.CodeNoTask, "service", w.Service, "app", p.App, "env", p.Env)
	}
	k := tasks[i]
	p.Access.Service, p.Access.Task, p.Access.Container, p.Digest = k.Service, k.ARN, k.Container, k.Digest
	p.Access.ByBot = true
	return nil
}

func (s *Service) planNode(ctx context.Context, t bcn.Target, id string, p *bcn.Plan) error {
	n, err := s.AWS.Node(ctx, t, id)
	if err != nil {
		return err
	}
	a := p.Access
	a.Node, a.NodeName, a.Key, a.ByBot, a.StopTask = n.ID, n.Name, s.Key, false, false
	a.Document = target(*p, p.Kind, "").Document()
	return s.AWS.Document(ctx, t, a.Document)
}

// writable writes the policy once, so that one that AWS would not take is known
// before anybody is asked.
func (s *Service) writable(p bcn.Plan) error {
	if p.Access.ByBot {
		return nil
	}
	t := target(p, p.Kind, p.Access.Task)
	p.Access.Role = t.RoleARN()
	if p.Kind == bcn.KindAccess {
		t.Task = "00000000000000000000000000000000" // it is not started yet
	}
	_, err := access.Policy(t, time.Unix(4e9, 0))
	if err != nil {
		return bcn.E(bcn.CodeInternal).Wrap(err)
	}
	return nil
}

// Begin makes the grant of an approved plan: its clock begins to run now, or
// where the grant ends that it extends, or at first use.
func (s *Service) Begin(c deploy.Claimed, p bcn.Plan) (bcn.Grant, error) {
	a := p.Access
	if a == nil || a.Seconds <= 0 {
		return bcn.Grant{}, bcn.E(bcn.CodeTampered, "what", "plan")
	}
	g := bcn.Grant{ID: c.Change.ID, State: bcn.GrantApproved, Person: c.Change.Requester.User, Task: a.Task, Ready: p.Kind != bcn.KindAccess}
	if a.OpenWithin > 0 {
		g.OpenUntil = c.Now.Add(time.Duration(a.OpenWithin) * time.Second)
		return g, nil
	}
	start := c.Now
	if a.From.After(start) {
		start = a.From
	}
	runs(&g, a, start)
	g.OpenUntil = *g.EndsAt
	return g, nil
}

// runs lets a grant's clock begin. Its end is a whole second, as IAM compares.
func runs(g *bcn.Grant, a *bcn.AccessPlan, start time.Time) {
	end := start.Add(time.Duration(a.Seconds) * time.Second).UTC().Truncate(time.Second)
	g.StartsAt, g.EndsAt = &start, &end
}
