package app

import (
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
	localslack "github.com/bcn-bot/bcn/internal/local/slack"
)

// standsIn is a request that waits for lee, who is away: devi sees it on the
// app's page, and decides it in lee's place from there.
func standsIn(t *testing.T, w *world) {
	t.Helper()
	if err := w.slack.EditUser("U0LEAD", func(u *localslack.User) { u.Status = ":palm_tree:" }); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.slack.EditUser("U0LEAD", func(u *localslack.User) { u.Status = "" }) }()
	r := w.waiting("v2")
	w.slash("U0LEAD", deploys, "approvals deputy <@U0DEV2|devi> until tomorrow")
	defer w.slash("U0LEAD", deploys, "approvals deputy remove")
	r.says("<@U0DEV2> (for <@U0LEAD>)")
	if err := w.slack.OpenHome("U0DEV2"); err != nil {
		t.Fatal(err)
	}
	var review string
	err := w.slack.WaitFor(w.deadline(), func() bool {
		v, _ := w.slack.Home("U0DEV2")
		for _, b := range v.HomeButtons() {
			if strings.Contains(b, ":review:") {
				review = b
			}
		}
		return review != "" && strings.Contains(v.Shown(), r.id.String())
	})
	if err != nil {
		v, _ := w.slack.Home("U0DEV2")
		t.Fatalf("%v\n%s", err, v.Shown())
	}
	if reply, err := w.slack.ClickHome(w.deadline(), "U0DEV2", review); err != nil || reply.Error != "" {
		t.Fatal(err, reply.Error)
	}
	v := w.window("U0DEV2", "deploy", "v2", "hello")
	if wrong, err := w.slack.Submit(w.deadline(), "U0DEV2", v.ID, nil); err != nil || len(wrong) > 0 {
		t.Fatal(wrong, err)
	}
	w.until("it is decided for lee", `select exists (select 1 from decision where request = $1 and person = 'U0DEV2' and stands_for = 'U0LEAD')`, int64(r.id))
	r.says("<@U0DEV2> (for <@U0LEAD>)", "succeeded")
	r.state(bcn.ChangeSucceeded)
}
