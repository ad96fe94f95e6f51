package ci

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// Store keeps tokens. internal/store implements it.
type Store interface {
	Heritage(ctx context.Context, app, env string) (bcn.Heritage, error)
	// NewToken stores a token, its audit entry and that the origin was served.
	// Where there is one that works: token_exists, or with over it is revoked, as
	// by RevokeTokens.
	NewToken(ctx context.Context, o deploy.Origin, t bcn.Token, digest []byte, life time.Duration, over bool, notes func(bcn.Change) []deploy.Note) (bcn.Token, error)
	// RevokeTokens ends all tokens of a heritage and answers how many worked.
	// What they asked for and has not begun is closed as token_ended; notes say so.
	RevokeTokens(ctx context.Context, o deploy.Origin, actor bcn.Actor, heritage string, notes func(bcn.Change) []deploy.Note) (int, error)
	// UseToken answers a token that works, and notes that it was used.
	// deploy.ErrNone where it is unknown, over, revoked or changed past bcn.
	UseToken(ctx context.Context, id bcn.ID, digest []byte) (bcn.Token, error)
	Change(ctx context.Context, id bcn.ID) (bcn.Change, error)
	// AskedOnce answers what was asked for with deploy.Origin.Once;
	// deploy.ErrNone where nothing was.
	AskedOnce(ctx context.Context, once string) (bcn.Change, error)
}

// Changes asks for a change as a person does.
type Changes interface {
	Ask(ctx context.Context, o deploy.Origin, actor bcn.Actor, w deploy.Wish) (deploy.Asked, error)
}

// Who answers what a person may do, and which teams must approve it; see
// commands.Who.
type Who interface {
	Judge(ctx context.Context, actor bcn.Actor, verb, app, env, district string) ([]string, error)
}

// Refusals writes down who was refused what.
type Refusals interface {
	Refuse(ctx context.Context, actor bcn.Actor, id bcn.ID, what string, cause error) error
}

// Options is what a Service needs.
type Options struct {
	Store    Store
	Changes  Changes
	Who      Who
	Refusals Refusals
	Speaker  deploy.Speaker
	Channel  string // where the card of an app without a channel of its own appears
	Poll     time.Duration
	Log      *slog.Logger
}

// Service issues tokens and serves who holds one.
type Service struct{ Options }

// New makes a Service.
func New(o Options) *Service { return &Service{o} }

// Lives of a token.
const (
	DefaultLife = 90 * 24 * time.Hour
	MaxLife     = 366 * 24 * time.Hour
)

// Issue makes the first token of a heritage. Errors: not_allowed, unknown_env,
// token_exists.
func (s *Service) Issue(ctx context.Context, o deploy.Origin, actor bcn.Actor, app, env string, life time.Duration) (bcn.Token, Secret, error) {
	return s.make(ctx, o, actor, app, env, life, false)
}

// Rotate makes a token in place of the one that is there, which ends. Errors:
// not_allowed, unknown_env.
func (s *Service) Rotate(ctx context.Context, o deploy.Origin, actor bcn.Actor, app, env string, life time.Duration) (bcn.Token, Secret, error) {
	return s.make(ctx, o, actor, app, env, life, true)
}

func (s *Service) make(ctx context.Context, o deploy.Origin, actor bcn.Actor, app, env string, life time.Duration, over bool) (bcn.Token, Secret, error) {
	h, err := s.allowed(ctx, actor, app, env)
	if err != nil {
		return bcn.Token{}, Secret{}, err
	}
	r := fresh()
	t, err := s.Store.NewToken(ctx, o, bcn.Token{App: app, Env: env, Heritage: h.Name, By: actor}, r.digest(), life, over, s.ended)
	if err != nil {
		return t, Secret{}, err
	}
	return t, r.secret(t.ID), nil
}

// Revoke ends the tokens of a heritage. Errors: not_allowed, unknown_env,
// no_token.
func (s *Service) Revoke(ctx context.Context, o deploy.Origin, actor bcn.Actor, app, env string) error {
	h, err := s.allowed(ctx, actor, app, env)
	if err != nil {
		return err
	}
	n, err := s.Store.RevokeTokens(ctx, o, actor, h.Name, s.ended)
	if err == nil && n == 0 {
		return bcn.E(bcn.CodeNoToken, "app", app, "env", env)
	}
	return err
}

// ended says that a change was closed because its token ended.
func (s *Service) ended(c bcn.Change) []deploy.Note {
	return s.Speaker.Notes(deploy.Moment{Kind: deploy.MomentEnded, Change: c, Code: c.Code})
}

