package audit_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/audit"
)

func TestExplained(t *testing.T) {
	t.Parallel()
	at := func(minute int) time.Time {
		return time.Unix(1_700_000_000, 0).Add(time.Duration(minute) * time.Minute)
	}
	entry := func(minute int, kind, actor, body string) audit.Entry {
		return audit.Entry{At: at(minute), Kind: kind, Actor: actor, Body: body}
	}
	asked := entry(0, "change.planning", "U0DEV", `{"asker":"U0DEV"}`)
	running := []audit.Entry{asked, entry(10, "change.start", "bcn-system", "{}")}
	ended := slices.Concat(running, []audit.Entry{entry(20, "change.succeed", "bcn-system", "{}")})
	granted := []audit.Entry{asked, entry(10, "change.start", "bcn-system", "{}"), entry(11, "grant.mint", "U0DEV", `{"session":"bcn-g7-1"}`), entry(30, "grant.verify", "bcn-system", "{}")}
	call := func(action, session, identity string, minute int) audit.Call {
		return audit.Call{Action: action, Session: session, Identity: identity, At: at(minute)}
	}
	for name, x := range map[string]struct {
		call    audit.Call
		entries []audit.Entry
		want    bool
	}{
		"a change set of a plan":                             {call("CreateChangeSet", "bcn-7", "dana.U0DEV", 1), []audit.Entry{asked}, true},
		"what a change does once it has started":             {call("ExecuteChangeSet", "bcn-7", "dana.U0DEV", 11), running, true},
		"the same, in the name of somebody with no name":     {call("ExecuteChangeSet", "bcn-7", "U0DEV", 11), running, true},
		"before it has started":                              {call("ExecuteChangeSet", "bcn-7", "dana.U0DEV", 1), running, false},
		"where it never started":                             {call("ExecuteChangeSet", "bcn-7", "dana.U0DEV", 11), []audit.Entry{asked}, false},
		"in somebody else's name":                            {call("ExecuteChangeSet", "bcn-7", "lee.U0LEAD", 11), running, false},
		"in the name of somebody whose id ends like another": {call("ExecuteChangeSet", "bcn-7", "xU0DEV", 11), running, false},
		"in nobody's name":                                   {call("ExecuteChangeSet", "bcn-7", "", 11), running, false},
		"long after its end":                                 {call("RunTask", "bcn-7", "dana.U0DEV", 200), ended, false},
		"before it was asked for":                            {call("CreateChangeSet", "bcn-7", "dana.U0DEV", -20), []audit.Entry{asked}, false},
		"under the number of nothing":                        {call("StopTask", "bcn-7", "bcn-system", 11), nil, false},
		"under a name that bcn never has":                    {call("StopTask", "admin", "bcn-system", 11), nil, false},
		"bcn's own housework":                                {call("DeleteChangeSet", "bcn-follow", "bcn-system", 11), nil, true},
		"what bcn never does by itself":                      {call("RunTask", "bcn-follow", "bcn-system", 11), nil, false},
		"housework in a person's name":                       {call("DeleteChangeSet", "bcn-follow", "dana.U0DEV", 11), nil, false},
		"a session of a grant":                               {call("StartSession", "bcn-g7-1", "U0DEV", 12), granted, true},
		"a session that was never handed out":                {call("StartSession", "bcn-g7-2", "U0DEV", 12), granted, false},
		"a session after the grant was verified":             {call("StartSession", "bcn-g7-1", "U0DEV", 40), granted, false},
		"a session in another's name":                        {call("StartSession", "bcn-g7-1", "U0OTHER", 12), granted, false},
	} {
		t.Run(fmt.Sprintf("%s: %v", name, x.want), func(t *testing.T) {
			t.Parallel()
			if got := audit.Explained(x.call, x.entries); got != x.want {
				t.Errorf("%v", got)
			}
			if id := x.call.About(); (id == 7) != (x.call.Session == "bcn-7" || x.call.Session == "bcn-g7-1" || x.call.Session == "bcn-g7-2") {
				t.Errorf("about %d", id)
			}
		})
	}
}
