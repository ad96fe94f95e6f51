package config

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// The bounds of what a rule demands of a request.
const (
	maxPattern = 500 // characters of a regular expression
	maxHint    = 200
	maxPer     = 30 * 24 * time.Hour // the longest time over which uses are counted
	maxUses    = 1000
)

// TicketPlace is where a ticket's number goes in a URL.
const TicketPlace = "{ticket}"

// RuleReason is what a rule wants of the reason. The zero value wants none.
type RuleReason struct {
	Required bool
	Pattern  string // RE2; somewhere in the reason unless it says ^ and $. "": anything
	Hint     string // what would do, in people's words; "": the pattern
}

// Fits says whether a reason will do.
func (r RuleReason) Fits(reason string) bool {
	if !r.Required {
		return true
	}
	return strings.TrimSpace(reason) != "" && regexp.MustCompile(r.Pattern).MatchString(reason)
}

// Wants says in a few words what the reason must be, "" where anything will do.
func (r RuleReason) Wants() string {
	if r.Hint != "" {
		return r.Hint
	}
	return r.Pattern
}

// Ticket is how the ticket that a reason names is looked up.
type Ticket struct {
	Pattern  string   `json:"pattern"`            // RE2: the first match in the reason is the ticket
	URL      string   `json:"url"`                // with {ticket} in its path or query
	Status   string   `json:"status"`             // where in the answer, such as fields.status.name
	Open     []string `json:"open"`               // the statuses in which work may be done
	Assignee string   `json:"assignee,omitempty"` // where in the answer an account of the requester's must be; "": not looked at
}

// Find answers the ticket that a reason names, "" for none.
func (t Ticket) Find(reason string) string {
	return regexp.MustCompile(t.Pattern).FindString(reason)
}

// Limit is how often a person may ask by a rule.
type Limit struct {
	Count int
	Per   time.Duration // 1m to 720h, counted back from now
}

// asked are the verbs that take a reason and are stored, so that they can be
// counted.
func asked() []string {
	return []string{
		"deploy", "rollback", "restart", "promote", "run", "scale", "env", "secret", "delete",
		"district", "endpoint", "access", "access:live", "access:instance", "access:port",
	}
}

// termFields reads what a rule demands of whoever asks, and remembers where it
// is written.
func (l *loader) termFields(rule *Rule, at map[string]*yaml.Node) []field {
	fields := []field{
		{"reason", func(path string, n *yaml.Node) { l.reason(path, n, &rule.Reason) }},
		{"ticket", func(path string, n *yaml.Node) { rule.Ticket = l.ticket(path, n) }},
		{"when", func(path string, n *yaml.Node) { l.windows(path, n, &rule.When) }},
		{"limit", func(path string, n *yaml.Node) { rule.Limit = l.limit(path, n) }},
	}
	for i, f := range fields {
		fields[i].read = func(path string, n *yaml.Node) {
			at[f.key] = resolve(n)
			f.read(path, n)
		}
	}
	return fields
}

// termsMean refuses demands that nobody could meet, or that would be of nothing.
func (l *loader) termsMean(path string, rule Rule, at map[string]*yaml.Node) {
	for _, key := range []string{"reason", "ticket", "limit"} {
		n, written := at[key]
		if !written || len(rule.To) == 0 || slices.Contains(rule.To, "*") {
			continue
		}
		if !slices.ContainsFunc(asked(), func(v string) bool { return slices.Contains(rule.To, v) }) {
			l.fault(n, `%s is about what is asked for and changes something: %s would have to name %s or "*"`,
				join(path, key), join(path, "to"), strings.Join(asked(), ", "))
		}
	}
}

// reason reads "required", or what the reason must be like.
func (l *loader) reason(path string, n *yaml.Node, r *RuleReason) {
	r.Required = true
	if resolve(n).Kind == yaml.ScalarNode {
		var word string
		l.checked(&word, func(s string) string {
			if s != "required" {
				return quoted(s) + " is not required; or give pattern and hint"
			}
			return ""
		})(path, n)
		return
	}
	before := len(l.problems)
	ok := l.object(path, n,
		field{"pattern", l.checked(&r.Pattern, isPattern)},
		field{"hint", l.checked(&r.Hint, isHint)},
	)
	if ok && len(l.problems) == before && r.Pattern == "" {
		l.fault(resolve(n), "%s needs pattern; a reason of any kind is reason: required", path)
	}
}

func (l *loader) ticket(path string, n *yaml.Node) *Ticket {
	t := &Ticket{}
	before := len(l.problems)
	ok := l.object(path, n,
		field{"pattern", l.checked(&t.Pattern, isPattern)},
		field{"url", l.checked(&t.URL, isTicketURL)},
		field{"status", l.checked(&t.Status, isPathOfAnswer)},
		field{"open", func(path string, n *yaml.Node) { t.Open = l.strings(path, n, isHint) }},
		field{"assignee", l.checked(&t.Assignee, isPathOfAnswer)},
	)
	if ok && len(l.problems) == before && (t.Pattern == "" || t.URL == "" || t.Status == "" || len(t.Open) == 0) {
		l.fault(resolve(n), "%s needs pattern, url, status and open", path)
	}
	return t
}

func (l *loader) limit(path string, n *yaml.Node) *Limit {
	t := &Limit{}
	before := len(l.problems)
	ok := l.object(path, n,
		field{"count", l.number(&t.Count, 1, maxUses)},
		field{"per", l.span(&t.Per, maxPer, "")},
	)
	if ok && len(l.problems) == before && (t.Count == 0 || t.Per == 0) {
		l.fault(resolve(n), "%s needs count and per", path)
	}
	return t
}

// isPattern wants a regular expression as Go's regexp takes them, which is
// linear in what it reads.
func isPattern(s string) string {
	if len(s) > maxPattern {
		return "a pattern may have 500 characters"
	}
	if _, err := regexp.Compile(s); err != nil {
		return "it is not a regular expression: " + quoted(strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	return ""
}

func isHint(s string) string {
	if len([]rune(s)) > maxHint || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' }) {
		return "it must be one line of at most 200 characters"
	}
	return ""
}

func isPathOfAnswer(s string) string {
	return shape(s, `^[A-Za-z0-9_-]{1,60}(\.[A-Za-z0-9_-]{1,60}){0,9}$`, "a place in the answer such as fields.status.name")
}

// isTicketURL wants https, or plain http on this machine: the request carries
// a token. Its host is fixed: a reason must not say where the token goes.
func isTicketURL(s string) string {
	u, err := url.Parse(strings.ReplaceAll(s, TicketPlace, "TICKET"))
	switch {
	case err != nil || u.Host == "" || u.Opaque != "":
		return "it is not an address such as https://host/rest/{ticket}"
	case u.User != nil:
		return "it must not hold a user or a password: those go into BCN_TICKET_TOKEN"
	case u.Fragment != "":
		return "it must not hold #"
	case u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())):
		return "it must begin with https://"
	case strings.Contains(u.Host, "TICKET"):
		return "{ticket} must not be in the host"
	case !strings.Contains(s, TicketPlace):
		return "it needs {ticket} where the ticket's number goes"
	}
	return ""
}
