package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/bcn-bot/bcn/internal/audit"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// RulesSeen is what became of the rules since bcn started last.
type RulesSeen struct {
	First   bool     // nothing was known before
	Same    bool     // they are what they were
	Before  []string // lines of the rules of the last start
	Altered bool     // what is stored of the last start is not what bcn wrote: anything may have been in it
}

// SawRules compares the lines of the rules with those of the last start and
// keeps them for the next. judge says whether they are weaker, and what is to be
// said of it; with the audit entry that is one transaction.
func (s *Store) SawRules(ctx context.Context, lines []string, judge func(RulesSeen) (weaker bool, notes []deploy.Note)) (RulesSeen, error) {
	var seen RulesSeen
	body, err := json.Marshal(lines)
	if err != nil {
		return seen, err
	}
	hash := rulesHash(lines)
	err = s.tx(ctx, func(t *txn) error {
		// Replicas that start at once say it once.
		if _, err := t.Exec(ctx, `select pg_advisory_xact_lock(20)`); err != nil {
			return err
		}
		var old string
		if seen, old, err = t.rulesSeen(ctx); err != nil {
			return err
		}
		if seen.Same = !seen.First && !seen.Altered && slices.Equal(seen.Before, lines); seen.Same {
			return nil
		}
		weaker, notes := judge(seen)
		_, err = t.Exec(ctx, `insert into rules_seen (hash, body, mac) values ($1, $2, $3)
			on conflict (one) do update set hash = excluded.hash, body = excluded.body, mac = excluded.mac, at = bcn_now()`,
			hash, body, s.key.MAC("rules seen", []byte(hash)))
		if err != nil {
			return err
		}
		if err := t.announce(ctx, notes); err != nil {
			return err
		}
		return t.record("rules.seen", bcn.SystemIdentity, 0, map[string]any{"hash": hash, "before": old, "weaker": weaker, "altered": seen.Altered})
	})
	return seen, err
}

func rulesHash(lines []string) string {
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	return hex.EncodeToString(sum[:])
}

// rulesSeen reads the rules of the last start, and whether they are what the log
// says that they were.
func (t *txn) rulesSeen(ctx context.Context) (RulesSeen, string, error) {
	var (
		seen      RulesSeen
		hash, log string
		body, mac []byte
	)
	err := t.QueryRow(ctx, `select coalesce((select body::jsonb ->> 'hash' from audit_entry where kind = 'rules.seen' order by seq desc limit 1), '')`).Scan(&log)
	if err != nil {
		return seen, "", err
	}
	err = t.QueryRow(ctx, `select hash, body, mac from rules_seen`).Scan(&hash, &body, &mac)
	if _, err = found(0, err); errors.Is(err, ErrNotFound) {
		seen.First, seen.Altered = log == "", log != ""
		return seen, log, nil
	}
	if err != nil {
		return seen, "", err
	}
	if err := json.NewDecoder(bytes.NewReader(body)).Decode(&seen.Before); err != nil {
		seen.Altered = true
	}
	if hash != log || hash != rulesHash(seen.Before) || !audit.Equal(mac, t.s.key.MAC("rules seen", []byte(hash))) {
		seen.Altered = true
	}
	return seen, log, nil
}
