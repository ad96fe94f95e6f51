package bcn

import (
	"slices"
	"time"
)

// BreakGlass is what a plan says that goes without the approval which its rule
// asks for: it is under the plan's hash.
type BreakGlass struct {
	Skipped []Need        `json:"skipped"` // who would have had to approve; empty: nobody
	Limit   int           `json:"limit"`   // how often the person may in Per
	Per     time.Duration `json:"per"`
	Scan    bool          `json:"scan,omitempty"` // it goes in spite of what a rule has against the image's scan
}

// Skips says that the plan goes without an approval that its rule asks for.
func (p Plan) Skips() bool { return p.BreakGlass != nil && len(p.BreakGlass.Skipped) > 0 }

// OncallPlan is what was found of whether the requester is on call, who then
// needs no approver.
type OncallPlan struct {
	Source  string `json:"source"` // such as PagerDuty PI7DH85
	On      bool   `json:"on"`
	Unknown bool   `json:"unknown,omitempty"` // it did not answer
}

// AcknowledgeWithin is how long somebody else may take to look at what was done
// without approval.
const AcknowledgeWithin = 24 * time.Hour

// FollowUp is what is left to do after somebody went without an approval:
// another person looks at it, and says so.
type FollowUp struct {
	ID       ID     // of the change
	Person   string // who broke the glass: Slack user id
	Reason   string
	Skipped  []Need   // who would have had to approve
	Told     []string // who of them was told: Slack user ids
	Overrode []string // what stood in the way besides, in words; empty: nothing
	At       time.Time
	DueAt    time.Time

	Reminded       int // how often the security channel was reminded
	AcknowledgedBy string
	AcknowledgedAt *time.Time
	Note           string // what who acknowledged has to say
}

// Open says that nobody has acknowledged it.
func (f FollowUp) Open() bool { return f.AcknowledgedAt == nil }

// RemindAfter is how long after its begin a follow-up that is still open is
// reminded of for the next time, n times having passed: at 12 and 20 hours, and
// then, overdue, each day.
func RemindAfter(n int) time.Duration {
	switch n {
	case 0:
		return 12 * time.Hour
	case 1:
		return 20 * time.Hour
	default:
		return time.Duration(n-1) * 24 * time.Hour
	}
}

// administrators is the team that every bot.yaml has.
const administrators = "admins"

// MayAcknowledge are the teams whose members may look at it for everybody: those
// who were skipped, and the administrators. Sorted, each once.
func (f FollowUp) MayAcknowledge() []string {
	out := []string{administrators}
	for _, n := range f.Skipped {
		out = append(out, n.Teams...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
