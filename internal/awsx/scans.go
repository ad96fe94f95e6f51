package awsx

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// scanPage is how many findings a page may have (ECR API Reference,
// DescribeImageScanFindings, maxResults).
const scanPage = 1000

// ImageScan answers what ECR's scan found in an image, basic or enhanced, all
// pages read. That there is no scan, none that is done, or that the role may not
// read it, is a state; unavailable and other refusals of AWS are errors.
func (s *Session) ImageScan(ctx context.Context, account, repository, digest string) (bcn.ScanReport, error) {
	pages := ecr.NewDescribeImageScanFindingsPaginator(s.ecr(), &ecr.DescribeImageScanFindingsInput{
		RegistryId: optional(account), RepositoryName: aws.String(repository),
		ImageId: &types.ImageIdentifier{ImageDigest: aws.String(digest)}, MaxResults: aws.Int32(scanPage),
	})
	out := bcn.ScanReport{State: bcn.ScanFailed}
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return s.noScan(err)
		}
		if page.ImageScanStatus != nil {
			out.State = scanState(page.ImageScanStatus.Status)
		}
		if page.ImageScanFindings != nil {
			out.Found = append(out.Found, basicFindings(page.ImageScanFindings.Findings)...)
			out.Found = append(out.Found, enhancedFindings(page.ImageScanFindings.EnhancedFindings)...)
		}
		if out.State != bcn.ScanComplete {
			return bcn.ScanReport{State: out.State}, nil
		}
	}
	return out, nil
}

func (s *Session) noScan(err error) (bcn.ScanReport, error) {
	switch code := CodeOf(err); {
	case code == "ScanNotFoundException":
		return bcn.ScanReport{State: bcn.ScanMissing}, nil
	case code == "ImageNotFoundException" || code == "RepositoryNotFoundException":
		return bcn.ScanReport{State: bcn.ScanGone}, nil
	case denied(code):
		return bcn.ScanReport{State: bcn.ScanUnreadable}, nil
	}
	return bcn.ScanReport{}, s.wrap(err)
}

// scanState reads ECR's word for a scan. ACTIVE is an enhanced scan's: what is
// known is there, and goes on being looked at. A word that is not known is no
// complete scan.
func scanState(status types.ScanStatus) bcn.ScanState {
	switch status {
	case types.ScanStatusComplete, types.ScanStatusActive:
		return bcn.ScanComplete
	case types.ScanStatusInProgress, types.ScanStatusPending:
		return bcn.ScanRunning
	case types.ScanStatusUnsupportedImage:
		return bcn.ScanUnsupported
	case types.ScanStatusScanEligibilityExpired, types.ScanStatusImageArchived:
		return bcn.ScanExpired
	default:
		return bcn.ScanFailed
	}
}

func severity(word string) bcn.Severity {
	for _, s := range bcn.Severities() {
		if strings.EqualFold(string(s), word) {
			return s
		}
	}
	return bcn.SeverityUndefined
}

// basicFindings reads what a basic scan found: the package is among the
// attributes (Amazon ECR User Guide, "Retrieving findings").
func basicFindings(list []types.ImageScanFinding) []bcn.Vulnerability {
	var out []bcn.Vulnerability
	for _, f := range list {
		v := bcn.Vulnerability{ID: aws.ToString(f.Name), Severity: severity(string(f.Severity))}
		for _, a := range f.Attributes {
			switch aws.ToString(a.Key) {
			case "package_name":
				v.Package = aws.ToString(a.Value)
			case "package_version":
				v.Version = aws.ToString(a.Value)
			}
		}
		out = append(out, v)
	}
	return out
}

// enhancedFindings reads what Amazon Inspector found: a vulnerability for each
// package that has it. One that is closed is no more.
func enhancedFindings(list []types.EnhancedImageScanFinding) []bcn.Vulnerability {
	var out []bcn.Vulnerability
	for _, f := range list {
		if aws.ToString(f.Status) == "CLOSED" {
			continue
		}
		v := bcn.Vulnerability{ID: aws.ToString(f.Title), Severity: severity(aws.ToString(f.Severity))}
		d := f.PackageVulnerabilityDetails
		if d == nil || len(d.VulnerablePackages) == 0 {
			out = append(out, v)
			continue
		}
		v.ID = aws.ToString(d.VulnerabilityId)
		for _, p := range d.VulnerablePackages {
			v.Package, v.Version, v.FixedIn = aws.ToString(p.Name), aws.ToString(p.Version), aws.ToString(p.FixedInVersion)
			out = append(out, v)
		}
	}
	return out
}
