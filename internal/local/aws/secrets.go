package aws

import (
	"context"
	"maps"
	"regexp"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

var secretName = regexp.MustCompile(`^[a-zA-Z0-9/_+=.@-]{1,512}$`)

// secret is one secret of Secrets Manager.
type secret struct {
	name, arn, description string
	value                  string
	key, keyID             string // KmsKeyId as it was written, empty for AWS's own, and the key's id
	version                string
	created, changed       time.Time
	deleted                time.Time // when it was asked to be deleted; zero: it is not
	tags                   map[string]string
}

func (a *Account) secretsManager() wire.Actions {
	return wire.Actions{
		"CreateSecret":   accepts(a.createSecret, "Name", "SecretString", "Description", "Tags", "ClientRequestToken", "KmsKeyId"),
		"DescribeSecret": accepts(a.describeSecret, "SecretId"),
		"ListSecrets":    accepts(a.listSecrets, "MaxResults", "NextToken", "IncludePlannedDeletion"),
		"GetSecretValue": accepts(a.getSecretValue, "SecretId"),
		"PutSecretValue": accepts(a.putSecretValue, "SecretId", "SecretString", "ClientRequestToken"),
		"DeleteSecret":   accepts(a.deleteSecret, "SecretId", "RecoveryWindowInDays", "ForceDeleteWithoutRecovery"),
	}
}

// findSecret finds by name, by ARN, or by the ARN without its suffix of six
// random characters; the caller holds mu.
func (a *Account) findSecret(region, id string) (*secret, bool) {
	for _, s := range a.in(region).secrets {
		if id == s.name || id == s.arn || id == s.arn[:len(s.arn)-7] {
			return s, true
		}
	}
	return nil, false
}

// onSecret authorizes an action on the secret that the call names. One that is
// not there is authorized by the ARN that it was named by, or would have.
func (a *Account) onSecret(c *wire.Call, action string) (*secret, error) {
	id := str(c.Params, "SecretId")
	a.mu.Lock()
	s, ok := a.findSecret(c.Region, id)
	arn, keys := id, map[string][]string{"secretsmanager:SecretId": {id}}
	switch {
	case ok:
		arn = s.arn
		maps.Copy(keys, tagKeys("aws:ResourceTag/", s.tags))
		maps.Copy(keys, tagKeys("secretsmanager:ResourceTag/", s.tags))
	case !strings.HasPrefix(id, "arn:"):
		arn = a.secretARN(c.Region, id) + "-??????"
	}
	a.mu.Unlock()
	if err := c.Authorize(action, arn, keys); err != nil {
		return nil, err
	}
	if !ok {
		return nil, wire.Errorf("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
	}
	return s, nil
}

func (a *Account) secretARN(region, name string) string {
	return "arn:aws:secretsmanager:" + region + ":" + a.ID + ":secret:" + name
}

func (a *Account) createSecret(_ context.Context, c *wire.Call) (any, error) {
	name, tags := str(c.Params, "Name"), tagsOf(list(c.Params, "Tags"))
	keys := tagKeys("aws:RequestTag/", tags)
	keys["secretsmanager:Name"] = []string{name}
	if err := c.Authorize("secretsmanager:CreateSecret", a.secretARN(c.Region, name)+"-??????", keys); err != nil {
		return nil, err
	}
	if !secretName.MatchString(name) {
		return nil, wire.Errorf("ValidationException", "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!")
	}
	arn := a.secretARN(c.Region, name) + "-" + random(6, base64Like[:62])
	keyID, err := a.secretKey(c, arn)
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	store, token := a.in(c.Region).secrets, str(c.Params, "ClientRequestToken")
	if s, there := store[name]; there {
		if token != "" && s.version == token && s.value == str(c.Params, "SecretString") {
			return map[string]any{"ARN": s.arn, "Name": name, "VersionId": s.version}, nil // the same request again
		}
		return nil, wire.Errorf("ResourceExistsException", "The operation failed because the secret %s already exists.", name)
	}
	if token == "" {
		token = requestID()
	}
	s := &secret{
		name: name, arn: arn, description: str(c.Params, "Description"), key: str(c.Params, "KmsKeyId"), keyID: keyID,
		value: str(c.Params, "SecretString"), version: token, created: c.Now, changed: c.Now, tags: tags,
	}
	store[name] = s
	return map[string]any{"ARN": s.arn, "Name": name, "VersionId": s.version}, nil
}

// secretKey answers the id of the key that a new secret is to be encrypted
// with, which the caller may use; "" for AWS's own.
func (a *Account) secretKey(c *wire.Call, arn string) (string, error) {
	ref := str(c.Params, "KmsKeyId")
	if ref == "" {
		return "", nil
	}
	a.mu.Lock()
	k, ok := a.findKey(c.Region, ref)
	a.mu.Unlock()
	if !ok {
		return "", wire.Errorf("InvalidParameterException", "The KMS key %s is not there.", ref)
	}
	return k.id, a.useKey(c, k.id, secretUse(c.Region, arn), "kms:GenerateDataKey", "kms:Decrypt")
}

func describe(s *secret) map[string]any {
	out := map[string]any{
		"ARN": s.arn, "Name": s.name, "CreatedDate": s.created, "LastChangedDate": s.changed,
		"Tags": tagList(s.tags, "Key", "Value"),
	}
	if s.description != "" {
		out["Description"] = s.description
	}
	if s.key != "" {
		out["KmsKeyId"] = s.key
	}
	if !s.deleted.IsZero() {
		out["DeletedDate"] = s.deleted
	}
	return out
}

func (a *Account) describeSecret(_ context.Context, c *wire.Call) (any, error) {
	s, err := a.onSecret(c, "secretsmanager:DescribeSecret")
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	out := describe(s)
	out["VersionIdsToStages"] = map[string]any{s.version: []any{"AWSCURRENT"}}
	return out, nil
}

func (a *Account) listSecrets(_ context.Context, c *wire.Call) (any, error) {
	if err := c.Authorize("secretsmanager:ListSecrets", "*", nil); err != nil {
		return nil, err
	}
	size, ok := number(c.Params, "MaxResults", 100)
	if !ok || size < 1 || size > 100 {
		return nil, wire.Errorf("ValidationException", "1 validation error detected: Value at 'maxResults' failed to satisfy constraint: Member must have value between 1 and 100")
	}
	if len(list(c.Params, "Filters")) > 0 {
		return nil, wire.Errorf("InvalidParameterException", "the local AWS has no filters for ListSecrets")
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	var found []any
	store := a.in(c.Region).secrets
	for _, name := range sortedKeys(store) {
		if store[name].deleted.IsZero() || boolean(c.Params, "IncludePlannedDeletion") {
			found = append(found, describe(store[name]))
		}
	}
	from, to, next, err := page(str(c.Params, "NextToken"), size, len(found))
	if err != nil {
		return nil, err
	}
	return withToken(map[string]any{"SecretList": append([]any{}, found[from:to]...)}, next), nil
}

func scheduled(s *secret) error {
	if s.deleted.IsZero() {
		return nil
	}
	return wire.Errorf("InvalidRequestException", "You can't perform this operation on the secret because it was marked for deletion.")
}

func (a *Account) getSecretValue(_ context.Context, c *wire.Call) (any, error) {
	s, err := a.onSecret(c, "secretsmanager:GetSecretValue")
	if err != nil {
		return nil, err
	}
	if err := a.useKey(c, s.keyID, secretUse(c.Region, s.arn), "kms:Decrypt"); err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := scheduled(s); err != nil {
		return nil, err
	}
	return map[string]any{
		"ARN": s.arn, "Name": s.name, "SecretString": s.value, "VersionId": s.version,
		"VersionStages": []any{"AWSCURRENT"}, "CreatedDate": s.changed,
	}, nil
}

func (a *Account) putSecretValue(_ context.Context, c *wire.Call) (any, error) {
	s, err := a.onSecret(c, "secretsmanager:PutSecretValue")
	if err != nil {
		return nil, err
	}
	if err := a.useKey(c, s.keyID, secretUse(c.Region, s.arn), "kms:GenerateDataKey", "kms:Decrypt"); err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := scheduled(s); err != nil {
		return nil, err
	}
	s.value, s.version, s.changed = str(c.Params, "SecretString"), str(c.Params, "ClientRequestToken"), c.Now
	return map[string]any{"ARN": s.arn, "Name": s.name, "VersionId": s.version, "VersionStages": []any{"AWSCURRENT"}}, nil
}

// deleteSecret marks the secret; only with ForceDeleteWithoutRecovery is it
// gone at once.
func (a *Account) deleteSecret(_ context.Context, c *wire.Call) (any, error) {
	s, err := a.onSecret(c, "secretsmanager:DeleteSecret")
	if err != nil {
		return nil, err
	}
	days, ok := number(c.Params, "RecoveryWindowInDays", 30)
	if !ok || days < 7 || days > 30 {
		return nil, wire.Errorf("InvalidParameterException", "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).")
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	s.deleted = c.Now
	if boolean(c.Params, "ForceDeleteWithoutRecovery") {
		delete(a.in(c.Region).secrets, s.name)
		return map[string]any{"ARN": s.arn, "Name": s.name, "DeletionDate": c.Now}, nil
	}
	return map[string]any{"ARN": s.arn, "Name": s.name, "DeletionDate": c.Now.AddDate(0, 0, days)}, nil
}
