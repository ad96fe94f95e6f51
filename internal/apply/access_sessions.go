package apply

import (
	"context"
	"encoding/json"
	"reflect"
	"time"

	"github.com/bcn-bot/bcn/internal/access"
	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/grant"
	"github.com/bcn-bot/bcn/internal/roles"
)

var _ grant.AWS = (*Apply)(nil)

// Node implements grant.AWS.
func (a *Apply) Node(ctx context.Context, t bcn.Target, id string) (grant.Node, error) {
	v, err := a.aws.For(t).ManagedNode(ctx, id)
	switch {
	case gone(err):
		return grant.Node{}, bcn.E(bcn.CodeUnknownName, "what", "instance", "name", id).Wrap(err)
	case err != nil:
		return grant.Node{}, err
	case v.Ping != "Online":
		return grant.Node{}, bcn.E(bcn.CodeNodeOffline, "node", id, "status", v.Ping)
	}
	return grant.Node{ID: v.ID, Name: v.Name, Status: v.Ping, Platform: v.Platform}, nil
}

// Document implements grant.AWS. Contents are compared as values: AWS may keep
// them with other white space and order than they were given.
func (a *Apply) Document(ctx context.Context, t bcn.Target, name string) error {
	in := a.o.AccessInput(t.District)
	in.District = t.District.Name
	want, err := roles.SessionDocument(in, name)
	if err != nil {
		return bcn.E(bcn.CodeDistrictInvalid, "problems", err.Error()).Wrap(err)
	}
	invalid := func(problem string) error {
		return bcn.E(bcn.CodeDistrictInvalid, "problems",
			name+": "+problem+"; apply what `bot iam --district "+t.District.Name+" --access` prints")
	}
	got, err := a.aws.For(t).SessionDocument(ctx, name)
	switch {
	case gone(err):
		return invalid("the document is missing")
	case err != nil:
		return err
	case got.Type != "Session" || got.Status != "Active":
		return invalid("the document is a " + got.Type + ", " + got.Status)
	}
	var is, should any
	if json.Unmarshal([]byte(got.Content), &is) != nil || json.Unmarshal(want, &should) != nil || !reflect.DeepEqual(is, should) {
		return invalid("the document's default version is not as printed")
	}
	return nil
}

// Mint implements grant.AWS. The roles of access trust bcn's own identity, not
// the district's role, which could otherwise be used to assume them.
func (a *Apply) Mint(ctx context.Context, t bcn.Target, m grant.Mint) (grant.Credentials, error) {
	own := a.aws.For(bcn.Target{District: bcn.District{Region: t.District.Region}})
	k, err := own.Assume(ctx, awsx.Assume{
		Role: m.Role, ExternalID: t.ExternalID, Session: m.Session, Identity: m.Identity, Policy: m.Policy, Seconds: m.Seconds,
	})
	if err != nil {
		return grant.Credentials{}, err
	}
	return grant.Credentials{
		AccessKeyID: access.NewSecret(k.ID()), SecretAccessKey: access.NewSecret(k.Secret()),
		SessionToken: access.NewSecret(k.Token()), Expiration: k.Expiration,
	}, nil
}

// Sessions implements grant.AWS.
func (a *Apply) Sessions(ctx context.Context, t bcn.Target, target string) (grant.Listing, error) {
	list, at, err := a.aws.For(t).ShellSessions(ctx, awsx.SessionQuery{Target: target})
	if err != nil {
		return grant.Listing{}, err
	}
	out := grant.Listing{At: at}
	for _, v := range list {
		if v.Target == target {
			out.Sessions = append(out.Sessions, sessionOf(v))
		}
	}
	return out, nil
}

// Ended implements grant.AWS.
func (a *Apply) Ended(ctx context.Context, t bcn.Target, target string, since time.Time) ([]grant.Session, error) {
	list, _, err := a.aws.For(t).ShellSessions(ctx, awsx.SessionQuery{History: true, Target: target, Since: since})
	if err != nil {
		return nil, err
	}
	var out []grant.Session
	for _, v := range list {
		if v.Target == target && !v.Started.Before(since) {
			out = append(out, sessionOf(v))
		}
	}
	return out, nil
}

// Session implements grant.AWS. The time is AWS's, of the list that it was in.
// A session that ends between the two lists is found in the second.
func (a *Apply) Session(ctx context.Context, t bcn.Target, id string) (grant.Session, time.Time, error) {
	s := a.aws.For(t)
	for _, history := range []bool{false, true} {
		list, at, err := s.ShellSessions(ctx, awsx.SessionQuery{ID: id, History: history})
		if err != nil {
			return grant.Session{}, time.Time{}, err
		}
		for _, v := range list {
			if v.ID == id {
				return sessionOf(v), at, nil
			}
		}
	}
	return grant.Session{}, time.Time{}, deploy.ErrNone
}

func sessionOf(v awsx.ShellSession) grant.Session {
	return grant.Session{
		ID: v.ID, Target: v.Target, Owner: v.Owner, Document: v.Document, Status: v.Status, Started: v.Started, Ended: v.Ended,
	}
}

// Terminate implements grant.AWS. A session that AWS does not know needs no end.
func (a *Apply) Terminate(ctx context.Context, t bcn.Target, id string) error {
	err := a.aws.For(t).TerminateSession(ctx, id)
	if gone(err) {
		return nil
	}
	return err
}

// Trail implements grant.AWS.
func (a *Apply) Trail(ctx context.Context, t bcn.Target, session string, since time.Time) ([]grant.Event, error) {
	list, err := a.aws.For(t).Calls(ctx, session, since)
	if err != nil {
		return nil, err
	}
	out := make([]grant.Event, 0, len(list))
	for _, v := range list {
		out = append(out, grant.Event{ID: v.ID, Name: v.Name, At: v.At, User: v.User, Error: v.Error})
	}
	return out, nil
}
