package scheduler

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/schedule"
)

// fileActor is in whose name the audit log has what bot.yaml changes.
const fileActor = "bot.yaml"

// FileError is what is wrong with schedules of bot.yaml. All else of the file
// is in force, and a refused command, too: it is asked of the rules at each run.
type FileError struct{ Faults []error }

// Error writes one line for each fault, for the operator.
func (e *FileError) Error() string { return errors.Join(e.Faults...).Error() }

// Unwrap answers the faults.
func (e *FileError) Unwrap() []error { return e.Faults }

// errSame says that a row is what it should be: nothing is written.
var errSame = errors.New("nothing to change")

// Sync makes the schedules of bot.yaml what the file says: new ones are added,
// others changed, those that it no longer names removed. What a person paused
// stays paused. Repeated, also by several processes at once, it changes
// nothing more. A *FileError says that something is wrong with the file; any
// other error, that Sync has to be repeated.
func (s *Service) Sync(ctx context.Context, in []bcn.Schedule) error {
	all, err := s.Store.Schedules(ctx)
	if err != nil {
		return err
	}
	rows := map[string]*bcn.Schedule{}
	for i := range all {
		rows[all[i].Name] = &all[i]
	}
	var faults []error
	named := map[string]bool{}
	for _, want := range in {
		named[want.Name] = true
		fault, err := s.syncOne(ctx, want, rows[want.Name])
		if err != nil {
			return fmt.Errorf("schedule %s of bot.yaml: %w", want.Name, err)
		}
		for _, f := range fault {
			f = fmt.Errorf("schedule %s of bot.yaml: %w", want.Name, f)
			s.Log.Warn("a schedule of the file", "name", want.Name, "error", f)
			faults = append(faults, f)
		}
	}
	for i := range all {
		if row := all[i]; row.File && !named[row.Name] {
			if err := s.unfile(ctx, row); err != nil {
				return fmt.Errorf("schedule %s, no longer in bot.yaml: %w", row.Name, err)
			}
		}
	}
	if len(faults) > 0 {
		return &FileError{faults}
	}
	return nil
}

// syncOne adds or changes one schedule, and answers what is wrong with it.
func (s *Service) syncOne(ctx context.Context, want bcn.Schedule, row *bcn.Schedule) (faults []error, err error) {
	if row != nil && !row.File {
		return []error{inChat(*row)}, nil
	}
	want.File, want.By, want.State = true, fileActor, bcn.ScheduleActive
	want.Spec = strings.Join(strings.Fields(want.Spec), " ")
	faults, err = s.checkFile(ctx, &want, row)
	if err != nil {
		return nil, err
	}
	if row == nil {
		row, err = s.addFiled(ctx, want)
	}
	if row != nil && err == nil {
		if !row.File {
			return append(faults, inChat(*row)), nil
		}
		err = s.changeFiled(ctx, want, *row)
	}
	var p *schedule.Problem
	if errors.As(err, &p) {
		return append(faults, badSchedule(want.Spec, err)), nil
	}
	return faults, err
}

func inChat(row bcn.Schedule) error {
	return fmt.Errorf("%s added a schedule of that name in chat (%s); remove it there, or choose another name: %w",
		row.Owner.User, row.ID, bcn.E(bcn.CodeNameTaken, "name", row.Name, "by", "schedule"))
}

// checkFile asks what a person who adds a schedule in chat is asked, and fills
// in what the file does not say. A refusal is told, and changes nothing: rules
// and people change without the file.
func (s *Service) checkFile(ctx context.Context, want, row *bcn.Schedule) (faults []error, err error) {
	if want.Channel != "" { // some of bcn's own have nothing to say to a channel
		if err := s.Channels.CanPost(ctx, want.Channel); err != nil {
			if faults, err = s.told(faults, err); err != nil {
				return nil, err
			}
		}
	}
	said := want.Options.AskBefore
	checked, err := s.Runner.Check(ctx, want.Owner, want.Command)
	if err := s.defaults(&want.Options, checked); err != nil {
		return nil, err
	}
	if err == nil {
		return faults, nil
	}
	// Who must approve is not known: it stays as it was, or is asked early.
	if said == 0 && want.Options.After == "" {
		want.Options.AskBefore = s.AskBefore
		if row != nil && row.Command == want.Command && sameOwner(*row, *want) {
			want.Options.AskBefore = row.Options.AskBefore
		}
	}
	return s.told(faults, err)
}

