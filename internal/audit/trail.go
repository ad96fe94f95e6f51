package audit

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Call is a call that changed something in AWS, by one of bcn's roles, as
// CloudTrail tells it.
type Call struct {
	ID, Action string
	Session    string // role session name
	Identity   string // SourceIdentity
	At         time.Time
	Error      string // AWS's code, where it was refused
}

// System is the name under which bcn calls AWS where nobody asked.
const System = "bcn-system"

var (
	changeSession = regexp.MustCompile(`^bcn-([1-9][0-9]{0,17})$`)
	grantSession  = regexp.MustCompile(`^bcn-g([1-9][0-9]{0,17})-[1-9][0-9]{0,8}$`)
)

// About is the number that a session name is of: a change's, or a grant's; 0 for
// none.
func (c Call) About() int64 {
	for _, form := range []*regexp.Regexp{changeSession, grantSession} {
		if m := form.FindStringSubmatch(c.Session); m != nil {
			id, err := strconv.ParseInt(m[1], 10, 64)
			if err == nil {
				return id
			}
		}
	}
	return 0
}

// Margins of time: clocks differ, what AWS does for a change goes on for a
// while after bcn wrote its end, and what was given is looked after.
const (
	before = 5 * time.Minute
	after  = time.Hour
)

// ahead are the calls that a change makes before it has started: its plan.
func ahead(action string) bool {
	switch action {
	case "CreateChangeSet", "DeleteChangeSet", "DeleteStack", "RegisterTaskDefinition", "DeregisterTaskDefinition":
		return true
	}
	return false
}

// housework are the calls that bcn makes by itself, under each of its names.
func housework(session string) []string {
	switch session {
	case "bcn-follow":
		return []string{
			"DeleteChangeSet", "DeleteStack", "DetectStackDrift", "DetectStackResourceDrift", "DeleteParameter", "DeleteParameters",
			"StopTask", "TerminateSession",
		}
	case "bcn-secret":
		return []string{"PutParameter", "DeleteParameter", "DeleteParameters", "AddTagsToResource"}
	}
	return nil
}

// Explained says whether the log holds why a call was made. entries are those
// about the number that the call's session names, oldest first.
func Explained(c Call, entries []Entry) bool {
	if own := housework(c.Session); own != nil {
		return slices.Contains(own, c.Action) && (c.Identity == System || c.Session == "bcn-secret" && c.Identity != "")
	}
	if len(entries) == 0 || c.Identity == "" || c.At.Before(entries[0].At.Add(-before)) {
		return false
	}
	if grantSession.MatchString(c.Session) {
		return handed(c, entries)
	}
	var body struct{ Asker string }
	first := entries[0]
	if !strings.HasPrefix(first.Kind, "change.") || json.Unmarshal([]byte(first.Body), &body) != nil || !inName(c.Identity, body.Asker) {
		return false
	}
	if over, ended := overAt(entries); ended && c.At.After(over.Add(after)) {
		return false
	}
	return ahead(c.Action) || slices.ContainsFunc(entries, func(e Entry) bool {
		return (e.Kind == "change.start" || e.Kind == "change.planned" && c.Error != "") && !c.At.Before(e.At.Add(-before))
	})
}

// handed says that a grant's credentials were given out under this session name,
// and that the call is not from after the grant's end.
func handed(c Call, entries []Entry) bool {
	ok := false
	for _, e := range entries {
		var body struct{ Session string }
		switch e.Kind {
		case "grant.mint":
			if json.Unmarshal([]byte(e.Body), &body) == nil && body.Session == c.Session && inName(c.Identity, e.Actor) {
				ok = ok || !c.At.Before(e.At.Add(-before))
			}
		case "grant.verify":
			if c.At.After(e.At.Add(before)) && c.Error == "" {
				return false
			}
		}
	}
	return ok
}

// inName says that a SourceIdentity is that of who asked: bcn makes it of their
// name and their user id.
func inName(identity, asker string) bool {
	if asker == System || asker == "command line" {
		return identity == System
	}
	return asker != "" && (identity == asker || strings.HasSuffix(identity, "."+asker))
}

// overAt is when a change ended, by its last entry that says so.
func overAt(entries []Entry) (time.Time, bool) {
	for _, e := range slices.Backward(entries) {
		switch e.Kind {
		case "change.succeed", "change.fail", "change.rolled_back", "change.rollback_failed", "change.cancelled", "change.close":
			return e.At, true
		}
	}
	return time.Time{}, false
}
