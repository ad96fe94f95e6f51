package aws

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/bcn-bot/bcn/internal/local/aws/policy"
	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// Limits of IAM ("IAM and AWS STS quotas"); white space does not count.
const (
	maxInline      = 10240 // characters of all inline policies of a role
	maxManaged     = 6144  // of a managed policy
	maxTrust       = 2048  // of a role's trust policy
	maxAttached    = 10    // managed policies of a role
	maxTags        = 50
	minRoleSession = time.Hour
	maxRoleSession = 12 * time.Hour
)

var (
	iamName = regexp.MustCompile(`^[\w+=,.@-]+$`)
	iamPath = regexp.MustCompile(`^(/|/[\x21-\x7E]*/)$`)
)

// role is an IAM role with all that is attached to it.
type role struct {
	name, id, arn, path string
	description         string
	created             time.Time
	maxSession          time.Duration
	trustText           string
	trust               *policy.Document
	inline              map[string]string // policy name to document
	parsed              map[string]*policy.Document
	attached            []string // ARNs of managed policies
	boundary            string   // ARN of a managed policy
	tags                map[string]string
}

func noSuchRole(name string) *wire.Error {
	return &wire.Error{Code: "NoSuchEntity", Message: "The role with name " + name + " cannot be found.", Status: http.StatusNotFound}
}

func noSuchPolicy(arn string) *wire.Error {
	return &wire.Error{Code: "NoSuchEntity", Message: "Policy " + arn + " does not exist or is not attachable.", Status: http.StatusNotFound}
}

func exists(what string) *wire.Error {
	return &wire.Error{Code: "EntityAlreadyExists", Message: what + " already exists.", Status: http.StatusConflict}
}

func overLimit(format string, args ...any) *wire.Error {
	e := wire.Errorf("LimitExceeded", format, args...)
	e.Status = http.StatusConflict
	return e
}

// roleByARN finds a role by its whole ARN; the caller holds mu.
func (a *Account) roleByARN(arn string) (*role, bool) {
	r, ok := a.roles[arn[strings.LastIndexByte(arn, '/')+1:]]
	if !ok || r.arn != arn {
		return nil, false
	}
	return r, true
}

// identityPolicies are a role's inline and attached documents; the caller
// holds mu.
func (a *Account) identityPolicies(r *role) []*policy.Document {
	docs := make([]*policy.Document, 0, len(r.parsed)+len(r.attached))
	for _, d := range r.parsed {
		docs = append(docs, d)
	}
	for _, arn := range r.attached {
		if m, ok := a.policies[arn]; ok {
			docs = append(docs, m.doc)
		}
	}
	return docs
}

// boundary is a role's permissions boundary, nil where it has none. One that
// was deleted allows nothing.
func (a *Account) boundary(r *role) *policy.Document {
	if r.boundary == "" {
		return nil
	}
	if m, ok := a.policies[r.boundary]; ok {
		return m.doc
	}
	return &policy.Document{}
}

// roleSpec is what a role is made of, before anything is checked.
type roleSpec struct {
	name, path, description, trust, boundary string
	maxSession                               time.Duration
	tags                                     map[string]string
}

