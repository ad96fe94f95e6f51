// Package login lets a person show which GitHub account is theirs, by GitHub's
// device flow: they enter a code at GitHub, and bcn learns who entered it. What
// bot.yaml says of a person counts before it.
package login

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/config"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/githubx"
)

// Link is a GitHub account that a person has shown to be theirs.
type Link struct {
	User, Login string // Login in lower case
	GitHubID    int64
}

// Waiting is somebody who has not entered their code yet.
type Waiting struct {
	User, Team string // Slack's
	Code       string // the device code; stored encrypted
	Interval   time.Duration
	ExpiresAt  time.Time
	Expired    bool // by the database's time
}

// Outcome is what became of a login.
type Outcome struct {
	Link
	Code bcn.Code // empty: it is linked
	Gone bool     // the link was taken back
}

// Store keeps links and who is about to make one.
type Store interface {
	// BeginLogin stores that somebody was given a code, in place of an older one,
	// and settles the origin's inbox row. Errors: already_linked.
	BeginLogin(ctx context.Context, o deploy.Origin, w Waiting, expires time.Duration) error
	// DueLogins claims those whose code may be asked about, until their next time.
	DueLogins(ctx context.Context) ([]Waiting, error)
	// SlowLogin asks less often about a code.
	SlowLogin(ctx context.Context, user string, interval time.Duration) error
	// EndLogin stores what came of a code: the link, or nothing where the outcome
	// says why. Errors: login_taken, already_linked.
	EndLogin(ctx context.Context, w Waiting, out Outcome, notes []deploy.Note) error
	// ForgetLink takes a link back, and settles the origin's inbox row. Errors: not_linked.
	ForgetLink(ctx context.Context, o deploy.Origin, user string, notes func(Link) []deploy.Note) (Link, error)
}

// GitHub is asked for codes and who entered them. githubx.Client implements it.
type GitHub interface {
	StartDevice(ctx context.Context, clientID string) (githubx.Device, error)
	PollDevice(ctx context.Context, clientID, code string) (githubx.Account, error)
}

// Authz says whether somebody is anybody.
type Authz interface {
	Person(ctx context.Context, actor bcn.Actor) (bcn.Profile, error)
}

// Speaker words what is told.
type Speaker interface {
	LoginNotes(out Outcome) []deploy.Note
}

// Options is what a Service needs.
type Options struct {
	Store    Store
	GitHub   GitHub
	Authz    Authz
	Speaker  Speaker
	People   []config.Person
	ClientID string // of the OAuth app; empty: nobody can log in
	Log      *slog.Logger
}

// Service lets people link their accounts.
type Service struct{ o Options }

// New makes a Service.
func New(o Options) *Service { return &Service{o: o} }

// Begin answers the code that a person enters at GitHub. Errors: login_off,
// login_mapped, already_linked, refused_person, could_not_check.
func (s *Service) Begin(ctx context.Context, o deploy.Origin, actor bcn.Actor) (bcn.LoginCode, error) {
	if _, err := s.o.Authz.Person(ctx, actor); err != nil {
		return bcn.LoginCode{}, err
	}
	if s.o.ClientID == "" {
		return bcn.LoginCode{}, bcn.E(bcn.CodeLoginOff)
	}
	for _, p := range s.o.People {
		if p.Slack == actor.User && p.GitHub != "" {
			return bcn.LoginCode{}, bcn.E(bcn.CodeLoginMapped, "login", p.GitHub)
		}
	}
	d, err := s.o.GitHub.StartDevice(ctx, s.o.ClientID)
	if err != nil {
		return bcn.LoginCode{}, bcn.E(bcn.CodeCouldNotCheck, "what", "GitHub").Wrap(err)
	}
	w := Waiting{User: actor.User, Team: actor.Team, Code: d.Code, Interval: d.Interval}
	return bcn.LoginCode{Code: d.UserCode, URL: d.URL, Within: d.Expires}, s.o.Store.BeginLogin(ctx, o, w, d.Expires)
}

// Forget takes back what a person linked. Errors: not_linked, refused_person,
// could_not_check.
func (s *Service) Forget(ctx context.Context, o deploy.Origin, actor bcn.Actor) (string, error) {
	if _, err := s.o.Authz.Person(ctx, actor); err != nil {
		return "", err
	}
	l, err := s.o.Store.ForgetLink(ctx, o, actor.User, func(l Link) []deploy.Note {
		return s.o.Speaker.LoginNotes(Outcome{Link: l, Gone: true})
	})
	return l.Login, err
}

// Step asks GitHub about every code whose time has come. What fails is tried
// again until the code has expired.
func (s *Service) Step(ctx context.Context) error {
	due, err := s.o.Store.DueLogins(ctx)
	for _, w := range due {
		if failed := s.poll(ctx, w); failed != nil {
			s.o.Log.Warn("login not finished", "user", w.User, "error", failed)
		}
	}
	return err
}

func (s *Service) poll(ctx context.Context, w Waiting) error {
	if w.Expired {
		return s.end(ctx, w, Outcome{Link: Link{User: w.User}, Code: bcn.CodeLoginExpired})
	}
	who, err := s.o.GitHub.PollDevice(ctx, s.o.ClientID, w.Code)
	out := Outcome{Link: Link{User: w.User, Login: strings.ToLower(who.Login), GitHubID: who.ID}}
	switch {
	case errors.Is(err, githubx.ErrPending):
		return nil
	case errors.Is(err, githubx.ErrSlowDown):
		return s.o.Store.SlowLogin(ctx, w.User, w.Interval+slower)
	case errors.Is(err, githubx.ErrExpired):
		out.Code = bcn.CodeLoginExpired
	case errors.Is(err, githubx.ErrDenied):
		out.Code = bcn.CodeLoginDenied
	case err != nil:
		return err
	default:
		out.Code, err = s.refusal(ctx, w, out.Login)
		if err != nil {
			return err
		}
	}
	return s.end(ctx, w, out)
}

// slower is what GitHub wants added to the interval when it says slow_down.
const slower = 5 * time.Second

// refusal says why the link is not made: the login is somebody else's by
// bot.yaml, or whoever asked is nobody any more.
func (s *Service) refusal(ctx context.Context, w Waiting, login string) (bcn.Code, error) {
	for _, p := range s.o.People {
		if strings.EqualFold(p.GitHub, login) && p.Slack != w.User {
			return bcn.CodeLoginTaken, nil
		}
	}
	_, err := s.o.Authz.Person(ctx, bcn.Actor{Kind: bcn.Person, User: w.User, Team: w.Team})
	if code := bcn.CodeOf(err); code == bcn.CodeRefusedPerson {
		return code, nil
	}
	return "", err
}

// end stores the outcome. A login that turns out to be another's is no link.
func (s *Service) end(ctx context.Context, w Waiting, out Outcome) error {
	err := s.o.Store.EndLogin(ctx, w, out, s.o.Speaker.LoginNotes(out))
	if code := bcn.CodeOf(err); code == bcn.CodeLoginTaken || code == bcn.CodeAlreadyLinked {
		out.Code = code
		return s.o.Store.EndLogin(ctx, w, out, s.o.Speaker.LoginNotes(out))
	}
	return err
}
