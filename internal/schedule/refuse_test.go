package schedule_test

import (
	"archive/zip"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/schedule"
)

var update = flag.Bool("update", false, "write the list of time zones anew, from those of the Go that runs")

func refused(t *testing.T, text, zone string) *schedule.Problem {
	t.Helper()
	_, err := schedule.Parse(text, zone, added())
	var p *schedule.Problem
	if !errors.As(err, &p) {
		t.Fatalf("%q in %q: got %v, want a problem", text, zone, err)
	}
	return p
}

func TestWhatIsRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", `column 1: empty`},
		{"blanks", " \t ", `column 1: empty`},
		{"a long text", strings.Repeat("0", 201), `column 201: too_long max="200"`},
		{"a line break", "0 2 * * *\n", `column 10: bad_character text="\n"`},
		{"a wide star", "0 2 ＊ * *", `column 5: bad_character text="＊"`},
		{"bytes that are no text", "0 2 \xff * *", `column 5: bad_character text="�"`},
		{"seconds", "0 0 2 * * *", `column 1: seconds_not_supported text="0"`},
		{"four fields", "0 2 * *", `column 7: field_count count="4"`},
		{"a number", "5", `column 1: field_count count="1"`},
		{"a minute that does not exist", "60 * * * *", `column 1: out_of_range field="minute" max="59" min="0" text="60"`},
		{"an hour that does not exist", "0 24 * * *", `column 3: out_of_range field="hour" max="23" min="0" text="24"`},
		{"day zero", "0 0 0 * *", `column 5: out_of_range field="day" max="31" min="1" text="0"`},
		{"the end of a range", "0 0 * 3-13 *", `column 9: out_of_range field="month" max="12" min="1" text="13"`},
		{"the second item of a list", "0 0 * * 1,8", `column 11: out_of_range field="weekday" max="6" min="0" text="8"`},
		{"a number beyond all", "99999999999999999999 * * * *", `column 1: out_of_range field="minute" max="59" min="0" text="99999999999999999999"`},
		{"a step longer than the hour", "*/90 * * * *", `column 3: out_of_range field="minute" max="60" min="1" text="90"`},
		{"a step of zero", "*/0 * * * *", `column 3: zero_step field="minute" text="*/0"`},
		{"two steps", "*/2/3 * * * *", `column 1: bad_field field="minute" text="*/2/3"`},
		{"two ranges in one", "1-2-3 * * * *", `column 1: bad_field field="minute" text="1-2-3"`},
		{"a negative number", "-5 * * * *", `column 1: bad_field field="minute" text="-5"`},
		{"an empty item", "1,,2 * * * *", `column 3: bad_field field="minute" text=""`},
		{"a lone comma", ", * * * *", `column 1: bad_field field="minute" text=""`},
		{"a word for a minute", "x * * * *", `column 1: bad_field field="minute" text="x"`},
		{"a fraction", "1.5 * * * *", `column 1: bad_field field="minute" text="1.5"`},
		{"an unknown day", "0 0 * * mondy", `column 9: unknown_name field="weekday" near="monday" text="mondy"`},
		{"an unknown month", "0 0 * foo *", `column 7: unknown_name field="month" near="" text="foo"`},
		{"hours over midnight", "0 22-2 * * *", `column 3: backwards field="hour" instead="22-23,0-2" text="22-2"`},
		{"days over the weekend", "0 0 * * fri-mon", `column 9: backwards field="weekday" instead="fri-sat,sun-mon" text="fri-mon"`},
		{"30 February", "0 0 30 2 *", `column 5: never_fires text="0 0 30 2 *"`},
		{"31 in short months", "0 0 31 4,6,9,11 *", `column 5: never_fires text="0 0 31 4,6,9,11 *"`},
		{"? of Quartz", "0 0 ? * 1", `column 5: not_supported field="day" instead="*" text="?" what="?"`},
		{"L of Quartz", "0 0 L * *", `column 5: not_supported field="day" instead="" text="L" what="L"`},
		{"L of a weekday", "0 0 * * 5L", `column 9: not_supported field="weekday" instead="" text="5L" what="L"`},
		{"W of Quartz", "0 0 15W * *", `column 5: not_supported field="day" instead="" text="15W" what="W"`},
		{"LW of Quartz", "0 0 LW * *", `column 5: not_supported field="day" instead="" text="LW" what="W"`},
		{"# of Quartz", "0 0 * * 1#2", `column 9: not_supported field="weekday" instead="" text="1#2" what="#"`},
		{"H of Jenkins", "H/15 * * * *", `column 1: not_supported field="minute" instead="" text="H/15" what="H"`},
		{"a zone in front, on which robfig panics", "TZ=0", `column 1: zone_in_text zone="0"`},
		{"a zone in front", "CRON_TZ=Asia/Tokyo 0 2 * * *", `column 1: zone_in_text zone="Asia/Tokyo"`},
		{"a macro with a typo", "@dayly", `column 1: unknown_macro near="@daily" text="@dayly"`},
		{"@reboot", "@reboot", `column 1: unknown_macro near="" text="@reboot"`},
		{"more after a macro", "@daily at 9", `column 8: not_understood text="at"`},
		{"an interval of seconds", "every 30s", `column 7: too_often text="30s"`},
		{"an interval of zero", "every 0m", `column 7: too_often text="0m"`},
		{"an interval with seconds", "@every 1m30s", `column 8: seconds_not_supported text="1m30s"`},
		{"an interval without unit", "every 30", `column 7: bad_interval text="30"`},
		{"an interval of months", "every 2 months", `column 7: bad_interval text="2months"`},
		{"no interval", "every", `column 1: bad_interval text=""`},
		{"a long interval", "every 400d", `column 7: too_far max="1" text="400d"`},
		{"an interval beyond all numbers", "every 99999999999999999999h", `column 7: too_far max="1" text="99999999999999999999h"`},
		{"a day without time", "every monday", `column 13: bad_time text=""`},
		{"a day with an unfinished time", "mondays at", `column 11: bad_time text=""`},
		{"an hour that no clock shows", "mondays at 25", `column 12: bad_time text="25"`},
		{"13 in the afternoon", "mondays at 13pm", `column 12: bad_time text="13pm"`},
		{"minutes without colon", "mondays at 930", `column 12: bad_time text="930"`},
		{"a day with a typo", "wednsdays at 10", `column 1: unknown_name field="weekday" near="wednesday" text="wednsdays"`},
		{"something else at a time", "whenever at 10", `column 1: not_understood text="whenever"`},
		{"something else", "tomorrow", `column 1: not_understood text="tomorrow"`},
		{"a single time in the past", "at 2026-11-22 10:07", `column 4: past text="2026-11-22 10:07"`},
		{"a single time far away", "at 2032-01-01 00:00", `column 4: too_far max="5" text="2032-01-01 00:00"`},
		{"a date that does not exist", "at 2027-02-29 09:30", `column 4: bad_date text="2027-02-29 09:30"`},
		{"a date without time", "at 2027-01-05", `column 4: bad_date text="2027-01-05"`},
		{"a time without date", "at 09:30", `column 4: bad_date text="09:30"`},
		{"a date with a zone", "at 2027-01-05 09:30 UTC", `column 4: bad_date text="2027-01-05 09:30 UTC"`},
		{"no date", "at", `column 1: bad_date text=""`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := refused(t, c.text, "UTC").Error(); got != c.want {
				t.Errorf("%q:\ngot  %s\nwant %s", c.text, got, c.want)
			}
		})
	}
}

