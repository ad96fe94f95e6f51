package grant

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/access"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/roles"
)

// clockSkew is how far AWS's clock may be behind the database's for a session
// to be taken for one of the grant's time.
const clockSkew = time.Minute

// sealStream seals a session that bcn opened.
func (s *Service) sealStream(r running, x Stream) (string, error) {
	return access.Seal(r.grant.Key, access.Credentials{
		Grant: r.Change.ID, End: *r.grant.EndsAt, Target: target(r.plan, r.plan.Kind, r.grant.Task), Command: r.plan.Access.Command,
		Stream: access.Stream{SessionID: x.SessionID, Target: x.Target, URL: x.URL, Token: x.Token},
	})
}

// place is what Session Manager calls the thing that a grant opens; gone says
// that it is no more, and everything in it with it.
func (s *Service) place(ctx context.Context, r running) (name string, gone bool, err error) {
	if r.plan.Access.Node != "" {
		return r.plan.Access.Node, false, nil
	}
	task, err := s.AWS.Task(ctx, s.system(r.Change, r.plan.District), r.grant.Task, r.plan.Access.Container)
	if errors.Is(err, deploy.ErrNone) && !r.told() {
		return "", false, nil
	}
	if errors.Is(err, deploy.ErrNone) || err == nil && over(task) {
		return "", true, nil
	}
	return r.inside(task), false, err
}

// inside is what Session Manager calls the task that is entered; empty before
// it runs.
func (r running) inside(t Task) string {
	if t.Runtime == "" {
		return ""
	}
	return "ecs:" + r.plan.District.Cluster + "_" + taskID(r.grant.Task) + "_" + t.Runtime
}

// over says that no process of the task runs any more: what is left is its
// network interface (ECS Developer Guide, "Task lifecycle").
func over(t Task) bool { return t.Status == "STOPPED" || t.Status == "DEPROVISIONING" }

// observe looks at what is open on the grant's target and writes it down.
func (s *Service) observe(ctx context.Context, r *running) error {
	name, gone, err := s.place(ctx, *r)
	if err != nil || gone || name == "" {
		return err
	}
	active, at, err := s.look(ctx, r, name)
	if err != nil {
		return err
	}
	if active, err = s.alsoKnown(ctx, *r, active); err == nil {
		r.closed(active, at)
	}
	return err
}

// look lists a target, adds what is new to the grant's sessions, and answers
// those of the grant that are active.
func (s *Service) look(ctx context.Context, r *running, name string) (active []string, at time.Time, err error) {
	list, err := s.AWS.Sessions(ctx, s.system(r.Change, r.plan.District), name)
	if err != nil {
		return nil, time.Time{}, err
	}
	for _, x := range list.Sessions {
		mine, err := s.mine(ctx, *r, x)
		if err != nil {
			return nil, time.Time{}, err
		}
		stranger := !mine && s.stranger(ctx, *r, x)
		if mine {
			active = append(active, x.ID)
		}
		if (mine || stranger) && r.session(x.ID) < 0 {
			r.grant.Sessions = append(r.grant.Sessions, bcn.GrantSession{ID: x.ID, Started: x.Started, Stranger: stranger, Log: s.log(*r, x)})
		}
	}
	return active, list.At, nil
}

// past adds the sessions that were over before anybody looked: they belong
// into the report as well. A task is known for a while after it has stopped.
func (s *Service) past(ctx context.Context, r *running) error {
	if r.grant.Mints == 0 || r.grant.StartsAt == nil {
		return nil
	}
	t, name := s.system(r.Change, r.plan.District), r.plan.Access.Node
	if name == "" {
		task, err := s.AWS.Task(ctx, t, r.grant.Task, r.plan.Access.Container)
		if err != nil && !errors.Is(err, deploy.ErrNone) {
			return err
		}
		if name = r.inside(task); name == "" {
			return nil
		}
	}
	list, err := s.AWS.Ended(ctx, t, name, r.grant.StartsAt.Add(-clockSkew))
	if err != nil {
		return err
	}
	for _, x := range list {
		if r.session(x.ID) >= 0 {
			continue
		}
		mine, err := s.mine(ctx, *r, x)
		if err != nil {
			return err
		}
		if stranger := !mine && s.stranger(ctx, *r, x); mine || stranger {
			r.grant.Sessions = append(r.grant.Sessions, bcn.GrantSession{ID: x.ID, Started: x.Started, Closed: &x.Ended, Stranger: stranger, Log: s.log(*r, x)})
		}
	}
	return nil
}

// session answers the index of a session in the grant's row, or -1.
func (r running) session(id string) int {
	return slices.IndexFunc(r.grant.Sessions, func(x bcn.GrantSession) bool { return x.ID == id })
}

// mine says whether a session is the grant's. On a node its id tells: it
// begins with the role session's name. A task of its own holds no other. In a
// running task only what bcn opened is known; where it began to open one and
// did not live to write it down, what nobody else owns is taken for it.
func (s *Service) mine(ctx context.Context, r running, x Session) (bool, error) {
	switch r.plan.Kind {
	case bcn.KindAccess:
		return true, nil
	case bcn.KindAccessLive:
		if r.session(x.ID) >= 0 {
			return !r.grant.Sessions[r.session(x.ID)].Stranger, nil
		}
		if r.unwritten() == 0 || !r.during(x) {
			return false, nil
		}
		owner, err := s.Store.SessionOwner(ctx, x.ID)
		return owner == 0, err
	default:
		id, _, ok := access.GrantOf(x.ID)
		return ok && id == r.Change.ID, nil
	}
}

// unwritten is how many sessions bcn began to open without living to write
// them down.
func (r running) unwritten() int {
	n := r.grant.Mints
	for _, x := range r.grant.Sessions {
		if x.ByBot {
			n--
		}
	}
	return max(n, 0)
}

func (r running) during(x Session) bool {
	return r.grant.StartsAt != nil && x.Started.After(r.grant.StartsAt.Add(-clockSkew))
}

// stranger says that a session was opened on the target during the grant, and
// that nobody's grant is behind it.
func (s *Service) stranger(ctx context.Context, r running, x Session) bool {
	if !r.during(x) {
		return false
	}
	if id, _, ok := access.GrantOf(x.ID); ok { // anybody may choose such a name
		_, err := s.Store.Grant(ctx, id)
		return errors.Is(err, deploy.ErrNone)
	}
	owner, err := s.Store.SessionOwner(ctx, x.ID)
	return err == nil && (owner == 0 || owner == r.Change.ID)
}

// log is where what is typed in a session on a node is kept.
func (s *Service) log(r running, x Session) string {
	if r.plan.Kind != bcn.KindAccessInstance {
		return ""
	}
	return cmp.Or(s.LogGroup, roles.SessionLogGroup(r.plan.District.Name)) + " " + x.ID
}

// closed marks the sessions that are no longer active as closed.
func (r *running) closed(active []string, at time.Time) {
	for i, x := range r.grant.Sessions {
		if x.Closed == nil && !x.Stranger && !slices.Contains(active, x.ID) {
			r.grant.Sessions[i].Closed = &at
		}
	}
}

// openNames says in a line what is still open.
func openNames(list []string) string { return strings.Join(list, ", ") }
