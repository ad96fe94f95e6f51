package schedule_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/bcn-bot/bcn/internal/schedule"
)

// The independent computation: it walks through every real minute of a year,
// asks the zone what the clock on the wall shows, and compares that with
// predicates that were drawn together with the text. It knows neither the
// parser nor where a zone's offset changes; it sees only that the clock jumps.

// minute is a reading, in minutes since 1970 as if the zone were UTC, taken
// apart.
type minute struct {
	reading       int64
	month, day    uint8
	hour, min, wd uint8
}

func readClock(reading int64) minute {
	w := time.Unix(reading*60, 0).UTC()
	return minute{reading, uint8(w.Month()), uint8(w.Day()), uint8(w.Hour()), uint8(w.Minute()), uint8(w.Weekday())}
}

// walked is a stretch of time in a zone, which was walked through minute for
// minute.
type walked struct {
	zone       *time.Location
	start, end time.Time
	runs       []run
}

// run is a number of minutes in which the clock shows one hour and goes on
// minute by minute. Before is the reading in the minute before it.
type run struct {
	start   time.Time
	first   minute
	minutes int
	before  int64
}

func walk(tb testing.TB, zone string, from, to time.Time) walked {
	tb.Helper()
	loc, err := time.LoadLocation(zone)
	if err != nil {
		tb.Fatal(err)
	}
	w := walked{zone: loc, start: from, end: to}
	before := int64(-1)
	for at := from; at.Before(to); at = at.Add(time.Minute) {
		l := at.In(loc)
		y, mo, d := l.Date()
		reading := time.Date(y, mo, d, l.Hour(), l.Minute(), 0, 0, time.UTC).Unix() / 60
		if before < 0 {
			before = reading - 1
		}
		if last := len(w.runs) - 1; last >= 0 && reading == before+1 && reading%60 != 0 {
			w.runs[last].minutes++
		} else {
			w.runs = append(w.runs, run{at, readClock(reading), 1, before})
		}
		before = reading
	}
	return w
}

// part is a drawn field: its text, which values it means, and whether it was
// written as a star.
type part struct {
	text  string
	means [61]bool
	star  bool
}

func (p part) least() int {
	for v, meant := range p.means {
		if meant {
			return v
		}
	}
	return 0
}

// expression is a drawn cron expression.
type expression struct{ minute, hour, day, month, weekday part }

func (e expression) text() string {
	return strings.Join([]string{e.minute.text, e.hour.text, e.day.text, e.month.text, e.weekday.text}, " ")
}

func (e expression) matches(m minute) bool {
	if !e.minute.means[m.min] || !e.hour.means[m.hour] || !e.month.means[m.month] {
		return false
	}
	if e.day.star || e.weekday.star {
		return e.day.means[m.day] && e.weekday.means[m.wd]
	}
	return e.day.means[m.day] || e.weekday.means[m.wd]
}

// everyHour says whether the expression follows the clock in every real hour.
func (e expression) everyHour() bool {
	for h := range 24 {
		if !e.hour.means[h] {
			return false
		}
	}
	return true
}

// ticks is the computation.
func (e expression) ticks(w walked) []time.Time {
	var out []time.Time
	everyHour := e.everyHour()
	shown := map[int64]bool{} // fixed hours: matching readings whose turn has come
	for _, r := range w.runs {
		skipped := false
		for reading := r.before + 1; reading < r.first.reading && !everyHour; reading++ {
			if e.matches(readClock(reading)) && !shown[reading] {
				shown[reading], skipped = true, true
			}
		}
		for k := range r.minutes {
			m := r.first
			m.min += uint8(k)
			m.reading += int64(k)
			fires := e.matches(m) && (everyHour || !shown[m.reading])
			if fires {
				shown[m.reading] = true
			}
			if fires || skipped && k == 0 {
				out = append(out, r.start.Add(time.Duration(k)*time.Minute))
			}
			if !e.hour.means[m.hour] {
				break // no other minute of this hour matches
			}
		}
	}
	return out
}