// told adds a refusal to the faults. What could not be asked now is asked at
// the run.
func (s *Service) told(faults []error, err error) ([]error, error) {
	var e *bcn.Error
	switch {
	case refused(err):
		return append(faults, err), nil
	case errors.As(err, &e):
		s.Log.Warn("could not check a schedule of the file", "error", err)
		return faults, nil
	default:
		return nil, err
	}
}

func sameOwner(a, b bcn.Schedule) bool {
	return a.Owner.Kind == b.Owner.Kind && a.Owner.User == b.Owner.User && a.Owner.Team == b.Owner.Team
}

// addFiled stores a schedule. It answers the row that has the name where
// another process was faster, and none where it stored its own or the
// schedule's only time has passed.
func (s *Service) addFiled(ctx context.Context, want bcn.Schedule) (*bcn.Schedule, error) {
	now, err := s.Store.Now(ctx)
	if err != nil {
		return nil, err
	}
	over, err := startFiled(&want, now)
	if over || err != nil {
		return nil, err
	}
	_, err = s.Store.NewSchedule(ctx, deploy.Origin{}, want)
	if bcn.CodeOf(err) != bcn.CodeNameTaken {
		return nil, err
	}
	row, err := s.Store.ScheduleByName(ctx, want.Name)
	return &row, err
}

// startFiled counts a schedule's times from now on; over says that it has none,
// because its only one has passed. A single time stays in the file after it.
func startFiled(want *bcn.Schedule, now time.Time) (over bool, err error) {
	want.AddedAt, want.SkipAt = now.Truncate(time.Microsecond), nil
	spec, err := specOf(*want)
	var p *schedule.Problem
	if errors.As(err, &p) && p.What == schedule.ProblemPast {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	want.NextAt, want.WakeAt = upcoming(spec, want.Options, now)
	return false, nil
}

// changeFiled makes a row what the file says.
func (s *Service) changeFiled(ctx context.Context, want, row bcn.Schedule) error {
	if out, err := refile(row, want, row.AddedAt); err == nil && out == row {
		return nil // without its lock
	}
	_, err := s.Store.ChangeSchedule(ctx, deploy.Origin{}, fileActor, "edit", row.ID, func(old bcn.Schedule, now time.Time) (bcn.Schedule, error) {
		if !open(old) {
			return old, errSame
		}
		out, err := refile(old, want, now)
		if err == nil && out == old {
			err = errSame
		}
		return out, err
	})
	return unlessSame(err)
}

func open(row bcn.Schedule) bool {
	return row.File && row.State != bcn.ScheduleRemoved
}

func unlessSame(err error) error {
	if errors.Is(err, errSame) {
		return nil
	}
	return err
}

// refile answers what a row is by the file: other times start counting anew,
// else what has been counted stays, and so does a pause by a person.
func refile(old, want bcn.Schedule, now time.Time) (bcn.Schedule, error) {
	out := old
	out.Command, out.Channel, out.Options = want.Command, want.Channel, want.Options
	recount := old.Spec != want.Spec || old.Zone != want.Zone || old.Options.After != want.Options.After
	if !sameOwner(old, want) {
		out.Owner = want.Owner
		if old.Why == bcn.CodeOwnerGone { // the file names who answers for it now
			out.State, out.Why = bcn.ScheduleActive, ""
			recount = true
		}
	}
	if recount {
		out.Spec, out.Zone = want.Spec, want.Zone
		over, err := startFiled(&out, now)
		if err != nil {
			return old, err
		}
		switch {
		case over:
			out.State, out.NextAt, out.WakeAt = bcn.ScheduleDone, nil, nil
		case out.State == bcn.ScheduleDone:
			out.State = bcn.ScheduleActive
		}
	} else if out.NextAt != nil && out.Options != old.Options {
		wake := schedule.Wake(*out.NextAt, out.Options.AskBefore, out.Options.Announce)
		out.WakeAt = &wake
	}
	if out != old && out.State != bcn.SchedulePaused && out.SkipAt == nil { // else By is who paused or skips
		out.By = fileActor
	}
	return out, nil
}

// unfile removes a schedule that the file no longer names.
func (s *Service) unfile(ctx context.Context, row bcn.Schedule) error {
	_, err := s.Store.ChangeSchedule(ctx, deploy.Origin{}, fileActor, "remove", row.ID, func(old bcn.Schedule, _ time.Time) (bcn.Schedule, error) {
		if !open(old) {
			return old, errSame
		}
		old.State, old.By = bcn.ScheduleRemoved, fileActor
		return old, nil
	})
	return unlessSame(err)
}
