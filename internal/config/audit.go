package config

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// Audit says where the log's head is anchored, and when CloudTrail is compared
// with the log.
type Audit struct {
	Anchor    Anchor
	Reconcile string // as package schedule reads it, in UTC, or Off; default 0 4 * * *
}

// Anchor says where and how often the log's head is told outside of the
// database.
type Anchor struct {
	Every   time.Duration // default 24 h; nothing is told while nothing was written
	Channel string        // channel id; empty: none
	S3      *AnchorS3     // nil: none
}

// AnchorS3 is a bucket with object lock. It is reached as a district's role, as
// another role, or, where neither is given, with bcn's own credentials.
type AnchorS3 struct {
	Bucket   string
	Prefix   string // ends in /, or is empty
	District string
	Role     string        // ARN
	Region   string        // empty: the district's, else AWS_REGION
	Retain   time.Duration // whole days; default 365 days
}

const (
	wholeDay      = 24 * time.Hour
	defaultAnchor = wholeDay
	// S3 takes 100 years (Amazon S3 User Guide, "Object Lock considerations").
	maxRetain     = 36500
	defaultRetain = 365
)

// security is the word for the channel of the same name in slack.channels.
const security = "security"

func defaultAudit() Audit {
	return Audit{Anchor: Anchor{Every: defaultAnchor, Channel: security}, Reconcile: "0 4 * * *"}
}

func (l *loader) audit(path string, n *yaml.Node) {
	a := &l.c.Audit
	l.object(path, n,
		field{"anchor", func(path string, n *yaml.Node) {
			l.object(path, n,
				field{"every", l.span(&a.Anchor.Every, 31*wholeDay, "the log would be without a witness for too long")},
				field{"channel", l.checked(&a.Anchor.Channel, isAnchorChannel)},
				field{"s3", l.anchorS3},
			)
		}},
		field{"reconcile", l.checked(&a.Reconcile, isWatch)},
	)
}

func (l *loader) anchorS3(path string, n *yaml.Node) {
	s := &AnchorS3{Retain: defaultRetain * wholeDay}
	l.c.Audit.Anchor.S3 = s
	before := len(l.problems)
	ok := l.object(path, n,
		field{"bucket", l.checked(&s.Bucket, isBucket)},
		field{"prefix", l.checked(&s.Prefix, isPrefix)},
		field{"district", l.checked(&s.District, isDistrict)},
		field{"role", l.checked(&s.Role, isRoleARN)},
		field{"region", l.checked(&s.Region, isRegion)},
		field{"retain", l.days(&s.Retain)},
	)
	switch {
	case !ok || len(l.problems) > before:
	case s.Bucket == "":
		l.fault(resolve(n), "%s needs bucket", path)
	case s.District != "" && s.Role != "":
		l.fault(resolve(n), "%s has both district and role: it is reached as one of them", path)
	}
}

// anchorChannel puts the security channel in place of its word.
func (l *loader) anchorChannel() {
	switch a := &l.c.Audit.Anchor; a.Channel {
	case security:
		a.Channel = l.c.Slack.Channels.Security
	case Off:
		a.Channel = ""
	}
}

// days reads whole days, such as 365d.
func (r *reader) days(to *time.Duration) func(string, *yaml.Node) {
	return func(path string, n *yaml.Node) {
		n = resolve(n)
		v, err := strconv.Atoi(strings.TrimSuffix(n.Value, "d"))
		if n.Kind != yaml.ScalarNode || err != nil || !strings.HasSuffix(n.Value, "d") {
			r.wrong(path, n, "a number of days such as 365d")
			return
		}
		if v < 1 || v > maxRetain {
			r.fault(n, "%s must be between 1d and %dd, it is %s", path, maxRetain, n.Value)
			return
		}
		*to = time.Duration(v) * wholeDay
	}
}

func isAnchorChannel(s string) string {
	if s == security || s == Off || isChannel(s) == "" {
		return ""
	}
	return quoted(s) + " is neither security nor off nor a channel id such as C0SEC"
}

var (
	bucketForm = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	prefixForm = regexp.MustCompile(`^[A-Za-z0-9_.=/-]{1,200}/$`)
	roleForm   = regexp.MustCompile(`^arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]{1,512}$`)
	regionForm = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-\d$`)
)

func isBucket(s string) string {
	if !bucketForm.MatchString(s) {
		return quoted(s) + " is not a bucket's name"
	}
	return ""
}

func isPrefix(s string) string {
	if !prefixForm.MatchString(s) {
		return quoted(s) + " is not a prefix that ends in /, such as bcn/"
	}
	return ""
}

func isRoleARN(s string) string {
	if !roleForm.MatchString(s) {
		return quoted(s) + " is not the ARN of a role"
	}
	return ""
}

func isRegion(s string) string {
	if !regionForm.MatchString(s) {
		return quoted(s) + " is not a region such as eu-west-1"
	}
	return ""
}
