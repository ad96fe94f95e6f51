package schedule_test

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/robfig/cron/v3"
	"pgregory.net/rapid"

	"github.com/bcn-bot/bcn/internal/schedule"
)

// FuzzParse: whatever is written, the answer is a schedule with ticks or a
// known problem at a place in the text.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"0 2 * * *", "*/15 9-17 * * mon-fri", "@daily", "every 30m", "every 1h30m", "at 2027-01-05 09:30", "mondays at 10",
		"every mon, thu at 3pm", "TZ=0", "CRON_TZ=", "0 0 31 2 *", "? ? ? ? ?", "L W # * *", "7/2 * * * 7/2", "@", "every", "at", ",", "a at", "at at at",
	} {
		f.Add(text, "Europe/London", int64(0))
	}
	f.Fuzz(func(t *testing.T, text, zone string, seconds int64) {
		now := added().Add(time.Duration(seconds%(100*366*24*3600)) * time.Second)
		s, err := schedule.Parse(text, zone, now)
		if err != nil {
			var p *schedule.Problem
			if !errors.As(err, &p) || !slices.Contains(schedule.ProblemIDs(), p.What) {
				t.Fatalf("%q: %v is no known problem", text, err)
			}
			if p.Where < 0 || p.Where > utf8.RuneCountInString(text)+1 {
				t.Fatalf("%q: %v is outside", text, err)
			}
			return
		}
		ticks := s.Upcoming(now, 3)
		if len(ticks) == 0 || len(ticks) < 3 && !s.Once() {
			t.Fatalf("%q in %q: only %v", text, zone, ticks)
		}
		for i, at := range ticks {
			if !at.After(now) || i > 0 && at.Sub(ticks[i-1]) < time.Minute {
				t.Fatalf("%q in %q after %v: %v", text, zone, now, ticks)
			}
		}
		if kind := schedule.Describe(s).Kind; !slices.Contains(schedule.Kinds(), kind) {
			t.Fatalf("%q: %q is no known kind", text, kind)
		}
	})
}

// TestFieldsMeanWhatTheyMeanToRobfig compares with another parser: what both
// accept has the same ticks, and what robfig accepts beyond is listed.
func TestFieldsMeanWhatTheyMeanToRobfig(t *testing.T) {
	t.Parallel()
	// Sunday is 7 too, and a week may end with it: mon-0.
	sunday := regexp.MustCompile(`7|-0|-sun`)
	field := rapid.StringMatching(`(\*|[0-9]{1,2}|[0-9]-[0-9]{1,2}|mon|JAN|Fri-sat)(/[0-9]{1,2})?(,[0-9]{1,2})?`)
	rapid.Check(t, func(t *rapid.T) {
		var fields []string
		for range 5 {
			fields = append(fields, rapid.OneOf(rapid.Just("*"), field).Draw(t, "field"))
		}
		text := strings.Join(fields, " ")
		theirs, theirErr := cron.ParseStandard("TZ=UTC " + text)
		ours, err := schedule.Parse(text, "UTC", added())
		var p *schedule.Problem
		switch {
		case err == nil && theirErr == nil:
			at := added()
			for range 20 {
				want := theirs.Next(at)
				got, _ := ours.Next(at)
				if want.IsZero() {
					return // it looks no further than five years
				}
				if !got.Equal(want) {
					t.Fatalf("%q after %v: got %v, robfig has %v", text, at, got, want)
				}
				at = got
			}
		case err == nil && !sunday.MatchString(fields[4]):
			t.Fatalf("%q: robfig refuses: %v", text, theirErr)
		case err != nil && theirErr == nil:
			longStep := errors.As(err, &p) && p.What == schedule.ProblemOutOfRange && p.Params["min"] == "1"
			if p.What != schedule.ProblemNeverFires && !longStep {
				t.Fatalf("%q: robfig accepts: %v", text, err)
			}
		}
	})
}
