package deploy

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/manifest"
	"github.com/bcn-bot/bcn/internal/render"
)

// ScheduledStore keeps the runs of scheduled tasks. internal/store implements
// it.
type ScheduledStore interface {
	// UnseenRuns answers which of the tasks (ARNs) are not written down yet.
	UnseenRuns(ctx context.Context, tasks []string) ([]string, error)
	// SawRun writes a run down together with what is said about it; one that is
	// written down already says nothing again.
	SawRun(ctx context.Context, r bcn.ScheduledRun, notes []Note) error
	// LastRuns answers the newest run of each scheduled task.
	LastRuns(ctx context.Context) ([]bcn.ScheduledRun, error)
}

// Stoppeds reads what began and ended. internal/apply implements it.
type Stoppeds interface {
	// Scheduled answers the tasks of a heritage that its schedules started, with
	// the name of the schedule in Name; EndedAt is zero where one still runs.
	// ECS knows those that stopped for about an hour.
	Scheduled(ctx context.Context, t bcn.Target, heritage string) ([]bcn.ScheduledRun, error)
}

// FileTask is a scheduled task of a released barcelona.yml.
type FileTask struct {
	Heritage bcn.Heritage
	Task     manifest.ScheduledTask
	Last     *bcn.ScheduledRun // nil: none has been seen
	Since    time.Time         // when the release that it is of had succeeded
}

// FileTasks answers the scheduled tasks of all last releases, by heritage and
// name.
func (s *Service) FileTasks(ctx context.Context, rows ScheduledStore) ([]FileTask, error) {
	list, err := s.fileTasks(ctx)
	if err != nil || len(list) == 0 {
		return list, err
	}
	last, err := rows.LastRuns(ctx)
	if err != nil {
		return nil, err
	}
	for i, f := range list {
		for _, r := range last {
			if r.Heritage == f.Heritage.Name && r.Name == f.Task.Name {
				list[i].Last = &r
			}
		}
	}
	return list, nil
}

func (s *Service) fileTasks(ctx context.Context) ([]FileTask, error) {
	all, err := s.Store.Heritages(ctx)
	if err != nil {
		return nil, err
	}
	var out []FileTask
	for _, h := range all {
		last, _, err := s.Store.LastRelease(ctx, h.Name)
		if errors.Is(err, ErrNone) {
			continue
		}
		if err != nil {
			return nil, err
		}
		f, problems := manifest.Parse("release", last.Manifest)
		if manifest.Failed(problems) {
			continue // of a version that read files otherwise
		}
		env, problem := f.Environment(h.Env)
		if problem != nil {
			continue
		}
		for _, task := range env.ScheduledTasks {
			out = append(out, FileTask{Heritage: h, Task: task, Since: last.EndedAt})
		}
	}
	slices.SortFunc(out, func(x, y FileTask) int {
		return cmp.Or(strings.Compare(x.Heritage.Name, y.Heritage.Name), strings.Compare(x.Task.Name, y.Task.Name))
	})
	return out, nil
}

// watchEvery is between two looks at scheduled tasks: often enough for somebody
// to be told soon, and long before ECS forgets a task that stopped.
const watchEvery = time.Minute

// Watching looks which scheduled tasks have ended and which did not begin,
// writes them down and tells of those that failed. It answers when to look
// again.
func (s *Service) Watching(ctx context.Context, now time.Time, rows ScheduledStore, aws Stoppeds) (time.Duration, error) {
	again := min(watchEvery, 60*s.Poll)
	list, err := s.FileTasks(ctx, rows)
	if err != nil {
		return again, err
	}
	byHeritage := map[string][]FileTask{}
	for _, f := range list {
		byHeritage[f.Heritage.Name] = append(byHeritage[f.Heritage.Name], f)
	}
	for name, tasks := range byHeritage {
		// One heritage's trouble is not another's.
		if err := s.watchHeritage(ctx, now, rows, aws, tasks); err != nil {
			s.Log.Warn("look at scheduled tasks", "heritage", name, "error", err)
		}
	}
	return again, nil
}

func (s *Service) watchHeritage(ctx context.Context, now time.Time, rows ScheduledStore, aws Stoppeds, tasks []FileTask) error {
	h := tasks[0].Heritage
	d, err := s.Store.District(ctx, h.District)
	if err != nil {
		return err
	}
	t := s.SystemTarget(d)
	runs, err := aws.Scheduled(ctx, t, h.Name)
	if err != nil {
		return err
	}
	ended := missingRuns(now, tasks, runs)
	for _, r := range runs {
		i := slices.IndexFunc(tasks, func(f FileTask) bool { return render.ScheduleName(h.Name, f.Task.Name) == r.Name })
		if i >= 0 && !r.EndedAt.IsZero() {
			r.Heritage, r.Name = h.Name, tasks[i].Task.Name
			ended = append(ended, r)
		}
	}
	if len(ended) == 0 {
		return nil
	}
	var arns []string
	for _, r := range ended {
		arns = append(arns, r.Task)
	}
	unseen, err := rows.UnseenRuns(ctx, arns)
	if err != nil {
		return err
	}
	for _, r := range ended {
		if !slices.Contains(unseen, r.Task) {
			continue
		}
		if err := rows.SawRun(ctx, r, s.runNotes(ctx, t, h, r)); err != nil {
			return err
		}
		s.Log.Info("scheduled task ended", "heritage", h.Name, "task", r.Name, "failed", r.Failed(), "missing", r.Missing())
	}
	return nil
}

// runNotes tell the heritage's channel of a run that failed, with its last log
// lines.
func (s *Service) runNotes(ctx context.Context, t bcn.Target, h bcn.Heritage, r bcn.ScheduledRun) []Note {
	if !r.Failed() {
		return nil
	}
	var lines []string
	if !r.Missing() {
		var err error
		if lines, err = s.Tasks.Tail(ctx, t, r.Task, tailLines); err != nil {
			s.Log.Warn("read the log of a scheduled task", "heritage", h.Name, "error", err)
		}
	}
	c := bcn.Change{Kind: bcn.KindRun, App: h.App, Env: h.Env, Heritage: h.Name}
	return s.Speaker.Notes(Moment{Kind: MomentScheduled, Change: c, Run: &r, Lines: lines})
}
