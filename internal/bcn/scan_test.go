package bcn_test

import (
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/bcn-bot/bcn/internal/bcn"
)

func TestScansAreCompared(t *testing.T) {
	t.Parallel()
	found := func(id string, s bcn.Severity) bcn.Vulnerability {
		return bcn.Vulnerability{ID: id, Package: "openssl", Version: "3", Severity: s}
	}
	done := func(list ...bcn.Vulnerability) bcn.ScanReport {
		return bcn.ScanReport{State: bcn.ScanComplete, Found: list}
	}
	of := func(r bcn.ScanReport) *bcn.ScanReport { return &r }
	a, b, c := found("A", bcn.SeverityLow), found("B", bcn.SeverityCritical), found("C", bcn.SeverityUndefined)
	newer := a
	newer.Version = "4"
	elsewhere := a
	elsewhere.Package = "zlib"
	one := func(s bcn.Severity) []bcn.SeverityCount { return []bcn.SeverityCount{{Severity: s, Count: 1}} }
	for _, x := range []struct {
		name   string
		now    bcn.ScanReport
		before *bcn.ScanReport
		want   bcn.ImageScan
	}{
		{"what both have is not told", done(a, b), of(done(a, b)), bcn.ImageScan{State: "complete", Before: "complete"}},
		{"what is new is counted, and what is fixed", done(a, b), of(done(a, c)), bcn.ImageScan{State: "complete", Before: "complete", New: one("critical"), Worst: []bcn.Vulnerability{b}, Fixed: 1}},
		{"the worst comes first", done(c, a, b), of(done()), bcn.ImageScan{State: "complete", Before: "complete", New: slices.Concat(one("critical"), one("low"), one("undefined")), Worst: []bcn.Vulnerability{b, a, c}}},
		{"another version of the package changes nothing", done(newer), of(done(a)), bcn.ImageScan{State: "complete", Before: "complete"}},
		{"another package does", done(a, elsewhere), of(done(a)), bcn.ImageScan{State: "complete", Before: "complete", New: one("low"), Worst: []bcn.Vulnerability{elsewhere}}},
		{"everything is new where nothing runs", done(a), nil, bcn.ImageScan{State: "complete", New: one("low"), Worst: []bcn.Vulnerability{a}}},
		{"everything is new where nothing is known of what runs", done(a), &bcn.ScanReport{State: bcn.ScanRunning, Found: []bcn.Vulnerability{a, b}}, bcn.ImageScan{State: "complete", Before: "running", New: one("low"), Worst: []bcn.Vulnerability{a}}},
		{"nothing is told of a scan that is not done", bcn.ScanReport{State: bcn.ScanFailed, Found: []bcn.Vulnerability{b}}, of(done(a)), bcn.ImageScan{State: "failed", Before: "complete"}},
		{"the same twice counts once", done(a, a), nil, bcn.ImageScan{State: "complete", New: one("low"), Worst: []bcn.Vulnerability{a}}},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(x.want, *bcn.CompareScans(x.now, x.before)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNoNewVulnerabilityIsLost(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) bcn.Vulnerability {
			return bcn.Vulnerability{ID: strconv.Itoa(rapid.IntRange(0, 40).Draw(t, "id")), Severity: rapid.SampledFrom(bcn.Severities()).Draw(t, "severity")}
		}), 0, 20, func(v bcn.Vulnerability) string { return v.ID })
		now, had := list.Draw(t, "now"), list.Draw(t, "had")
		got := bcn.CompareScans(bcn.ScanReport{State: bcn.ScanComplete, Found: now}, &bcn.ScanReport{State: bcn.ScanComplete, Found: had})
		for _, s := range bcn.Severities() {
			n := 0
			for _, v := range now {
				if v.Severity.AtLeast(s) && !slices.ContainsFunc(had, func(x bcn.Vulnerability) bool { return x.ID == v.ID }) {
					n++
				}
			}
			if got.AtLeast(s) != n {
				t.Fatalf("%d at least %s, want %d", got.AtLeast(s), s, n)
			}
		}
		if len(got.Worst) != min(got.AtLeast(bcn.SeverityUndefined), bcn.WorstNamed) {
			t.Fatal(got.Worst)
		}
	})
}

func TestSeveritiesAreOrdered(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		s, other bcn.Severity
		atLeast  bool
	}{
		{bcn.SeverityCritical, bcn.SeverityHigh, true},
		{bcn.SeverityHigh, bcn.SeverityHigh, true},
		{bcn.SeverityMedium, bcn.SeverityHigh, false},
		{bcn.SeverityUndefined, bcn.SeverityMedium, false},
		{"", bcn.SeverityUndefined, false},
		{"terrible", bcn.SeverityUndefined, false},
	} {
		if got := c.s.AtLeast(c.other); got != c.atLeast {
			t.Errorf("%q at least %q: %v", c.s, c.other, got)
		}
	}
	if bcn.Severity("").AtMost(bcn.SeverityCritical) || bcn.SeverityCritical.AtMost(bcn.SeverityHigh) || !bcn.SeverityMedium.AtMost(bcn.SeverityHigh) {
		t.Error("what denies more is another")
	}
}
