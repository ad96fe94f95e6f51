package pagerduty_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/bcn-bot/bcn/internal/local/pagerduty"
)

func TestWhatPagerDutyRefuses(t *testing.T) {
	t.Parallel()
	s := pagerduty.New(pagerduty.Options{})
	if err := s.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	s.SetSchedule("PI7DH85", pagerduty.Shift{Email: "olu@example.com"})
	const version = "application/vnd.pagerduty+json;version=2"
	for _, c := range []struct {
		name, path, token, accept, host string
		status                          int
	}{
		{"who is on call", "oncalls?schedule_ids[]=PI7DH85", s.Token(), version, "", http.StatusOK},
		{"without a token", "oncalls?schedule_ids[]=PI7DH85", "", version, "", http.StatusUnauthorized},
		{"with a wrong token", "oncalls?schedule_ids[]=PI7DH85", "x", version, "", http.StatusUnauthorized},
		{"without a version", "oncalls?schedule_ids[]=PI7DH85", s.Token(), "application/json", "", http.StatusNotAcceptable},
		{"a schedule that is not there", "oncalls?schedule_ids[]=PNONE", s.Token(), version, "", http.StatusBadRequest},
		{"a page that is too long", "oncalls?limit=101", s.Token(), version, "", http.StatusBadRequest},
		{"what bcn does not ask", "oncalls?time_zone=UTC", s.Token(), version, "", http.StatusBadRequest},
		{"what bcn does not call", "users", s.Token(), version, "", http.StatusNotFound},
		{"a name that leads here", "oncalls", s.Token(), version, "evil.example:80", http.StatusMisdirectedRequest},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+c.path, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			req.Host = c.host
			req.Header.Set("Accept", c.accept)
			req.Header.Set("Authorization", "Token token="+c.token)
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = res.Body.Close() }()
			var body struct {
				Oncalls []struct{ User map[string]string }
				Error   struct{ Message string }
			}
			if err := json.NewDecoder(res.Body).Decode(&body); err != nil || res.StatusCode != c.status {
				t.Fatalf("status %d, %v", res.StatusCode, err)
			}
			if c.status == http.StatusOK && (len(body.Oncalls) != 1 || body.Oncalls[0].User["email"] != "" || body.Oncalls[0].User["type"] != "user_reference") {
				t.Errorf("%+v: a reference has no address", body.Oncalls)
			}
			if c.status != http.StatusOK && body.Error.Message == "" {
				t.Error("it does not say what is wrong")
			}
		})
	}
	t.Run("only loopback", func(t *testing.T) {
		t.Parallel()
		if err := pagerduty.New(pagerduty.Options{}).Start("0.0.0.0:0"); err == nil {
			t.Error("it listens to everybody")
		}
	})
}
