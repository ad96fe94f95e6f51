package app

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/config"
)

func TestAScheduleOfTheFileRunsAsAPersonOfTheWorkspace(t *testing.T) {
	t.Parallel()
	c, problems := config.Load("bot.yaml", []byte(`
teams: { admins: { members: [U0ADMIN] } }
rules: []
schedules:
  - { name: nightly, when: "0 2 * * *", tz: Asia/Tokyo, run: deploy hello staging latest, as: U0DEV, in: C0DEPLOY, ask_before: 4h,
      announce: 10m, on_conflict: once, on_missed: skip, retries: 2, timeout: 30m, quiet: true }
  - { name: smoke, after: nightly, run: status, as: U0LEAD, in: C0DEPLOY }
`), config.Options{})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	want := []bcn.Schedule{
		{
			Name: "nightly", Spec: "0 2 * * *", Zone: "Asia/Tokyo", Command: "deploy hello staging latest", Channel: "C0DEPLOY", File: true,
			Owner: bcn.Actor{Kind: bcn.Person, User: "U0DEV", Team: "T0HOME"},
			Options: bcn.ScheduleOptions{
				AskBefore: 4 * time.Hour, Announce: 10 * time.Minute, OnConflict: bcn.ConflictOnce, OnMissed: "skip",
				Retries: 2, Timeout: 30 * time.Minute, Quiet: true,
			},
		},
		{
			Name: "smoke", Zone: "UTC", Command: "status", Channel: "C0DEPLOY", File: true,
			Owner:   bcn.Actor{Kind: bcn.Person, User: "U0LEAD", Team: "T0HOME"},
			Options: bcn.ScheduleOptions{OnConflict: bcn.ConflictSkip, OnMissed: "run_once", After: "nightly"},
		},
	}
	if diff := cmp.Diff(want, schedulesOf(c, "T0HOME")); diff != "" {
		t.Error(diff)
	}
}
