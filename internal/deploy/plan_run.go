package deploy

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/manifest"
)

// What a run gets where nobody says otherwise.
const (
	runMemory  = manifest.DefaultMemory // MiB
	runTimeout = time.Hour
)

// RunWish is a command to be run once, in a task of the last release's image.
type RunWish struct {
	Text    string        `json:"text,omitempty"`    // as it was typed, for people
	Command []string      `json:"command,omitempty"` // its words
	Task    string        `json:"task,omitempty"`    // instead: a scheduled task of the file, by its name
	CPU     int           `json:"cpu,omitempty"`     // units; 0: the least that has the memory
	Memory  int           `json:"memory,omitempty"`  // MiB; 0: 512, or what the scheduled task has
	Timeout time.Duration `json:"timeout,omitempty"` // 0: an hour
}

// locateRun says where somebody wants to run a command. Each run is a subject
// of its own: it waits for no deploy, and none waits for it.
func (s *Service) locateRun(ctx context.Context, c bcn.Change, w *Wish) (bcn.Change, error) {
	if w.Run == nil {
		return c, bcn.E(bcn.CodeInternal).Wrap(errors.New("a wish to run without a command"))
	}
	h, err := s.bound(ctx, w.App, w.Env)
	if err != nil {
		return c, err
	}
	b := make([]byte, 8)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	c.Heritage, c.District, c.Subject = h.Name, h.District, "run:"+hex.EncodeToString(b)
	return c, nil
}

// planRun finds out from which task definition the command would run. Nothing
// is made: the definition is the last successful release's.
func (s *Service) planRun(ctx context.Context, c Claimed) (bcn.Plan, error) {
	h, err := s.Store.Heritage(ctx, c.Change.App, c.Change.Env)
	if err != nil {
		return bcn.Plan{}, err
	}
	d, err := s.district(ctx, h.District)
	if err != nil {
		return bcn.Plan{}, err
	}
	if !d.Serves(h.Env) {
		return bcn.Plan{}, bcn.E(bcn.CodeEnvironmentForeign, "what", "district", "name", d.Name, "env", h.Env)
	}
	last, _, err := s.Store.LastRelease(ctx, h.Name)
	if errors.Is(err, ErrNone) {
		return bcn.Plan{}, s.noRelease(ctx, h)
	}
	if err != nil {
		return bcn.Plan{}, err
	}
	t := s.Target(c.Change, d)
	definition, err := s.Tasks.Definition(ctx, t, h)
	if errors.Is(err, ErrNone) {
		return bcn.Plan{}, s.noRelease(ctx, h)
	}
	if err != nil {
		return bcn.Plan{}, err
	}
	// A deploy that is under way, or whose rollback failed, has left another
	// image there: that is not what was released.
	if definition.Digest != last.Digest {
		return bcn.Plan{}, bcn.E(bcn.CodeStackBusy, "stack", h.BaseStack(), "status", "another image")
	}
	o, err := orderOf(*c.Wish.Run, last.Manifest, h.Env)
	if err != nil {
		return bcn.Plan{}, err
	}
	o.Definition = definition.ARN
	return bcn.Plan{
		App: h.App, Env: h.Env, Heritage: h.Name, District: d, Tag: last.Tag, Image: last.Image, Digest: last.Digest,
		Source: h.Source, Commit: last.Commit, BaseRelease: last.Number, Oneoff: &o,
	}, nil
}

// orderOf completes a wish with what the released file says.
func orderOf(w RunWish, file []byte, env string) (bcn.OneoffPlan, error) {
	o := bcn.OneoffPlan{Text: w.Text, Command: w.Command, CPU: w.CPU, Memory: w.Memory, Timeout: w.Timeout, Task: w.Task}
	f, problems := manifest.Parse("release", file)
	if manifest.Failed(problems) {
		return o, fmt.Errorf("read the released file: %v", problems)
	}
	h, problem := f.Environment(env)
	if problem != nil {
		return o, bcn.E(bcn.CodeManifest, "file", "release", "problems", problem.String())
	}
	if w.Task != "" {
		i := slices.IndexFunc(h.ScheduledTasks, func(t manifest.ScheduledTask) bool { return t.Name == w.Task })
		if i < 0 {
			return o, bcn.E(bcn.CodeUnknownName, "what", "schedule", "name", w.Task)
		}
		task := h.ScheduledTasks[i]
		o.Command, o.CPU, o.Memory = task.Command, task.CPU, task.Memory
	} else {
		o.Env = h.RunEnv
	}
	if o.Memory == 0 {
		o.Memory = runMemory
	}
	if o.Timeout == 0 {
		o.Timeout = runTimeout
	}
	if n := manifest.OverrideSize(o.Command, o.Env); n > manifest.MaxOverrides {
		return o, bcn.E(bcn.CodeAWSRefused, "what", "RunTask",
			"why", fmt.Sprintf("the command and run_env are %d characters of overrides, at most %d", n, manifest.MaxOverrides))
	}
	return o, nil
}

// gateOf is the one-off task that the file wants before its services change;
// nil: none. It is for what brings a new version, and for nothing else.
func gateOf(kind bcn.Kind, h *manifest.Heritage) (*bcn.OneoffPlan, error) {
	brings := kind == bcn.KindDeploy || kind == bcn.KindPlan || kind == bcn.KindPromote
	if h.BeforeDeploy == nil || !brings {
		return nil, nil //nolint:nilnil // none is an answer
	}
	b := *h.BeforeDeploy
	words, err := b.Words()
	if err != nil {
		return nil, fmt.Errorf("split before_deploy: %w", err)
	}
	return &bcn.OneoffPlan{Text: b.Command, Command: words, CPU: b.CPU, Memory: b.Memory, Timeout: b.Timeout}, nil
}

// sameRun reads again from which definition a run would be started.
func (s *Service) sameRun(ctx context.Context, t bcn.Target, p bcn.Plan) error {
	if p.Kind != bcn.KindRun {
		return nil
	}
	d, err := s.Tasks.Definition(ctx, t, bcn.Heritage{App: p.App, Env: p.Env, Name: p.Heritage})
	if err != nil && !errors.Is(err, ErrNone) {
		return err
	}
	if err != nil || d.ARN != p.Oneoff.Definition || d.Digest != p.Digest {
		return bcn.E(bcn.CodePlanMoved, "moved", "stack heritage-"+p.Heritage)
	}
	return nil
}
