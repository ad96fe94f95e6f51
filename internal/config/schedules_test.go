package config

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/schedule"
)

const scheduled = least + `slack: { channels: { announce: C0DEPLOY, approvals: C0APPROVE } }
schedules:
`

const fullSchedules = scheduled + `  - name: nightly
    when: "0  2 * * *"
    tz: asia/tokyo
    run: deploy hello staging latest
    as: U0DEV
    in: C0NIGHT
    ask_before: 4h
    announce: 10m
    on_conflict: queue
    on_missed: catch_up
    retries: 10
    timeout: 30m
    quiet: true
  - { name: status, when: mondays at 10, run: STATUS, as: U0DEV }
  - { name: smoke, after: nightly, run: "run hello staging -- bin/smoke", as: U0DEV, in: C0NIGHT }
  - { name: release, when: at 2027-01-05 09:30, tz: Europe/London, run: deploy hello production latest, as: U0LEAD }
`

func TestSchedulesLoad(t *testing.T) {
	t.Parallel()
	c, problems := Load("bot.yaml", []byte(fullSchedules), Options{})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	want := []Schedule{
		{
			Name: "nightly", When: "0 2 * * *", Zone: "Asia/Tokyo", Run: "deploy hello staging latest", As: "U0DEV", In: "C0NIGHT",
			AskBefore: 4 * time.Hour, Announce: 10 * time.Minute, OnConflict: bcn.ConflictQueue, OnMissed: schedule.CatchUp,
			Retries: 10, Timeout: 30 * time.Minute, Quiet: true,
		},
		{
			Name: "status", When: "mondays at 10", Zone: "UTC", Run: "STATUS", As: "U0DEV", In: "C0DEPLOY",
			OnConflict: bcn.ConflictSkip, OnMissed: schedule.RunOnce,
		},
		{
			Name: "smoke", Zone: "UTC", Run: "run hello staging -- bin/smoke", As: "U0DEV", In: "C0NIGHT",
			OnConflict: bcn.ConflictSkip, OnMissed: schedule.RunOnce, After: "nightly",
		},
		{
			Name: "release", When: "at 2027-01-05 09:30", Zone: "Europe/London", Run: "deploy hello production latest", As: "U0LEAD", In: "C0DEPLOY",
			OnConflict: bcn.ConflictSkip, OnMissed: schedule.RunOnce,
		},
	}
	if diff := cmp.Diff(want, c.Schedules); diff != "" {
		t.Error(diff)
	}
}

func TestASingleTimeStaysInTheFileAfterItHasPassed(t *testing.T) {
	t.Parallel()
	for _, when := range []string{"at 1999-12-31 23:59", "At 2024-02-29 09:30", "at 2031-01-05 09:30"} {
		c, problems := Load("bot.yaml", []byte(scheduled+"  - { name: a, when: "+when+", run: status, as: U0DEV }"), Options{})
		if len(problems) > 0 || len(c.Schedules) != 1 {
			t.Errorf("%s: %v", when, problems)
		}
	}
}

func TestSchedulesWithoutAnAnnounceChannelReportWhereApprovalsAre(t *testing.T) {
	t.Parallel()
	c, problems := Load("bot.yaml", []byte(least+"slack: { channels: { approvals: C0APPROVE } }\nschedules: [{ name: a, when: every 1h, run: status, as: U0DEV }]"), Options{})
	if len(problems) > 0 || c.Schedules[0].In != "C0APPROVE" {
		t.Errorf("%v", problems)
	}
}

