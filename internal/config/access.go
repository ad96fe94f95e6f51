package config

import (
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// MaxAccess is how long access may last at most. bcn's role assumes the roles
// of access, and AWS gives a role that another role assumed an hour at most
// (IAM User Guide, "Role chaining").
const MaxAccess = time.Hour

// Access is what access is set up with. Its roles and documents are printed
// from it (package roles), whose limits are those that are checked here.
type Access struct {
	RunAs    string        // user of sessions on nodes, never root; default bcn-access
	Idle     time.Duration // whole minutes, 1 to 60; default 5: ends a session in which nobody types
	LogGroup string        // empty: bcn/{district}/sessions
	Key      string        // ARN of the KMS key of sessions; empty: none
	NodeTag  bcn.Tag       // only nodes with it; no key: every managed node
	URL      string        // of bcn's listener, without a slash at its end; empty: no exchange over HTTP
	Ports    []Port
}

// Port is a database whose port may be forwarded.
type Port struct {
	District string
	Name     string // in the district
	Host     string // a name or an IPv4 address
	Port     int    // 1 to 65535
	Through  string // the managed node that forwards: i-... or mi-...
}

// PortsOf answers the databases of a district, in the order of the file.
func (a Access) PortsOf(district string) []Port {
	var out []Port
	for _, p := range a.Ports {
		if p.District == district {
			out = append(out, p)
		}
	}
	return out
}

// Database answers the database of that name in a district.
func (a Access) Database(district, name string) (Port, bool) {
	for _, p := range a.Ports {
		if p.District == district && p.Name == name {
			return p, true
		}
	}
	return Port{}, false
}

func defaultAccess() Access { return Access{RunAs: "bcn-access", Idle: 5 * time.Minute} }

func (l *loader) access(path string, n *yaml.Node) {
	a := &l.c.Access
	l.object(path, n,
		field{"run_as", l.checked(&a.RunAs, isSessionUser)},
		field{"idle", l.idle},
		field{"log_group", l.checked(&a.LogGroup, isLogGroup)},
		field{"key", l.checked(&a.Key, isKey)},
		field{"node_tag", l.nodeTag},
		field{"url", func(path string, n *yaml.Node) {
			l.checked(&a.URL, isListener)(path, n)
			a.URL = strings.TrimRight(a.URL, "/")
		}},
		field{"ports", l.ports},
	)
}

func (l *loader) idle(path string, n *yaml.Node) {
	to := &l.c.Access.Idle
	l.span(to, time.Hour, "")(path, n)
	if *to%time.Minute != 0 {
		l.fault(resolve(n), "%s must be whole minutes, as Session Manager counts them; it is %s", path, resolve(n).Value)
	}
}

func (l *loader) nodeTag(path string, n *yaml.Node) {
	tag := &l.c.Access.NodeTag
	before := len(l.problems)
	ok := l.object(path, n,
		field{"key", l.checked(&tag.Key, isNodeTag(128))},
		field{"value", l.checked(&tag.Value, isNodeTag(256))},
	)
	if ok && len(l.problems) == before && (tag.Key == "" || tag.Value == "") {
		l.fault(resolve(n), "%s needs both key and value", path)
	}
}

// ports reads the databases. Two of one district whose names make the same
// logical id would be one resource of its template.
func (l *loader) ports(path string, n *yaml.Node) {
	type id struct{ district, name string }
	taken := map[id]string{} // path
	l.list(path, n, func(path string, n *yaml.Node) {
		var p Port
		before := len(l.problems)
		ok := l.object(path, n,
			field{"district", l.checked(&p.District, isDistrict)},
			field{"name", l.checked(&p.Name, isDatabase)},
			field{"host", l.checked(&p.Host, isHost)},
			field{"port", l.number(&p.Port, 1, 65535)},
			field{"through", l.checked(&p.Through, isNode)},
		)
		if !ok || len(l.problems) != before {
			return
		}
		if p.District == "" || p.Name == "" || p.Host == "" || p.Port == 0 || p.Through == "" {
			l.fault(resolve(n), "%s needs district, name, host, port and through", path)
			return
		}
		at := id{p.District, strings.ReplaceAll(p.Name, "-", "")}
		if first, ok := taken[at]; ok {
			l.fault(resolve(n), "%s: the name %s of %s is taken by %s; hyphens do not count", path, p.Name, p.District, first)
			return
		}
		taken[at] = path
		l.c.Access.Ports = append(l.c.Access.Ports, p)
	})
}

func isSessionUser(s string) string {
	if s == "root" {
		return "sessions do not run as root"
	}
	return shape(s, `^[a-z_][a-z0-9_-]{0,31}$`, "a user such as bcn-access")
}

func isLogGroup(s string) string {
	return shape(s, `^[A-Za-z0-9_./#-]{1,512}$`, "the name of a log group such as bcn/default/sessions")
}

func isKey(s string) string {
	return shape(s, `^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]{1,128}$`,
		"the ARN of a KMS key such as arn:aws:kms:eu-west-1:123456789012:key/...")
}

// isNodeTag is narrower than isTagKey: the value is compared in a policy, where
// * and $ mean something else.
func isNodeTag(size int) func(string) string {
	return func(s string) string {
		return shape(s, `^[A-Za-z0-9_+=,.@:/-]{1,`+strconv.Itoa(size)+`}$`,
			"a word of a tag: at most "+strconv.Itoa(size)+" letters, digits and _+=,.@:/-")
	}
}

// isDistrict is narrower than isName: a district's name is part of the names of
// its roles and documents.
func isDistrict(s string) string {
	return shape(s, `^[A-Za-z][A-Za-z0-9-]{0,40}$`, "a district: letters, digits and -, a letter first, at most 41")
}

func isDatabase(s string) string {
	return shape(s, `^[a-z][a-z0-9-]{0,40}$`, "a database's name: lower-case letters, digits and -, a letter first, at most 41")
}

func isHost(s string) string {
	return shape(s, `^[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?$`, "a host such as orders.db.internal")
}

func isNode(s string) string {
	return shape(s, `^m?i-[0-9a-f]{8,17}$`, "a managed node such as i-0123456789abcdef0")
}

// isListener takes what a path can be put behind. What is handed over there is
// sealed, yet who asks for what is nobody else's business: plain HTTP stays on
// the machine.
func isListener(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Hostname() == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return quoted(s) + " is not an address such as https://bcn.internal.example.com"
	}
	if u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return "the address must be without user, query and fragment"
	}
	if u.Scheme == "http" && !loopback(u.Hostname()) {
		return quoted(s) + " must begin with https://; http:// is for loopback addresses"
	}
	return ""
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
