package schedule_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bcn-bot/bcn/internal/schedule"
)

func TestDescribe(t *testing.T) {
	t.Parallel()
	tokyo := parse(t, "@daily", "Asia/Tokyo").Zone()
	zero, clock := []int{0}, func(h, m int) []schedule.Clock { return []schedule.Clock{{Hour: h, Minute: m}} }
	for text, want := range map[string]schedule.Understanding{
		"at 2027-01-05 09:30": {Kind: schedule.KindOnce, At: time.Date(2027, 1, 5, 9, 30, 0, 0, tokyo)},
		"every 7m":            {Kind: schedule.KindInterval, Every: 7 * time.Minute, Since: time.Date(2026, 11, 22, 19, 8, 0, 0, tokyo)},
		"* * * * *":           {Kind: schedule.KindSteps, Every: time.Minute},
		"every 30m":           {Kind: schedule.KindSteps, Every: 30 * time.Minute, Minutes: []int{0, 30}},
		"0,30 0-23 * * *":     {Kind: schedule.KindSteps, Every: 30 * time.Minute, Minutes: []int{0, 30}},
		"@hourly":             {Kind: schedule.KindSteps, Every: time.Hour, Minutes: zero},
		"every 8h": {
			Kind: schedule.KindSteps, Every: 8 * time.Hour, Minutes: zero, Hours: []int{0, 8, 16},
			Times: []schedule.Clock{{0, 0}, {8, 0}, {16, 0}},
		},
		"15 * * * *":     {Kind: schedule.KindHourly, Minutes: []int{15}},
		"*/45 * * * *":   {Kind: schedule.KindHourly, Minutes: []int{0, 45}},
		"0 2 * * *":      {Kind: schedule.KindDaily, Minutes: zero, Hours: []int{2}, Times: clock(2, 0)},
		"every 24h":      {Kind: schedule.KindDaily, Minutes: zero, Hours: zero, Times: clock(0, 0)},
		"0 2 1-31 * mon": {Kind: schedule.KindDaily, Minutes: zero, Hours: []int{2}, Times: clock(2, 0)},
		"mondays at 10": {
			Kind: schedule.KindWeekly, Minutes: zero, Hours: []int{10}, Times: clock(10, 0), Weekdays: []time.Weekday{time.Monday},
		},
		"30 10 * * 5-7": {
			Kind: schedule.KindWeekly, Minutes: []int{30}, Hours: []int{10}, Times: clock(10, 30),
			Weekdays: []time.Weekday{time.Sunday, time.Friday, time.Saturday},
		},
		"@monthly": {Kind: schedule.KindMonthly, Minutes: zero, Hours: zero, Times: clock(0, 0), Days: []int{1}},
		"@yearly": {
			Kind: schedule.KindYearly, Minutes: zero, Hours: zero, Times: clock(0, 0), Days: []int{1}, Months: []time.Month{time.January},
		},
		"0 2 13 * fri": {
			Kind: schedule.KindMixed, Minutes: zero, Hours: []int{2}, Times: clock(2, 0), Days: []int{13},
			Weekdays: []time.Weekday{time.Friday}, Either: true,
		},
		"*/5 9 * * mon": {
			Kind: schedule.KindWeekly, Hours: []int{9}, Weekdays: []time.Weekday{time.Monday},
			Minutes: []int{0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55},
			Times: []schedule.Clock{
				{9, 0}, {9, 5}, {9, 10}, {9, 15}, {9, 20}, {9, 25}, {9, 30}, {9, 35}, {9, 40}, {9, 45}, {9, 50}, {9, 55},
			},
		},
		"0 * * * mon": {Kind: schedule.KindMixed, Minutes: zero, Weekdays: []time.Weekday{time.Monday}},
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			want.Zone = "Asia/Tokyo"
			if d := cmp.Diff(want, schedule.Describe(parse(t, text, "Asia/Tokyo"))); d != "" {
				t.Error(d)
			}
		})
	}
	t.Run("nothing is understood of nothing", func(t *testing.T) {
		t.Parallel()
		var none schedule.Spec
		if d := cmp.Diff(schedule.Understanding{}, schedule.Describe(none)); d != "" {
			t.Error(d)
		}
		if _, ok := none.Next(added()); ok {
			t.Error("it has a tick")
		}
	})
}
