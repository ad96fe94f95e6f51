package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/bcn-bot/bcn/internal/audit"
	"github.com/bcn-bot/bcn/internal/bcn"
)

// history is what the log says of one change.
type history struct {
	begun     bool            // it was asked for
	state     bcn.ChangeState // where its moves led
	asked     bool            // people had to approve
	decisions []bcn.Decision  // person, verdict and hash
}

// provenBack is how many of the log's last entries are proven before anything
// starts: some ten milliseconds' worth.
const provenBack = 5000

// history walks the chain from the change's first entry to the head and
// answers what it says of the change. An entry that was changed, removed, put
// in or moved since the change was asked for is tampered, whatever it is about:
// the entry that is missing may be the one that closed this change. The last
// provenBack entries are walked in any case; older ones are at night. So what it
// costs grows with what happened since the change was asked for, and not with
// the log.
func (t *txn) history(ctx context.Context, id bcn.ID) (history, error) {
	var (
		h         history
		first     int64
		seq       int64
		hash, mac []byte
		prev      []byte
	)
	// The head first: what it stands for was committed with it.
	if err := t.QueryRow(ctx, `select seq, hash, mac from audit_head`).Scan(&seq, &hash, &mac); err != nil {
		return h, fmt.Errorf("read the audit head: %w", err)
	}
	err := t.QueryRow(ctx, `select e.seq, coalesce(p.hash, '') from audit_entry e left join audit_entry p on p.seq = e.seq - 1
		where e.change = $1 order by e.seq limit 1`, int64(id)).Scan(&first, &prev)
	if _, err = found(0, err); errors.Is(err, ErrNotFound) {
		return h, bcn.E(bcn.CodeTampered, "what", "audit entry")
	}
	if err != nil {
		return h, err
	}
	if earlier := max(1, seq-provenBack); earlier < first {
		first = earlier
		if err := t.QueryRow(ctx, `select coalesce((select hash from audit_entry where seq = $1), '')`, first-1).Scan(&prev); err != nil {
			return h, err
		}
	}
	v := audit.ResumeVerifier(t.s.key, first-1, prev)
	rows, err := t.Query(ctx, `select `+entryColumns+` from audit_entry where seq between $1 and $2 order by seq`, first, seq)
	if err != nil {
		return h, err
	}
	var e audit.Entry
	_, err = pgx.ForEachRow(rows, entryFields(&e), func() error {
		if err := v.Next(e); err != nil {
			return err
		}
		if e.Change == int64(id) {
			return h.add(e)
		}
		return nil
	})
	if err == nil {
		err = v.End(seq, hash, mac)
	}
	var broken *audit.BrokenError
	if errors.As(err, &broken) {
		return h, bcn.E(bcn.CodeTampered, "what", "audit entry").Wrap(err)
	}
	return h, err
}

// add applies one entry of the change.
func (h *history) add(e audit.Entry) error {
	var body struct {
		From, To bcn.ChangeState
		Person   string
		Hash     string
	}
	if strings.HasPrefix(e.Kind, "change.") || strings.HasPrefix(e.Kind, "decision.") {
		if err := json.Unmarshal([]byte(e.Body), &body); err != nil {
			return fmt.Errorf("read audit entry %d: %w", e.Seq, err)
		}
	}
	switch kind, event, _ := strings.Cut(e.Kind, "."); kind {
	case "change":
		switch state := bcn.ChangeState(event); {
		case body.To != "":
			h.state = body.To
		case !h.begun && (state == bcn.ChangePlanning || state == bcn.ChangeWaitingTurn):
			h.begun, h.state = true, state
		}
		h.asked = h.asked || bcn.ChangeEvent(event) == bcn.EventAsk
	case "decision":
		h.decisions = append(h.decisions, bcn.Decision{Person: body.Person, Verdict: bcn.Verdict(event), Hash: body.Hash})
	}
	return nil
}

// proveLog checks that the log leads to where the change and its request are
// said to stand, and that it holds the decisions that are stored, each and no
// other: a state that was moved past bcn, back or forth, runs nothing.
func (t *txn) proveLog(ctx context.Context, id bcn.ID, state bcn.ChangeState, r *bcn.Request) error {
	h, err := t.history(ctx, id)
	if err != nil {
		return err
	}
	switch {
	case !h.begun || h.state != state:
		return bcn.E(bcn.CodeTampered, "what", "change")
	case h.asked != (r != nil):
		return bcn.E(bcn.CodeTampered, "what", "request")
	case r == nil:
		return nil
	case len(r.Decisions) != len(h.decisions):
		return bcn.E(bcn.CodeTampered, "what", "decision")
	}
	for _, d := range r.Decisions {
		if !h.decided(d) {
			return bcn.E(bcn.CodeTampered, "what", "decision")
		}
	}
	return nil
}

func (h history) decided(d bcn.Decision) bool {
	for _, x := range h.decisions {
		if x.Person == d.Person && x.Verdict == d.Verdict && x.Hash == d.Hash {
			return true
		}
	}
	return false
}
