package deploy

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/manifest"
)

// Rules reads what lives on load balancers. internal/apply implements it.
type Rules interface {
	// ForeignRules answers the rules of the listeners that are not the stack's;
	// a listener or a stack that is not there has none. Each listener is read
	// once. Errors: access_denied, unavailable.
	ForeignRules(ctx context.Context, t bcn.Target, stack string, listeners []string) ([]Rule, error)
}

// Rule is a rule of a listener.
type Rule struct {
	ARN, Listener string
	Priority      int
	What          string // what it matches and where that goes: path-pattern /a/* → a-web
}

// String names a rule for people: its ARN tells them little.
func (r Rule) String() string {
	if r.What == "" {
		return r.ARN
	}
	return clipped(r.What, 200) + " (" + r.ARN + ")"
}

// maxPriority is the highest that a rule may have (ELB API, CreateRule).
const maxPriority = 50000

// freeRules refuses a file whose rules CloudFormation could not make: their
// priority is another heritage's, a rule's that lives and bcn does not know, or
// one that the same heritage has to give up first.
func (s *Service) freeRules(ctx context.Context, t bcn.Target, d *deployment) error {
	if len(d.manifest.Claims()) == 0 {
		return nil
	}
	known, err := s.freePriorities(ctx, d.bound, d.manifest)
	if err != nil {
		return err
	}
	foreign, err := s.foreignRules(ctx, t, d.bound, d.manifest)
	if err != nil {
		return err
	}
	taken := func(endpoint string, priority int) bool {
		return known[held{endpoint, priority}] || foreign[held{endpoint, priority}].ARN != ""
	}
	for _, c := range d.manifest.Claims() {
		if r := foreign[held{c.Endpoint, c.Priority}]; r.ARN != "" {
			return bcn.E(bcn.CodeRulePriority, "endpoint", c.Endpoint, "priority", strconv.Itoa(c.Priority), "by", r.String())
		}
	}
	if d.before == nil {
		return nil
	}
	return movingRules(d.before.Claims(), d.manifest.Claims(), taken)
}

// held is a priority on an endpoint.
type held struct {
	endpoint string
	priority int
}

// movingRules refuses rules that would take over a priority from another
// service of the same heritage. CloudFormation makes and changes resources
// before it removes any, and one at a time: the load balancer would see two
// rules with one priority and refuse the second.
func movingRules(before, now []manifest.Claim, taken func(endpoint string, priority int) bool) error {
	for _, c := range now {
		i := slices.IndexFunc(before, func(b manifest.Claim) bool {
			return b.Endpoint == c.Endpoint && b.Priority == c.Priority && b.Service != c.Service
		})
		if i < 0 {
			continue
		}
		unfree := func(priority int) bool {
			of := func(x manifest.Claim) bool { return x.Endpoint == c.Endpoint && x.Priority == priority }
			return taken(c.Endpoint, priority) || slices.ContainsFunc(before, of) || slices.ContainsFunc(now, of)
		}
		return bcn.E(bcn.CodeRuleMoves, "endpoint", c.Endpoint, "priority", strconv.Itoa(c.Priority),
			"from", before[i].Service, "to", c.Service, "free", strconv.Itoa(nearestFree(c.Priority, unfree)))
	}
	return nil
}

// nearestFree is the next priority above that is free, or the next one below.
func nearestFree(priority int, taken func(int) bool) int {
	for p := priority + 1; p <= maxPriority; p++ {
		if !taken(p) {
			return p
		}
	}
	for p := priority - 1; p > 0; p-- {
		if !taken(p) {
			return p
		}
	}
	return priority
}

// foreignRules answers who holds which priority on the endpoints of a file,
// leaving out the heritage's own rules.
func (s *Service) foreignRules(ctx context.Context, t bcn.Target, bound bcn.Heritage, h *manifest.Heritage) (map[held]Rule, error) {
	all, err := s.Store.Endpoints(ctx)
	if err != nil {
		return nil, err
	}
	of := map[string]string{} // endpoint by listener
	var listeners []string
	for _, m := range h.Services {
		for _, l := range m.Listeners {
			for _, e := range all {
				if e.District != bound.District || e.Name != l.Endpoint {
					continue
				}
				for _, arn := range []string{e.HTTPSListener, e.HTTPListener} { // a service has a rule on both
					if arn != "" {
						of[arn] = e.Name
						listeners = append(listeners, arn)
					}
				}
			}
		}
	}
	if len(listeners) == 0 {
		return nil, nil
	}
	rules, err := s.Rules.ForeignRules(ctx, t, bound.Name, listeners)
	out := map[held]Rule{}
	for _, r := range rules {
		out[held{of[r.Listener], r.Priority}] = r
	}
	return out, err
}

// stillFreeRules looks again, before anything runs, whether somebody took a
// priority meanwhile that the plan's rules want.
func (s *Service) stillFreeRules(ctx context.Context, t bcn.Target, p bcn.Plan) error {
	if p.Heritage == "" || len(p.Manifest) == 0 || len(p.Stacks) == 0 {
		return nil
	}
	f, problems := manifest.Parse("plan", p.Manifest)
	if manifest.Failed(problems) {
		return bcn.E(bcn.CodeTampered, "what", "plan")
	}
	h, problem := f.Environment(p.Env)
	if problem != nil {
		return bcn.E(bcn.CodeTampered, "what", "plan").Wrap(errors.New(problem.String()))
	}
	foreign, err := s.foreignRules(ctx, t, bcn.Heritage{Name: p.Heritage, District: p.District.Name}, h)
	if err != nil {
		return err
	}
	for _, c := range h.Claims() {
		if r := foreign[held{c.Endpoint, c.Priority}]; r.ARN != "" {
			return bcn.E(bcn.CodePlanMoved, "moved", "endpoint "+c.Endpoint+": "+r.String())
		}
	}
	return nil
}