func TestBadSchedulesAreRefusedWithTheirPlace(t *testing.T) {
	t.Parallel()
	const rest = ", run: status, as: U0DEV }"
	for _, c := range []struct{ name, schedules, want string }{
		{"no list", "  name: a", "5:3: schedules must be a list, it is a mapping"},
		{"an unknown key", "  - { nam: a, when: every 1h" + rest, `5:7: unknown key "nam" in schedules[0]; did you mean "name"?`},
		{"no name", "  - { when: every 1h" + rest, "5:5: schedules[0] needs name"},
		{"no command", "  - { name: a, when: every 1h, as: U0DEV }", "5:5: schedules[0] needs run"},
		{"nobody", "  - { name: a, when: every 1h, run: status }", "5:5: schedules[0] needs as"},
		{"no time", "  - { name: a" + rest, "5:5: schedules[0] needs when"},
		{"a name that is none", "  - { name: Nightly, when: every 1h" + rest, `5:13: schedules[0].name: "Nightly" is not a schedule's name`},
		{"a long name", "  - { name: a" + strings.Repeat("b", 40) + ", when: every 1h" + rest, "at most 40"},
		{"a name twice", "  - { name: a, when: every 1h" + rest + "\n  - { name: a, when: every 2h" + rest, "6:5: schedules[1]: the name a is taken by the schedule of line 5"},
		{"a field out of range", `  - { name: a, when: "0 25 * * *"` + rest, `5:25: schedules[0].when: "25" is no hour: it goes from 0 to 23`},
		{"the same without quotes", "  - { name: a, when: 0 25 * * *" + rest, `5:24: schedules[0].when: "25" is no hour`},
		{"a day that never comes", `  - { name: a, when: "0 2 30 2 *"` + rest, "no such day ever comes"},
		{"six fields", `  - { name: a, when: "0 0 2 * * *"` + rest, "counts seconds"},
		{"an unknown weekday", "  - { name: a, when: mundays at 10" + rest, "mundays"},
		{"an unknown macro", `  - { name: a, when: "@dayly"` + rest, `there is no "@dayly"; did you mean "@daily"?`},
		{"too often", "  - { name: a, when: every 30s" + rest, "more often than once a minute"},
		{"a date that is none", "  - { name: a, when: at 2027-02-30 09:30" + rest, "is no date and time"},
		{"an interval too long", "  - { name: a, when: every 800 days" + rest, "is more than 1 year away"},
		{"a zone in the text", `  - { name: a, when: "TZ=Asia/Tokyo 0 2 * * *"` + rest, "write it as tz"},
		{"an unknown zone", "  - { name: a, when: every 1h, tz: Asia/Tokio" + rest, `5:36: schedules[0].tz: there is no time zone "Asia/Tokio"; did you mean "Asia/Tokyo"?`},
		{"a number for a time", "  - { name: a, when: 5" + rest, "schedules[0].when must be a string, it is the number 5"},
		{"an unknown command", "  - { name: a, when: every 1h, run: depoly hello staging latest, as: U0DEV }", `"depoly" is no command that can be scheduled; did you mean "deploy"?`},
		{"a slash command", "  - { name: a, when: every 1h, run: /bcn status, as: U0DEV }", `write the command without "/bcn"`},
		{"two commands", "  - { name: a, when: every 1h, run: \"status\\ndeploy\", as: U0DEV }", "a command is one line"},
		{"a person's name for their id", "  - { name: a, when: every 1h, run: status, as: dana }", `"dana" is not a Slack user id`},
		{"a channel's name for its id", "  - { name: a, when: every 1h, in: \"#deploys\"" + rest, "is not a Slack channel id"},
		{"an unknown conflict", "  - { name: a, when: every 1h, on_conflict: queu" + rest, `"queu" is not skip, queue or once; did you mean "queue"?`},
		{"an unknown way to miss", "  - { name: a, when: every 1h, on_missed: run-once" + rest, `"run-once" is not run_once, skip or catch_up; did you mean "run_once"?`},
		{"too many retries", "  - { name: a, when: every 1h, retries: 11" + rest, "schedules[0].retries must be between 0 and 10, it is 11"},
		{"a timeout without end", "  - { name: a, when: every 1h, timeout: 169h" + rest, "schedules[0].timeout must be between 1m and 168h"},
		{"a short announcement", "  - { name: a, when: every 1h, announce: 10s" + rest, "schedules[0].announce must be between 1m and 168h"},
		{"quietly", "  - { name: a, when: every 1h, quiet: very" + rest, "schedules[0].quiet must be true or false"},
		{"when and after", "  - { name: b, when: every 1h" + rest + "\n  - { name: a, after: b, when: every 1h" + rest, "6:32: schedules[1].when means nothing beside after"},
		{"a zone beside after", "  - { name: b, when: every 1h" + rest + "\n  - { name: a, after: b, tz: UTC" + rest, "schedules[1].tz means nothing beside after"},
		{"a time to ask beside after", "  - { name: b, when: every 1h" + rest + "\n  - { name: a, after: b, ask_before: 1h" + rest, "schedules[1].ask_before means nothing beside after"},
		{"after nothing", "  - { name: nightly, when: every 1h" + rest + "\n  - { name: a, after: nightli" + rest, `6:23: schedules[1].after: there is no schedule "nightli"; did you mean "nightly"?`},
		{"after itself", "  - { name: a, after: a" + rest, "5:23: schedules[0].after: none of these would ever start: a after a"},
		{
			"a loop", "  - { name: a, after: c" + rest + "\n  - { name: b, after: a" + rest + "\n  - { name: c, after: b" + rest,
			"5:23: schedules[0].after: none of these would ever start: a after c after b after a",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			refused(t, scheduled+c.schedules, c.want)
		})
	}
}

func TestAScheduleNeedsAChannelFromSomewhere(t *testing.T) {
	t.Parallel()
	refused(t, least+"schedules: [{ name: a, when: every 1h, run: status, as: U0DEV }]", "3:13: schedules[0] needs in")
}

func TestALoopIsToldOnce(t *testing.T) {
	t.Parallel()
	const rest = ", run: status, as: U0DEV }\n"
	_, problems := Load("bot.yaml", []byte(scheduled+"  - { name: a, after: b"+rest+"  - { name: b, after: a"+rest+"  - { name: c, after: b"+rest), Options{})
	if len(problems) != 1 {
		t.Errorf("%v", problems)
	}
}

// Whatever package schedule finds is said in words, with all that it knows.
func TestEachProblemOfATimeHasItsSentence(t *testing.T) {
	t.Parallel()
	for _, id := range schedule.ProblemIDs() {
		p := &schedule.Problem{What: id, Params: map[string]string{
			"text": "x", "field": "day", "min": "1", "max": "2", "what": "L", "zone": "Z", "count": "3", "known": "a, b", "near": "n", "instead": "i",
		}}
		if said := sentence(p); said == p.Error() || strings.ContainsAny(said, "{}") || !strings.Contains(said, `did you mean "n"?`) {
			t.Errorf("%s: %s", id, said)
		}
	}
}
