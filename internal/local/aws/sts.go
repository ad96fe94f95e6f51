package aws

import (
	"context"
	"net/http"
	"regexp"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/bcn-bot/bcn/internal/local/aws/policy"
	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// Limits of AssumeRole (its API reference).
const (
	minSession       = 900 * time.Second
	defaultSession   = time.Hour
	maxChained       = time.Hour
	maxSessionPolicy = 2048 // characters, of all session policies together
	maxSessionARNs   = 10
	maxSessionTags   = 50
	maxToken         = 4096 // bytes; what a session token may take at most
)

var (
	sessionName = regexp.MustCompile(`^[\w+=,.@-]{2,64}$`)
	externalID  = regexp.MustCompile(`^[\w+=,.@:/-]+$`)
)

func (a *Account) sts() wire.Actions {
	return wire.Actions{
		"AssumeRole":        accepts(a.assumeRole, "RoleArn", "RoleSessionName", "SourceIdentity", "ExternalId", "DurationSeconds", "Policy", "PolicyArns", "Tags"),
		"GetCallerIdentity": accepts(getCallerIdentity),
	}
}

// getCallerIdentity needs no permission, as AWS says of it.
func getCallerIdentity(_ context.Context, c *wire.Call) (any, error) {
	p := c.Principal
	return map[string]any{"Account": p.Account, "Arn": p.ARN, "UserId": p.UserID}, nil
}

// wish is what AssumeRole was asked for, checked.
type wish struct {
	roleARN, name, identity, external string
	duration                          time.Duration
	policies                          []*policy.Document
	policySize                        int
	tags                              map[string]string
}

func (a *Account) assumeRole(_ context.Context, c *wire.Call) (any, error) {
	w, err := a.readWish(c)
	if err != nil {
		return nil, err
	}
	r, ok := a.visibleRole(w.roleARN)
	if !ok {
		return nil, assumeDenied(c.Principal, "sts:AssumeRole", w.roleARN)
	}
	if err := a.mayAssume(c, r, w); err != nil {
		return nil, err
	}
	if w.duration > r.maxSession {
		return nil, wire.Errorf("ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	if !c.Principal.Administrator && w.duration > maxChained {
		return nil, wire.Errorf("ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")
	}
	return a.issue(c, r, w), nil
}

// visibleRole answers a copy of the role, once IAM has spread it. STS says of a
// role that is not there what it says of one that may not be assumed.
func (a *Account) visibleRole(arn string) (*role, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	r, ok := a.roleByARN(arn)
	if !ok || a.settling(r) {
		return nil, false
	}
	out := *r
	return &out, true
}

func assumeDenied(p wire.Principal, action, roleARN string) error {
	return &wire.Error{
		Code:    codeAccessDenied,
		Message: "User: " + p.ARN + " is not authorized to perform: " + action + " on resource: " + roleARN,
		Status:  http.StatusForbidden,
	}
}

// mayAssume asks the role's trust policy and the caller's own policies, once
// for each thing that the call does. AWS asks for less where the trust policy
// names the caller's role itself; bcn's own templates do not rely on that.
func (a *Account) mayAssume(c *wire.Call, r *role, w *wish) error {
	actions := []string{"sts:AssumeRole"}
	if w.identity != "" {
		actions = append(actions, "sts:SetSourceIdentity")
	}
	if len(w.tags) > 0 {
		actions = append(actions, "sts:TagSession")
	}
	extra := w.keys()
	keys := a.globalKeys(c.Region)
	for k, v := range extra {
		keys.Set(k, v...)
	}
	keys.Set("aws:PrincipalAccount", c.Principal.Account)
	keys.Set("aws:PrincipalArn", principalARN(c.Principal))
	keys.Set("aws:userid", c.Principal.UserID)
	if c.Principal.SourceIdentity != "" {
		keys.Set("aws:SourceIdentity", c.Principal.SourceIdentity)
	}
	itself := []policy.Principal{{Type: "AWS", Value: c.Principal.ARN}, {Type: "AWS", Value: principalARN(c.Principal)}}
	for _, action := range actions {
		req := policy.Request{Action: action, Caller: append(itself, policy.AccountPrincipals(a.ID)...), Keys: keys}
		if r.trust.Decide(req) != policy.Allowed {
			return assumeDenied(c.Principal, action, w.roleARN)
		}
		if err := c.Authorize(action, r.arn, extra); err != nil {
			return err
		}
	}
	return nil
}

// principalARN is what aws:PrincipalArn holds: the role, not its session.
func principalARN(p wire.Principal) string {
	if p.RoleARN != "" {
		return p.RoleARN
	}
	return p.ARN
}

// keys are the condition keys that STS itself gives.
func (w *wish) keys() map[string][]string {
	k := map[string][]string{"sts:RoleSessionName": {w.name}}
	if w.external != "" {
		k["sts:ExternalId"] = []string{w.external}
	}
	if w.identity != "" {
		k["sts:SourceIdentity"] = []string{w.identity}
	}
	for tag, value := range w.tags {
		k["aws:RequestTag/"+tag] = []string{value}
	}
	return k
}

// readWish checks the parameters in the order and the words of STS.
func (a *Account) readWish(c *wire.Call) (*wish, error) {
	w := &wish{
		roleARN: str(c.Params, "RoleArn"), name: str(c.Params, "RoleSessionName"),
		identity: str(c.Params, "SourceIdentity"), external: str(c.Params, "ExternalId"),
	}
	if len(w.roleARN) < 20 || len(w.roleARN) > 2048 {
		return nil, wire.Errorf("ValidationError", "%s is invalid", w.roleARN)
	}
	if !sessionName.MatchString(w.name) {
		return nil, constraint(w.name, "roleSessionName", "Member must satisfy regular expression pattern: [\\w+=,.@-]*")
	}
	if w.identity == "" {
		w.identity = c.Principal.SourceIdentity
	}
	if s := c.Principal.SourceIdentity; s != "" && w.identity != s {
		return nil, assumeDenied(c.Principal, "sts:SetSourceIdentity", w.roleARN)
	}
	if w.identity != "" && !sessionName.MatchString(w.identity) {
		return nil, constraint(w.identity, "sourceIdentity", "Member must satisfy regular expression pattern: [\\w+=,.@-]*")
	}
	if n := len(w.external); n > 0 && (n < 2 || n > 1224 || !externalID.MatchString(w.external)) {
		return nil, constraint(w.external, "externalId", "Member must satisfy regular expression pattern: [\\w+=,.@:\\/-]*")
	}
	var err error
	if w.duration, err = sessionDuration(str(c.Params, "DurationSeconds")); err != nil {
		return nil, err
	}
	if err := a.sessionPolicies(c, w); err != nil {
		return nil, err
	}
	w.tags, err = sessionTags(list(c.Params, "Tags"))
	return w, err
}

func constraint(value, name, rule string) error {
	return wire.Errorf("ValidationError", "1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: %s", value, name, rule)
}

func sessionDuration(s string) (time.Duration, error) {
	if s == "" {
		return defaultSession, nil
	}
	n, err := strconv.Atoi(s)
	d := time.Duration(n) * time.Second
	if err != nil || d < minSession {
		return 0, constraint(s, "durationSeconds", "Member must have value greater than or equal to 900")
	}
	if d > 12*time.Hour {
		return 0, constraint(s, "durationSeconds", "Member must have value less than or equal to 43200")
	}
	return d, nil
}

// sessionPolicies reads the inline session policy and the managed ones, which
// share one limit of characters.
func (a *Account) sessionPolicies(c *wire.Call, w *wish) error {
	text := str(c.Params, "Policy")
	if text != "" {
		w.policySize = utf8.RuneCountInString(text)
		if w.policySize > maxSessionPolicy {
			return constraint(text[:64]+"...", "policy", "Member must have length less than or equal to 2048")
		}
		doc, err := policy.Parse([]byte(text), policy.Identity)
		if err != nil {
			return err
		}
		w.policies = append(w.policies, doc)
	}
	arns := list(c.Params, "PolicyArns")
	if len(arns) > maxSessionARNs {
		return wire.Errorf("ValidationError", "Cannot exceed quota for PolicyArns: %d", maxSessionARNs)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, e := range arns {
		m, _ := e.(map[string]any)
		p, ok := a.policies[str(m, "arn")]
		if !ok {
			return wire.Errorf("ValidationError", "Policy %s does not exist", str(m, "arn"))
		}
		w.policySize += utf8.RuneCountInString(p.text)
		w.policies = append(w.policies, p.doc)
	}
	if w.policySize > maxSessionPolicy {
		return wire.Errorf("PackedPolicyTooLarge", "Serialized token too large for session")
	}
	return nil
}

func sessionTags(tags []any) (map[string]string, error) {
	if len(tags) > maxSessionTags {
		return nil, wire.Errorf("ValidationError", "Cannot exceed quota for Tags: %d", maxSessionTags)
	}
	out := map[string]string{}
	for _, t := range tags {
		m, _ := t.(map[string]any)
		key, value := str(m, "Key"), str(m, "Value")
		if key == "" || utf8.RuneCountInString(key) > 128 || utf8.RuneCountInString(value) > 256 {
			return nil, constraint(key, "tags.member.key", "Member must have length between 1 and 128, its value at most 256")
		}
		if _, twice := out[key]; twice {
			return nil, wire.Errorf("InvalidParameterValue", "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
		out[key] = value
	}
	return out, nil
}

// issue makes and keeps the credentials, and forgets those that ran out.
func (a *Account) issue(c *wire.Call, r *role, w *wish) map[string]any {
	s := &session{
		secret: random(40, base64Like), token: random(344, base64Like), expires: c.Now.Add(w.duration).Truncate(time.Second), issued: c.Now,
		role: r.name, roleID: r.id, name: w.name, identity: w.identity, tags: w.tags, policies: w.policies,
	}
	key := "ASIA" + random(16, upperHexless)
	a.mu.Lock()
	defer a.mu.Unlock()
	for k, old := range a.sessions {
		if c.Now.Sub(old.expires) > 24*time.Hour { // until then the answer is ExpiredToken
			delete(a.sessions, k)
		}
	}
	a.sessions[key] = s
	p := a.principal(s, r)
	out := map[string]any{
		"AssumedRoleUser": map[string]any{"Arn": p.ARN, "AssumedRoleId": p.UserID},
		"Credentials": map[string]any{
			"AccessKeyId": key, "SecretAccessKey": s.secret, "SessionToken": s.token, "Expiration": s.expires.UTC().Format(time.RFC3339),
		},
	}
	if w.identity != "" {
		out["SourceIdentity"] = w.identity
	}
	// The token carries the policies; how large AWS's are is not fixed.
	tokenSize := len(s.token) + w.policySize
	out["SessionTokenSize"], out["SessionTokenUtilization"] = tokenSize, tokenSize*100/maxToken
	if w.policySize > 0 {
		out["PackedPolicySize"] = w.policySize * 100 / maxSessionPolicy
	}
	return out
}
