package apply

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

const ecsService = "AWS::ECS::Service"

// maxMessages is how many of a service's newest sentences are told.
const maxMessages = 5

// Rollouts implements deploy.Fleet. Services that CloudFormation has not made
// yet, or has deleted, are left out.
func (a *Apply) Rollouts(ctx context.Context, t bcn.Target, stack string) ([]deploy.Rollout, error) {
	s := a.aws.For(t)
	names, err := a.services(ctx, s, stack)
	if err != nil || len(names) == 0 {
		return nil, err
	}
	list, err := s.Services(ctx, t.District.Cluster, names)
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(v awsx.Service) bool { return v.Status == "INACTIVE" })
	out := make([]deploy.Rollout, 0, len(list))
	for _, v := range list {
		r, err := a.rollout(ctx, s, v)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	if err := a.shifting(ctx, s, list, out); err != nil {
		return nil, err
	}
	return out, a.alarmed(ctx, s, list, out)
}

// services lists the physical ids of a stack's ECS services, also of those
// that were deleted: their tasks still tell why.
func (a *Apply) services(ctx context.Context, s *awsx.Session, stack string) ([]string, error) {
	list, err := s.Resources(ctx, stack)
	if gone(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []string
	for _, r := range list {
		if r.Type == ecsService && r.PhysicalID != "" {
			out = append(out, r.PhysicalID)
		}
	}
	return out, nil
}

func (a *Apply) rollout(ctx context.Context, s *awsx.Session, v awsx.Service) (deploy.Rollout, error) {
	out := deploy.Rollout{ECSName: v.Name, Service: v.Name, Desired: v.Desired}
	if len(v.Deployments) > 0 && v.Deployments[0].Status == "PRIMARY" {
		primary := v.Deployments[0]
		definition, err := a.cache.get(ctx, s, primary.TaskDefinition)
		if err != nil {
			return out, err
		}
		out.TaskDefinition = primary.TaskDefinition
		out.Service, out.Digest = mainContainer(definition, v.Name)
		out.Running, out.Pending, out.Failed = primary.Running, primary.Pending, primary.Failed
		out.State, out.Reason = primary.State, primary.Reason
		out.Steady = len(v.Deployments) == 1 && primary.State == "COMPLETED" && v.Running == v.Desired && v.Pending == 0
		for _, e := range v.Events {
			if e.At.Before(primary.CreatedAt) || len(out.Messages) == maxMessages {
				break
			}
			out.Messages = append(out.Messages, e.Message)
		}
	}
	for _, group := range v.TargetGroups {
		targets, err := s.Targets(ctx, group)
		if err != nil && !gone(err) {
			return out, err
		}
		for _, target := range targets {
			if target.State == "draining" {
				continue // of a task that is on its way out
			}
			out.Targets++
			switch target.State {
			case "healthy":
				out.Healthy++
			case "unhealthy":
				out.Unhealthy = target.Reason
			}
		}
	}
	return out, nil
}

// mainContainer answers the service's name in barcelona.yml, which is its
// container's, and the digest that the container runs.
func mainContainer(d awsx.TaskDefinition, fallback string) (service, digest string) {
	for _, c := range d.Containers {
		if c.Essential {
			_, digest, _ = strings.Cut(c.Image, "@")
			return c.Name, digest
		}
	}
	return fallback, ""
}

// definitions remembers task definitions, which never change.
type definitions struct {
	mu    sync.Mutex
	byARN map[string]awsx.TaskDefinition
}

// maxDefinitions bounds the memory; what is forgotten is read again.
const maxDefinitions = 512

func (d *definitions) get(ctx context.Context, s *awsx.Session, arn string) (awsx.TaskDefinition, error) {
	d.mu.Lock()
	known, ok := d.byARN[arn]
	d.mu.Unlock()
	if ok {
		return known, nil
	}
	def, err := s.TaskDefinition(ctx, arn)
	if err != nil {
		return def, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.byARN) >= maxDefinitions {
		clear(d.byARN)
	}
	d.byARN[arn] = def
	return def, nil
}
