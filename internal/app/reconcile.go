package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"github.com/bcn-bot/bcn/internal/audit"
	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/config"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/roles"
	"github.com/bcn-bot/bcn/internal/store"
	"github.com/bcn-bot/bcn/internal/text"
)

const (
	// trailLag is after how long CloudTrail knows of a call (CloudTrail User
	// Guide: "typically within 15 minutes").
	trailLag = 15 * time.Minute
	// trailWindow is how much is compared at once: what was compared is stored,
	// so that who dies on the way begins there again.
	trailWindow = 6 * time.Hour
)

// reconciler compares CloudTrail with the log.
type reconciler struct {
	store  *store.Store
	aws    *awsx.AWS
	text   *text.Catalogue
	config *config.Config
	target func(bcn.District) bcn.Target
	pace   *rate.Limiter // LookupEvents takes two calls a second
	lag    time.Duration
}

func (a *App) reconciler() reconciler {
	return reconciler{
		store: a.store, aws: a.aws, text: a.text, config: a.o.Config, target: a.deploy.SystemTarget, pace: a.trailPace, lag: a.o.Pace.TrailLag,
	}
}

// newTrailPace is as fast as AWS lets anybody ask, less a little.
func newTrailPace() *rate.Limiter { return rate.NewLimiter(rate.Every(520*time.Millisecond), 1) }

