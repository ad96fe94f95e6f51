package config

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func window(t *testing.T, days, hours, zone string) Window {
	t.Helper()
	w := Window{Days: [7]bool{true, true, true, true, true, true, true}, To: day}
	if days != "" && readDays(days, &w.Days) != "" || hours != "" && readHours(hours, &w) != "" || readZone(zone, &w.Zone) != "" {
		t.Fatal("a bad window in a test")
	}
	return w
}

func TestWindows(t *testing.T) {
	t.Parallel()
	office := window(t, "mon-fri", "09:00-17:00", "Asia/Tokyo")
	night := window(t, "fri", "22:00-06:00", "UTC")
	gap := window(t, "", "02:15-02:45", "America/New_York") // on 2026-03-08 it does not exist
	into := window(t, "", "02:30-04:00", "America/New_York")
	twice := window(t, "", "01:30-01:45", "America/New_York") // on 2026-11-01 it comes twice
	for _, c := range []struct {
		name string
		w    Window
		at   string
		next string // empty: it is open
	}{
		{"in office hours", office, "2026-11-20T09:30:00+09:00", ""},
		{"at their first moment", office, "2026-11-20T09:00:00+09:00", ""},
		{"a moment before", office, "2026-11-20T08:59:59+09:00", "2026-11-20T09:00:00+09:00"},
		{"at their end", office, "2026-11-20T17:00:00+09:00", "2026-11-23T09:00:00+09:00"},
		{"on the weekend", office, "2026-11-21T12:00:00Z", "2026-11-23T00:00:00Z"},
		{"the night that began on friday", night, "2026-11-21T05:59:00Z", ""},
		{"and the one that did not", night, "2026-11-20T05:59:00Z", "2026-11-20T22:00:00Z"},
		{"a time that the clocks leave out is that day's no time", gap, "2026-03-08T06:30:00Z", "2026-03-09T06:15:00Z"},
		{"one that they cut begins as they are put forward", into, "2026-03-08T06:30:00Z", "2026-03-08T07:00:00Z"},
		{"a time that comes twice opens at the first", twice, "2026-11-01T05:00:00Z", "2026-11-01T05:30:00Z"},
		{"and is closed in between", twice, "2026-11-01T05:50:00Z", "2026-11-01T06:30:00Z"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			at, err := time.Parse(time.RFC3339, c.at)
			if err != nil {
				t.Fatal(err)
			}
			open, next := OpenWindow([]Window{c.w}, at)
			if open != (c.next == "") {
				t.Fatalf("open %v", open)
			}
			if want, _ := time.Parse(time.RFC3339, c.next); !open && !next.Equal(want) {
				t.Errorf("opens %s, want %s", next, want)
			}
		})
	}
	t.Run("the first of several counts", func(t *testing.T) {
		t.Parallel()
		at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
		if open, next := OpenWindow([]Window{office, night, window(t, "sun", "", "UTC")}, at); open || !next.Equal(at.Add(12*time.Hour)) {
			t.Errorf("%v %s", open, next)
		}
	})
	t.Run("none are always open", func(t *testing.T) {
		t.Parallel()
		if open, _ := OpenWindow(nil, time.Now()); !open {
			t.Error("closed")
		}
	})
}

// When a window opens next is what looking at the clock every minute finds, also
// over the days on which clocks are changed.
func TestNextIsTheFirstMinuteThatIsOpen(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := Window{From: rapid.IntRange(0, day-1).Draw(rt, "from"), To: rapid.IntRange(1, day).Draw(rt, "to")}
		for i := range w.Days {
			w.Days[i] = rapid.Bool().Draw(rt, "day")
		}
		zone := rapid.SampledFrom([]string{"UTC", "Asia/Tokyo", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu"}).Draw(rt, "zone")
		if wrong := readZone(zone, &w.Zone); wrong != "" {
			rt.Fatal(wrong)
		}
		if w.From == w.To { // no window that can be written
			w.To++
		}
		// Around the changes of 2026: those of New York, Berlin and Lord Howe.
		near := rapid.SampledFrom([]string{"2026-03-08", "2026-11-01", "2026-03-29", "2026-10-25", "2026-04-04", "2026-10-03", "2026-07-01"}).Draw(rt, "near")
		start, err := time.Parse(time.DateOnly, near)
		if err != nil {
			rt.Fatal(err)
		}
		at := start.Add(time.Duration(rapid.IntRange(-4*day, 2*day).Draw(rt, "minutes")) * time.Minute)
		if w.Open(at) {
			return
		}
		want := time.Time{}
		for m := 1; m <= 14*day; m++ {
			if t := at.Add(time.Duration(m) * time.Minute); w.Open(t) {
				want = t
				break
			}
		}
		got, ok := w.Next(at)
		if ok != !want.IsZero() || ok && !got.Equal(want) {
			rt.Fatalf("%s at %s: %s, want %s", w, at, got, want)
		}
	})
}
