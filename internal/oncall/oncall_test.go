package oncall_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/config"
	"github.com/bcn-bot/bcn/internal/local/pagerduty"
	"github.com/bcn-bot/bcn/internal/oncall"
)

// group is a Slack user group.
type group struct {
	members []string
	err     error
	asked   []time.Time
}

func (g *group) GroupMembers(_ context.Context, id string, notBefore time.Time) ([]string, error) {
	g.asked = append(g.asked, notBefore)
	if id != "S0ONCALL" {
		return nil, errors.New("another group was read: " + id)
	}
	return g.members, g.err
}

var people = []config.Person{
	{Slack: "U0ONCALL", Email: "Olu@example.com"}, {Slack: "U0LEAD", Email: "lee@example.com"}, {Slack: "U0NOMAIL"},
}

func local(t *testing.T) *pagerduty.Server {
	t.Helper()
	s := pagerduty.New(pagerduty.Options{})
	if err := s.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func asking(s *pagerduty.Server, token string) *oncall.Oncall {
	return oncall.New(oncall.Options{People: people, PagerDuty: oncall.NewPagerDuty(oncall.PagerDutyOptions{URL: s.URL(), Token: token})})
}

func TestSlackUserGroup(t *testing.T) {
	t.Parallel()
	source := config.Oncall{SlackUsergroup: "S0ONCALL"}
	now := time.Unix(1700000000, 0)
	for _, c := range []struct {
		name, user string
		group      group
		on         bool
		code       bcn.Code
	}{
		{"who is in the group is on call", "U0ONCALL", group{members: []string{"U0LEAD", "U0ONCALL"}}, true, ""},
		{"who is not in the group is not", "U0DEV", group{members: []string{"U0ONCALL"}}, false, ""},
		{"nobody is not on call", "", group{members: []string{""}}, false, ""},
		{"what Slack does not say is not known", "U0ONCALL", group{members: []string{"U0ONCALL"}, err: errors.New("down")}, false, bcn.CodeCouldNotCheck},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			on, err := oncall.New(oncall.Options{Slack: &c.group}).OnCall(t.Context(), c.user, source, now)
			if on != c.on || bcn.CodeOf(err) != c.code {
				t.Errorf("on call: %v, %v", on, err)
			}
			for _, at := range c.group.asked {
				if !at.Equal(now) {
					t.Errorf("read not before %s", at)
				}
			}
		})
	}
}

func TestPagerDuty(t *testing.T) {
	t.Parallel()
	now := time.Now()
	before, after := now.Add(-time.Hour), now.Add(time.Hour)
	source := config.Oncall{PagerDuty: "PI7DH85"}
	for _, c := range []struct {
		name, user string
		shifts     []pagerduty.Shift
		on         bool
	}{
		{"who is on call at the first level", "U0ONCALL", []pagerduty.Shift{{Email: "olu@example.com", Start: &before, End: &after}}, true},
		{"who always is", "U0ONCALL", []pagerduty.Shift{{Email: "OLU@example.com"}}, true},
		{"who is of the second level is not", "U0ONCALL", []pagerduty.Shift{{Email: "lee@example.com"}, {Email: "olu@example.com", Level: 2}}, false},
		{"whose turn is over is not", "U0ONCALL", []pagerduty.Shift{{Email: "olu@example.com", End: &before}}, false},
		{"whose turn comes later is not", "U0ONCALL", []pagerduty.Shift{{Email: "olu@example.com", Start: &after}}, false},
		{"another person is not", "U0LEAD", []pagerduty.Shift{{Email: "olu@example.com"}}, false},
		{"who has no address in bot.yaml is not", "U0NOMAIL", []pagerduty.Shift{{Email: ""}}, false},
		{"nobody bot.yaml names is not", "U0DEV", []pagerduty.Shift{{Email: "olu@example.com"}}, false},
		{"nobody is on call", "U0ONCALL", nil, false},
		{"the last of many pages", "U0ONCALL", append(many(150), pagerduty.Shift{Email: "olu@example.com"}), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := local(t)
			s.SetSchedule("PI7DH85", c.shifts...)
			s.SetSchedule("POTHER", pagerduty.Shift{Email: "lee@example.com"})
			if on, err := asking(s, s.Token()).OnCall(t.Context(), c.user, source, time.Now()); on != c.on || err != nil {
				t.Errorf("on call: %v, %v", on, err)
			}
		})
	}
}

func many(n int) []pagerduty.Shift {
	var out []pagerduty.Shift
	for i := range n {
		out = append(out, pagerduty.Shift{Email: fmt.Sprintf("p%d@example.com", i)})
	}
	return out
}

// What cannot be asked is never a yes, and no error shows the token.
func TestPagerDutyFailsClosed(t *testing.T) {
	t.Parallel()
	source := config.Oncall{PagerDuty: "PI7DH85"}
	for _, c := range []struct {
		name  string
		token string
		fault pagerduty.Fault
		ask   config.Oncall
	}{
		{"it is down", "", pagerduty.Fault{Status: http.StatusServiceUnavailable}, source},
		{"it is asked too often", "", pagerduty.Fault{Status: http.StatusTooManyRequests}, source},
		{"it hangs", "", pagerduty.Fault{Hang: true}, source},
		{"it sends elsewhere", "", pagerduty.Fault{Status: http.StatusTemporaryRedirect}, source},
		{"the token is wrong", "not-the-token", pagerduty.Fault{}, source},
		{"there is no such schedule", "", pagerduty.Fault{}, config.Oncall{PagerDuty: "PNOTHERE"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := local(t)
			s.SetSchedule("PI7DH85", pagerduty.Shift{Email: "olu@example.com"})
			s.SetFault(c.fault)
			token := c.token
			if token == "" {
				token = s.Token()
			}
			on, err := asking(s, token).OnCall(t.Context(), "U0ONCALL", c.ask, time.Now())
			if on || bcn.CodeOf(err) != bcn.CodeCouldNotCheck {
				t.Fatalf("on call: %v, %v", on, err)
			}
			if strings.Contains(err.Error(), token) {
				t.Errorf("the error shows the token: %v", err)
			}
		})
	}
	t.Run("without a token nobody can be asked", func(t *testing.T) {
		t.Parallel()
		on, err := oncall.New(oncall.Options{People: people}).OnCall(t.Context(), "U0ONCALL", source, time.Now())
		if on || bcn.CodeOf(err) != bcn.CodeCouldNotCheck {
			t.Errorf("on call: %v, %v", on, err)
		}
	})
	t.Run("an answer about another schedule, or about nothing, counts for nobody", func(t *testing.T) {
		t.Parallel()
		for body, code := range map[string]bcn.Code{
			`{"oncalls":[{"escalation_level":1,"schedule":{"id":"POTHER"},"user":{"email":"olu@example.com"}}]}`: "",
			`{"oncalls":[{"escalation_level":1,"schedule":null,"user":{"email":"olu@example.com"}}]}`:            "",
			`{}`:     bcn.CodeCouldNotCheck,
			`<html>`: bcn.CodeCouldNotCheck,
		} {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }))
			o := oncall.New(oncall.Options{People: people, PagerDuty: oncall.NewPagerDuty(oncall.PagerDutyOptions{URL: s.URL + "/", Token: "t"})})
			on, err := o.OnCall(t.Context(), "U0ONCALL", source, time.Now())
			s.Close()
			if on || bcn.CodeOf(err) != code {
				t.Errorf("%s: on call: %v, %v", body, on, err)
			}
		}
	})
}

func TestWhoLeavesOnCallIsOffAtTheNextFreshRead(t *testing.T) {
	t.Parallel()
	s := local(t)
	s.SetSchedule("PI7DH85", pagerduty.Shift{Email: "olu@example.com"})
	o, source := asking(s, s.Token()), config.Oncall{PagerDuty: "PI7DH85"}
	on := func() bool {
		t.Helper()
		on, err := o.OnCall(t.Context(), "U0ONCALL", source, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		return on
	}
	if !on() {
		t.Fatal("olu is not on call")
	}
	s.SetSchedule("PI7DH85", pagerduty.Shift{Email: "lee@example.com"})
	if on() {
		t.Error("olu is still on call")
	}
	if s.Calls() != 2 {
		t.Errorf("%d calls", s.Calls())
	}
}
