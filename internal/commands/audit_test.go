package commands_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/commands"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/text"
)

// logged is the world's audit log, as plain data.
type logged struct{ w *world }

func (x *logged) Entries(_ context.Context, f bcn.AuditFilter) ([]bcn.AuditEntry, error) {
	x.w.called("Entries %+v", f)
	list := slices.DeleteFunc(slices.Clone(x.w.log), func(e bcn.AuditEntry) bool {
		return f.Before > 0 && e.Seq >= f.Before || f.After > 0 && e.Seq <= f.After || f.Who != "" && e.Actor != f.Who
	})
	if f.After > 0 && len(list) > f.Limit {
		return list[len(list)-f.Limit:], nil
	}
	return list[:min(len(list), f.Limit)], nil
}

func (x *logged) Export(_ context.Context, _ deploy.Origin, a bcn.Actor, f bcn.AuditFilter) (commands.AuditExport, error) {
	x.w.called("Export %s %+v", a.User, f)
	return commands.AuditExport{Entries: len(x.w.log), More: len(x.w.log) > 100}, nil
}

func (x *logged) Reconcile(_ context.Context, _ deploy.Origin, a bcn.Actor, district string) ([]string, error) {
	x.w.called("Reconcile %s %s", a.User, district)
	if district != "" {
		return []string{district}, nil
	}
	var out []string
	for _, d := range x.w.districts {
		out = append(out, d.Name)
	}
	return out, nil
}

// entries makes n entries, the newest first, of the kinds in turn.
func entries(n int, kinds ...string) []bcn.AuditEntry {
	var out []bcn.AuditEntry
	for i := n; i > 0; i-- {
		out = append(out, bcn.AuditEntry{
			Seq: int64(i), At: start.Add(time.Duration(i) * time.Minute), Kind: kinds[(n-i)%len(kinds)], Actor: "U0DEV", ID: 1042, Body: `{}`,
		})
	}
	return out
}

