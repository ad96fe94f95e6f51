package apply

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// What of a task's log is told: the last lines, each bounded in bytes.
const (
	maxLines = 15
	maxLine  = 400
)

// scaling is how ECS explains a task that it stopped to have fewer of them,
// which is no failure (stoppedReason, "Scaling activity initiated by (...)").
const scaling = "Scaling activity initiated by"

// StoppedTasks implements deploy.Fleet. logGroup is where a task definition
// does not say itself where its container writes to. A stack whose creation
// failed may be gone by now; its tasks are then told by their task definitions.
func (a *Apply) StoppedTasks(ctx context.Context, t bcn.Target, stack, logGroup string, since time.Time, limit int) ([]deploy.Stopped, error) {
	s := a.aws.For(t)
	services, err := a.services(ctx, s, stack)
	if err != nil {
		return nil, err
	}
	arns, err := a.stoppedOf(ctx, s, t.District.Cluster, services)
	if err != nil || len(arns) == 0 {
		return nil, err
	}
	tasks, err := s.Tasks(ctx, t.District.Cluster, arns)
	if err != nil {
		return nil, err
	}
	groups := map[string]bool{}
	for _, v := range services {
		groups["service:"+last(v)] = true
	}
	slices.SortStableFunc(tasks, func(x, y awsx.Task) int { return y.StoppedAt.Compare(x.StoppedAt) })
	var out []deploy.Stopped
	for _, v := range tasks {
		if len(out) == limit {
			break
		}
		if !v.StoppedAt.After(since) || strings.HasPrefix(v.Reason, scaling) || len(groups) > 0 && !groups[v.Group] {
			continue
		}
		st, err := a.stopped(ctx, s, v, logGroup)
		if err != nil {
			return nil, err
		}
		if len(groups) > 0 || family(v.TaskDefinition) == stack+"-"+st.Service {
			out = append(out, st)
		}
	}
	return out, nil
}

// family reads arn:...:task-definition/FAMILY:REVISION, where a service's
// family is {stack}-{service}.
func family(definition string) string {
	name, _, _ := strings.Cut(last(definition), ":")
	return name
}

// stoppedOf lists the stopped tasks of services. Those of a service that a
// rollback has deleted cannot be listed by it, so then all are.
func (a *Apply) stoppedOf(ctx context.Context, s *awsx.Session, cluster string, services []string) ([]string, error) {
	if len(services) == 0 {
		return s.StoppedTasks(ctx, cluster, "")
	}
	var out []string
	for _, v := range services {
		arns, err := s.StoppedTasks(ctx, cluster, last(v))
		if gone(err) {
			return s.StoppedTasks(ctx, cluster, "")
		}
		if err != nil {
			return nil, err
		}
		out = append(out, arns...)
	}
	return out, nil
}

func (a *Apply) stopped(ctx context.Context, s *awsx.Session, v awsx.Task, logGroup string) (deploy.Stopped, error) {
	out := deploy.Stopped{Task: last(v.ARN), TaskDefinition: v.TaskDefinition, Reason: v.Reason, At: v.StoppedAt, Service: strings.TrimPrefix(v.Group, "service:")}
	definition, err := a.cache.get(ctx, s, v.TaskDefinition)
	if err != nil {
		return out, err
	}
	i := slices.IndexFunc(definition.Containers, func(c awsx.Container) bool { return c.Essential })
	if i < 0 {
		return out, nil
	}
	c := definition.Containers[i]
	out.Service = c.Name
	for _, stopped := range v.Containers {
		if stopped.Name == c.Name {
			out.ExitCode, out.Detail = stopped.ExitCode, stopped.Reason
		}
	}
	out.Logs, err = a.tail(ctx, s, definition, out.Task, logGroup, maxLines)
	return out, err
}

// last answers what follows the last slash of an ARN: a name or a short id.
func last(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }
