package commands

import (
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/text"
)

func TestOnePersonStandsForOneGroup(t *testing.T) {
	t.Parallel()
	words, err := text.New()
	if err != nil {
		t.Fatal(err)
	}
	q := bcn.Request{
		Requester: "U0DEV", Needs: []bcn.Need{{Teams: []string{"leads"}, Count: 1}, {Teams: []string{"security"}, Count: 1}},
		Decisions: []bcn.Decision{{Person: "U0BOTH", Verdict: bcn.Approve, Teams: []string{"leads", "security"}}},
	}
	r := &Registry{text: words}
	if got := r.needs("en", q); got != "1 of security" {
		t.Errorf("one approval of two: %q is left", got)
	}
	q.Decisions = append(q.Decisions, bcn.Decision{Person: "U0LEAD", Verdict: bcn.Approve, Teams: []string{"leads"}})
	if got := r.needs("en", q); got != "" {
		t.Errorf("both approved: %q is left", got)
	}
}
