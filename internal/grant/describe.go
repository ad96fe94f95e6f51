package grant

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/access"
	"github.com/bcn-bot/bcn/internal/authz"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/config"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// defaultLength is how long a grant is where neither the command nor the rule
// says.
const defaultLength = 10 * time.Minute

// Describe makes the change of a wish; see deploy.Access.
func (s *Service) Describe(ctx context.Context, actor bcn.Actor, w *deploy.Wish) (bcn.Change, error) {
	if w.Access == nil {
		return bcn.Change{}, bcn.E(bcn.CodeInternal).Wrap(errors.New("a wish for access without what"))
	}
	if w.Access.Extends != 0 {
		if err := s.extends(ctx, actor, w); err != nil {
			return bcn.Change{}, err
		}
	}
	if strings.TrimSpace(w.Reason) == "" {
		return bcn.Change{}, bcn.E(bcn.CodeReasonRequired)
	}
	c := bcn.Change{Kind: w.Kind, App: w.App, Env: w.Env, District: w.Access.District, Reason: w.Reason, Subject: subject()}
	if w.Kind == bcn.KindAccessPort {
		if _, ok := s.Port(c.District, w.Access.Database); !ok {
			return c, bcn.E(bcn.CodeUnknownName, "what", "database", "name", w.Access.Database)
		}
	}
	return c, nil
}

// subject is an access's own: it waits for nothing, and nothing for it.
func subject() string {
	b := make([]byte, 8)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return "access:" + hex.EncodeToString(b)
}

// extends completes a wish for more time with what the grant opens.
func (s *Service) extends(ctx context.Context, actor bcn.Actor, w *deploy.Wish) error {
	id := w.Access.Extends
	old, p, g, err := s.read(ctx, id)
	if err != nil {
		return err
	}
	if actor.User != g.Person {
		return s.Changes.Refuse(ctx, actor, id, "extend", bcn.E(bcn.CodeNotYours, "id", id.String()))
	}
	if !g.State.Open() || g.EndsAt == nil {
		return bcn.E(bcn.CodeGrantOver, "id", id.String(), "state", string(g.State))
	}
	length := w.Access.For
	if length == 0 {
		length = time.Duration(p.Access.Seconds) * time.Second
	}
	if w.Reason == "" {
		w.Reason = old.Reason
	}
	w.Kind, w.App, w.Env = old.Kind, old.App, old.Env
	w.Access = &deploy.AccessWish{
		Service: p.Access.Service, Task: taskID(p.Access.Task), District: old.District, Instance: p.Access.Node,
		Database: p.Access.Database, Command: p.Access.Command, For: length, Extends: id,
	}
	return nil
}

// read answers a grant with its change and plan. Errors: unknown_id,
// grant_not_yet, grant_over.
func (s *Service) read(ctx context.Context, id bcn.ID) (bcn.Change, bcn.Plan, bcn.Grant, error) {
	c, err := s.Store.Change(ctx, id)
	if err != nil {
		return c, bcn.Plan{}, bcn.Grant{}, err
	}
	if !c.Kind.Access() {
		return c, bcn.Plan{}, bcn.Grant{}, bcn.E(bcn.CodeUnknownID, "id", id.String())
	}
	g, err := s.Store.Grant(ctx, id)
	if errors.Is(err, deploy.ErrNone) {
		if c.State.Ended() {
			return c, bcn.Plan{}, g, bcn.E(bcn.CodeGrantOver, "id", id.String(), "state", string(c.Code))
		}
		return c, bcn.Plan{}, g, bcn.E(bcn.CodeGrantNotYet, "id", id.String())
	}
	if err != nil {
		return c, bcn.Plan{}, g, err
	}
	stored, err := s.Store.Plan(ctx, id)
	if err != nil {
		return c, bcn.Plan{}, g, err
	}
	p, err := planOf(id, &stored)
	return c, p, g, err
}

func planOf(id bcn.ID, stored *deploy.StoredPlan) (bcn.Plan, error) {
	var p bcn.Plan
	if stored == nil {
		return p, fmt.Errorf("%s has no plan", id)
	}
	if err := json.Unmarshal(stored.Bytes, &p); err != nil {
		return p, fmt.Errorf("read the plan of %s: %w", id, err)
	}
	if p.Access == nil {
		return p, bcn.E(bcn.CodeTampered, "what", "plan")
	}
	return p, nil
}

// Check holds a length against the rule; see deploy.Access.
func (s *Service) Check(v authz.Verdict, length time.Duration) error {
	if length != 0 && length < access.MinGrant {
		return bcn.E(bcn.CodeTooShort, "least", access.MinGrant.String())
	}
	most, by := longest(v)
	if length > most {
		return bcn.E(bcn.CodeTooLong, "most", most.String(), "by", by)
	}
	return nil
}

// longest is how long a grant may be by a rule, and who says so.
func longest(v authz.Verdict) (most time.Duration, by string) {
	if most = v.Longest(); most < config.MaxAccess {
		return most, "rule"
	}
	return config.MaxAccess, "AWS"
}

// lengthOf is how long the wish is to last.
func lengthOf(v authz.Verdict, asked time.Duration) time.Duration {
	if asked > 0 {
		return asked
	}
	if v.Access.Session > 0 {
		return v.Access.Session
	}
	most, _ := longest(v)
	return min(defaultLength, most)
}

// taskID is the last part of a task's ARN.
func taskID(arn string) string { return arn[strings.LastIndex(arn, "/")+1:] }