func (s *Service) allowed(ctx context.Context, actor bcn.Actor, app, env string) (bcn.Heritage, error) {
	h, err := s.Store.Heritage(ctx, app, env)
	if errors.Is(err, deploy.ErrNone) {
		return h, bcn.E(bcn.CodeUnknownEnv, "app", app, "env", env)
	}
	if err != nil {
		return h, err
	}
	teams, err := s.Who.Judge(ctx, actor, "token issue", app, env, h.District)
	if err == nil && len(teams) > 0 { // nobody can approve what has no plan
		err = bcn.E(bcn.CodeNotAllowed, "verb", "token", "who", strings.Join(teams, ", "))
	}
	if err != nil {
		return h, s.Refusals.Refuse(ctx, actor, 0, "token", err)
	}
	return h, nil
}

// Authenticate answers the token that somebody presents. Errors: token_bad,
// whatever is wrong with it.
func (s *Service) Authenticate(ctx context.Context, presented string) (bcn.Token, error) {
	id, r, ok := parse(presented)
	if !ok {
		return bcn.Token{}, bcn.E(bcn.CodeTokenBad)
	}
	t, err := s.Store.UseToken(ctx, id, r.digest())
	if errors.Is(err, deploy.ErrNone) {
		return t, bcn.E(bcn.CodeTokenBad)
	}
	return t, err
}

// tagForm is what an image can be tagged with (OCI distribution specification,
// "Pulling manifests"), or a digest.
var tagForm = regexp.MustCompile(`^([A-Za-z0-9_][A-Za-z0-9_.-]{0,127}|sha256:[0-9a-f]{64})$`)

// keyForm is a key of whoever asks: a line without spaces.
var keyForm = regexp.MustCompile(`^[[:graph:]]{8,128}$`)

var (
	errTag = errors.New("not a tag")
	errKey = errors.New("not a key")
)

// Deploy asks for a deploy as the token's issuer. Its card appears in the
// heritage's channel. What the token asked for before with the same key, if it
// is not empty, and the same tag is answered instead. Errors: usage (it is no
// tag, or no key), as deploy.Service.Ask.
func (s *Service) Deploy(ctx context.Context, t bcn.Token, key, tag, reason string) (bcn.ID, error) {
	if !tagForm.MatchString(tag) {
		return 0, bcn.E(bcn.CodeUsage).Wrap(errTag)
	}
	if key != "" && !keyForm.MatchString(key) {
		return 0, bcn.E(bcn.CodeUsage).Wrap(errKey)
	}
	o := deploy.Origin{}
	if key != "" {
		o.Once = fmt.Sprintf("%s %s %s", bcn.ViaToken(t.ID), tag, key)
		// Without asking: the rules judged it then, and it counts once.
		if old, err := s.Store.AskedOnce(ctx, o.Once); !errors.Is(err, deploy.ErrNone) {
			return old.ID, err
		}
	}
	h, err := s.Store.Heritage(ctx, t.App, t.Env)
	if errors.Is(err, deploy.ErrNone) || err == nil && h.Name != t.Heritage {
		return 0, bcn.E(bcn.CodeTokenBad)
	}
	if err != nil {
		return 0, err
	}
	o.Channel = cmp.Or(h.Channel, s.Channel)
	actor := t.By
	actor.Via = bcn.ViaToken(t.ID)
	got, err := s.Changes.Ask(ctx, o, actor, deploy.Wish{Kind: bcn.KindDeploy, App: t.App, Env: t.Env, Tag: tag, Reason: reason})
	return got.ID, err
}

// Progress is where a change stands.
type Progress struct {
	Change bcn.Change
	Beat   bool // nothing moved; it is only said that somebody is there
}

// Follow tells each step of a change until it has ended, and at least every
// beat that it is still followed. Only a change that this heritage's tokens
// asked for is followed: token_bad.
func (s *Service) Follow(ctx context.Context, t bcn.Token, id bcn.ID, beat time.Duration, tell func(Progress) error) error {
	again := time.NewTicker(s.Poll)
	defer again.Stop()
	var last bcn.ChangeState
	var said time.Time
	for {
		c, err := s.Store.Change(ctx, id)
		switch {
		case bcn.CodeOf(err) == bcn.CodeUnknownID, err == nil && (c.Heritage != t.Heritage || c.Requester.Via == ""):
			return bcn.E(bcn.CodeTokenBad)
		case err != nil:
			return err
		}
		if moved := c.State != last; moved || time.Since(said) >= beat {
			if err := tell(Progress{Change: c, Beat: !moved}); err != nil {
				return err
			}
			last, said = c.State, time.Now()
		}
		if c.State.Ended() {
			return nil
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
