package aws

import (
	"net/http"
	"slices"
	"time"

	"github.com/bcn-bot/bcn/internal/local/aws/policy"
	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// managed is a customer managed policy.
type managed struct {
	name, id, arn, path string
	description         string
	created             time.Time
	version             int // v1, v2, ...: the default version, the only one kept
	text                string
	doc                 *policy.Document
}

// makePolicy stores a customer managed policy.
func (a *Account) makePolicy(name, path, description, text string) (*managed, error) {
	if path == "" {
		path = "/"
	}
	if !iamName.MatchString(name) || len(name) > 128 || !iamPath.MatchString(path) {
		return nil, constraint(path+name, "policyName", "Member must satisfy regular expression pattern: [\\w+=,.@-]{1,128}")
	}
	doc, err := managedDocument(text)
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	m := &managed{
		name: name, path: path, description: description, text: text, doc: doc, created: a.clock.Now(), version: 1,
		id: "ANPA" + random(17, upperHexless), arn: "arn:aws:iam::" + a.ID + ":policy" + path + name,
	}
	for _, other := range a.policies {
		if other.name == name {
			return nil, exists("A policy called " + name)
		}
	}
	a.policies[m.arn] = m
	return m, nil
}

func managedDocument(text string) (*policy.Document, error) {
	if size(text) > maxManaged {
		return nil, overLimit("Cannot exceed quota for PolicySize: %d", maxManaged)
	}
	return policy.Parse([]byte(text), policy.Identity)
}

// replacePolicy makes a new default version of a managed policy.
func (a *Account) replacePolicy(arn, text string) error {
	doc, err := managedDocument(text)
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	m, ok := a.policies[arn]
	if !ok {
		return noSuchPolicy(arn)
	}
	m.text, m.doc = text, doc
	m.version++
	return nil
}

// deletePolicy refuses while a role has the policy, as a policy or a boundary.
func (a *Account) deletePolicy(arn string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.policies[arn] == nil {
		return noSuchPolicy(arn)
	}
	for _, r := range a.roles {
		if r.boundary == arn || slices.Contains(r.attached, arn) {
			return &wire.Error{Code: "DeleteConflict", Message: "Cannot delete a policy attached to entities.", Status: http.StatusConflict}
		}
	}
	delete(a.policies, arn)
	return nil
}