func TestZones(t *testing.T) {
	t.Parallel()
	for name, near := range map[string]string{
		"Asia/Tokio": "Asia/Tokyo", "tokyo": "Asia/Tokyo", "new york": "America/New_York", "JST": "Asia/Tokyo",
		"Europe/Lodnon": "Europe/London", "Berln": "Europe/Berlin", "pst": "America/Los_Angeles",
		"Local": "", "": "", "../../etc/passwd": "", "Middle/Earth": "", strings.Repeat("x", 1000): "",
	} {
		t.Run("an unknown zone like "+name[:min(len(name), 20)]+" gets the nearest", func(t *testing.T) {
			t.Parallel()
			p := refused(t, "@daily", name)
			if p.What != schedule.ProblemUnknownZone || p.Params["near"] != near {
				t.Errorf("got %v", p)
			}
		})
	}
	t.Run("case does not matter", func(t *testing.T) {
		t.Parallel()
		if got := parse(t, "@daily", "asia/tokyo").Zone().String(); got != "Asia/Tokyo" {
			t.Errorf("got %s", got)
		}
	})
}

func TestListOfZones(t *testing.T) {
	t.Parallel()
	if *update {
		writeZones(t)
	}
	zones := schedule.Zones()
	if !sort.StringsAreSorted(zones) || len(zones) < 500 {
		t.Errorf("the list is not sorted, or has only %d zones", len(zones))
	}
	for _, z := range zones {
		if _, err := schedule.Zone(z); err != nil {
			t.Error(err)
		}
	}
}

// writeZones lists the zones in the archive that Go ships with.
func writeZones(t *testing.T) {
	t.Helper()
	root, err := exec.CommandContext(t.Context(), "go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	archive, err := zip.OpenReader(filepath.Join(strings.TrimSpace(string(root)), "lib", "time", "zoneinfo.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = archive.Close() }()
	var names []string
	for _, f := range archive.File {
		if !strings.HasSuffix(f.Name, "/") && f.Name != "Factory" {
			names = append(names, f.Name)
		}
	}
	sort.Strings(names)
	if err := os.WriteFile("zones.txt", []byte(strings.Join(names, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}
