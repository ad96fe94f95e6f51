package bench_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bcn-bot/bcn/internal/access"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
	localslack "github.com/bcn-bot/bcn/internal/local/slack"
)

// Live grants are left alone until each was looked at, and then counted for as
// long as three to four looks take.
const (
	settled = 20 * time.Second
	counted = time.Minute
)

// BenchmarkLive shows what so many live grants cost while nothing happens: each
// is a person's own, of a task of its own, and was picked up. The counts are of
// one minute; looks-min/grant falls where the process does not keep up.
func BenchmarkLive(b *testing.B) {
	for _, n := range []int{1, 100, 1_000} {
		b.Run(fmt.Sprintf("grants=%d", n), func(b *testing.B) {
			s := serve(b)
			for _, command := range s.aws.SampleCommands() {
				s.setUp(b, strings.TrimPrefix(command, "/bcn "))
			}
			began := time.Now()
			s.type1(b, developer, deploys, "deploy hello staging v1")
			s.card(b, deploys, began, "✅")
			s.hold(b, n)
			<-time.After(settled)
			for b.Loop() {
				before, began := s.spent(b), time.Now()
				<-time.After(counted)
				minutes := time.Since(began).Minutes()
				for what, v := range s.spent(b) {
					b.ReportMetric((v-before[what])/minutes, what)
				}
			}
			b.ReportMetric(0, "ns/op") // of waiting: says nothing
			live := 0
			s.eventually(b, &live, `select count(*) from access_grant where state = 'live'`)
			if live != n {
				b.Errorf("%d of %d grants are live", live, n)
			}
		})
	}
}

// hold makes n live grants: one as people do, the others like it, since Slack's
// limits would let n people ask only in hours.
func (s *served) hold(b *testing.B, n int) {
	b.Helper()
	s.type1(b, developer, deploys, "access hello staging for 1h --reason bench")
	var first bcn.ID
	s.eventually(b, &first, `select id from access_grant where ready`)
	identity, recipient, err := access.NewKey()
	if err != nil {
		b.Fatal(err)
	}
	<-time.After(idle)
	s.opens(b, developer, first, identity, recipient)
	people := []string{developer}
	for i := range n - 1 {
		id := fmt.Sprintf("U0BENCH%04d", i)
		if err := s.slack.AddUser(localslack.User{ID: id, Name: strings.ToLower(id), Team: localslack.TeamID}); err != nil {
			b.Fatal(err)
		}
		people = append(people, id)
	}
	if err := s.slack.SetGroup("S0DEVELOPERS", people...); err != nil {
		b.Fatal(err)
	}
	fill(b, s.owner,
		fmt.Sprintf(`insert into change (kind, subject, app, env, heritage, district, tag, reason, wish, state, requester, channel, step, phase, started_at, parked)
			select kind, subject || i, app, env, heritage, district, tag, reason, wish, state,
				jsonb_set(requester, '{user}', to_jsonb('U0BENCH' || lpad(i::text, 4, '0'))), channel, step, phase, started_at, true
			from change, generate_series(0, %d) as i where id = %d`, n-2, first),
		fmt.Sprintf(`insert into plan (change, bytes, hash, mac) select c.id, p.bytes, p.hash, p.mac from change c, plan p
			where p.change = %d and c.state = 'applying' and c.id <> p.change`, first))
	store := openStore(b, s.app)
	g, err := store.Grant(b.Context(), first)
	if err != nil {
		b.Fatal(err)
	}
	for id, person := range s.clones(b, first) {
		g.ID, g.Person = id, person
		_, err := store.Touch(b.Context(), deploy.Origin{}, id, func(deploy.Claimed) (deploy.Move, error) {
			return deploy.Move{Grant: &deploy.GrantMove{New: true, Row: g}, Quiet: true}, nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	fill(b, s.owner, `update change set parked = false`) // complete: the reconciler finds them
}

// clones are the changes that were made like another, and whose they are.
func (s *served) clones(b *testing.B, of bcn.ID) map[bcn.ID]string {
	b.Helper()
	rows, err := s.conn(b).Query(b.Context(), `select id, requester ->> 'user' from change where state = 'applying' and id <> $1`, int64(of))
	if err != nil {
		b.Fatal(err)
	}
	var (
		id     bcn.ID
		person string
		out    = map[bcn.ID]string{}
	)
	if _, err := pgx.ForEachRow(rows, []any{&id, &person}, func() error { out[id] = person; return nil }); err != nil {
		b.Fatal(err)
	}
	return out
}

// spent is what the bot has used since it started.
func (s *served) spent(b *testing.B) map[string]float64 {
	b.Helper()
	asked := s.asked.so()
	out := map[string]float64{}
	for _, name := range []string{"DescribeTasks", "DescribeSessions", "users.info", "usergroups.users.list"} {
		out[name+"-min"] = float64(asked[name])
	}
	var looks, grants, transactions float64
	err := s.conn(b).QueryRow(b.Context(), `select (select sum(fence)::float8 from change where state = 'applying'),
		(select count(*)::float8 from change where state = 'applying'),
		(select (xact_commit + xact_rollback)::float8 from pg_stat_database where datname = current_database())`).Scan(&looks, &grants, &transactions)
	if err != nil {
		b.Fatal(err)
	}
	out["looks-min/grant"], out["transactions-min"] = looks/grants, transactions
	if raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.pid)); err == nil {
		fields := strings.Fields(after(string(raw), ") "))
		out["cpu-s/min"] = ticks(b, fields[11]) + ticks(b, fields[12])
	}
	return out
}

// ticks are hundredths of a second of a processor (proc(5), /proc/pid/stat).
func ticks(b *testing.B, field string) float64 {
	b.Helper()
	n, err := strconv.ParseFloat(field, 64)
	if err != nil {
		b.Fatalf("read the bot's time: %v", err)
	}
	return n / 100
}
