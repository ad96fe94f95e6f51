package conform_test

import (
	"flag"
	"regexp"
	"strings"
	"testing"
)

// target says what the table is held against: local, aws or slack. The flag is
// made here and not in init, as all of a test binary's flags.
var target = flag.String("target", "local", "local, aws (a real account) or slack (a real workspace)")

// row is one behaviour that bcn relies on.
type row[W any] struct {
	name string // a sentence about what happens
	call string // service and operation; for Slack the method or the envelope
	want string // what is seen: a state, or code and sentence of an error; * stands for any text
	// source is a documentation page, a public record of a real account, or
	// "confirmed live on DATE"; "to be confirmed" where it is only inferred.
	source string
	// do makes it happen in a world of its own and answers what was seen.
	do func(W) string
}

// Where rows are known from. A page is named as its site names it.
const (
	doubt   = "to be confirmed: "
	apiCFN  = "CloudFormation API Reference, "
	guide   = "CloudFormation User Guide, "
	apiECS  = "Amazon ECS API Reference, "
	ecsDev  = "Amazon ECS Developer Guide, "
	apiSTS  = "AWS STS API Reference, "
	iamUser = "IAM User Guide, "
	docs    = "docs.slack.dev, "
	// recorded are answers of a real account that localstack's tests keep, with
	// the day of the recording.
	recorded = "localstack's recordings of AWS, "
)

// run holds a table against worlds that open makes, one for each row.
func run[W any](t *testing.T, table []row[W], open func(*testing.T) W, parallel bool) {
	t.Helper()
	for _, r := range table {
		t.Run(r.name, func(t *testing.T) {
			if parallel {
				t.Parallel()
			}
			if got := r.do(open(t)); !matches(r.want, got) {
				t.Errorf("%s\n got  %s\n want %s\n from %s", r.call, got, r.want, r.source)
			}
		})
	}
}

// matches compares what was seen with a row's pattern.
func matches(pattern, got string) bool {
	parts := strings.Split(pattern, "*")
	for i, p := range parts {
		parts[i] = regexp.QuoteMeta(p)
	}
	return regexp.MustCompile("(?s)^" + strings.Join(parts, ".*") + "$").MatchString(got)
}

func TestTables(t *testing.T) {
	t.Parallel()
	t.Run("AWS's is complete", func(t *testing.T) {
		t.Parallel()
		complete(t, awsTable(), 70)
	})
	t.Run("Slack's is complete", func(t *testing.T) {
		t.Parallel()
		complete(t, slackTable(), 40)
	})
}

// complete checks that each row says all that it should, once.
func complete[W any](t *testing.T, table []row[W], least int) {
	t.Helper()
	seen := map[string]bool{}
	for _, r := range table {
		if r.name == "" || r.call == "" || r.want == "" || r.do == nil {
			t.Errorf("row %q is not complete", r.name)
		}
		if len(strings.TrimPrefix(r.source, doubt)) < 10 {
			t.Errorf("row %q has no source", r.name)
		}
		if seen[r.name] {
			t.Errorf("row %q is there twice", r.name)
		}
		seen[r.name] = true
	}
	if len(table) < least {
		t.Errorf("%d rows, at least %d are promised", len(table), least)
	}
}

func TestPatterns(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, got string
		want         bool
	}{
		{"ok", "ok", true},
		{"ok", "ok, but", false},
		{"Code: *", "Code: any\ntext", true},
		{"*[a.c]*", "x [a.c] y", true},
		{"*[a.c]*", "x [abc] y", false},
		{"a * b * c", "a 1 b 2 c", true},
		{"a * b * c", "a 1 c 2 b", false},
	} {
		if got := matches(c.pattern, c.got); got != c.want {
			t.Errorf("%q holds %q: %v", c.pattern, c.got, got)
		}
	}
}
