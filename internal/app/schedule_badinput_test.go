package app

import (
	"fmt"
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// What cannot run is refused when it is added, with what would be right, and
// nothing is kept of it.
func TestSchedulesThatAreRefused(t *testing.T) {
	t.Parallel()
	w, _, _ := scheduleWorld(t)
	if said := w.answer("U0DEV", `schedule add "0 2 * * *" --name taken --yes -- status`); !strings.Contains(said, "Saved") {
		t.Fatal(said)
	}
	before := ask[int](t, w, `select count(*) from schedule`)
	for _, c := range []struct {
		user, add string
		says      []string
	}{
		// Expressions.
		{"U0DEV", `"" -- status`, []string{"SPEC"}},
		{"U0DEV", `"0 2 * *" -- status`, []string{"4 fields instead of five", "0 2 * * *"}},
		{"U0DEV", `"0 0 2 * * *" -- status`, []string{"seconds", "every 1m"}},
		{"U0DEV", `"61 2 * * *" -- status`, []string{"`61` is no minute", "0 to 59"}},
		{"U0DEV", `"0 25 * * *" -- status`, []string{"`25` is no hour", "0 to 23"}},
		{"U0DEV", `"0 2 31 2 *" -- status`, []string{"no such day ever comes"}},
		{"U0DEV", `"0 2 * * mun" -- status`, []string{"no weekday `mun`", "as in `mon`"}},
		{"U0DEV", `"0 2 20-10 * *" -- status`, []string{"goes backwards"}},
		{"U0DEV", `"*/0 2 * * *" -- status`, []string{"is zero"}},
		{"U0DEV", `"TZ=Asia/Tokyo 0 2 * * *" -- status`, []string{"--tz"}},
		{"U0DEV", `"TZ=" -- status`, []string{"--tz"}},
		{"U0DEV", `@dayly -- status`, []string{"`@dayly`", "Did you mean `@daily`"}},
		{"U0DEV", `"every 30s" -- status`, []string{"more often than once a minute", "every 1m"}},
		{"U0DEV", `"every 0m" -- status`, []string{"every 1m"}},
		{"U0DEV", `"whenever you like" -- status`, []string{"I do not understand", "0 2 * * *"}},
		{"U0DEV", `"at 2020-01-05 09:30" -- status`, []string{"that moment is over"}},
		{"U0DEV", `"at 2999-01-05 09:30" -- status`, []string{"more than 5 years away"}},
		{"U0DEV", `"at 2027-02-30 09:30" -- status`, []string{"no date and time", "at 2027-01-05 09:30"}},
		{"U0DEV", `"` + strings.Repeat("1,", 120) + `1 2 * * *" -- status`, []string{"longer than 200 characters"}},
		// Zones and flags.
		{"U0DEV", `"0 2 * * *" --tz Asia/Tokio -- status`, []string{"no time zone `Asia/Tokio`", "Did you mean `Asia/Tokyo`"}},
		{"U0DEV", `"0 2 * * *" --tz ../../etc/passwd -- status`, []string{"no time zone"}},
		{"U0DEV", `"0 2 * * *" --in #nowhere -- status`, []string{"nowhere"}},
		{"U0DEV", `"0 2 * * *" --in C0NOBODY -- status`, []string{"C0NOBODY"}},
		{"U0DEV", `"0 2 * * *" --name taken -- status`, []string{"`taken` is taken by another schedule"}},
		{"U0DEV", `"0 2 * * *" --name Not_A_Name -- status`, []string{"Not_A_Name"}},
		{"U0DEV", `"0 2 * * *" --on-conflict wait -- status`, []string{"--on-conflict queue"}},
		{"U0DEV", `"0 2 * * *" --on-missed always -- status`, []string{"`run-once`, `skip` and `catch-up`"}},
		{"U0DEV", `"0 2 * * *" --retries 99 -- status`, []string{"--retries 99", "0 – 10"}},
		{"U0DEV", `"0 2 * * *" --timeout soon -- status`, []string{"--timeout"}},
		{"U0DEV", `"0 2 * * *" --ask-before 30d -- status`, []string{"--ask-before"}},
		{"U0DEV", `"every 30m" --announce 40m -- status`, []string{"--announce 40m", "30m between two runs"}},
		{"U0DEV", `"0 2 * * *" --name bcn-mine -- status`, []string{"`bcn-mine`", "Choose another"}},
		{"U0DEV", `--after nobody -- status`, []string{"no schedule `nobody`", "schedule list"}},
		{"U0DEV", `"0 2 * * *" --after taken -- status`, []string{"not both"}},
		// Commands.
		{"U0DEV", `"0 2 * * *"`, []string{"Say what to run"}},
		{"U0DEV", `"0 2 * * *" -- deplyo hello staging v1`, []string{"`deplyo`", "deploy"}},
		{"U0DEV", `"0 2 * * *" -- deploy hello staging`, []string{"TAG"}},
		{"U0DEV", `"0 2 * * *" -- deploy helo staging v1`, []string{"helo", "hello"}},
		{"U0DEV", `"0 2 * * *" -- deploy hello stagin v1`, []string{"stagin", "staging"}},
		{"U0DEV", `"0 2 * * *" -- approve 1001`, []string{"does not run by itself"}},
		{"U0DEV", `"0 2 * * *" -- schedule add "0 2 * * *" -- status`, []string{"does not run by itself"}},
		{"U0DEV", `"0 2 * * *" -- access hello staging`, []string{"does not run by itself"}},
		{"U0DEV", `"0 2 * * *" -- halt`, []string{"does not run by itself"}},
		// Rights.
		{"U0LEAD", `"0 2 * * *" -- deploy hello staging v1`, []string{"may not use", "developers"}},
		{"U0ONCALL", `"0 2 * * *" -- deploy hello production v1`, []string{"may not use", "developers"}},
	} {
		for _, flags := range []string{"", "--yes "} {
			command := "schedule add " + flags + c.add
			if said := w.answer(c.user, command); !all(said, c.says) || strings.Contains(said, "Saved") {
				t.Errorf("/bcn %s: %q does not say %q", command, said, c.says)
			}
		}
	}
	if n := ask[int](t, w, `select count(*) from schedule`); n != before {
		t.Errorf("%d schedules were kept", n-before)
	}
	t.Run("a refused right is in the log", func(t *testing.T) {
		for _, user := range []string{"U0LEAD", "U0ONCALL"} {
			if n := ask[int](t, w, `select count(*) from audit_entry where kind = 'refused' and actor = $1`, user); n != 2 {
				t.Errorf("%d refusals of %s are written down", n, user)
			}
		}
	})
	t.Run("nobody changes somebody else's", func(t *testing.T) {
		w := w.in(t)
		w.answer("U0DEV", `schedule add "0 2 * * *" --name danas --yes -- deploy hello staging v1`)
		for _, command := range []string{"pause danas", "skip danas", "run danas", "remove danas", "edit danas --quiet", "resume danas"} {
			w.refuses("U0LEAD", "schedule "+command, "`danas` belongs to")
		}
		if s := ask[string](t, w, `select state from schedule where name = 'danas'`); s != string(bcn.ScheduleActive) {
			t.Errorf("it is %s", s)
		}
		if n := ask[int](t, w, `select count(*) from tick k join schedule s on s.id = k.schedule where name = 'danas'`); n != 0 {
			t.Errorf("%d ticks", n)
		}
	})
	t.Run("what is edited is checked as what is added", func(t *testing.T) {
		w := w.in(t)
		for add, says := range map[string]string{
			`--spec "0 25 * * *"`: "`25` is no hour", "--tz Mars/Olympus": "no time zone", "-- deploy helo staging v1": "helo", "-- halt": "does not run by itself",
			"--in C0NOBODY": "C0NOBODY", "--name danas": "taken", "--after taken": "cannot run after",
		} {
			w.refuses("U0DEV", "schedule edit taken "+add, says)
		}
		if s := ask[string](t, w, `select spec || command || channel || name from schedule where name = 'taken'`); s != fmt.Sprint("0 2 * * *", "status", deploys, "taken") {
			t.Errorf("it is %s", s)
		}
	})
}
