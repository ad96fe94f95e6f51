package schedule_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bcn-bot/bcn/internal/schedule"
)

func TestCalendar(t *testing.T) {
	t.Parallel()
	from, to := at("00:00:00"), at("00:00:00").AddDate(0, 0, 1)
	type entry struct {
		text, zone, subject string
		lasts               time.Duration
		skip                []time.Time
	}
	for name, c := range map[string]struct {
		entries []entry
		bounds  schedule.Bounds
		want    []string
	}{
		"entries are merged by time, over zones": {
			entries: []entry{{text: "0 12 * * *", zone: "Asia/Tokyo"}, {text: "0 2,4 * * *", zone: "UTC"}},
			want:    []string{"02:00 b", "03:00 a", "04:00 b"},
		},
		"it begins with its first instant and ends before its last": {
			entries: []entry{{text: "@daily", zone: "UTC"}},
			want:    []string{"00:00 a"},
		},
		"at the same time the order is that of the entries": {
			entries: []entry{{text: "0 1 * * *", zone: "UTC"}, {text: "0 1 * * *", zone: "UTC"}},
			want:    []string{"01:00 a", "01:00 b"},
		},
		"a tick that will be skipped is left out": {
			entries: []entry{{text: "0 1,2 * * *", zone: "UTC", skip: []time.Time{at("01:00:00")}}},
			want:    []string{"02:00 a"},
		},
		"an entry has a bound": {
			entries: []entry{{text: "* * * * *", zone: "UTC"}, {text: "0 5 * * *", zone: "UTC"}},
			bounds:  schedule.Bounds{PerEntry: 2},
			want:    []string{"00:00 a", "00:01 a", "05:00 b", "a from 00:02"},
		},
		"all have a bound": {
			entries: []entry{{text: "* * * * *", zone: "UTC"}, {text: "0 5 * * *", zone: "UTC"}},
			bounds:  schedule.Bounds{PerEntry: 5, Total: 3},
			want:    []string{"00:00 a", "00:01 a", "00:02 a", "a from 00:03", "b from 05:00"},
		},
		"runs of one subject that meet": {
			entries: []entry{
				{text: "0 1 * * *", zone: "UTC", subject: "hello staging", lasts: 30 * time.Minute},
				{text: "20 1 * * *", zone: "UTC", subject: "hello staging", lasts: time.Minute},
				{text: "25 1 * * *", zone: "UTC", subject: "hello staging", lasts: time.Hour},
				{text: "10 1 * * *", zone: "UTC", subject: "hello production", lasts: time.Hour},
				{text: "10 1 * * *", zone: "UTC", lasts: time.Hour},
			},
			want: []string{"01:00 a", "01:10 d", "01:10 e", "01:20 b", "01:25 c", "a meets b 01:20-01:21", "a meets c 01:25-01:30"},
		},
		"a run that ends when the next begins meets nobody": {
			entries: []entry{
				{text: "0 1 * * *", zone: "UTC", subject: "s", lasts: 30 * time.Minute},
				{text: "30 1 * * *", zone: "UTC", subject: "s"},
			},
			want: []string{"01:00 a", "01:30 b"},
		},
		"without a duration they meet in the same minute only": {
			entries: []entry{{text: "0 1 * * *", zone: "UTC", subject: "s"}, {text: "0,1 1 * * *", zone: "UTC", subject: "s"}},
			want:    []string{"01:00 a", "01:00 b", "01:01 b", "a meets b 01:00-01:01"},
		},
		"a schedule may meet itself": {
			entries: []entry{{text: "0 1-3 * * *", zone: "UTC", subject: "s", lasts: 90 * time.Minute}},
			bounds:  schedule.Bounds{Overlaps: 1},
			want:    []string{"01:00 a", "02:00 a", "03:00 a", "a meets a 02:00-02:30"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var entries []schedule.Entry
			for i, e := range c.entries {
				entries = append(entries, schedule.Entry{
					ID: string(rune('a' + i)), Subject: e.subject, Spec: parse(t, e.text, e.zone), Lasts: e.lasts, Skip: e.skip,
				})
			}
			got := shown(entries, schedule.Calendar(entries, from, to, c.bounds))
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func shown(entries []schedule.Entry, a schedule.Agenda) []string {
	clock := func(t time.Time) string { return t.UTC().Format("15:04") }
	id := func(o int) string { return entries[a.Occurrences[o].Entry].ID }
	var out []string
	for i, o := range a.Occurrences {
		out = append(out, clock(o.At)+" "+id(i))
	}
	for _, c := range a.Cuts {
		out = append(out, entries[c.Entry].ID+" from "+clock(c.From))
	}
	for _, o := range a.Overlaps {
		out = append(out, fmt.Sprintf("%s meets %s %s-%s", id(o.First), id(o.Second), clock(o.From), clock(o.To)))
	}
	return out
}
