package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bcn-bot/bcn/internal/approval"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

const followUpColumns = `change, person, reason, skipped, told, overrode, at, due_at, reminded, acknowledged_by, acknowledged_at, note`

func scanFollowUp(row pgx.CollectableRow) (bcn.FollowUp, error) {
	var (
		f                       bcn.FollowUp
		skipped, told, overrode []byte
	)
	err := row.Scan(&f.ID, &f.Person, &f.Reason, &skipped, &told, &overrode, &f.At, &f.DueAt, &f.Reminded,
		&f.AcknowledgedBy, &f.AcknowledgedAt, &f.Note)
	if err != nil {
		return f, err
	}
	return f, errors.Join(json.Unmarshal(skipped, &f.Skipped), json.Unmarshal(told, &f.Told), json.Unmarshal(overrode, &f.Overrode))
}

func followUps(ctx context.Context, q querier, where string, args ...any) ([]bcn.FollowUp, error) {
	rows, err := q.Query(ctx, `select `+followUpColumns+` from follow_up where `+where, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanFollowUp)
}

// sealFollowUp seals a row that was just written. What moves later (reminders,
// the acknowledgement) is sealed again each time.
func (t *txn) sealFollowUp(ctx context.Context, id bcn.ID) error {
	var row []byte
	if err := t.QueryRow(ctx, `select to_jsonb(follow_up) from follow_up where change = $1`, int64(id)).Scan(&row); err != nil {
		return err
	}
	return t.seal(ctx, "follow_up", row, `change = $1`, int64(id))
}

// provenFollowUp locks a row and checks its seal.
func (t *txn) provenFollowUp(ctx context.Context, id bcn.ID) (bcn.FollowUp, error) {
	var row, mac []byte
	err := t.QueryRow(ctx, `select to_jsonb(follow_up), mac from follow_up where change = $1 for update`, int64(id)).Scan(&row, &mac)
	if _, err = found(0, err); err != nil {
		return bcn.FollowUp{}, err
	}
	if err := t.sealed("follow_up", row, mac); err != nil {
		return bcn.FollowUp{}, err
	}
	list, err := followUps(ctx, t, `change = $1`, int64(id))
	if err != nil {
		return bcn.FollowUp{}, err
	}
	return list[0], nil
}

