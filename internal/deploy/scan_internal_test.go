package deploy

import (
	"errors"
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/authz"
	"github.com/bcn-bot/bcn/internal/bcn"
)

// scannedPlan is the plan of a new image with a scan.
func scannedPlan(scan *bcn.ImageScan) bcn.Plan {
	return bcn.Plan{Image: "hello", Tag: "v2", Digest: "sha256:b", OldDigest: "sha256:a", Scan: scan, Stacks: []bcn.StackPlan{{Name: "hello"}}}
}

func found(severity bcn.Severity) *bcn.ImageScan {
	return bcn.CompareScans(bcn.ScanReport{State: bcn.ScanComplete, Found: []bcn.Vulnerability{{ID: "CVE-2026-1", Package: "openssl", Severity: severity}}},
		&bcn.ScanReport{State: bcn.ScanComplete})
}

func TestScansDeny(t *testing.T) {
	t.Parallel()
	high := authz.Verdict{Demands: []authz.Demand{{Rule: 3, Scan: bcn.SeverityHigh}}}
	given := authz.Verdict{BreakGlass: glassRule, Demands: []authz.Demand{{Rule: 3, Scan: bcn.SeverityHigh, Glass: true}}}
	joined := authz.Verdict{BreakGlass: glassRule, Demands: []authz.Demand{{Rule: 1, Scan: bcn.SeverityCritical, Glass: true}, {Rule: 3, Scan: bcn.SeverityHigh}}}
	deploys, shows := bcn.Change{Kind: bcn.KindDeploy}, bcn.Change{Kind: bcn.KindPlan}
	whole := func(change func(*bcn.Plan)) bcn.Plan {
		p := scannedPlan(found(bcn.SeverityCritical))
		change(&p)
		return p
	}
	broken := func(p *bcn.Plan) { p.BreakGlass = &bcn.BreakGlass{} }
	type scanCase struct {
		name    string
		change  bcn.Change
		verdict authz.Verdict
		plan    bcn.Plan
		finds   string // part of what the refusal says; "": none
		warns   string // the finding that is left in the plan
	}
	cases := []scanCase{
		{"what is at the threshold", deploys, high, scannedPlan(found(bcn.SeverityHigh)), "scan_found", ""},
		{"what is above it", deploys, high, scannedPlan(found(bcn.SeverityCritical)), "scan_found", ""},
		{"not what is below it", deploys, high, scannedPlan(found(bcn.SeverityMedium)), "", ""},
		{"not what nobody has judged", deploys, high, scannedPlan(found(bcn.SeverityUndefined)), "", ""},
		{"nothing where the rule does not say so", deploys, authz.Verdict{Demands: []authz.Demand{{}}}, scannedPlan(found(bcn.SeverityCritical)), "", ""},
		{"an image that nothing scans", deploys, high, scannedPlan(nil), `"state":"elsewhere"`, ""},
		{"not the image that runs", deploys, high, whole(func(p *bcn.Plan) { p.OldDigest = p.Digest }), "", ""},
		{"not a one-off task in what runs", bcn.Change{Kind: bcn.KindRun}, high, whole(func(p *bcn.Plan) { p.OldDigest, p.Stacks, p.Oneoff = "", nil, &bcn.OneoffPlan{} }), "", ""},
		{"a first image", deploys, high, whole(func(p *bcn.Plan) { p.OldDigest = "" }), "scan_found", ""},
		{"not a plan that is only shown, but it says so", shows, high, scannedPlan(found(bcn.SeverityHigh)), "", "scan_found"},
		{"not who breaks the glass of the rule", deploys, given, whole(broken), "", "scan_found"},
		{"who could, and does not", deploys, given, scannedPlan(found(bcn.SeverityHigh)), `"glass":"true"`, ""},
		{"who breaks the glass of another rule", deploys, joined, whole(broken), `rules[3]`, "scan_found"},
	}
	for _, state := range bcn.ScanStates() {
		if state != bcn.ScanComplete {
			cases = append(cases, scanCase{"a scan that is " + string(state), deploys, high, scannedPlan(&bcn.ImageScan{State: state}), `"state":"` + string(state) + `"`, ""})
		}
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := c.plan
			err := judgeScan(c.change, c.verdict, &p)
			var e *bcn.Error
			if (err != nil) != (c.finds != "") || errors.As(err, &e) && (e.Code != bcn.CodeScanDenied || !strings.Contains(e.Params["findings"], c.finds)) {
				t.Errorf("%v, want %q", err, c.finds)
			}
			if (len(p.Findings) > 0) != (c.warns != "") || c.warns != "" && (p.Findings[0].ID != c.warns || p.Findings[0].Level != bcn.Warn) {
				t.Errorf("the plan says %v", p.Findings)
			}
			if passed := p.BreakGlass != nil && p.BreakGlass.Scan; passed != (c.plan.BreakGlass != nil && c.warns != "") {
				t.Errorf("passed: %v", passed)
			}
			if moved := bcn.CodeOf(stillScanned(p, c.verdict)) == bcn.CodePlanMoved; c.change.Kind != bcn.KindPlan && moved != (c.finds != "") {
				t.Errorf("before it runs it is judged otherwise: %v", moved)
			}
		})
	}
}