func TestAuditIsTold(t *testing.T) {
	t.Parallel()
	several := []bcn.AuditEntry{
		{Seq: 9, At: start, Kind: "later.kind", Actor: "U0LEE", ID: 1042, Body: `{"by":"U0LEE","again":false,"why":"<!here> *mine* & yours","list":["a","b"]}`},
		{Seq: 8, At: start, Kind: "halt", Actor: "command line", Body: `{"reason":"an incident"}`},
		{Seq: 7, At: start, Kind: "token.issued", Actor: "U0ADMIN", Body: `{"heritage":"hello"}`},
		{Seq: 6, At: start, Kind: "tick.skip", Actor: "U0DEV", ID: 1050, Body: `{"code":"skipped_by"}`},
		{Seq: 5, At: start, Kind: "refused", Actor: "U0OTHER", ID: 1042, Body: `{"what":"approve","code":"not_eligible"}`},
		{Seq: 4, At: start, Kind: "decision.reject", Actor: "U0LEE", ID: 1042, Body: `{"reason":"<https://evil|Approve> wait","hash":"aa"}`},
		{Seq: 3, At: start, Kind: "change.queue", Actor: "bcn-system", ID: 1042, Body: `{"gated":"false"}`},
		{Seq: 2, At: start, Kind: "change.planned", Actor: "bcn-system", ID: 1042, Body: `not JSON`},
		{Seq: 1, At: start, Kind: "change.planning", Actor: "U0DEV", ID: 1042, Body: `{"kind":"deploy","app":"hello","env":"production","tag":"v2","reason":"fixes the cart"}`},
	}
	people := []bcn.AuditEntry{
		{Seq: 40, At: start, Kind: "lock.set", Actor: "U0DEV", Body: `{"hold":1,"app":"hello","env":"production","owner":"U0DEV","reason":"*mine*","until":"2026-11-22T12:40:27Z"}`},
		{Seq: 39, At: start, Kind: "lock.changed", Actor: "U0DEV", Body: `{"hold":1,"app":"hello","env":"production","owner":"U0DEV","reason":"still"}`},
		{Seq: 38, At: start, Kind: "lock.lifted", Actor: "U0ADMIN", Body: `{"hold":1,"app":"hello","env":"production","owner":"U0DEV","reason":"still"}`},
		{Seq: 37, At: start, Kind: "lock.stolen", Actor: "U0LEE", Body: `{"hold":1,"app":"hello","env":"production","owner":"U0DEV","reason":"still"}`},
		{Seq: 36, At: start, Kind: "lock.over", Actor: "bcn-system", Body: `{"hold":1,"app":"hello","env":"production","owner":"U0DEV","reason":"still"}`},
		{Seq: 35, At: start, Kind: "freeze.set", Actor: "U0ADMIN", Body: `{"hold":2,"env":"","owner":"U0ADMIN","reason":"rebuild"}`},
		{Seq: 34, At: start, Kind: "freeze.changed", Actor: "U0ADMIN", Body: `{"hold":2,"env":"staging","owner":"U0ADMIN","reason":"rebuild"}`},
		{Seq: 33, At: start, Kind: "freeze.lifted", Actor: "U0ADMIN", Body: `{"hold":2,"env":"","owner":"U0LEE","reason":"rebuild"}`},
		{Seq: 32, At: start, Kind: "freeze.over", Actor: "bcn-system", Body: `{"hold":2,"env":"production","owner":"U0LEE","reason":"rebuild"}`},
		{Seq: 31, At: start, Kind: "break_glass", Actor: "U0DEV", ID: 1042, Body: `{"person":"U0DEV","reason":"the site is down","skipped":"leads","told":"U0LEE","overrode":"freeze of production: the sale is on"}`},
		{Seq: 30, At: start, Kind: "break_glass.acknowledged", Actor: "U0ADMIN", ID: 1042, Body: `{"person":"U0ADMIN","teams":["admins"],"note":"right"}`},
		{Seq: 29, At: start, Kind: "deputy.named", Actor: "U0LEE", Body: `{"deputy":"U0DEV","since":"2026-11-22T10:41:00.1401Z","until":"2026-11-23T23:00:00Z"}`},
		{Seq: 28, At: start, Kind: "deputy.removed", Actor: "U0ADMIN", Body: `{"absent":"U0LEE","deputy":"U0DEV"}`},
		{Seq: 27, At: start, Kind: "decision.approve", Actor: "U0DEV", ID: 1042, Body: `{"person":"U0DEV","for":"U0LEE","reason":""}`},
		{Seq: 26, At: start, Kind: "request.escalated", Actor: "bcn-system", ID: 1042, Body: `{"teams":["admins","leads"],"since":"2026-11-22T10:41:00Z"}`},
		{Seq: 25, At: start, Kind: "login.begun", Actor: "U0DEV", Body: `{}`},
		{Seq: 24, At: start, Kind: "login.linked", Actor: "U0DEV", Body: `{"login":"dana","github_id":7,"code":""}`},
		{Seq: 23, At: start, Kind: "login.refused", Actor: "U0DEV", Body: `{"login":"","github_id":0,"code":"expired"}`},
		{Seq: 22, At: start, Kind: "login.forgotten", Actor: "U0DEV", Body: `{"login":"dana"}`},
		{Seq: 21, At: start, Kind: "rules.seen", Actor: "bcn-system", Body: `{"hash":"aa","before":"bb","weaker":true,"altered":false}`},
		{Seq: 20, At: start, Kind: "change.shift", Actor: "U0DEV", ID: 1042, Body: `{"hooks":["a"]}`},
		{Seq: 19, At: start, Kind: "tick.parked", Actor: "bcn-system", ID: 1050, Body: `{"schedule":1,"state":"due"}`},
		{Seq: 18, At: start, Kind: "tick.unparked", Actor: "U0ADMIN", ID: 1050, Body: `{}`},
		{Seq: 17, At: start, Kind: "command.unparked", Actor: "U0ADMIN", Body: `{"key":"k"}`},
	}
	for _, lang := range text.Languages() {
		t.Run("in "+lang, func(t *testing.T) {
			t.Parallel()
			var b strings.Builder
			for _, x := range []struct {
				said string
				log  []bcn.AuditEntry
			}{
				{"audit", several},
				{"audit --since 90d", people[:12]},
				{"audit --since 90d", people[12:]},
				{"audit", nil},
				{"audit hello production --who @U0LEE --what decision.reject --since 7d", several},
				{"audit 1042", several},
				{"audit #1042 --who bcn", several},
				{"audit --export --since 30d", several},
				{"audit --export", nil},
				{"audit helo", several},
				{"audit 1042 production", several},
				{"audit --what ../etc", several},
				{"audit --what nope", several},
				{"audit --what decisoin.reject", several},
				{"audit 99999", nil},
				{"audit hello --what lock --since 7d", nil},
				{"audit --since yesterday", several},
				{"audit --before 3 --after 1", several},
				{"audit --before 3x", several},
				{"audit --before 0", several},
				{"audit --who @nobody", several},
				{"audit reconcile", several},
				{"audit reconcile --district main", several},
				{"help audit", several},
				{"help audit reconcile", several},
			} {
				w := func(w *world) { w.log = x.log }
				fmt.Fprintf(&b, "### %s\n%s\n", x.said, answer(t, turn{user: "U0ADMIN", text: x.said, world: w}, lang))
			}
			golden(t, "testdata/audit."+lang+".golden", b.String())
		})
	}
	t.Run("read does not give it", func(t *testing.T) {
		t.Parallel()
		for _, name := range []string{"audit", "audit reconcile"} {
			if rule, reads := commands.RuleOf(name); rule != "audit" || reads {
				t.Errorf("%s: %s %v", name, rule, reads)
			}
		}
	})
}

