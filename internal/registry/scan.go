package registry

import (
	"context"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

var _ deploy.Scans = (*Registry)(nil)

// Scan implements deploy.Scans.
func (r *Registry) Scan(ctx context.Context, t bcn.Target, image, digest string) (bcn.ScanReport, error) {
	host, repository, _ := strings.Cut(image, "/")
	m := ecrHost.FindStringSubmatch(host)
	if m == nil || repository == "" {
		return bcn.ScanReport{State: bcn.ScanElsewhere}, nil
	}
	return r.aws.For(t).ImageScan(ctx, m[1], repository, digest)
}
