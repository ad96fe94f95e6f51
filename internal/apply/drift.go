package apply

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

const (
	detectFor  = 2 * time.Minute     // how long the stacks may take, all together
	trailSince = 30 * 24 * time.Hour // CloudTrail keeps 90 days of events
	maxValue   = 120                 // characters of a value that are shown
	maxTrails  = 6                   // services that CloudTrail is asked about
)

var _ deploy.Drifts = (*Apply)(nil)

// Drift compares stacks with what is there; see deploy.Drifts.
func (a *Apply) Drift(ctx context.Context, t bcn.Target, stacks []string) (deploy.DriftReport, error) {
	ctx, cancel := context.WithTimeout(ctx, detectFor)
	defer cancel()
	var report deploy.DriftReport
	s := a.aws.For(t)
	var found []awsx.Drifted
	for _, name := range stacks {
		list, whole, err := a.detect(ctx, s, name)
		if gone(err) {
			continue
		}
		if err != nil {
			return report, err
		}
		report.Stacks = append(report.Stacks, name)
		if !whole {
			report.Unchecked = append(report.Unchecked, name)
		}
		for _, d := range list {
			if r, ok := drifted(name, d); ok {
				report.Resources, found = append(report.Resources, r), append(found, d)
			}
		}
	}
	a.blame(ctx, s, t, report.Resources, found)
	return report, nil
}

// detect has one stack compared, and says whether all of it could be read.
func (a *Apply) detect(ctx context.Context, s *awsx.Session, name string) ([]awsx.Drifted, bool, error) {
	stack, err := s.Stack(ctx, name)
	if err != nil {
		return nil, false, err
	}
	if stack.Status == "REVIEW_IN_PROGRESS" { // its first change set waits: nothing of it is there
		return nil, false, awsx.ErrNotFound
	}
	if strings.HasSuffix(stack.Status, "_IN_PROGRESS") {
		return nil, false, bcn.E(bcn.CodeStackBusy, "stack", name)
	}
	id, err := s.DetectDrift(ctx, name)
	if awsx.Says(err, "ValidationError", "already in progress") {
		return nil, false, bcn.E(bcn.CodeStackBusy, "stack", name).Wrap(err)
	}
	if err != nil {
		return nil, false, err
	}
	for {
		d, err := s.Detection(ctx, id)
		if err != nil {
			return nil, false, err
		}
		if d.Over {
			list, err := s.Drifts(ctx, name)
			return list, d.Failed == "", err
		}
		if err := pause(ctx, a.o.Poll); err != nil {
			return nil, false, bcn.E(bcn.CodeUnavailable, "what", "CloudFormation").Wrap(err)
		}
	}
}

// pause waits, or until the context is over.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// live says that a property lives its own life: the weights by which ECS shifts
// traffic between two target groups. A count is in the template only where the
// file or somebody in chat says it, and is as they said or is drift; where it
// follows the load, CloudFormation does not compare it.
func live(kind, property string) bool {
	return kind == "AWS::ElasticLoadBalancingV2::ListenerRule" &&
		strings.Contains(property, "/ForwardConfig/TargetGroups/") && strings.HasSuffix(property, "/Weight")
}

// hides says whether a property may hold values of variables.
func hides(kind, property string) bool {
	return strings.Contains(property, "Environment") || strings.Contains(property, "Secret") ||
		kind == "AWS::ECS::TaskDefinition" && strings.HasPrefix(property, "/ContainerDefinitions") ||
		kind == "AWS::Scheduler::Schedule" && strings.HasPrefix(property, "/Target")
}

func drifted(stack string, d awsx.Drifted) (deploy.Drifted, bool) {
	out := deploy.Drifted{Stack: stack, ID: d.LogicalID, Type: d.Type, Deleted: d.Deleted}
	difference := []string{stack, d.LogicalID, d.Type, d.PhysicalID, strconv.FormatBool(d.Deleted)}
	turned := weighed(d.Type, d.Differences)
	for _, p := range d.Differences {
		if live(d.Type, p.Path) || turned && groupElement(p.Path) {
			continue
		}
		difference = append(difference, p.Path, p.Kind, p.Expected, p.Actual)
		x := deploy.DriftedProperty{Path: p.Path, Kind: p.Kind, Expected: cut(p.Expected, maxValue), Actual: cut(p.Actual, maxValue)}
		if x.Hidden = hides(d.Type, p.Path); x.Hidden {
			x.Expected, x.Actual = "", ""
		}
		out.Properties = append(out.Properties, x)
	}
	out.Mark = fingerprint(difference)
	return out, out.Deleted || len(out.Properties) > 0
}

// fingerprint tells one difference from another, by the whole values, also of
// what is not shown. It leaves the process only keyed.
func fingerprint(difference []string) string {
	h := sha256.New()
	for _, part := range difference {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func cut(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// blame looks up who made the last call about each resource. It is best
// effort: CloudTrail knows of a call minutes after it, and not of all.
func (a *Apply) blame(ctx context.Context, s *awsx.Session, t bcn.Target, list []deploy.Drifted, found []awsx.Drifted) {
	since := time.Now().Add(-trailSince)
	byService := map[string][]awsx.Write{}
	for i, d := range found {
		service := eventSource(d.Type)
		writes, asked := byService[service]
		if !asked {
			if len(byService) == maxTrails {
				continue
			}
			writes, _ = s.Writes(ctx, service, since) // what CloudTrail does not tell stays unknown
			byService[service] = writes
		}
		if w := slices.IndexFunc(writes, func(w awsx.Write) bool { return about(w, d) && !byStack(w, t) }); w >= 0 {
			list[i].Last = &deploy.Outside{Action: writes[w].Name, By: caller(writes[w]), At: writes[w].At}
		}
	}
}

// eventSource is where CloudTrail says that calls about a type come from.
func eventSource(kind string) string {
	parts := strings.Split(kind, "::")
	name := strings.ToLower(parts[min(1, len(parts)-1)])
	switch name {
	case "elasticloadbalancingv2":
		name = "elasticloadbalancing"
	case "applicationautoscaling":
		name = "application-autoscaling"
	}
	return fmt.Sprintf("%s.amazonaws.com", name)
}

// about says whether a call names the resource: by its whole id, or by the name
// at its end where that is no common word.
func about(w awsx.Write, d awsx.Drifted) bool {
	const common = 8
	if d.PhysicalID == "" {
		return false
	}
	name := path.Base(d.PhysicalID)
	return strings.Contains(w.Request, d.PhysicalID) || len(name) >= common && strings.Contains(w.Request, `"`+name+`"`)
}

// byStack says that CloudFormation called, as its role: that is no drift.
func byStack(w awsx.Write, t bcn.Target) bool {
	return strings.Contains(w.ARN, "/"+path.Base(t.District.CFNRole)+"/")
}

// caller names who called: a person by what bcn or a sign-in knows them as.
func caller(w awsx.Write) string {
	if w.Identity != "" {
		return w.Identity
	}
	return w.ARN
}
