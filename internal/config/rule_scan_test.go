package config

import (
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
)

func TestRulesSayWhatScansDeny(t *testing.T) {
	t.Parallel()
	for rule, want := range map[string]bcn.Severity{
		`to: [deploy], scan: { deny: critical }`:   bcn.SeverityCritical,
		`to: [rollback], scan: { deny: high }`:     bcn.SeverityHigh,
		`to: ["*"], scan: { deny: medium }`:        bcn.SeverityMedium,
		`to: [scale, promote], scan: {deny: high}`: bcn.SeverityHigh,
		`to: [deploy]`: "",
	} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			got := loadRule(t, rule)
			raw := `"scan":{"deny":"` + string(want) + `"}`
			if got.ScanDeny != want || strings.Contains(string(got.Raw), raw) != (want != "") {
				t.Errorf("%q, %s", got.ScanDeny, got.Raw)
			}
			if back, err := readRule(string(got.Raw)); err != nil || back.ScanDeny != want {
				t.Errorf("read back: %q %v", back.ScanDeny, err)
			}
		})
	}
}

func TestBadScansAreRefusedWithTheirPlace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, rule, want string }{
		{"a severity that nobody could live with", "to: [deploy], scan: { deny: low }", `rules[0].scan.deny: "low" is none of critical, high, medium`},
		{"no severity", "to: [deploy], scan: {}", "rules[0].scan needs deny: critical, high, medium"},
		{"a word that it does not know", "to: [deploy], scan: { warn: high }", "warn"},
		{"no mapping", "to: [deploy], scan: high", "rules[0].scan must be a mapping"},
		{"verbs that start no new image", "to: [scale, access], scan: { deny: high }", `rules[0].scan is about new images: rules[0].to would have to name deploy, promote, rollback or "*"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			refused(t, ruleOf+c.rule+" }\n", c.want)
		})
	}
}
