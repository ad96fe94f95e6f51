package bench_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/store"
	"github.com/bcn-bot/bcn/internal/store/storetest"
)

// BenchmarkHistory shows what one step of a command costs behind a history of
// so many heritages, releases of one heritage, ended changes and audit entries.
// Each metric is the median in milliseconds; what writes includes the commit's
// way to the disk.
func BenchmarkHistory(b *testing.B) {
	for _, rows := range []int{10, 1_000, 100_000} {
		b.Run(fmt.Sprintf("rows=%d", rows), func(b *testing.B) {
			app, owner := pg.Database(b)
			fill(b, owner, history(rows)...)
			sealHead(b, owner, int64(rows))
			s := openStore(b, app)
			l := &life{b: b, s: s, took: map[string][]time.Duration{}}
			for range 20 { // caches, and the pages that a checkpoint makes dear
				l.lead()
			}
			l.took = map[string][]time.Duration{}
			for b.Loop() {
				l.lead()
			}
			l.report()
		})
	}
}

// BenchmarkPending shows what lists and the reconciler cost while so many
// requests wait for somebody's decision.
func BenchmarkPending(b *testing.B) {
	for _, rows := range []int{10, 1_000, 10_000} {
		b.Run(fmt.Sprintf("requests=%d", rows), func(b *testing.B) {
			app, owner := pg.Database(b)
			fill(b, owner, pending(rows)...)
			l := &life{b: b, s: openStore(b, app), took: map[string][]time.Duration{}}
			for b.Loop() {
				l.reads()
			}
			l.report()
		})
	}
}

// life leads a change through its states and keeps how long each step took.
type life struct {
	b    *testing.B
	s    *store.Store
	took map[string][]time.Duration
}

func (l *life) time(what string, f func(ctx context.Context) error) {
	l.b.Helper()
	began := time.Now()
	if err := f(l.b.Context()); err != nil {
		l.b.Fatalf("%s: %v", what, err)
	}
	l.took[what] = append(l.took[what], time.Since(began))
}

func (l *life) report() {
	l.b.ReportMetric(0, "ns/op") // of a whole life: says nothing
	for what, took := range l.took {
		l.b.ReportMetric(milliseconds(quantile(took, 0.5)), what+"-ms")
	}
}

// lead asks for a deploy of the heritage with the longest history, plans it,
// has it approved, starts it and lets it succeed.
func (l *life) lead() {
	l.b.Helper()
	var c bcn.Change
	key := fmt.Sprintf("slash:%d", time.Now().UnixNano())
	l.time("Put", func(ctx context.Context) error {
		_, err := l.s.Put(ctx, chat.Request{Key: key, Source: chat.FromSlash, User: "U0DEV", Text: "deploy hello production v2"})
		return err
	})
	o := deploy.Origin{Key: key}
	l.time("ClaimInbox", func(ctx context.Context) (err error) {
		_, o.Fence, _, err = l.s.ClaimInbox(ctx, key)
		return err
	})
	l.time("New", func(ctx context.Context) (err error) {
		c, err = l.s.New(ctx, o, bcn.Change{
			Kind: bcn.KindDeploy, Subject: "hello", App: "hello", Env: "production", Heritage: "hello", Channel: "C0DEPLOYS",
			Requester: bcn.Actor{Kind: bcn.Person, User: "U0DEV"},
		}, deploy.Wish{Kind: bcn.KindDeploy, App: "hello", Env: "production", Tag: "v2"},
			[]deploy.Note{{Key: "card", Role: deploy.RoleCard, Channel: "C0DEPLOYS"}})
		return err
	})
	bytes := fmt.Appendf(nil, `{"change":%d}`, c.ID)
	sum := sha256.Sum256(bytes)
	hash := hex.EncodeToString(sum[:])
	l.step(c.ID, deploy.Move{Event: bcn.EventPlanned, Plan: &deploy.StoredPlan{Bytes: bytes, Hash: hash}})
	l.step(c.ID, deploy.Move{Event: bcn.EventAsk, Ask: &bcn.Request{
		ID: c.ID, Hash: hash, Requester: "U0DEV", Needs: []bcn.Need{{Teams: []string{"leads"}, Count: 1}}, ExpiresAt: time.Now().Add(time.Hour),
	}})
	l.reads()
	l.time("Decide", func(ctx context.Context) error {
		_, err := l.s.Decide(ctx, deploy.Origin{}, c.ID, bcn.Decision{Person: "U0LEAD", Verdict: bcn.Approve, Teams: []string{"leads"}},
			func(bcn.Request, time.Time) (bcn.RequestEvent, error) { return bcn.RequestApprove, nil },
			func(bcn.Request) []deploy.Note { return nil })
		return err
	})
	claimed := l.claim(c.ID)
	l.time("Start", func(ctx context.Context) error {
		_, err := l.s.Start(ctx, deploy.Move{From: claimed, Event: bcn.EventStart, Request: bcn.RequestStart},
			func(bcn.Change) []deploy.Note { return nil })
		return err
	})
	l.step(c.ID, deploy.Move{Event: bcn.EventApplied})
	l.step(c.ID, deploy.Move{Event: bcn.EventSucceed, Release: &bcn.Release{
		Heritage: "hello", Change: c.ID, Tag: "v2", PlanHash: hash, Manifest: []byte("{}"), By: "U0DEV", Outcome: bcn.ChangeSucceeded, StartedAt: time.Now(),
	}})
	l.say()
}

