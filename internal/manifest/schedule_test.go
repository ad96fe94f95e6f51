package manifest_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/bcn-bot/bcn/internal/manifest"
)

// scheduled is a file with one scheduled task.
func scheduled(expression string) string {
	return ofTasks(fmt.Sprintf("{schedule: %q, command: rake}", expression))
}

func TestSchedules(t *testing.T) {
	t.Parallel()
	for _, good := range []string{
		"rate(1 minute)", "rate(5 minutes)", "rate(1 hour)", "rate(12 hours)", "rate(1 day)", "rate(365 days)",
		"at(2027-01-31T09:00:00)", "at(2028-02-29T23:59:59)",
		"cron(0 1 ? * MON-FRI *)", "cron(0 9 * * ? *)", "cron(*/15 * * * ? *)", "cron(0/10 8-17 ? * 2-6 2027-2030)",
		"cron(1,2,3 0-23 L JAN,JUN ? 2027)", "cron(0 0 3W 1-12/2 ? *)", "cron(0 0 ? * 3#2 *)", "cron(0 0 ? * FRI#5 *)",
		"cron(0 0 ? * 5L *)", "cron(0 0 ? * L *)", "cron(0 10-20/5 1/7 * ? 2020)", "cron(0 0 29 2 ? *)", "cron(0 0 29 FEB ? 2028)", "cron(0 0 31,30 2,6 ? *)", "cron(0 0 31 2/2 ? *)", "cron(0 0 L 2 ? *)", "cron(0 0 28W 2 ? 2027)", "cron(59 23 31 dec ? 2199)", "cron( 0  1 1 1 ? 2027 )",
	} {
		t.Run(good+" is taken", func(t *testing.T) {
			t.Parallel()
			compare(t, nil, scheduled(good))
		})
	}
	const day = "one of day-of-month and day-of-week must be ?, and the other not (such as cron(0 9 ? * MON-FRI *))"
	const fields = " (minutes hours day-of-month month day-of-week year"
	for bad, want := range map[string]string{
		"":                                 "schedule must not be empty",
		"daily":                            `schedule cannot be "daily" (cron(0 9 ? * MON-FRI *), rate(5 minutes) or at(2027-01-31T09:00:00))`,
		"cron(0 9 ? * MON-FRI *":           `schedule cannot be "cron(0 9 ? * MON-FRI *" (cron(0 9 ? * MON-FRI *), rate(5 minutes) or at(2027-01-31T09:00:00))`,
		"Rate(1 hour)":                     `schedule cannot be "Rate(1 hour)" (cron(0 9 ? * MON-FRI *), rate(5 minutes) or at(2027-01-31T09:00:00))`,
		"cron(0 9 * * *)":                  "cron has six fields, not 5" + fields + "; is the year missing?)",
		"cron()":                           "cron has six fields, not 0" + fields + ")",
		"cron(0 0 9 * * ? *)":              "cron has six fields, not 7" + fields + ")",
		"cron(60 9 * * ? *)":               `minutes cannot be "60" (0 to 59)`,
		"cron(0 24 * * ? *)":               `hours cannot be "24" (0 to 23)`,
		"cron(0 9 0 * ? *)":                `day-of-month cannot be "0" (1 to 31)`,
		"cron(0 9 31-1 * ? *)":             `day-of-month cannot be "31-1" (1 to 31)`,
		"cron(0 9 * 13 ? *)":               `month cannot be "13" (1 to 12 or JAN to DEC)`,
		"cron(0 9 * ANF ? *)":              `month cannot be "ANF" (1 to 12 or JAN to DEC)`,
		"cron(0 9 ? * 0 *)":                `day-of-week cannot be "0" (1 to 7 or SUN to SAT)`,
		"cron(0 9 ? * FRI-MON *)":          `day-of-week cannot be "FRI-MON" (1 to 7 or SUN to SAT)`,
		"cron(0 9 ? * 2/2 *)":              `day-of-week cannot be "2/2" (1 to 7 or SUN to SAT)`,
		"cron(0 9 ? * 2#6 *)":              `day-of-week cannot be "2#6" (1 to 7 or SUN to SAT)`,
		"cron(0 9 ? * MON,? *)":            `day-of-week cannot be "MON,?" (1 to 7 or SUN to SAT)`,
		"cron(0 9 * * ? 2019)":             `year cannot be "2019" (2020 to 2199)`,
		"cron(0 0 31 2 ? *)":               `no such day ever comes: "31" of the month "2" (day-of-month and month must meet)`,
		"cron(0 0 30,31 FEB ? *)":          `no such day ever comes: "30,31" of the month "FEB" (day-of-month and month must meet)`,
		"cron(0 0 31 4,6,9,11 ? *)":        `no such day ever comes: "31" of the month "4,6,9,11" (day-of-month and month must meet)`,
		"cron(0 0 29 2 ? 2027)":            `no such day ever comes: "29" of the month "2" (day-of-month and month must meet)`,
		"at(2001-01-01T00:00:00)":          "at(2001-01-01T00:00:00) is over and never comes (such as at(2027-01-31T09:00:00))",
		"cron(*/0 9 * * ? *)":              `minutes cannot be "*/0" (0 to 59)`,
		"cron(1,,2 9 * * ? *)":             `minutes cannot be "1,,2" (0 to 59)`,
		"cron(-1 9 * * ? *)":               `minutes cannot be "-1" (0 to 59)`,
		"cron(? 9 * * ? *)":                `minutes cannot be "?" (0 to 59)`,
		"cron(0 9 * * * *)":                day,
		"cron(0 9 ? * ? *)":                day,
		"rate(0 minutes)":                  `rate cannot be "0 minutes" (a whole number and a unit, such as rate(5 minutes))`,
		"rate(05 minutes)":                 `rate cannot be "05 minutes" (a whole number and a unit, such as rate(5 minutes))`,
		"rate(five minutes)":               `rate cannot be "five minutes" (a whole number and a unit, such as rate(5 minutes))`,
		"rate(1 minutes)":                  `rate cannot be "1 minutes" (write rate(1 minute))`,
		"rate(5 minute)":                   `rate cannot be "5 minute" (write rate(5 minutes))`,
		"rate(30 seconds)":                 `rate cannot be of "seconds" (minutes, hours or days)`,
		"rate(1  hour)":                    `rate cannot be of " hour" (minutes, hours or days)`,
		"at(2027-02-29T09:00:00)":          `at cannot be "2027-02-29T09:00:00" (such as at(2027-01-31T09:00:00))`,
		"at(2027-01-31T09:00:00Z)":         `at cannot be "2027-01-31T09:00:00Z" (such as at(2027-01-31T09:00:00))`,
		"at(2027-01-31 09:00)":             `at cannot be "2027-01-31 09:00" (such as at(2027-01-31T09:00:00))`,
		"cron(0 9 ? * MON-FRI *); rm -rf)": "cron has six fields, not 8" + fields + ")",
	} {
		t.Run(bad+" is refused", func(t *testing.T) {
			t.Parallel()
			compare(t, []string{want}, scheduled(bad))
		})
	}
}

// TestEveryFieldIsBounded draws a value of each field: it is taken exactly
// when it lies within the field's bounds.
func TestEveryFieldIsBounded(t *testing.T) {
	t.Parallel()
	bounds := [][2]int{{0, 59}, {0, 23}, {1, 31}, {1, 12}, {1, 7}, {2020, 2199}}
	rapid.Check(t, func(t *rapid.T) {
		fields := []string{"0", "0", "?", "*", "?", "*"}
		i := rapid.IntRange(0, len(bounds)-1).Draw(t, "field")
		low, high := bounds[i][0], bounds[i][1]
		value := rapid.IntRange(0, high+30).Draw(t, "value")
		fields[i] = fmt.Sprint(value)
		if i != 4 {
			fields[2] = "1"
		}
		if i == 2 {
			fields[2] = fmt.Sprint(value)
		}
		_, problems := manifest.Parse("f", []byte(scheduled("cron("+strings.Join(fields, " ")+")")))
		if taken := !manifest.Failed(problems); taken != (value >= low && value <= high) {
			t.Errorf("%v: taken %t, %v", fields, taken, problems)
		}
	})
}
