package bench_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bcn-bot/bcn/internal/access"
	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/bcn"
	localaws "github.com/bcn-bot/bcn/internal/local/aws"
	localslack "github.com/bcn-bot/bcn/internal/local/slack"
)

// oncall asks for access in the local workspace.
const oncall = "U0ONCALL"

// grants is how many grants of each kind are measured, and reading how long who
// approves looks at the card.
const (
	grants  = 10
	reading = time.Second
)

// grantKind is a kind of access and what is done with it. All last a minute,
// which is the shortest.
type grantKind struct {
	name, command string
	opened        bool // the requester picks it up, and has a session in it
	pages         bool // verified only after the 15 s in which a session may be listed late
}

var grantKinds = []grantKind{
	{name: "own", command: "access hello production for 1m", opened: true},
	{name: "live", command: "access hello production web for 1m --live", opened: true},
	{name: "instance", command: "access --district default --instance " + localaws.SampleNode + " for 1m", opened: true, pages: true},
	{name: "unopened", command: "access --district default --instance " + localaws.SampleNode + " for 1m"},
}

// held is one grant of a benchmark.
type held struct {
	kind    grantKind
	id      bcn.ID
	ends    time.Time
	session string
}

// BenchmarkAccess shows, for a bot at production's pace against local parts that
// take no time and without Slack's limits, how long it takes from the press of Approve until
// the requester's key has opened the sealed answer, where the requester asks at
// once and again until there is one; and from the end of a grant that somebody
// is in until bcn has written that nothing of it is open.
func BenchmarkAccess(b *testing.B) {
	s := serveUnlimited(b)
	for _, command := range s.aws.SampleCommands() {
		s.setUp(b, strings.TrimPrefix(command, "/bcn "))
	}
	took := map[string][]time.Duration{}
	s.deploy(b, "v1", took)
	fill(b, s.owner, recordEnds)
	clear(took)
	reads := 0
	for b.Loop() {
		var all []held
		before := s.asked.so()["users.info"]
		for range grants {
			for _, kind := range grantKinds {
				all = append(all, s.grant(b, kind, took))
			}
		}
		reads = s.asked.so()["users.info"] - before
		over := s.over(b, all)
		closed := s.closedAt(b)
		for _, g := range all {
			what := g.kind.name + "-end-to-verified"
			took[what] = append(took[what], over[g.id].Sub(g.ends))
			if g.kind.pages {
				what = g.kind.name + "-end-to-closed"
				took[what] = append(took[what], closed[g.session].Sub(g.ends))
			}
		}
	}
	b.ReportMetric(0, "ns/op") // of waiting: says nothing
	b.ReportMetric(float64(reads)/float64(len(grantKinds)*grants), "users.info/grant")
	for what, list := range took {
		b.ReportMetric(milliseconds(quantile(list, 0.5)), what+"-p50-ms")
		b.ReportMetric(milliseconds(quantile(list, 0.95)), what+"-p95-ms")
	}
}

// grant asks for access, has it approved with the button, opens it, and begins
// a session.
func (s *served) grant(b *testing.B, kind grantKind, took map[string][]time.Duration) held {
	b.Helper()
	reason := fmt.Sprintf("bench-%d.", time.Now().UnixNano())
	s.type1(b, oncall, deploys, kind.command+" --reason "+reason)
	card := s.shows(b, reason, "waits for approval")
	g := held{kind: kind}
	s.eventually(b, &g.id, `select id from change where reason = $1`, reason)
	identity, recipient, err := access.NewKey()
	if err != nil {
		b.Fatal(err)
	}
	<-time.After(reading)
	pressed := time.Now()
	s.approve(b, card)
	if kind.opened {
		c := s.opens(b, oncall, g.id, identity, recipient)
		took[kind.name+"-approval-to-open"] = append(took[kind.name+"-approval-to-open"], time.Since(pressed))
		g.session = s.enter(b, c)
	}
	s.eventually(b, &g.ends, `select ends_at from access_grant where id = $1`, int64(g.id))
	return g
}

// opens pastes the line until what comes back can be opened.
func (s *served) opens(b *testing.B, user string, id bcn.ID, identity access.Secret, recipient string) access.Credentials {
	b.Helper()
	ctx, stop := context.WithTimeout(b.Context(), patience)
	defer stop()
	// A pause between two tries, so that these do not take what is measured.
	for ; ; <-time.After(20 * time.Millisecond) {
		before := len(s.slack.Ephemerals(user))
		s.type1(b, user, deploys, "access open "+id.String()+" "+recipient)
		if err := s.slack.WaitFor(ctx, func() bool { return len(s.slack.Ephemerals(user)) > before }); err != nil {
			b.Fatalf("open %s: %v\n%s", id, err, s.told(user, before))
		}
		for _, m := range s.slack.Ephemerals(user)[before:] {
			if c, err := access.Open(identity, fenced(m)); err == nil {
				return c
			}
		}
	}
}