// drawPart draws one to three items of a field.
func drawPart(t *rapid.T, label string, low, high int, names []string) part {
	var p part
	var texts []string
	for range rapid.SampledFrom([]int{1, 1, 1, 2, 3}).Draw(t, label+" items") {
		from := rapid.IntRange(low, high).Draw(t, label+" from")
		to := rapid.IntRange(from, high).Draw(t, label+" to")
		step := rapid.SampledFrom([]int{1, 2, 3, 5, 7}).Draw(t, label+" step")
		write := func(v int) string {
			if names != nil && rapid.Bool().Draw(t, label+" by name") {
				return names[v-low]
			}
			return fmt.Sprint(v)
		}
		var text string
		switch rapid.IntRange(0, 5).Draw(t, label+" form") {
		case 0, 1:
			text, to, step = write(from), from, 1
		case 2:
			text, step = write(from)+"-"+write(to), 1
		case 3:
			text = fmt.Sprintf("%s-%s/%d", write(from), write(to), step)
		case 4:
			text, from, to = fmt.Sprintf("*/%d", step), low, high
			p.star = p.star || step == 1
		default:
			text, from, to, step = "*", low, high, 1
			p.star = true
		}
		for v := from; v <= to; v += step {
			p.means[v] = true
		}
		texts = append(texts, text)
	}
	p.text = strings.Join(texts, ",")
	return p
}

// two means two values.
func two(a, b int) part {
	p := part{text: fmt.Sprintf("%d,%d", a, b)}
	p.means[a], p.means[b] = true, true
	return p
}

func drawExpression(t *rapid.T) expression {
	anything := part{text: "*", star: true}
	for i := range anything.means {
		anything.means[i] = true
	}
	e := expression{
		minute: drawPart(t, "minute", 0, 59, nil), hour: drawPart(t, "hour", 0, 23, nil),
		day: anything, month: anything, weekday: anything,
	}
	if rapid.IntRange(0, 19).Draw(t, "few minutes") > 0 { // a year of every minute takes long
		e.minute = two(e.minute.least(), rapid.IntRange(0, 59).Draw(t, "minute"))
	}
	if rapid.IntRange(0, 3).Draw(t, "few hours") > 0 {
		e.hour = two(e.hour.least(), rapid.IntRange(0, 23).Draw(t, "hour"))
	}
	if rapid.Bool().Draw(t, "some days") {
		e.day = drawPart(t, "day", 1, 31, nil)
	}
	if rapid.IntRange(0, 3).Draw(t, "some months") == 0 {
		e.month = drawPart(t, "month", 1, 12, []string{
			"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
		})
	}
	if rapid.Bool().Draw(t, "some weekdays") {
		e.weekday = drawPart(t, "weekday", 0, 6, []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"})
	}
	return e
}

// compare asks for every tick of the year, one after the other.
func compare(tb rapid.TB, e expression, w walked) {
	tb.Helper()
	want := e.ticks(w)
	s, err := schedule.Parse(e.text(), w.zone.String(), w.start)
	if err != nil {
		if len(want) > 0 || !strings.Contains(err.Error(), string(schedule.ProblemNeverFires)) {
			tb.Fatalf("%q: %v, though it has %d ticks", e.text(), err, len(want))
		}
		return
	}
	var got []time.Time
	for at, ok := s.Next(w.start.Add(-1)); ok && at.Before(w.end); at, ok = s.Next(at) {
		if at.Second() != 0 || at.Nanosecond() != 0 || at.Location() != s.Zone() {
			tb.Fatalf("%q: %v is not a whole minute in %v", e.text(), at, s.Zone())
		}
		got = append(got, at.UTC())
		if len(got) > len(want)+10 {
			break
		}
	}
	if !slices.EqualFunc(want, got, time.Time.Equal) {
		tb.Fatalf("%q in %v: %s", e.text(), w.zone, cmp.Diff(local(inZone(want, w.zone)), local(inZone(got, w.zone))))
	}
	compareWithinJumps(tb, e, s, w, want)
}

// compareWithinJumps asks from the minutes around each jump of the clock, which
// asking from tick to tick passes over.
func compareWithinJumps(tb rapid.TB, e expression, s schedule.Spec, w walked, want []time.Time) {
	tb.Helper()
	for _, r := range w.runs {
		if r.before+1 == r.first.reading {
			continue
		}
		for k := -150; k < 150; k += 10 {
			after := r.start.Add(time.Duration(k)*time.Minute - time.Second)
			i := slices.IndexFunc(want, func(at time.Time) bool { return at.After(after) })
			if i < 0 {
				continue
			}
			if got, _ := s.Next(after); !got.Equal(want[i]) {
				tb.Fatalf("%q after %v: got %v, want %v", e.text(), after.In(w.zone), got, want[i].In(w.zone))
			}
		}
	}
}

func inZone(ticks []time.Time, zone *time.Location) []time.Time {
	out := make([]time.Time, len(ticks))
	for i, at := range ticks {
		out[i] = at.In(zone)
	}
	return out
}

func zones() []string {
	return []string{"Asia/Tokyo", "Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"}
}

func TestEveryTickOfAYearFiresOnceAtTheRightLocalTime(t *testing.T) {
	t.Parallel()
	for i, zone := range zones() {
		t.Run(zone, func(t *testing.T) {
			t.Parallel()
			year := 2026 + i // 2028 is a leap year
			w := walk(t, zone, time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(year+1, 1, 1, 0, 0, 0, 0, time.UTC))
			rapid.Check(t, func(t *rapid.T) { compare(t, drawExpression(t), w) })
		})
	}
}

// TestEveryTickWhereZonesAreOdd is the same for the days around what a year of
// those zones does not hold.
func TestEveryTickWhereZonesAreOdd(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		zone  string
		year  int
		month time.Month
		day   int
	}{
		"midnight does not exist":                 {"America/Sao_Paulo", 2018, 11, 4},
		"midnight comes twice":                    {"America/Havana", 2027, 11, 7},
		"the last hour of a day comes twice":      {"America/Sao_Paulo", 2018, 2, 18},
		"a whole day does not exist":              {"Pacific/Apia", 2011, 12, 30},
		"the clock skips two hours":               {"Antarctica/Troll", 2027, 3, 28},
		"the clock repeats two hours":             {"Antarctica/Troll", 2027, 10, 31},
		"the offset has 45 minutes":               {"Pacific/Chatham", 2027, 9, 26},
		"the clock skips half an hour":            {"Australia/Lord_Howe", 2027, 10, 3},
		"the clock repeats half an hour":          {"Australia/Lord_Howe", 2027, 4, 4},
		"summer time ends for a month":            {"Africa/Casablanca", 2027, 2, 7},
		"a leap year ends beyond the zone's list": {"Europe/London", 2040, 12, 31},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			jump := time.Date(c.year, c.month, c.day, 0, 0, 0, 0, time.UTC)
			w := walk(t, c.zone, jump.AddDate(0, 0, -4), jump.AddDate(0, 0, 4))
			rapid.Check(t, func(t *rapid.T) {
				e := drawExpression(t)
				if rapid.Bool().Draw(t, "around midnight") {
					a, b := rapid.IntRange(0, 4).Draw(t, "hour"), rapid.IntRange(0, 4).Draw(t, "other hour")
					e.hour = two((a+23)%24, (b+23)%24)
				}
				compare(t, e, w)
			})
		})
	}
}

