package apply

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/bcn"
)

// Missing implements deploy.References.
func (a *Apply) Missing(ctx context.Context, t bcn.Target, refs []bcn.SecretRef) ([]bcn.SecretRef, error) {
	s := a.aws.For(t)
	var names []string
	for _, r := range refs {
		if _, secret := secretARN(r.From); !secret {
			names = append(names, parameterNames(r.From)...)
		}
	}
	found, err := s.Parameters(ctx, unique(names))
	if err != nil {
		return nil, err
	}
	known := map[string]bool{} // secrets are asked for one by one, each once
	var missing []bcn.SecretRef
	for _, r := range refs {
		ok := false
		if arn, secret := secretARN(r.From); secret {
			if _, asked := known[arn]; !asked {
				if known[arn], err = s.SecretExists(ctx, arn); err != nil {
					return nil, err
				}
			}
			ok = known[arn]
		} else {
			for _, name := range parameterNames(r.From) {
				ok = ok || found[name]
			}
		}
		if !ok {
			missing = append(missing, r)
		}
	}
	return missing, nil
}

// AlarmsMissing answers alarms that are not there; see deploy.References.
func (a *Apply) AlarmsMissing(ctx context.Context, t bcn.Target, names []string) ([]string, error) {
	states, err := a.aws.For(t).Alarms(ctx, unique(names))
	if err != nil && bcn.CodeOf(err) != bcn.CodeAccessDenied {
		return nil, err
	}
	var missing []string
	for _, name := range unique(names) {
		if _, ok := states[name]; !ok {
			missing = append(missing, name)
		}
	}
	return missing, nil
}

// Below implements deploy.References: names alone, never values, sorted.
func (a *Apply) Below(ctx context.Context, t bcn.Target, prefix string) ([]string, error) {
	names, err := a.aws.For(t).ParametersBelow(ctx, prefix)
	slices.Sort(names)
	return names, err
}

// managedKeys is how the aliases of AWS's own keys begin.
const managedKeys = "alias/aws/"

// Keys implements deploy.References. What a reference names and is not there
// has no key: Missing says so.
func (a *Apply) Keys(ctx context.Context, t bcn.Target, refs []bcn.SecretRef) ([]string, error) {
	s := a.aws.For(t)
	var names, used []string
	for _, r := range refs {
		arn, secret := secretARN(r.From)
		if !secret {
			names = append(names, parameterNames(r.From)...)
			continue
		}
		key, err := s.SecretKey(ctx, arn)
		if err != nil && !errors.Is(err, awsx.ErrNotFound) {
			return nil, err
		}
		used = append(used, key)
	}
	of, err := s.ParameterKeys(ctx, unique(names))
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		used = append(used, of[name])
	}
	var arns []string
	for _, id := range unique(used) {
		arn, err := customerKey(ctx, s, t.District.Account, id)
		if err != nil {
			return nil, err
		}
		if arn != "" {
			arns = append(arns, arn)
		}
	}
	arns = unique(arns)
	slices.Sort(arns)
	return arns, nil
}

// customerKey answers the ARN of a key, or "" where it is AWS's own. A policy
// names keys by ARN alone: an alias there grants nothing (AWS KMS Developer
// Guide, "Specifying KMS keys in IAM policy statements"). A key of another
// account is a customer's: AWS's own work in their account alone.
func customerKey(ctx context.Context, s *awsx.Session, account, id string) (string, error) {
	switch {
	case id == "" || strings.HasPrefix(id, managedKeys) || strings.Contains(id, ":"+managedKeys):
		return "", nil
	case strings.HasPrefix(id, "arn:") && strings.Contains(id, ":key/") && !strings.Contains(id, ":"+account+":"):
		return id, nil
	}
	key, err := s.Key(ctx, id)
	if err != nil || key.Managed {
		return "", err
	}
	return key.ARN, nil
}

// secretARN answers the ARN of a secret of Secrets Manager without what ECS
// takes behind it (:json-key:stage:version), and false for what is none.
func secretARN(from string) (string, bool) {
	parts := strings.Split(from, ":")
	if len(parts) < 7 || parts[0] != "arn" || parts[2] != "secretsmanager" {
		return "", false
	}
	return strings.Join(parts[:7], ":"), true
}

// parameterNames answers the names in Parameter Store that a reference may
// mean. An ARN does not tell "name" from "/name".
func parameterNames(from string) []string {
	if !strings.HasPrefix(from, "arn:") {
		return []string{from}
	}
	_, name, ok := strings.Cut(from, ":parameter/")
	if !ok {
		return nil
	}
	if strings.Contains(name, "/") {
		return []string{"/" + name}
	}
	return []string{name, "/" + name}
}

func unique(list []string) []string {
	seen := map[string]bool{}
	var out []string
	for _, v := range list {
		if !seen[v] {
			seen[v] = true
			out = append(out, v)
		}
	}
	return out
}