// comparing compares what was asked for, one window of a district after the
// other.
func (a *App) comparing(ctx context.Context) {
	tick := time.NewTicker(min(watchedEvery, a.o.Pace.Reconcile))
	defer tick.Stop()
	for {
		for ctx.Err() == nil {
			more, err := a.reconciler().once(ctx)
			if err != nil && ctx.Err() == nil {
				a.log.Warn("compare CloudTrail with the log", "error", err)
			}
			if err != nil || !more {
				break
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// once compares one window. It answers false where none waits.
func (r reconciler) once(ctx context.Context) (more bool, err error) {
	w, err := r.store.TakeReconcile(ctx, r.lag, trailWindow)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	var list []store.Finding
	if w.To.After(w.From) {
		if list, err = r.compare(ctx, w); err != nil {
			return true, fmt.Errorf("district %s: %w", w.District.Name, err)
		}
	} else {
		w.To = w.From
	}
	return true, r.store.Reconciled(ctx, w, list, w.To.Sub(w.From) < trailWindow)
}

// compare answers what CloudTrail and the log do not agree on in a window.
func (r reconciler) compare(ctx context.Context, w store.Window) ([]store.Finding, error) {
	s := r.aws.For(r.target(w.District))
	all, err := s.Changing(ctx, w.From, w.To, r.pace.Wait)
	if err != nil {
		return nil, err
	}
	var calls []audit.Call
	var ids []int64
	seen := map[string]bool{}
	for _, c := range all {
		if !ours(w.District, c) {
			continue
		}
		call := audit.Call{ID: c.ID, Action: c.Name, Session: c.User, Identity: c.Identity, At: c.At, Error: c.Error}
		calls, ids, seen[c.User] = append(calls, call), append(ids, call.About()), true
	}
	entries, err := r.store.EntriesOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	var list []store.Finding
	for _, c := range calls {
		if !audit.Explained(c, entries[c.About()]) {
			list = append(list, r.unexplained(w.District, c))
		}
	}
	missing, err := r.missing(ctx, s, w, seen)
	return append(list, missing...), err
}

// ours says that a call was made with one of bcn's roles of a district.
// CloudFormation and ECS call with theirs in turn; that is explained by the call
// that told them to.
func ours(d bcn.District, c awsx.Assumed) bool {
	if strings.HasSuffix(c.By, ".amazonaws.com") {
		return false
	}
	_, name, _ := strings.Cut(c.Role, ":role/")
	name = name[strings.LastIndex(name, "/")+1:]
	switch name {
	case roles.TaskAccessRoleName(d.Name), roles.InstanceAccessRoleName(d.Name), roles.PortAccessRoleName(d.Name), roles.SchedulerRoleName(d.Name):
		return true
	}
	return c.Role == d.Role || c.Role == d.CFNRole
}

// missing answers the changes that CloudTrail knows nothing of.
func (r reconciler) missing(ctx context.Context, s *awsx.Session, w store.Window, seen map[string]bool) ([]store.Finding, error) {
	applied, err := r.store.Applied(ctx, w.District.Name, w.From, w.To)
	if err != nil {
		return nil, err
	}
	var list []store.Finding
	for id, at := range applied {
		session := "bcn-" + id.String()[1:]
		if seen[session] {
			continue
		}
		// What is in the log near the window's end was called near it, too.
		found, err := s.Seen(ctx, session, at.Add(-time.Hour), w.To.Add(r.lag), r.pace.Wait)
		if err != nil {
			return nil, err
		}
		if !found {
			list = append(list, r.absent(w.District, id, session, at))
		}
	}
	return list, nil
}

func (r reconciler) unexplained(d bcn.District, c audit.Call) store.Finding {
	return store.Finding{
		Key: "unexplained:" + c.ID, Kind: "audit.unexplained", ID: bcn.ID(c.About()),
		Body: map[string]any{"district": d.Name, "action": c.Action, "session": c.Session, "identity": c.Identity, "event": c.ID, "code": c.Error},
		Note: r.note(text.AnnounceAuditUnexplained, "unexplained:"+c.ID, text.Args{
			"district": d.Name, "action": c.Action, "session": c.Session, "identity": c.Identity, "event": c.ID, "at": c.At,
		}),
	}
}

func (r reconciler) absent(d bcn.District, id bcn.ID, session string, at time.Time) store.Finding {
	return store.Finding{
		Key: "missing:" + session, Kind: "audit.missing", ID: id,
		Body: map[string]any{"district": d.Name, "action": "change.start", "session": session},
		Note: r.note(text.AnnounceAuditMissing, "missing:"+session, text.Args{"district": d.Name, "action": id.String(), "session": session, "at": at}),
	}
}

// note is what the security channel is told; without one, the log alone has it.
func (r reconciler) note(id text.ID, key string, args text.Args) deploy.Note {
	line := r.text.Say(r.config.Language, id, args)
	return deploy.Note{
		Key: key, Role: deploy.RoleAnnounce, Channel: r.config.Slack.Channels.Security,
		Body: chat.Message{Text: line, Blocks: []chat.Block{{Section: line}}},
	}
}

// ReconcileArgs are those of `bot audit reconcile`.
type ReconcileArgs struct {
	District string `placeholder:"D" help:"One district; default: each of them."`
	Config   string `help:"Path of bot.yaml (default: BCN_CONFIG, then bot.yaml)."`
}

// Reconcile compares CloudTrail with the log now, window after window, and says
// what was found; the security channel is told by the bot.
func Reconcile(ctx context.Context, args ReconcileArgs, out io.Writer) error {
	p, err := ReadProcess()
	if err != nil {
		return err
	}
	if args.Config != "" {
		p.ConfigPath = args.Config
	}
	c, err := ReadConfig(p.ConfigPath)
	if err != nil {
		return err
	}
	s, err := openStore(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	aws, err := awsx.New(ctx, awsx.Options{Region: p.AWSRegion, Endpoint: p.AWSEndpointURL})
	if err != nil {
		return Outside(err)
	}
	words, err := text.New(text.WithCommand(c.Slack.Command))
	if err != nil {
		return err
	}
	svc := deploy.New(deploy.Options{Store: s, ExternalID: ExternalID(audit.Key(p.Key.Reveal()))})
	r := reconciler{store: s, aws: aws, text: words, config: c, target: svc.SystemTarget, pace: newTrailPace(), lag: trailLag}
	return r.now(ctx, args.District, out)
}

func (r reconciler) now(ctx context.Context, district string, out io.Writer) error {
	names, err := r.store.AskReconcile(ctx, deploy.Origin{}, bcn.Actor{Kind: bcn.Local}, district)
	if err != nil {
		return readable(err)
	}
	if len(names) == 0 {
		return Wrong(fmt.Errorf("there is no district %s", district))
	}
	began, err := r.store.Head(ctx)
	if err != nil {
		return Outside(err)
	}
	for more := true; more; {
		if more, err = r.once(ctx); err != nil {
			return Outside(err)
		}
	}
	return r.told(ctx, began.Seq, names, out)
}

// told says what the log has of it since an entry.
func (r reconciler) told(ctx context.Context, since int64, names []string, out io.Writer) error {
	list, err := r.store.Entries(ctx, bcn.AuditFilter{What: "audit", After: since, Limit: 1000})
	if err != nil {
		return Outside(err)
	}
	found := 0
	for _, e := range list {
		if e.Kind == "audit.unexplained" || e.Kind == "audit.missing" {
			fmt.Fprintf(out, "%s %s %s\n", e.At.Format(time.RFC3339), e.Kind, e.Body)
			found++
		}
	}
	fmt.Fprintf(out, "compared in %s; %d new findings\n", strings.Join(names, ", "), found)
	if found > 0 {
		return Wrong(fmt.Errorf("CloudTrail and the log do not agree"))
	}
	return nil
}