func TestNextDoesNotDependOnHowOftenItIsAsked(t *testing.T) {
	t.Parallel()
	texts := []string{"every 7m", "every 90m", "every 2 days", "every 5h", "at 2027-10-31 01:30", "mondays at 1:30"}
	rapid.Check(t, func(t *rapid.T) {
		zone := rapid.SampledFrom(zones()).Draw(t, "zone")
		fires := func(text string) bool {
			_, err := schedule.Parse(text, zone, added())
			return err == nil
		}
		drawn := rapid.Custom(func(t *rapid.T) string { return drawExpression(t).text() }).Filter(fires)
		text := rapid.OneOf(rapid.SampledFrom(texts), drawn).Draw(t, "text")
		s, err := schedule.Parse(text, zone, added())
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		after := added().Add(time.Duration(rapid.Int64Range(0, int64(2*366*24*time.Hour)).Draw(t, "after")))
		next, ok := s.Next(after)
		if !ok {
			return
		}
		if !next.After(after) {
			t.Fatalf("%q: %v is not after %v", text, next, after)
		}
		between := after.Add(time.Duration(rapid.Int64Range(0, int64(next.Sub(after))-1).Draw(t, "between")))
		if again, _ := s.Next(between); !again.Equal(next) {
			t.Errorf("%q: after %v comes %v, but after %v comes %v", text, after, next, between, again)
		}
		stored, err := schedule.Parse(s.String(), s.Zone().String(), added())
		if again, _ := stored.Next(after); err != nil || !again.Equal(next) {
			t.Errorf("%q: stored and read again it has %v, not %v: %v", text, again, next, err)
		}
	})
}
