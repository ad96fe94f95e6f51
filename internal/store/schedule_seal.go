package store

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// scheduleMAC seals what a schedule runs, for whom and when. Each of its entries
// in the log holds the seal of that time: its ticks run in its owner's name.
func (s *Store) scheduleMAC(in bcn.Schedule) (string, error) {
	owner, err := json.Marshal(in.Owner)
	if err != nil {
		return "", err
	}
	options, err := json.Marshal(in.Options)
	if err != nil {
		return "", err
	}
	return hex.EncodeToString(s.key.MAC("schedule", fmt.Append(nil, int64(in.ID)), []byte(in.Name), []byte(in.Spec), []byte(in.Zone),
		[]byte(in.Command), owner, []byte(in.Channel), options, fmt.Append(nil, in.File))), nil
}

// scheduleAsLogged says whether a schedule is as the last entry about it says.
// An entry without a seal is of a version that kept none: command and owner
// are compared.
func (t *txn) scheduleAsLogged(ctx context.Context, in bcn.Schedule) (bool, error) {
	e, whole, err := t.newest(ctx, `e.change = $1 and e.kind like 'schedule.%' and e.body like '%"command":%'`, int64(in.ID))
	if err != nil || !whole {
		return false, err
	}
	seal, err := t.s.scheduleMAC(in)
	if err != nil {
		return false, err
	}
	want := map[string]string{"name": in.Name, "command": in.Command, "owner": who(in.Owner)}
	if !holds(e.Body, map[string]string{"seal": "<nil>"}) {
		want["seal"] = seal
	}
	return holds(e.Body, want), nil
}
