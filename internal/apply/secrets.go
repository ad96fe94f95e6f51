package apply

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

var _ deploy.Secrets = (*Apply)(nil)

// HoldSecret implements deploy.Secrets.
func (a *Apply) HoldSecret(ctx context.Context, t bcn.Target, at, key string, value func() string) error {
	return a.aws.For(t).ReplaceParameter(ctx, awsx.Parameter{Name: at, Key: key, Value: value})
}

// FindSecrets implements deploy.Secrets.
func (a *Apply) FindSecrets(ctx context.Context, t bcn.Target, names []string) (map[string]deploy.Parameter, error) {
	list, err := a.aws.For(t).ParametersNamed(ctx, names)
	out := map[string]deploy.Parameter{}
	for _, p := range list {
		out[p.Name] = parameter(p)
	}
	return out, err
}

// SecretsBelow implements deploy.Secrets.
func (a *Apply) SecretsBelow(ctx context.Context, t bcn.Target, path string) ([]deploy.Parameter, error) {
	list, err := a.aws.For(t).ParametersUnder(ctx, path)
	var out []deploy.Parameter
	for _, p := range list {
		out = append(out, parameter(p))
	}
	slices.SortFunc(out, func(x, y deploy.Parameter) int { return strings.Compare(x.Name, y.Name) })
	return out, err
}

func parameter(p awsx.ParameterFacts) deploy.Parameter {
	return deploy.Parameter{Name: p.Name, Version: p.Version, Secure: p.Secure, Mark: p.Description, Changed: p.Changed}
}

// MoveSecret implements deploy.Secrets. A parameter that carries the mark was
// written by an earlier try that died before it could say so; AWS itself
// refuses a second creation.
func (a *Apply) MoveSecret(ctx context.Context, t bcn.Target, p bcn.SecretPlan, mark string, tags []bcn.Tag, mine deploy.Mine) error {
	s := a.aws.For(t)
	written, err := a.written(ctx, s, p, mark)
	if err != nil {
		return err
	}
	if !written {
		if err := a.write(ctx, s, p, mark, tags, mine); err != nil {
			return err
		}
	}
	return a.RemoveSecret(ctx, t, p.Pending)
}

// written says whether the mark is there already, and fails with plan_moved
// where something else is there than what the plan knows.
func (a *Apply) written(ctx context.Context, s *awsx.Session, p bcn.SecretPlan, mark string) (bool, error) {
	list, err := s.ParametersNamed(ctx, []string{p.Path})
	if err != nil {
		return false, err
	}
	version, marked := int64(0), false
	for _, f := range list {
		version, marked = f.Version, f.Description == mark
	}
	if marked {
		return true, nil
	}
	if version != p.Version {
		return false, moved(p.Path)
	}
	return false, nil
}

// write puts the value that was approved, and no other that was exchanged for
// it where it waits. What is at its place, and whose turn it is, are read again
// after all that takes time: PutParameter knows no condition.
func (a *Apply) write(ctx context.Context, s *awsx.Session, p bcn.SecretPlan, mark string, tags []bcn.Tag, mine deploy.Mine) error {
	value, version, err := s.ParameterValue(ctx, p.Pending)
	if errors.Is(err, awsx.ErrNotFound) {
		return bcn.E(bcn.CodeSecretGone, "name", p.Name)
	}
	if err != nil {
		return err
	}
	if version != p.PendingVersion {
		return moved(p.Pending)
	}
	if written, err := a.written(ctx, s, p, mark); err != nil || written {
		return err
	}
	ctx, done, err := mine(ctx)
	if err != nil {
		return err
	}
	defer done()
	to := awsx.Parameter{Name: p.Path, Key: p.Key, Value: value, Tags: tags, Description: mark}
	if p.Version > 0 {
		return s.ReplaceParameter(ctx, to)
	}
	err = s.CreateParameter(ctx, to)
	if !errors.Is(err, awsx.ErrExists) {
		return err
	}
	if written, seen := a.written(ctx, s, p, mark); seen != nil || written {
		return seen
	}
	return moved(p.Path)
}

// RemoveSecret implements deploy.Secrets.
func (a *Apply) RemoveSecret(ctx context.Context, t bcn.Target, name string) error {
	err := a.aws.For(t).DeleteParameter(ctx, name)
	if errors.Is(err, awsx.ErrNotFound) {
		return nil
	}
	return err
}
