package registry

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/local/aws/cluster"
)

func TestScans(t *testing.T) {
	t.Parallel()
	r, target, server := sampleAccount(t)
	pushed := func(t *testing.T, tag string, scan *cluster.Scan) string {
		digest := server.Cluster().PutImage("hello", tag, cluster.Image{})
		if !server.Cluster().PutScan("hello", digest, scan) {
			t.Fatal("no image to scan")
		}
		return digest
	}
	scanned := func(t *testing.T, image, digest string) bcn.ScanReport {
		got, err := r.Scan(t.Context(), target, image, digest)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	list := []cluster.Finding{{ID: "CVE-2026-1", Severity: "HIGH", Package: "openssl", Version: "3.0", FixedIn: "3.1"}, {ID: "CVE-2026-2", Severity: "UNTRIAGED", Package: "zlib", Version: "1"}}
	want := []bcn.Vulnerability{{ID: "CVE-2026-1", Package: "openssl", Version: "3.0", Severity: "high"}, {ID: "CVE-2026-2", Package: "zlib", Version: "1", Severity: "undefined"}}
	t.Run("a basic scan says what it found in which package", func(t *testing.T) {
		t.Parallel()
		got := scanned(t, hello, pushed(t, "basic", &cluster.Scan{Status: "COMPLETE", Findings: list}))
		if diff := cmp.Diff(bcn.ScanReport{State: bcn.ScanComplete, Found: want}, got); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("an enhanced scan says which version is without it", func(t *testing.T) {
		t.Parallel()
		got := scanned(t, hello, pushed(t, "enhanced", &cluster.Scan{Status: "ACTIVE", Enhanced: true, Findings: list}))
		if got.State != bcn.ScanComplete || len(got.Found) != 2 || got.Found[0].FixedIn != "3.1" || got.Found[0].ID != "CVE-2026-1" || got.Found[1].Severity != bcn.SeverityUndefined {
			t.Errorf("%+v", got)
		}
	})
	t.Run("all pages are read", func(t *testing.T) {
		t.Parallel()
		var many []cluster.Finding
		for i := range 2*1000 + 1 {
			many = append(many, cluster.Finding{ID: fmt.Sprint("CVE-2026-", i), Severity: "LOW", Package: "p"})
		}
		got := scanned(t, hello, pushed(t, "many", &cluster.Scan{Status: "COMPLETE", Findings: many}))
		if len(got.Found) != len(many) {
			t.Errorf("%d of %d", len(got.Found), len(many))
		}
	})
	for status, state := range map[string]bcn.ScanState{
		"IN_PROGRESS": bcn.ScanRunning, "PENDING": bcn.ScanRunning, "FAILED": bcn.ScanFailed, "UNSUPPORTED_IMAGE": bcn.ScanUnsupported,
		"SCAN_ELIGIBILITY_EXPIRED": bcn.ScanExpired, "LIMIT_EXCEEDED": bcn.ScanFailed, "A_WORD_OF_TOMORROW": bcn.ScanFailed,
	} {
		t.Run("nothing is known where the scan is "+status, func(t *testing.T) {
			t.Parallel()
			got := scanned(t, hello, pushed(t, strings.ToLower(status), &cluster.Scan{Status: status, Findings: list}))
			if got.State != state || got.Found != nil {
				t.Errorf("%+v, want %s", got, state)
			}
		})
	}
	t.Run("an image that nobody scanned is not scanned", func(t *testing.T) {
		t.Parallel()
		if got := scanned(t, hello, pushed(t, "unscanned", nil)); got.State != bcn.ScanMissing {
			t.Errorf("%+v", got)
		}
	})
	t.Run("an image that is gone is gone", func(t *testing.T) {
		t.Parallel()
		if got := scanned(t, hello, "sha256:"+strings.Repeat("0", 64)); got.State != bcn.ScanGone {
			t.Errorf("%+v", got)
		}
	})
	t.Run("an image of another registry is not ECR's to scan", func(t *testing.T) {
		t.Parallel()
		if got := scanned(t, "docker.io/library/nginx", "sha256:"+strings.Repeat("0", 64)); got.State != bcn.ScanElsewhere {
			t.Errorf("%+v", got)
		}
	})
}
