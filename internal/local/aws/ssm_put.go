package aws

import (
	"context"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// secure is the type of parameters that are encrypted.
const secure = "SecureString"

func (a *Account) putParameter(_ context.Context, c *wire.Call) (any, error) {
	name, tags := nameARN(str(c.Params, "Name")), tagsOf(list(c.Params, "Tags"))
	if err := a.mayPut(c, name, tags); err != nil {
		return nil, err
	}
	p, err := a.newParameter(c, name, tags)
	if err != nil {
		return nil, err
	}
	if p.kind == secure {
		if p.keyID, err = a.encrypts(c, p); err != nil {
			return nil, err
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	store := a.in(c.Region).parameters
	if old, there := store[name]; there && !boolean(c.Params, "Overwrite") {
		return nil, taken()
	} else if there {
		p.version, p.tags = old.version+1, old.tags
	}
	store[name] = p
	return map[string]any{"Version": p.version, "Tier": "Standard"}, nil
}

func taken() error {
	return wire.Errorf("ParameterAlreadyExists", "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.")
}

// mayPut asks for the permissions to write a parameter, and to tag it.
func (a *Account) mayPut(c *wire.Call, name string, tags map[string]string) error {
	extra := tagKeys("aws:RequestTag/", tags)
	extra["ssm:Overwrite"] = []string{scalar(boolean(c.Params, "Overwrite"))}
	if err := a.onParameter(c, "ssm:PutParameter", name, extra); err != nil {
		return err
	}
	if len(tags) == 0 {
		return nil
	}
	return a.onParameter(c, "ssm:AddTagsToResource", name, extra)
}

// newParameter checks what is to be written: a parameter, or the next version
// of one.
func (a *Account) newParameter(c *wire.Call, name string, tags map[string]string) (*parameter, error) {
	p := &parameter{
		name: name, kind: str(c.Params, "Type"), value: str(c.Params, "Value"), description: str(c.Params, "Description"),
		key: str(c.Params, "KeyId"), version: 1, modified: c.Now, by: c.Principal.ARN, tags: tags,
	}
	overwrite := boolean(c.Params, "Overwrite")
	if err := checkParameterName(name); err != nil {
		return nil, err
	}
	switch {
	case p.value == "" || len(p.value) > maxParameterValue:
		return nil, invalid("Standard tier parameters support a maximum parameter value of %d characters, and at least one.", maxParameterValue)
	case overwrite && len(tags) > 0:
		return nil, invalid("Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove overwrite flag.")
	}
	a.mu.Lock()
	old, there := a.in(c.Region).parameters[name]
	a.mu.Unlock()
	if there && !overwrite {
		return nil, taken() // before a key is asked for
	}
	if there && p.kind == "" {
		p.kind = old.kind
	}
	switch {
	case p.kind != "String" && p.kind != "StringList" && p.kind != secure:
		return nil, invalid("The following parameter type is not supported: %q", p.kind)
	case p.kind != secure && p.key != "":
		return nil, invalid("KeyId is required for SecureString type parameter only.")
	case p.kind == secure && p.key == "":
		p.key = awsKeys + "ssm"
	}
	return p, nil
}

// encrypts answers the id of the key that a parameter names, which the caller
// may encrypt with.
func (a *Account) encrypts(c *wire.Call, p *parameter) (string, error) {
	a.mu.Lock()
	k, ok := a.findKey(c.Region, p.key)
	a.mu.Unlock()
	if !ok {
		return "", wire.Errorf("InvalidKeyId", "Invalid keyId %s", p.key)
	}
	return k.id, a.useKey(c, k.id, a.parameterUse(c.Region, p.name), "kms:Encrypt")
}

// decrypts asks for the permission to decrypt a parameter, where the call wants
// that and it is encrypted with a customer's key.
func (a *Account) decrypts(c *wire.Call, name string) error {
	if !boolean(c.Params, "WithDecryption") {
		return nil
	}
	a.mu.Lock()
	p, ok := a.in(c.Region).parameters[name]
	a.mu.Unlock()
	if !ok || p.kind != secure {
		return nil
	}
	return a.useKey(c, p.keyID, a.parameterUse(c.Region, name), "kms:Decrypt")
}
