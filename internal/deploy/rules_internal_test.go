package deploy

import (
	"errors"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/manifest"
)

func TestRulesThatWouldTakeAPriorityOver(t *testing.T) {
	t.Parallel()
	at := func(service string, priority int) manifest.Claim {
		return manifest.Claim{Endpoint: "main", Priority: priority, Service: service}
	}
	for _, c := range []struct {
		name        string
		before, now []manifest.Claim
		from, to    string
		free        string
	}{
		{"the same file again", []manifest.Claim{at("web", 100)}, []manifest.Claim{at("web", 100)}, "", "", ""},
		{"a new priority", []manifest.Claim{at("web", 100)}, []manifest.Claim{at("web", 101)}, "", "", ""},
		{"a renamed service", []manifest.Claim{at("web", 100)}, []manifest.Claim{at("front", 100)}, "web", "front", "102"},
		{"a renamed service with another priority", []manifest.Claim{at("web", 100)}, []manifest.Claim{at("front", 103)}, "", "", ""},
		{"two that swap", []manifest.Claim{at("web", 100), at("api", 102)}, []manifest.Claim{at("web", 102), at("api", 100)}, "api", "web", "103"},
		{"one moves up into another's place", []manifest.Claim{at("web", 100), at("api", 102)}, []manifest.Claim{at("web", 102), at("api", 103)}, "api", "web", "104"},
		{"the same priority of another endpoint", []manifest.Claim{{Endpoint: "inner", Priority: 100, Service: "web"}}, []manifest.Claim{at("front", 100)}, "", "", ""},
		{"the last priority", []manifest.Claim{at("web", 50000)}, []manifest.Claim{at("front", 50000)}, "web", "front", "49999"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := movingRules(c.before, c.now, func(_ string, priority int) bool { return priority == 101 })
			if c.from == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			var e *bcn.Error
			if !errors.As(err, &e) || e.Code != bcn.CodeRuleMoves || e.Params["from"] != c.from || e.Params["to"] != c.to || e.Params["free"] != c.free {
				t.Errorf("%v %+v", err, e)
			}
		})
	}
}