// makeRole checks the spec as CreateRole does and stores the role.
func (a *Account) makeRole(s roleSpec) (*role, error) {
	if s.path == "" {
		s.path = "/"
	}
	if s.tags == nil {
		s.tags = map[string]string{}
	}
	if s.maxSession == 0 {
		s.maxSession = minRoleSession
	}
	switch {
	case !iamName.MatchString(s.name) || len(s.name) > 64:
		return nil, constraint(s.name, "roleName", "Member must satisfy regular expression pattern: [\\w+=,.@-]{1,64}")
	case !iamPath.MatchString(s.path) || len(s.path) > 512:
		return nil, constraint(s.path, "path", "Member must begin and end with / and contain printable ASCII only")
	case s.maxSession < minRoleSession || s.maxSession > maxRoleSession:
		return nil, constraint(s.maxSession.String(), "maxSessionDuration", "Member must have value between 3600 and 43200")
	case len(s.tags) > maxTags:
		return nil, overLimit("Cannot exceed quota for TagsPerRole: %d", maxTags)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	trust, err := a.trustPolicy(s.trust)
	if err != nil {
		return nil, err
	}
	if _, there := a.roles[s.name]; there {
		return nil, exists("Role with name " + s.name)
	}
	if s.boundary != "" && a.policies[s.boundary] == nil {
		return nil, noSuchPolicy(s.boundary)
	}
	r := &role{
		name: s.name, path: s.path, description: s.description, boundary: s.boundary, maxSession: s.maxSession, tags: s.tags,
		id: "AROA" + random(17, upperHexless), arn: "arn:aws:iam::" + a.ID + ":role" + s.path + s.name,
		created: a.clock.Now(), trustText: s.trust, trust: trust,
		inline: map[string]string{}, parsed: map[string]*policy.Document{},
	}
	a.roles[s.name] = r
	return r, nil
}

// trustPolicy parses a trust policy. Roles that it names must exist: IAM keeps
// their unique ids instead of their names. The caller holds mu.
func (a *Account) trustPolicy(text string) (*policy.Document, error) {
	if size(text) > maxTrust {
		return nil, overLimit("Cannot exceed quota for ACLSizePerRole: %d", maxTrust)
	}
	doc, err := policy.Parse([]byte(text), policy.Trust)
	if err != nil {
		return nil, err
	}
	for _, s := range doc.Statements {
		for _, p := range s.Principals {
			prefix := "arn:aws:iam::" + a.ID + ":role/"
			if _, ok := a.roleByARN(p.Value); p.Type == "AWS" && strings.HasPrefix(p.Value, prefix) && !ok {
				return nil, wire.Errorf("MalformedPolicyDocument", "Invalid principal in policy: \"AWS\":%q", p.Value)
			}
		}
	}
	return doc, nil
}

// size counts what IAM counts of a document.
func size(text string) int {
	return utf8.RuneCountInString(strings.Join(strings.Fields(text), ""))
}

// putInline stores an inline policy of a role.
func (a *Account) putInline(roleName, name, text string) error {
	if !iamName.MatchString(name) || len(name) > 128 {
		return constraint(name, "policyName", "Member must satisfy regular expression pattern: [\\w+=,.@-]{1,128}")
	}
	doc, err := policy.Parse([]byte(text), policy.Identity)
	if err != nil {
		return err
	}
	return a.changeRole(roleName, func(r *role) error {
		total := size(text)
		for n, t := range r.inline {
			if n != name {
				total += size(t)
			}
		}
		if total > maxInline {
			return overLimit("Maximum policy size of %d bytes exceeded for role %s", maxInline, roleName)
		}
		r.inline[name], r.parsed[name] = text, doc
		return nil
	})
}

func (a *Account) deleteInline(roleName, name string) error {
	return a.changeRole(roleName, func(r *role) error {
		if _, ok := r.inline[name]; !ok {
			return &wire.Error{Code: "NoSuchEntity", Message: "The role policy with name " + name + " cannot be found.", Status: http.StatusNotFound}
		}
		delete(r.inline, name)
		delete(r.parsed, name)
		return nil
	})
}

func (a *Account) attach(roleName, arn string) error {
	return a.changeRole(roleName, func(r *role) error {
		switch {
		case a.policies[arn] == nil:
			return noSuchPolicy(arn)
		case slices.Contains(r.attached, arn):
			return nil
		case len(r.attached) == maxAttached:
			return overLimit("Cannot exceed quota for PoliciesPerRole: %d", maxAttached)
		}
		r.attached = append(slices.Clone(r.attached), arn)
		return nil
	})
}

func (a *Account) detach(roleName, arn string) error {
	return a.changeRole(roleName, func(r *role) error {
		i := slices.Index(r.attached, arn)
		if i < 0 {
			return &wire.Error{Code: "NoSuchEntity", Message: "Policy " + arn + " was not found.", Status: http.StatusNotFound}
		}
		r.attached = slices.Delete(slices.Clone(r.attached), i, i+1)
		return nil
	})
}

// setBoundary puts a permissions boundary on a role, or takes it away ("").
func (a *Account) setBoundary(roleName, arn string) error {
	return a.changeRole(roleName, func(r *role) error {
		if arn != "" && a.policies[arn] == nil {
			return noSuchPolicy(arn)
		}
		r.boundary = arn
		return nil
	})
}

// setTrust replaces a role's trust policy.
func (a *Account) setTrust(roleName, text string) error {
	return a.changeRole(roleName, func(r *role) error {
		doc, err := a.trustPolicy(text)
		if err == nil {
			r.trustText, r.trust = text, doc
		}
		return err
	})
}

func (a *Account) changeRole(name string, change func(*role) error) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	r, ok := a.roles[name]
	if !ok {
		return noSuchRole(name)
	}
	return change(r)
}

// deleteRole refuses while policies are on the role, as IAM does.
func (a *Account) deleteRole(name string) error {
	return a.changeRole(name, func(r *role) error {
		if len(r.inline)+len(r.attached) > 0 {
			return &wire.Error{Code: "DeleteConflict", Message: "Cannot delete entity, must delete policies first.", Status: http.StatusConflict}
		}
		for _, p := range a.profiles {
			if p.role == r.arn {
				return &wire.Error{Code: "DeleteConflict", Message: "Cannot delete entity, must remove roles from instance profiles first.", Status: http.StatusConflict}
			}
		}
		delete(a.roles, name)
		return nil
	})
}
