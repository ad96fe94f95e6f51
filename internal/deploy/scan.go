package deploy

import (
	"context"
	"strconv"

	"github.com/bcn-bot/bcn/internal/authz"
	"github.com/bcn-bot/bcn/internal/bcn"
)

// Scans reads what a registry's scans found. internal/registry implements it.
type Scans interface {
	// Scan answers what is known of an image. That there is no scan, or none that
	// is done, is a state. Errors: unavailable, aws_refused.
	Scan(ctx context.Context, t bcn.Target, image, digest string) (bcn.ScanReport, error)
}

// scanned compares the scan of what would run with that of what runs; nil where
// that is the same image, or none of a registry that scans.
func (s *Service) scanned(ctx context.Context, t bcn.Target, d deployment) (*bcn.ImageScan, error) {
	if d.digest == "" || d.digest == d.last.Digest {
		return nil, nil
	}
	now, err := s.Scans.Scan(ctx, t, d.manifest.ImageName, d.digest)
	if err != nil || now.State == bcn.ScanElsewhere {
		return nil, err
	}
	if d.last.Digest == "" {
		return bcn.CompareScans(now, nil), nil
	}
	before, err := s.Scans.Scan(ctx, t, d.last.Image, d.last.Digest)
	if err != nil {
		return nil, err
	}
	return bcn.CompareScans(now, &before), nil
}

// judgeScan puts into a plan what the rules say to the scan of its image, and
// refuses it where one of them denies that. Whoever breaks the glass passes a
// rule that gives it; a plan that is only shown says what a release would meet.
func judgeScan(c bcn.Change, v authz.Verdict, p *bcn.Plan) error {
	var deny []bcn.Finding
	for _, d := range v.Demands {
		f, found := scanFinding(*p, d)
		switch {
		case !found:
		case c.Kind == bcn.KindPlan:
			f.Level = bcn.Warn
			p.Findings = append(p.Findings, f)
		case d.Glass && p.BreakGlass != nil:
			p.BreakGlass.Scan = true
			f.Level, f.Params["passed"] = bcn.Warn, "true"
			p.Findings = append(p.Findings, f)
		default:
			deny = append(deny, f)
		}
	}
	return deniedAs(bcn.CodeScanDenied, deny)
}

// stillScanned judges the scan in a plan once more, before anything runs, by the
// rules of now.
func stillScanned(p bcn.Plan, now authz.Verdict) error {
	for _, d := range now.Demands {
		passed := d.Glass && p.BreakGlass != nil && p.BreakGlass.Scan
		if _, found := scanFinding(p, d); found && !passed {
			return bcn.E(bcn.CodePlanMoved, "moved", "rules")
		}
	}
	return nil
}

// scanFinding answers what a rule has against a plan's image. A scan that is
// missing, or not done, is against it too.
func scanFinding(p bcn.Plan, d authz.Demand) (bcn.Finding, bool) {
	if d.Scan == "" || p.Digest == "" || p.Digest == p.OldDigest || p.Oneoff != nil && len(p.Stacks) == 0 {
		return bcn.Finding{}, false
	}
	scan := bcn.ImageScan{State: bcn.ScanElsewhere}
	if p.Scan != nil {
		scan = *p.Scan
	}
	f := bcn.Finding{ID: "scan_missing", Level: bcn.Deny, Where: p.Image + ":" + p.Tag, Params: map[string]string{
		"rule": d.Name(), "deny": string(d.Scan), "state": string(scan.State), "glass": strconv.FormatBool(d.Glass), "passed": "false",
	}}
	if scan.State != bcn.ScanComplete {
		return f, true
	}
	n := scan.AtLeast(d.Scan)
	f.ID, f.Params["count"], f.Params["worst"] = "scan_found", strconv.Itoa(n), ""
	if len(scan.Worst) > 0 {
		f.Params["worst"] = scan.Worst[0].ID
	}
	return f, n > 0
}
