package cluster

import (
	"cmp"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// Scan is what ECR knows of an image's vulnerabilities.
type Scan struct {
	// Status is the API's: COMPLETE, IN_PROGRESS, FAILED, UNSUPPORTED_IMAGE,
	// SCAN_ELIGIBILITY_EXPIRED; ACTIVE and PENDING of enhanced scans.
	Status   string
	Enhanced bool // by Amazon Inspector
	Findings []Finding
}

// Finding is one vulnerability of a package.
type Finding struct {
	ID       string // such as CVE-2026-1234
	Severity string // CRITICAL, HIGH, MEDIUM, LOW, INFORMATIONAL, UNDEFINED; UNTRIAGED of enhanced scans
	Package  string
	Version  string
	FixedIn  string // only enhanced scans say it
}

// PutScan says what was found in an image of the account's ECR; nil takes it
// away. It answers whether the image is there.
func (c *Cluster) PutScan(repo, digest string, scan *Scan) bool {
	unlock, err := c.enter()
	if err != nil {
		return false
	}
	defer unlock()
	r := c.registry[repo]
	if r == nil || r.images[digest] == nil {
		return false
	}
	r.images[digest].scan, r.images[digest].scanned = scan, c.now
	return true
}

// describeImageScanFindings answers what was found, a page at a time, as the
// Amazon ECR API Reference has it: an image that is not there, and one that
// nobody scanned, are errors of their own.
func (c *Cluster) describeImageScanFindings(at site, in tree) (tree, error) {
	r, err := c.ecrRepository(at, in, "ecr:DescribeImageScanFindings")
	if err != nil {
		return nil, err
	}
	if n := in.num("maxResults", 100); n < 1 || n > 1000 {
		return nil, wire.Errorf("InvalidParameterException", "Invalid parameter at 'maxResults' failed to satisfy constraint: 'must be between 1 and 1000'")
	}
	id := in.node("imageId")
	if id.str("imageDigest") == "" && id.str("imageTag") == "" {
		return nil, wire.Errorf("InvalidParameterException", "Invalid parameter at 'imageId' failed to satisfy constraint: 'must not be null'")
	}
	image := r.imageOf(id)
	named := []any{cmp.Or(id.str("imageDigest"), "null"), cmp.Or(id.str("imageTag"), "null"), r.name, at.account}
	if image == nil {
		return nil, wire.Errorf("ImageNotFoundException",
			"The image with imageId {imageDigest:'%s', imageTag:'%s'} does not exist within the repository with name '%s' in the registry with id '%s'", named...)
	}
	if image.scan == nil {
		return nil, wire.Errorf("ScanNotFoundException",
			"Image scan does not exist for the image with '{imageDigest:'%s', imageTag:'%s'}' in the repository with name '%s' in the registry with id '%s'", named...)
	}
	out := tree{
		"registryId": at.account, "repositoryName": r.name, "imageId": map[string]any{"imageDigest": image.Digest},
		"imageScanStatus": map[string]any{"status": image.scan.Status, "description": scanWords(image.scan.Status)},
	}
	if image.scan.Status != "COMPLETE" && image.scan.Status != "ACTIVE" {
		return out, nil
	}
	part, next, err := page(image.scan.Findings, in.str("nextToken"), in.num("maxResults", 100), "findings "+image.Digest)
	if err != nil {
		return nil, err
	}
	out["imageScanFindings"] = map[string]any(scanFindings(*image.scan, part, image.scanned))
	return out.put("nextToken", next), nil
}

func scanWords(status string) string {
	return "The scan is " + strings.ToLower(strings.ReplaceAll(status, "_", " ")) + "."
}

// scanFindings are a page of findings, with the counts of all.
func scanFindings(s Scan, part []Finding, at time.Time) tree {
	counts := map[string]any{}
	for _, f := range s.Findings {
		n, _ := counts[f.Severity].(int)
		counts[f.Severity] = n + 1
	}
	list := []any{}
	for _, f := range part {
		if s.Enhanced {
			list = append(list, enhanced(f))
		} else {
			list = append(list, basic(f))
		}
	}
	key := "findings"
	if s.Enhanced {
		key = "enhancedFindings"
	}
	return tree{"findingSeverityCounts": counts, "imageScanCompletedAt": at, "vulnerabilitySourceUpdatedAt": at, key: list}
}

func basic(f Finding) map[string]any {
	return map[string]any{
		"name": f.ID, "severity": f.Severity,
		"attributes": []any{
			map[string]any{"key": "package_name", "value": f.Package},
			map[string]any{"key": "package_version", "value": f.Version},
		},
	}
}

func enhanced(f Finding) map[string]any {
	pack := map[string]any{"name": f.Package, "version": f.Version}
	fix := "NO"
	if f.FixedIn != "" {
		pack["fixedInVersion"], fix = f.FixedIn, "YES"
	}
	return map[string]any{
		"title": f.ID + " - " + f.Package, "severity": f.Severity, "status": "ACTIVE", "type": "PACKAGE_VULNERABILITY", "fixAvailable": fix,
		"packageVulnerabilityDetails": map[string]any{"vulnerabilityId": f.ID, "source": "NVD", "vulnerablePackages": []any{pack}},
	}
}
