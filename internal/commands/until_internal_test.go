package commands

import (
	"testing"
	"time"
)

func TestUntil(t *testing.T) {
	t.Parallel()
	tokyo := time.FixedZone("JST", 9*3600)
	now := time.Date(2026, 11, 27, 15, 0, 0, 0, tokyo) // a Friday
	for said, want := range map[string]string{
		"friday": "2026-11-28 00:00", "Fri 18:00": "2026-11-27 18:00", "fri 14:00": "2026-12-04 14:00", "thurs": "",
		"thu": "2026-12-04 00:00", "monday 09:30": "2026-11-30 09:30", "tomorrow": "2026-11-29 00:00", "today 17:00": "2026-11-27 17:00",
		"2026-12-31": "2027-01-01 00:00", "2026-12-31 12:00": "2026-12-31 12:00", "2026-02-30": "", "": "", "soon": "", "friday 25:00": "", "friday at 9": "",
	} {
		got, ok := untilWhen(said, now)
		if at := got.Format("2006-01-02 15:04"); ok != (want != "") || ok && at != want {
			t.Errorf("%q is %s, %v, want %q", said, at, ok, want)
		}
	}
}
