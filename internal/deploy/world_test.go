package deploy_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/authz"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/card"
	"github.com/bcn-bot/bcn/internal/config"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/store"
	"github.com/bcn-bot/bcn/internal/store/storetest"
	"github.com/bcn-bot/bcn/internal/text"
)

var pg storetest.Cluster

func TestMain(m *testing.M) { os.Exit(pg.Main(m)) }

const home = "T0HOME"

// world is the use cases on a real store. What is outside of chat and database
// is not reached by them.
type world struct {
	*deploy.Service
	t     *testing.T
	store *store.Store
	owner string // address of the database
	staff staff
	posts posts
}

// guest is whom bcn takes no commands from.
const guest = "U0GUEST"

// staff says who is in which teams; who is not listed is deactivated.
type staff map[string][]string

func (s staff) Profile(_ context.Context, user string, _ time.Time) (bcn.Profile, error) {
	_, works := s[user]
	return bcn.Profile{User: user, Team: home, Name: strings.ToLower(user), Locale: "ja-JP", Deleted: !works, Restricted: user == guest}, nil
}

func (s staff) TeamsOf(_ context.Context, user string, among []string, _ bcn.Matter, _ time.Time) ([]string, error) {
	return slices.DeleteFunc(slices.Clone(among), func(t string) bool { return !slices.Contains(s[user], t) }), nil
}

// posts are the channels that bcn is in.
type posts []string

func (p posts) CanPost(_ context.Context, channel string) error {
	if slices.Contains(p, channel) {
		return nil
	}
	return bcn.E(bcn.CodeChannelNotPosted, "channel", channel)
}

func newWorld(t *testing.T) *world {
	t.Helper()
	s, owner := pg.Store(t)
	return newWorldOn(t, s, owner)
}

func newWorldOn(t *testing.T, s *store.Store, owner string) *world {
	t.Helper()
	words, err := text.New()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{
		t: t, store: s, owner: owner, posts: posts{"C0DEPLOYS", "C0APPROVE"},
		staff: staff{
			"U0DEV": {"developers"}, "U0OTHER": {"developers"}, "U0ADMIN": {"admins"}, "U0NONE": nil, guest: {"admins"}, "U0PROMOTER": {"promoters"},
			"U0LEAD": {"leads", "developers"}, "U0LEAD2": {"leads"}, "U0LEAD3": {"leads"}, "U0LEAD4": {"leads"},
		},
	}
	leads := &config.Approve{By: []string{"leads"}, Count: 2, Within: time.Hour}
	rules := []config.Rule{
		{Allow: []string{"admins"}, To: []string{"*"}},
		{Allow: []string{"developers"}, To: []string{"deploy"}, On: []string{"production"}, Approve: leads},
		{Allow: []string{"developers"}, To: []string{"plan"}},
		{Allow: []string{"promoters"}, To: []string{"promote"}},
	}
	w.Service = deploy.New(deploy.Options{
		Store: s, Refusals: s, Channels: w.posts, Approvals: "C0APPROVE",
		Authz:   authz.New(authz.Options{Rules: rules, People: w.staff, Teams: w.staff, Workspace: authz.Workspace{Team: home}}),
		Speaker: card.New(card.Options{Text: words, Lang: text.English, Approvals: "C0APPROVE"}),
	})
	return w
}

// settled puts in a district, an endpoint and an app as they are once they
// were made.
func (w *world) settled() *world {
	w.t.Helper()
	d, err := json.Marshal(bcn.District{Name: "default", Region: "ap-northeast-1", Account: "123456789012", Environments: []string{"production", "staging"}})
	if err != nil {
		w.t.Fatal(err)
	}
	storetest.Exec(w.t, w.owner, `insert into district (name, body) values ('default', '`+string(d)+`');
		insert into endpoint (name, district, body) values ('main', 'default', '{"name": "main", "district": "default"}');
		insert into heritage (name, app, env, district, source) values ('hello', 'hello', 'production', 'default', 'dir:examples/hello')`)
	return w
}

func person(user string) bcn.Actor { return bcn.Actor{Kind: bcn.Person, User: user, Team: home} }

func wishDeploy() deploy.Wish {
	return deploy.Wish{Kind: bcn.KindDeploy, App: "hello", Env: "production", Tag: "v2", Reason: "as planned"}
}

// ask stores a change for the requester.
func (w *world) ask(user string) bcn.ID {
	w.t.Helper()
	asked, err := w.Ask(context.Background(), deploy.Origin{Channel: "C0DEPLOYS"}, person(user), wishDeploy())
	if err != nil {
		w.t.Fatal(err)
	}
	return asked.ID
}

// waiting brings a change to where people must approve it.
func (w *world) waiting(user string, within time.Duration) bcn.ID {
	w.t.Helper()
	ctx := context.Background()
	id := w.ask(user)
	sum := sha256.Sum256([]byte("{}"))
	plan := deploy.StoredPlan{Bytes: []byte("{}"), Hash: hex.EncodeToString(sum[:])}
	for _, step := range []func(c deploy.Claimed) deploy.Move{
		func(c deploy.Claimed) deploy.Move { return deploy.Move{From: c, Event: bcn.EventPlanned, Plan: &plan} },
		func(c deploy.Claimed) deploy.Move {
			return deploy.Move{From: c, Event: bcn.EventAsk, Ask: &bcn.Request{
				ID: id, Hash: plan.Hash, Requester: user,
				Needs: []bcn.Need{{Teams: []string{"leads"}, Count: 2}}, ExpiresAt: c.Now.Add(within),
			}}
		},
	} {
		c, ok, err := w.store.Claim(ctx, id)
		if err != nil || !ok {
			w.t.Fatalf("claim: %v %v", ok, err)
		}
		if _, err := w.store.Apply(ctx, step(c)); err != nil {
			w.t.Fatal(err)
		}
	}
	w.posted(id)
	return id
}

// posted puts the change's card where decide clicks.
func (w *world) posted(id bcn.ID) {
	w.t.Helper()
	out, err := w.store.ClaimOutbox(context.Background(), 100)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, o := range out {
		if o.Change != id || o.Role != deploy.RoleCard {
			continue
		}
		if err := w.store.Posted(context.Background(), o.ID, "C0APPROVE", "17.1", o.Version); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *world) change(id bcn.ID) bcn.Change {
	w.t.Helper()
	c, err := w.store.Change(context.Background(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// look reads one value; {id} stands for the change's number.
func (w *world) look(id bcn.ID, sql string) string {
	w.t.Helper()
	return storetest.Text(w.t, w.owner, strings.ReplaceAll(sql, "{id}", strconv.FormatInt(int64(id), 10)))
}

// refusals are what the log says was refused: actor and code of each.
func (w *world) refusals() string {
	w.t.Helper()
	return w.look(0, `select coalesce(string_agg(actor || ' ' || (body::json->>'what') || ': ' || (body::json->>'code'), ', ' order by seq), '')
		from audit_entry where kind = 'refused'`)
}

func param(err error, key string) string {
	var e *bcn.Error
	if errors.As(err, &e) {
		return e.Params[key]
	}
	return ""
}