func (l *life) claim(id bcn.ID) deploy.Claimed {
	l.b.Helper()
	var claimed deploy.Claimed
	l.time("Claim", func(ctx context.Context) (err error) {
		var ok bool
		claimed, ok, err = l.s.Claim(ctx, id)
		if err == nil && !ok {
			return fmt.Errorf("change %s was not to be had", id)
		}
		return err
	})
	return claimed
}

func (l *life) step(id bcn.ID, m deploy.Move) {
	l.b.Helper()
	m.From = l.claim(id)
	l.time("Apply-"+string(m.Event), func(ctx context.Context) error { _, err := l.s.Apply(ctx, m); return err })
}

// reads are the lists behind status, approvals and releases, and what runs
// every five seconds.
func (l *life) reads() {
	l.b.Helper()
	l.time("Pending", func(ctx context.Context) error { _, err := l.s.Pending(ctx); return err })
	l.time("Open", func(ctx context.Context) error { _, err := l.s.Open(ctx); return err })
	l.time("Parked", func(ctx context.Context) error { _, err := l.s.Parked(ctx); return err })
	l.time("Heritage", func(ctx context.Context) error { _, _ = l.s.Heritage(ctx, "hello", "production"); return nil })
	l.time("Releases", func(ctx context.Context) error { _, err := l.s.Releases(ctx, "hello", 10); return err })
	l.time("LastRelease", func(ctx context.Context) error { _, _, _ = l.s.LastRelease(ctx, "hello"); return nil })
	l.time("Reconcile", func(ctx context.Context) error { _, err := l.s.Reconcile(ctx); return err })
	l.time("ForgetInbox", l.s.ForgetInbox)
	l.time("OrphanedInbox", func(ctx context.Context) error { _, err := l.s.OrphanedInbox(ctx, 10*time.Second); return err })
}

// say sends what is due.
func (l *life) say() {
	l.b.Helper()
	var due []store.Out
	l.time("ClaimOutbox", func(ctx context.Context) (err error) { due, err = l.s.ClaimOutbox(ctx, 10); return err })
	for _, o := range due {
		l.time("Posted", func(ctx context.Context) error { return l.s.Posted(ctx, o.ID, "C0DEPLOYS", "1.1", o.Version) })
	}
}

func openStore(b *testing.B, url string) *store.Store {
	b.Helper()
	s, err := store.Open(b.Context(), store.Options{URL: url, Key: storetest.Key})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(s.Close)
	return s
}