// Whoever turns the pages by the buttons sees each entry once, forth and back.
func TestAuditPagesHoldEachEntryOnce(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 14, 15, 16, 30, 31, 47} {
		w := sample()
		w.log = entries(n, "change.start")
		r := registry(t, w)
		page := func(req chat.Request) ([]string, map[string]string) {
			m, _, err := r.Run(context.Background(), req, req.Actor(), deploy.Origin{}, text.English)
			if err != nil {
				t.Fatal(err)
			}
			var seqs []string
			buttons := map[string]string{}
			for _, b := range m.Blocks[1:] {
				if s := string(b.Section); s != "" {
					seqs = append(seqs, s[strings.LastIndex(s, " ")+1:])
				}
				for _, u := range b.Buttons {
					buttons[u.Label] = u.Value
				}
			}
			return seqs, buttons
		}
		seqs, buttons := page(turn{user: "U0ADMIN", text: "audit --who @U0DEV"}.request())
		walk := func(label string) (pages [][]string) {
			for pages = [][]string{seqs}; buttons[label] != "" && len(pages) < 20; pages = append(pages, seqs) {
				seqs, buttons = page(turn{user: "U0ADMIN", action: chat.ActionTyped, value: buttons[label]}.request())
			}
			return pages
		}
		var forth, back []string
		for _, p := range walk("Older") {
			forth = append(forth, p...)
		}
		pages := walk("Newer")
		slices.Reverse(pages)
		for _, p := range pages {
			back = append(back, p...)
		}
		var want []string
		for i := n; i > 0; i-- {
			want = append(want, fmt.Sprint(i))
		}
		if !slices.Equal(forth, want) {
			t.Errorf("%d entries, forth: %v", n, forth)
		}
		if !slices.Equal(back, want) {
			t.Errorf("%d entries, back: %v", n, back)
		}
	}
}
