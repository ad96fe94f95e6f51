package apply

import (
	"context"
	"strings"

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
