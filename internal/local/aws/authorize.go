package aws

import (
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/local/aws/policy"
	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// cloudFormation is the service that acts in the name of a stack's role.
const cloudFormation = "cloudformation.amazonaws.com"

// identify finds out who signed with the access key. An unknown key with a
// session token is a credential that was never issued, or issued by another
// process: it is refused, whatever it claims.
func (a *Account) identify(s signature, now time.Time) (wire.Principal, *session, *wire.Error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	invalid := &wire.Error{Code: codeInvalidToken, Message: "The security token included in the request is invalid", Status: http.StatusForbidden}
	ses, issued := a.sessions[s.accessKey]
	if !issued {
		if s.token != "" || strings.HasPrefix(s.accessKey, "ASIA") {
			return wire.Principal{}, nil, invalid
		}
		return a.administrator(), nil, nil
	}
	r, ok := a.roles[ses.role]
	if s.token != ses.token || !ok || r.id != ses.roleID {
		return wire.Principal{}, nil, invalid
	}
	if !now.Before(ses.expires) {
		return wire.Principal{}, nil, &wire.Error{Code: codeExpiredToken, Message: "The security token included in the request is expired", Status: http.StatusForbidden}
	}
	return a.principal(ses, r), ses, nil
}

// authorizer makes the Authorize of one call.
func (a *Account) authorizer(p wire.Principal, ses *session, region string) func(string, string, map[string][]string) error {
	return func(action, resource string, keys map[string][]string) error {
		if p.Administrator {
			return nil
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		r, ok := a.roles[ses.role]
		if !ok || r.id != ses.roleID {
			return &wire.Error{Code: codeInvalidToken, Message: "The security token included in the request is invalid", Status: http.StatusForbidden}
		}
		return a.decide(p, r, ses, region, action, resource, keys)
	}
}

// authorizerAs makes the AuthorizeAs of one call: CloudFormation acting as a
// role that was passed to it. The role must trust CloudFormation.
func (a *Account) authorizerAs(region string) func(string, string, string, map[string][]string) error {
	return func(roleARN, action, resource string, keys map[string][]string) error {
		if err := a.Trusts(roleARN, cloudFormation); err != nil {
			return err
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		r, ok := a.roleByARN(roleARN)
		if !ok {
			return wire.Errorf("ValidationError", "Role %s is invalid or cannot be assumed", roleARN)
		}
		ses := &session{role: r.name, roleID: r.id, name: "AWSCloudFormation", issued: a.clock.Now()}
		return a.decide(a.principal(ses, r), r, ses, region, action, resource, keys)
	}
}

// Trusts answers nil where the service may assume the role, else the refusal
// that CloudFormation gives. A role that was just made is not there yet for
// the services (IAM is eventually consistent); Options.RoleDelay says how long.
func (a *Account) Trusts(roleARN, service string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	refused := wire.Errorf("ValidationError", "Role %s is invalid or cannot be assumed", roleARN)
	r, ok := a.roleByARN(roleARN)
	if !ok || a.settling(r) {
		return refused
	}
	keys := a.globalKeys("")
	keys.Set("aws:SourceAccount", a.ID) // whose resource the service acts for
	req := policy.Request{Action: "sts:AssumeRole", Caller: policy.ServicePrincipal(service), Keys: keys}
	if r.trust.Decide(req) != policy.Allowed {
		return refused
	}
	return nil
}

// settling says whether the role is too new to be seen; the caller holds mu.
func (a *Account) settling(r *role) bool {
	return a.clock.Now().Before(r.created.Add(a.roleDelay))
}

// decide evaluates all of a principal's policies; the caller holds mu.
func (a *Account) decide(p wire.Principal, r *role, ses *session, region, action, resource string, extra map[string][]string) error {
	keys := a.keys(p, r, ses, region, extra)
	set := policy.Set{Identity: a.identityPolicies(r), Boundary: a.boundary(r), Session: merged(ses.policies)}
	v := set.Decide(policy.Request{Action: action, Resource: resource, Keys: keys})
	if v.Allowed {
		return nil
	}
	return &wire.Error{
		Code:    codeAccessDenied,
		Message: "User: " + p.ARN + " is not authorized to perform: " + action + " on resource: " + resource + " " + v.Reason,
		Status:  http.StatusForbidden,
	}
}

// merged makes one document of several session policies: what any of them
// allows and none denies.
func merged(docs []*policy.Document) *policy.Document {
	if len(docs) == 0 {
		return nil
	}
	out := &policy.Document{Version: docs[0].Version}
	for _, d := range docs {
		out.Statements = append(out.Statements, d.Statements...)
	}
	return out
}

// globalKeys are the condition keys that every request has.
func (a *Account) globalKeys(region string) policy.Keys {
	now := a.clock.Now().UTC()
	k := policy.Keys{}
	k.Set("aws:CurrentTime", now.Format(time.RFC3339))
	k.Set("aws:EpochTime", strconv.FormatInt(now.Unix(), 10))
	k.Set("aws:SecureTransport", "true") // loopback stands for TLS
	if region != "" {
		k.Set("aws:RequestedRegion", region)
	}
	return k
}

// keys are all condition keys of a role's call; what the service told about
// the request (extra) comes last, but cannot say who calls.
func (a *Account) keys(p wire.Principal, r *role, ses *session, region string, extra map[string][]string) policy.Keys {
	k := policy.Keys{}
	var tagKeys []string
	for name, values := range extra {
		k.Set(name, values...)
		if tag, ok := strings.CutPrefix(name, "aws:RequestTag/"); ok {
			tagKeys = append(tagKeys, tag)
		}
	}
	if len(tagKeys) > 0 {
		k.Set("aws:TagKeys", tagKeys...)
	}
	maps.Copy(k, a.globalKeys(region))
	k.Set("aws:userid", p.UserID)
	k.Set("aws:PrincipalArn", p.RoleARN)
	k.Set("aws:PrincipalAccount", a.ID)
	k.Set("aws:PrincipalType", "AssumedRole")
	k.Set("aws:TokenIssueTime", ses.issued.UTC().Format(time.RFC3339))
	if ses.identity != "" {
		k.Set("aws:SourceIdentity", ses.identity)
	}
	for tag, value := range r.tags {
		k.Set("aws:PrincipalTag/"+tag, value)
	}
	for tag, value := range ses.tags {
		k.Set("aws:PrincipalTag/"+tag, value)
	}
	return k
}
