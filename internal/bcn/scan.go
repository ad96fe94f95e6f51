package bcn

import (
	"cmp"
	"slices"
)

// Severity is how bad a vulnerability is, as ECR says it in small letters.
type Severity string

// The severities. What has none yet (ECR's UNDEFINED and UNTRIAGED), and words
// that ECR may add, is undefined.
const (
	SeverityCritical      Severity = "critical"
	SeverityHigh          Severity = "high"
	SeverityMedium        Severity = "medium"
	SeverityLow           Severity = "low"
	SeverityInformational Severity = "informational"
	SeverityUndefined     Severity = "undefined"
)

// Severities are all of them, the worst first.
func Severities() []Severity {
	return []Severity{SeverityCritical, SeverityHigh, SeverityMedium, SeverityLow, SeverityInformational, SeverityUndefined}
}

// AtLeast says whether it is as bad as another, or worse.
func (s Severity) AtLeast(other Severity) bool {
	all := Severities()
	i := slices.Index(all, s)
	return i >= 0 && i <= slices.Index(all, other)
}

// AtMost says whether what denies from s on denies all that does from other on.
// No severity denies nothing.
func (s Severity) AtMost(other Severity) bool { return s != "" && other.AtLeast(s) }

// ScanState says how far an image's scan is.
type ScanState string

// The states. But for ScanComplete nothing is known of an image.
const (
	ScanComplete    ScanState = "complete"
	ScanRunning     ScanState = "running"
	ScanFailed      ScanState = "failed"
	ScanUnsupported ScanState = "unsupported" // ECR cannot scan such an image
	ScanExpired     ScanState = "expired"     // the image is too old for ECR to look at it still
	ScanMissing     ScanState = "missing"     // it was never scanned
	ScanGone        ScanState = "gone"        // the image is not in the registry
	ScanUnreadable  ScanState = "unreadable"  // bcn may not read it
	ScanElsewhere   ScanState = "elsewhere"   // the image is not in ECR
)

// ScanStates are all of them.
func ScanStates() []ScanState {
	return []ScanState{
		ScanComplete, ScanRunning, ScanFailed, ScanUnsupported, ScanExpired, ScanMissing, ScanGone, ScanUnreadable, ScanElsewhere,
	}
}

// Vulnerability is one that a scan found in a package of an image.
type Vulnerability struct {
	ID       string   `json:"id"` // such as CVE-2026-1234
	Package  string   `json:"package,omitempty"`
	Version  string   `json:"version,omitempty"`
	FixedIn  string   `json:"fixed_in,omitempty"` // the version without it; only enhanced scans know
	Severity Severity `json:"severity"`
}

// ScanReport is what is known of one image.
type ScanReport struct {
	State ScanState
	Found []Vulnerability // of a complete scan
}

// SeverityCount is how many there are of a severity.
type SeverityCount struct {
	Severity Severity `json:"severity"`
	Count    int      `json:"count"`
}

// ImageScan is how the scan of an image that is to run compares with that of the
// one that runs.
type ImageScan struct {
	State  ScanState       `json:"state"`
	Before ScanState       `json:"before,omitempty"` // of what runs; empty: nothing does
	New    []SeverityCount `json:"new,omitempty"`    // what runs does not have them; the worst first
	Worst  []Vulnerability `json:"worst,omitempty"`  // the first few of them
	Fixed  int             `json:"fixed,omitempty"`  // what runs has them, the new one does not
}

// WorstNamed is how many vulnerabilities an ImageScan names.
const WorstNamed = 5

// CompareScans compares an image with what runs; before is nil where nothing
// does. Where what runs has no complete scan, everything found counts as new.
func CompareScans(now ScanReport, before *ScanReport) *ImageScan {
	out := &ImageScan{State: now.State}
	var had []Vulnerability
	if before != nil {
		out.Before = before.State
		if before.State == ScanComplete {
			had = before.Found
		}
	}
	if now.State != ScanComplete {
		return out
	}
	fresh := missingIn(now.Found, had)
	for _, s := range Severities() {
		n := 0
		for _, v := range fresh {
			if v.Severity == s {
				n++
			}
		}
		if n > 0 {
			out.New = append(out.New, SeverityCount{Severity: s, Count: n})
		}
	}
	out.Worst = fresh[:min(len(fresh), WorstNamed)]
	out.Fixed = len(missingIn(had, now.Found))
	return out
}

// missingIn answers what of a list another lacks, each once, the worst first.
// The same vulnerability in another version of a package is no other one.
func missingIn(list, other []Vulnerability) []Vulnerability {
	type key struct{ id, pkg string }
	known := map[key]bool{}
	for _, v := range other {
		known[key{v.ID, v.Package}] = true
	}
	sorted := slices.SortedStableFunc(slices.Values(list), func(a, b Vulnerability) int {
		all := Severities()
		return cmp.Or(slices.Index(all, a.Severity)-slices.Index(all, b.Severity), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Package, b.Package))
	})
	var out []Vulnerability
	for _, v := range sorted {
		if k := (key{v.ID, v.Package}); !known[k] {
			known[k] = true
			out = append(out, v)
		}
	}
	return out
}

// AtLeast counts the new ones that are as bad as a severity, or worse.
func (s ImageScan) AtLeast(severity Severity) int {
	n := 0
	for _, c := range s.New {
		if c.Severity.AtLeast(severity) {
			n += c.Count
		}
	}
	return n
}
