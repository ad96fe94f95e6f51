package card_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/card"
	"github.com/bcn-bot/bcn/internal/text"
)

// scanCards are cards of what scans found.
func scanCards() []view {
	waits := func(s bcn.ImageScan) card.View {
		return card.View{Change: deployment(bcn.ChangeWaiting), Hash: hash, Plan: plan(func(p *bcn.Plan) { p.Scan = &s })}
	}
	one := func(n int, severity bcn.Severity) bcn.Vulnerability {
		return bcn.Vulnerability{ID: fmt.Sprintf("CVE-2026-100%d", n), Package: "openssl", Version: "3.0.11", Severity: severity}
	}
	fixable := one(1, bcn.SeverityCritical)
	fixable.FixedIn = "3.0.12"
	finding := func(id, state, glass, passed string, level bcn.Level) bcn.Finding {
		return bcn.Finding{ID: id, Level: level, Where: "hello:v2", Params: map[string]string{
			"rule": "rules[2]", "deny": "high", "state": state, "glass": glass, "passed": passed, "count": "3", "worst": "CVE-2026-1001",
		}}
	}
	denied := func(f ...bcn.Finding) card.View {
		return card.View{Change: deployment(bcn.ChangeClosed, because(bcn.CodeScanDenied, "findings", text.EncodeFindings(f)))}
	}
	views := []view{
		{"nothing new", waits(bcn.ImageScan{State: bcn.ScanComplete, Before: bcn.ScanComplete})},
		{"some new, some fixed", waits(bcn.ImageScan{
			State: bcn.ScanComplete, Before: bcn.ScanComplete, Fixed: 4,
			New:   []bcn.SeverityCount{{Severity: bcn.SeverityCritical, Count: 1}, {Severity: bcn.SeverityMedium, Count: 9}},
			Worst: []bcn.Vulnerability{fixable, one(2, bcn.SeverityMedium)},
		})},
		{"what runs is not scanned", waits(bcn.ImageScan{
			State: bcn.ScanComplete, Before: bcn.ScanMissing, New: []bcn.SeverityCount{{Severity: bcn.SeverityLow, Count: 1}}, Worst: []bcn.Vulnerability{one(3, bcn.SeverityLow)},
		})},
		{"hostile names", waits(bcn.ImageScan{State: bcn.ScanComplete, New: []bcn.SeverityCount{{Severity: bcn.SeverityHigh, Count: 1}}, Worst: []bcn.Vulnerability{
			{ID: evil, Package: evil, Version: evil, FixedIn: evil, Severity: bcn.SeverityHigh},
		}})},
		{"denied for what was found", denied(finding("scan_found", "complete", "true", "false", bcn.Deny))},
		{"gone on with all the same", card.View{Change: deployment(bcn.ChangeWaiting), Hash: hash, Plan: plan(func(p *bcn.Plan) {
			p.Findings = []bcn.Finding{finding("scan_found", "complete", "true", "true", bcn.Warn), finding("scan_missing", "running", "true", "true", bcn.Warn)}
		})}},
	}
	for _, s := range bcn.ScanStates() {
		if s != bcn.ScanComplete {
			views = append(views, view{"shown: " + string(s), waits(bcn.ImageScan{State: s})},
				view{"denied: " + string(s), denied(finding("scan_missing", string(s), "false", "false", bcn.Deny))})
		}
	}
	return views
}

func TestCardsShowWhatScansFound(t *testing.T) {
	t.Parallel()
	for _, lang := range text.Languages() {
		t.Run("in "+lang, func(t *testing.T) {
			t.Parallel()
			var b strings.Builder
			for _, v := range scanCards() {
				m := presenter(t, lang).Card(v.v)
				if fault := faults(m); fault != "" {
					t.Errorf("%s: there is %s", v.name, fault)
				}
				fmt.Fprintf(&b, "### %s\n%s\n", v.name, shown(m))
			}
			golden(t, "testdata/scan."+lang+".golden", b.String())
		})
	}
}
