package aws

import (
	"context"
	"maps"
	"regexp"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// kmsKey is one symmetric key of KMS. Its key policy is the default one of a
// key made by the API, which leaves everything to IAM (AWS KMS Developer Guide,
// "Default key policy"); of AWS's own keys it lets everybody of the account use
// them through their service.
type kmsKey struct {
	id, arn, description string
	managed              bool
	created              time.Time
	tags                 map[string]string
}

// awsKeys is how the aliases of AWS's own keys begin.
const awsKeys = "alias/aws/"

var aliasName = regexp.MustCompile(`^alias/[a-zA-Z0-9/_-]{1,250}$`)

func (a *Account) kms() wire.Actions {
	return wire.Actions{
		"CreateKey":   accepts(a.createKey, "Description", "Tags"),
		"DescribeKey": accepts(a.describeKey, "KeyId"),
		"CreateAlias": accepts(a.createAlias, "AliasName", "TargetKeyId"),
		"ListAliases": accepts(a.listAliases, "KeyId", "Limit", "Marker"),
	}
}

func (a *Account) kmsARN(region, rest string) string {
	return "arn:aws:kms:" + region + ":" + a.ID + ":" + rest
}

// findKey finds a key by id, key ARN, alias/NAME or an alias's ARN. AWS's own
// keys are there once somebody asks for them. The caller holds mu.
func (a *Account) findKey(region, ref string) (*kmsKey, bool) {
	if rest, ok := strings.CutPrefix(ref, a.kmsARN(region, "")); ok {
		ref = strings.TrimPrefix(rest, "key/")
	}
	home := a.in(region)
	if strings.HasPrefix(ref, "alias/") {
		id, ok := home.aliases[ref]
		if !ok && (ref == awsKeys+"ssm" || ref == awsKeys+"secretsmanager") {
			return a.addKey(region, ref, kmsKey{managed: true, description: "Default key of " + ref}), true
		}
		ref = id
	}
	k, ok := home.keys[ref]
	return k, ok
}

// addKey makes a key, with an alias where that is not empty; the caller holds mu.
func (a *Account) addKey(region, alias string, k kmsKey) *kmsKey {
	k.id = requestID()
	k.arn, k.created = a.kmsARN(region, "key/"+k.id), a.clock.Now()
	home := a.in(region)
	home.keys[k.id] = &k
	if alias != "" {
		home.aliases[alias] = k.id
	}
	return &k
}

func (a *Account) createKey(_ context.Context, c *wire.Call) (any, error) {
	tags := map[string]string{}
	for _, e := range list(c.Params, "Tags") {
		m, _ := e.(map[string]any)
		tags[str(m, "TagKey")] = str(m, "TagValue")
	}
	if err := c.Authorize("kms:CreateKey", "*", tagKeys("aws:RequestTag/", tags)); err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	k := a.addKey(c.Region, "", kmsKey{description: str(c.Params, "Description"), tags: tags})
	return map[string]any{"KeyMetadata": a.keyMetadata(k)}, nil
}

func (a *Account) keyMetadata(k *kmsKey) map[string]any {
	manager := "CUSTOMER"
	if k.managed {
		manager = "AWS"
	}
	return map[string]any{
		"AWSAccountId": a.ID, "KeyId": k.id, "Arn": k.arn, "CreationDate": k.created, "Enabled": true, "Description": k.description,
		"KeyUsage": "ENCRYPT_DECRYPT", "KeyState": "Enabled", "Origin": "AWS_KMS", "KeyManager": manager,
		"KeySpec": "SYMMETRIC_DEFAULT", "EncryptionAlgorithms": []any{"SYMMETRIC_DEFAULT"}, "MultiRegion": false,
	}
}

// onKey finds the key that a call names and authorizes the action on it.
func (a *Account) onKey(c *wire.Call, action, ref string) (*kmsKey, error) {
	a.mu.Lock()
	k, ok := a.findKey(c.Region, ref)
	a.mu.Unlock()
	if !ok && strings.HasPrefix(ref, "alias/") {
		return nil, wire.Errorf("NotFoundException", "Alias %s is not found.", a.kmsARN(c.Region, ref))
	}
	arn := a.kmsARN(c.Region, "key/"+ref)
	if strings.HasPrefix(ref, "arn:") {
		arn = ref
	}
	keys := map[string][]string{}
	if ok {
		arn, keys = k.arn, tagKeys("aws:ResourceTag/", k.tags)
	}
	if err := c.Authorize(action, arn, keys); err != nil {
		return nil, err
	}
	if !ok {
		return nil, wire.Errorf("NotFoundException", "Key '%s' does not exist", arn)
	}
	return k, nil
}

func (a *Account) describeKey(_ context.Context, c *wire.Call) (any, error) {
	k, err := a.onKey(c, "kms:DescribeKey", str(c.Params, "KeyId"))
	if err != nil {
		return nil, err
	}
	return map[string]any{"KeyMetadata": a.keyMetadata(k)}, nil
}

func (a *Account) createAlias(_ context.Context, c *wire.Call) (any, error) {
	name := str(c.Params, "AliasName")
	if err := c.Authorize("kms:CreateAlias", a.kmsARN(c.Region, name), nil); err != nil {
		return nil, err
	}
	k, err := a.onKey(c, "kms:CreateAlias", str(c.Params, "TargetKeyId"))
	if err != nil {
		return nil, err
	}
	switch {
	case strings.HasPrefix(name, awsKeys):
		return nil, wire.Errorf("NotAuthorizedException", "Alias names beginning with %s are reserved for AWS.", awsKeys)
	case !aliasName.MatchString(name):
		return nil, wire.Errorf("InvalidAliasNameException", "Alias must start with the prefix \"alias/\". Please see the AWS KMS documentation")
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	aliases := a.in(c.Region).aliases
	if _, taken := aliases[name]; taken {
		return nil, wire.Errorf("AlreadyExistsException", "An alias with the name %s already exists", a.kmsARN(c.Region, name))
	}
	aliases[name] = k.id
	return map[string]any{}, nil
}

func (a *Account) listAliases(_ context.Context, c *wire.Call) (any, error) {
	if err := c.Authorize("kms:ListAliases", "*", nil); err != nil {
		return nil, err
	}
	size, ok := number(c.Params, "Limit", 50)
	if !ok || size < 1 || size > 100 {
		return nil, wire.Errorf("ValidationException", "1 validation error detected: Value at 'limit' failed to satisfy constraint: Member must have value between 1 and 100")
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	found, home := []any{}, a.in(c.Region)
	for _, name := range sortedKeys(home.aliases) {
		id := home.aliases[name]
		if ref := str(c.Params, "KeyId"); ref == "" || ref == id || ref == home.keys[id].arn {
			found = append(found, map[string]any{"AliasName": name, "AliasArn": a.kmsARN(c.Region, name), "TargetKeyId": id})
		}
	}
	from, to, next, err := page(str(c.Params, "Marker"), size, len(found))
	if err != nil {
		return nil, wire.Errorf("InvalidMarkerException", "The marker is not valid.")
	}
	out := map[string]any{"Aliases": found[from:to], "Truncated": next != ""}
	if next != "" {
		out["NextMarker"] = next
	}
	return out, nil
}

// Contexts in which services use a customer's key: what they tell KMS of the
// request, as condition keys (AWS KMS Developer Guide, "AWS KMS condition keys").
func keyUse(service, region, name, arn string) map[string][]string {
	return map[string][]string{
		"kms:ViaService":                {service + "." + region + ".amazonaws.com"},
		"kms:EncryptionContext:" + name: {arn},
		"kms:EncryptionContextKeys":     {name},
	}
}

// parameterUse is how Parameter Store uses a key for a parameter (Systems
// Manager User Guide, "AWS KMS encryption for AWS Systems Manager Parameter
// Store SecureString parameters").
func (a *Account) parameterUse(region, name string) map[string][]string {
	return keyUse("ssm", region, "PARAMETER_ARN", a.parameterARN(region, name))
}

// secretUse is how Secrets Manager uses a key for a secret (Secrets Manager
// User Guide, "Secret encryption and decryption").
func secretUse(region, arn string) map[string][]string {
	return keyUse("secretsmanager", region, "SecretARN", arn)
}

// useKey authorizes actions on a key that a service uses for a caller. AWS's
// own keys ask for nothing.
func (a *Account) useKey(c *wire.Call, id string, use map[string][]string, actions ...string) error {
	a.mu.Lock()
	k, ok := a.in(c.Region).keys[id]
	a.mu.Unlock()
	if !ok || k.managed {
		return nil
	}
	keys := tagKeys("aws:ResourceTag/", k.tags)
	maps.Copy(keys, use)
	for _, action := range actions {
		if err := c.Authorize(action, k.arn, keys); err != nil {
			return err
		}
	}
	return nil
}

// customerKey answers the ARN of a key that is a customer's, or "". The caller
// holds mu.
func (a *Account) customerKey(region, id string) string {
	if k, ok := a.in(region).keys[id]; ok && !k.managed {
		return k.arn
	}
	return ""
}
