package config

import (
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// scanDenies are the severities from which on a rule may deny.
func scanDenies() []string {
	return []string{string(bcn.SeverityCritical), string(bcn.SeverityHigh), string(bcn.SeverityMedium)}
}

// newImages are the verbs that may start an image other than the one that runs.
func newImages() []string { return []string{"deploy", "promote", "rollback"} }

// scanField reads scan and remembers where it is written.
func (l *loader) scanField(rule *Rule, at map[string]*yaml.Node) field {
	return field{"scan", func(path string, n *yaml.Node) {
		at["scan"] = resolve(n)
		var word string
		before := len(l.problems)
		ok := l.object(path, n, field{"deny", l.checked(&word, func(s string) string {
			if !slices.Contains(scanDenies(), s) {
				return quoted(s) + " is none of " + strings.Join(scanDenies(), ", ")
			}
			return ""
		})})
		if ok && len(l.problems) == before && word == "" {
			l.fault(resolve(n), "%s needs deny: %s", path, strings.Join(scanDenies(), ", "))
		}
		rule.ScanDeny = bcn.Severity(word)
	}}
}

// scanMeans refuses scan where no image is started.
func (l *loader) scanMeans(path string, rule Rule, at map[string]*yaml.Node) {
	n, written := at["scan"]
	if !written || len(rule.To) == 0 || slices.Contains(rule.To, "*") {
		return
	}
	if !slices.ContainsFunc(newImages(), func(v string) bool { return slices.Contains(rule.To, v) }) {
		l.fault(n, `%s is about new images: %s would have to name %s or "*"`, join(path, "scan"), join(path, "to"), strings.Join(newImages(), ", "))
	}
}

// writtenScan is scan as a plan holds it.
type writtenScan struct {
	Deny bcn.Severity `json:"deny"`
}

func (r Rule) writtenScan() *writtenScan {
	if r.ScanDeny == "" {
		return nil
	}
	return &writtenScan{Deny: r.ScanDeny}
}