// told is what a person was told last.
func (s *served) told(user string, n int) string {
	var out []string
	for _, m := range s.slack.Ephemerals(user)[max(0, n-3):] {
		out = append(out, m.Text)
	}
	return strings.Join(out, "\n")
}

// fenced is what stands in a message's code blocks.
func fenced(m localslack.Message) string {
	var out strings.Builder
	for i, part := range strings.Split(m.Shown(), "```") {
		if i%2 == 1 {
			out.WriteString(part)
		}
	}
	return out.String()
}

// enter begins a session with what was handed over, as the holder's machine
// does. A task of the grant's own may still be starting.
func (s *served) enter(b *testing.B, c access.Credentials) string {
	b.Helper()
	if c.Streams() {
		return c.Stream.SessionID
	}
	machine := awsx.NewEngineer(awsx.Handed{
		AccessKeyID: c.AccessKeyID.Reveal(), SecretAccessKey: c.SecretAccessKey.Reveal(), SessionToken: c.SessionToken.Reveal(),
		Region: localaws.DefaultRegion, Endpoint: s.aws.URL(),
	})
	if !c.Target.Tasks() {
		session, err := machine.StartSession(b.Context(), c.Target.Node, c.Target.Document(), "")
		if err != nil {
			b.Fatal(err)
		}
		return session.SessionID
	}
	var ready bool
	s.eventually(b, &ready, `select true from access_grant where id = $1 and ready`, int64(c.Grant))
	session, err := machine.Enter(b.Context(), c.Target.Cluster, c.Target.Task, c.Target.Container, "/bin/sh")
	if err != nil {
		b.Fatal(err)
	}
	return session.SessionID
}

// shows waits for a card with all the words.
func (s *served) shows(b *testing.B, words ...string) localslack.Message {
	b.Helper()
	ctx, stop := context.WithTimeout(b.Context(), patience)
	defer stop()
	m, err := s.slack.Wait(ctx, func(m localslack.Message) bool {
		for _, word := range words {
			if !strings.Contains(m.Text+m.Shown(), word) {
				return false
			}
		}
		return m.Channel == deploys && m.Thread == "" && m.FromBot()
	})
	if err != nil {
		b.Fatalf("wait for a card with %q: %v", words, err)
	}
	return m
}

// closedAt answers when each session ended, by AWS's own record.
func (s *served) closedAt(b *testing.B) map[string]time.Time {
	b.Helper()
	client, err := awsx.New(b.Context(), awsx.Options{Region: localaws.DefaultRegion, Endpoint: s.aws.URL(), Isolated: true})
	if err != nil {
		b.Fatal(err)
	}
	account := client.For(bcn.Target{District: bcn.District{Region: localaws.DefaultRegion}})
	list, _, err := account.ShellSessions(b.Context(), awsx.SessionQuery{History: true})
	if err != nil {
		b.Fatal(err)
	}
	out := map[string]time.Time{}
	for _, x := range list {
		out[x.ID] = x.Ended
	}
	return out
}

// recordEnds has the database write down when each grant was found to be over:
// the time in bcn's own row is that at which the step began.
const recordEnds = `create table bench_over (id bigint primary key, at timestamptz not null);
	create function bench_over() returns trigger language plpgsql security definer as
		'begin insert into bench_over values (new.id, clock_timestamp()) on conflict do nothing; return new; end';
	create trigger bench_over after update on access_grant for each row
		when (new.state in ('ended', 'expired')) execute function bench_over()`

// over waits until all grants are over, and answers since when.
func (s *served) over(b *testing.B, all []held) map[bcn.ID]time.Time {
	b.Helper()
	var done bool
	s.eventually(b, &done, `select true where (select count(*) from bench_over) = $1`, len(all))
	rows, err := s.conn(b).Query(b.Context(), `select id, at from bench_over`)
	if err != nil {
		b.Fatal(err)
	}
	out := map[bcn.ID]time.Time{}
	var (
		id bcn.ID
		at time.Time
	)
	if _, err := pgx.ForEachRow(rows, []any{&id, &at}, func() error { out[id] = at; return nil }); err != nil {
		b.Fatal(err)
	}
	return out
}

// conn is a connection to the database as its owner.
func (s *served) conn(b *testing.B) *pgx.Conn {
	b.Helper()
	conn, err := pgx.Connect(b.Context(), s.owner)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close(context.WithoutCancel(b.Context())) })
	return conn
}

// eventually reads one value, again until there is a row.
func (s *served) eventually(b *testing.B, into any, query string, args ...any) {
	b.Helper()
	conn := s.conn(b)
	defer func() { _ = conn.Close(b.Context()) }()
	for began := time.Now(); ; <-time.After(10 * time.Millisecond) {
		err := conn.QueryRow(b.Context(), query, args...).Scan(into)
		if err == nil {
			return
		}
		if !errors.Is(err, pgx.ErrNoRows) || time.Since(began) > 2*patience {
			b.Fatalf("%s: %v", query, err)
		}
	}
}