// history is n heritages with a release each and one with n, all changes ended
// and all messages sent. Ids are below those that the sequence gives out.
func history(n int) []string {
	rows := fmt.Sprintf(" from generate_series(1, %d) as i", n)
	return []string{
		`insert into district (name, body) values ('main', '{}')`,
		`insert into heritage (name, app, env, district, source) values ('hello', 'hello', 'production', 'main', 'dir:.')`,
		`insert into heritage (name, app, env, district, source) select 'app' || i, 'app' || i, 'production', 'main', 'dir:.'` + rows,
		// Each change twice: of a heritage of its own, and of hello.
		`insert into change (id, kind, subject, app, env, heritage, wish, state, requester, started_at, ended_at)
			select -2*i + side, 'deploy', h, h, 'production', h, '{}', 'succeeded', '{}', now(), now()` + rows +
			`, lateral (values (0, 'app' || i), (1, 'hello')) as t (side, h)`,
		`insert into plan (change, bytes, hash, mac) select id, '{}', '', '' from change`,
		`insert into request (id, state, hash, requester, needs, expires_at, mac) select id, 'started', '', 'U0DEV', '[]', now(), '' from change`,
		`insert into decision (request, person, verdict, hash, teams, mac) select id, 'U0LEAD', 'approve', '', '[]', '' from change`,
		`insert into release (heritage, number, change, tag, image, digest, commit, manifest, base, plan_hash, by_user, approvers, outcome, started_at, ended_at)
			select heritage, row_number() over (partition by heritage order by id), id, 'v1', '', '', '', '{}', '', '', 'U0DEV', '[]', 'succeeded', now(), now() from change`,
		`insert into outbox (change, role, key, channel, body, sent, posted_to, ts, thread_of)
			select id, 'card', 'card', 'C0DEPLOYS', null, 1, 'C0DEPLOYS', '1.1', null from change`,
		`insert into outbox (change, role, key, body, sent, posted_to, ts, thread_of)
			select change, 'thread', 'done', '{}', 1, 'C0DEPLOYS', '1.2', id from outbox`,
		`insert into inbox (key, request, state) select 'old:' || i, '{}', 'done'` + rows,
		`insert into follow (change, stack, stack_id, district, account, region, since, status, active)
			select id, heritage, 'arn', 'main', '111122223333', 'us-east-1', now(), 'UPDATE_COMPLETE', false from change`,
		`insert into river_job (kind, args, state, max_attempts, finalized_at)
			select 'change', jsonb_build_object('id', id), 'completed', 25, now() from change`,
		`insert into audit_entry (seq, at, kind, actor, change, body, hash, mac)
			select i, now(), 'change.planned', 'U0DEV', -i, '{}', '', ''` + rows,
		`vacuum analyze`, `checkpoint`,
	}
}

// pending is n changes that wait for a decision, each with its card.
func pending(n int) []string {
	return []string{
		fmt.Sprintf(`insert into change (id, kind, subject, app, env, wish, state, requester, channel)
			select -i, 'deploy', 'app' || i, 'app' || i, 'production', '{"Kind":"deploy","Tag":"v2"}', 'waiting',
				'{"kind":"person","user":"U0DEV"}', 'C0DEPLOYS' from generate_series(1, %d) as i`, n),
		`insert into plan (change, bytes, hash, mac) select id, '{}', '', '' from change`,
		`insert into request (id, state, hash, requester, needs, expires_at, mac)
			select id, 'pending', '', 'U0DEV', '[{"teams":["leads"],"count":1}]', now() + interval '1 hour', '' from change`,
		`insert into outbox (change, role, key, channel, sent, posted_to, ts)
			select id, 'card', 'card', 'C0DEPLOYS', 1, 'C0DEPLOYS', '1.1' from change`,
		`vacuum analyze`, `checkpoint`,
	}
}

func fill(b *testing.B, owner string, statements ...string) {
	b.Helper()
	conn, err := pgx.Connect(b.Context(), owner)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(b.Context())) }()
	for _, sql := range statements {
		if _, err := conn.Exec(b.Context(), sql); err != nil {
			b.Fatalf("%s: %v", sql, err)
		}
	}
}

// sealHead makes the chain's head fit the entries that history wrote, so that
// the next one may follow. The entries themselves would not verify.
func sealHead(b *testing.B, owner string, seq int64) {
	b.Helper()
	conn, err := pgx.Connect(b.Context(), owner)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(b.Context())) }()
	_, err = conn.Exec(b.Context(), `update audit_head set seq = $1, hash = '', mac = $2`, seq, storetest.Key.HeadMAC(seq, nil))
	if err != nil {
		b.Fatal(err)
	}
}