// storeFollowUp opens the follow-up of a change that starts without approval,
// where the person did not do so too often, by whatever account. Two that start
// at once are counted one after the other.
func (t *txn) storeFollowUp(ctx context.Context, c bcn.Change, m deploy.Move) error {
	if m.FollowUp == nil {
		return nil
	}
	f := m.FollowUp.Row
	if _, err := t.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended('glass', 0))`); err != nil {
		return err
	}
	used, err := glassUsed(ctx, t, f.Person, m.FollowUp.Accounts, m.FollowUp.Per)
	if err != nil {
		return err
	}
	if used >= m.FollowUp.Limit {
		return bcn.E(bcn.CodeGlassLimit, "limit", strconv.Itoa(m.FollowUp.Limit), "per", m.FollowUp.Per.String())
	}
	_, err = t.Exec(ctx, `insert into follow_up (change, person, reason, skipped, told, overrode, at, due_at, remind_at, accounts, mac)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '')`, int64(c.ID), f.Person, f.Reason, canonical(f.Skipped),
		canonical(listed(f.Told)), canonical(listed(f.Overrode)), f.At, f.DueAt, f.At.Add(bcn.RemindAfter(0)),
		canonical(listed(m.FollowUp.Accounts)))
	if err != nil {
		return fmt.Errorf("open the follow-up: %w", err)
	}
	if err := t.sealFollowUp(ctx, c.ID); err != nil {
		return err
	}
	return t.record("break_glass", f.Person, c.ID, map[string]any{
		"person": f.Person, "reason": f.Reason, "skipped": approval.Who(f.Skipped), "told": strings.Join(f.Told, ", "),
		"overrode": strings.Join(f.Overrode, "; "), "hash": m.From.Plan.Hash, "due": f.DueAt.UTC().Format(time.RFC3339),
	})
}

// listed writes no list as an empty one.
func listed(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

// proveGlass checks that a plan which skips an approval, or a scan, is one whose requester
// said so when it was asked for, by the log, and that it leaves a follow-up
// behind: a plan, or a wish, that was changed past bcn opens no gate.
func (t *txn) proveGlass(ctx context.Context, m deploy.Move) error {
	var bytes []byte
	id := m.From.Change.ID
	if err := t.QueryRow(ctx, `select bytes from plan where change = $1`, int64(id)).Scan(&bytes); err != nil {
		return err
	}
	var p bcn.Plan
	if err := json.Unmarshal(bytes, &p); err != nil {
		return fmt.Errorf("read the plan of %s: %w", id, err)
	}
	if p.BreakGlass == nil {
		if m.FollowUp != nil {
			return bcn.E(bcn.CodeTampered, "what", "plan")
		}
		return nil
	}
	if (p.Skips() || p.BreakGlass.Scan) && (m.FollowUp == nil || approval.Who(m.FollowUp.Row.Skipped) != approval.Who(p.BreakGlass.Skipped)) {
		return bcn.E(bcn.CodeTampered, "what", "plan")
	}
	for _, begun := range []bcn.ChangeState{bcn.ChangePlanning, bcn.ChangeWaitingTurn} {
		ok, err := t.auditOf(ctx, "change."+string(begun), id, map[string]string{"break_glass": "true"})
		if err != nil || ok {
			return err
		}
	}
	return bcn.E(bcn.CodeTampered, "what", "change")
}

// GlassUsed answers how often a person, of whom these accounts are known, went
// without approval in that time: by what is to be acknowledged or by the log,
// whichever says more, so that a row that is gone frees no place.
func (s *Store) GlassUsed(ctx context.Context, person string, accounts []string, per time.Duration) (int, error) {
	return glassUsed(ctx, s.pool, person, accounts, per)
}

func glassUsed(ctx context.Context, q querier, person string, accounts []string, per time.Duration) (int, error) {
	rows, err := q.Query(ctx, `select greatest(
			(select count(*) from follow_up where `+sameAsker+` and at > bcn_now() - $3::interval),
			(select count(*) from audit_entry where split_part(kind, '.', 1) = 'break_glass' and kind = 'break_glass'
				and (actor = $1 or actor = any($2::text[])) and at > bcn_now() - $3::interval))`, person, listed(accounts), per)
	if err != nil {
		return 0, err
	}
	return pgx.CollectExactlyOneRow(rows, pgx.RowTo[int])
}

// FollowUp answers what is to be acknowledged of a change; see deploy.Store.
func (s *Store) FollowUp(ctx context.Context, id bcn.ID) (bcn.FollowUp, error) {
	var f bcn.FollowUp
	err := s.tx(ctx, func(t *txn) (err error) {
		f, err = t.provenFollowUp(ctx, id)
		return err
	})
	return f, err
}

// OpenFollowUps answers what nobody has acknowledged, oldest first.
func (s *Store) OpenFollowUps(ctx context.Context) ([]bcn.FollowUp, error) {
	return followUps(ctx, s.pool, `acknowledged_at is null order by at, change limit 200`)
}

// Acknowledge settles an open follow-up; see deploy.Store.
func (s *Store) Acknowledge(ctx context.Context, o deploy.Origin, id bcn.ID, person string, teams []string, note string, notes func(bcn.FollowUp) []deploy.Note) error {
	err := s.tx(ctx, func(t *txn) error {
		if err := t.settle(ctx, o); err != nil {
			return err
		}
		f, err := t.provenFollowUp(ctx, id)
		if err != nil {
			return err
		}
		if !f.Open() {
			return bcn.E(bcn.CodeAcknowledged, "id", id.String(), "by", f.AcknowledgedBy, "at", f.AcknowledgedAt.UTC().Format(time.RFC3339))
		}
		if f.Person == person || len(teams) == 0 { // asked before, of what was read then
			return bcn.E(bcn.CodeOwnFollowUp, "id", id.String(), "who", approval.Who(f.Skipped))
		}
		err = t.QueryRow(ctx, `update follow_up set acknowledged_by = $2, acknowledged_at = bcn_now(), teams = $3, note = $4
			where change = $1 and acknowledged_at is null returning acknowledged_at`, int64(id), person, canonical(teams), note).Scan(&f.AcknowledgedAt)
		if err != nil {
			return err
		}
		if err := t.sealFollowUp(ctx, id); err != nil {
			return err
		}
		f.AcknowledgedBy, f.Note = person, note
		if err := t.say(ctx, id, notes(f)); err != nil {
			return err
		}
		if err := t.refreshCard(ctx, id, true); err != nil {
			return err
		}
		return t.record("break_glass.acknowledged", person, id, map[string]any{"person": person, "teams": teams, "note": note})
	})
	if err == nil {
		s.log.Info("break-glass acknowledged", "change", int64(id), "actor", person)
	}
	return err
}

// RemindFollowUps says what notes answers of each follow-up whose time to be
// reminded of has come, once each. A row that bcn did not write is tampered, and
// does not keep the others from being told.
func (s *Store) RemindFollowUps(ctx context.Context, notes func(bcn.FollowUp, bcn.Change) []deploy.Note) error {
	var tampered []error
	err := s.tx(ctx, func(t *txn) error {
		due, err := followUps(ctx, t, `acknowledged_at is null and remind_at <= bcn_now() order by remind_at limit 50 for update skip locked`)
		if err != nil {
			return err
		}
		for _, f := range due {
			_, err := t.provenFollowUp(ctx, f.ID)
			if bcn.CodeOf(err) == bcn.CodeTampered {
				tampered = append(tampered, fmt.Errorf("follow-up of %s: %w", f.ID, err))
				continue
			}
			if err == nil {
				err = t.remind(ctx, f, notes)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	return errors.Join(append(tampered, err)...)
}

func (t *txn) remind(ctx context.Context, f bcn.FollowUp, notes func(bcn.FollowUp, bcn.Change) []deploy.Note) error {
	c, err := oneChange(ctx, t, `id = $1`, int64(f.ID))
	if err != nil {
		return err
	}
	if err := t.remindNext(ctx, &f); err != nil {
		return err
	}
	return t.say(ctx, f.ID, notes(f, c))
}

// remindNext counts a reminder and sets the time of the next: one for which
// bcn was too late is not made up for.
func (t *txn) remindNext(ctx context.Context, f *bcn.FollowUp) error {
	var now time.Time
	if err := t.QueryRow(ctx, `select bcn_now()`).Scan(&now); err != nil {
		return err
	}
	f.Reminded++
	for !f.At.Add(bcn.RemindAfter(f.Reminded)).After(now) {
		f.Reminded++
	}
	_, err := t.Exec(ctx, `update follow_up set reminded = $2, remind_at = $3 where change = $1`,
		int64(f.ID), f.Reminded, f.At.Add(bcn.RemindAfter(f.Reminded)))
	if err != nil {
		return err
	}
	return t.sealFollowUp(ctx, f.ID)
}
