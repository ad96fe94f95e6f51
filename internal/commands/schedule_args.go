package commands

import (
	"errors"
	"maps"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/schedule"
	"github.com/bcn-bot/bcn/internal/text"
)

// maxRetries is how often a schedule may try again.
const maxRetries = 10

// scheduleFlags are what add and edit both take. What is left out stays as it
// is, or has the default.
type scheduleFlags struct {
	In         string `name:"in" placeholder:"#C"`
	TZ         string `name:"tz" placeholder:"ZONE"`
	Name       string `name:"name" placeholder:"NAME" kind:"schedule-name"`
	AskBefore  string `name:"ask-before" placeholder:"4h"`
	Announce   string `name:"announce" placeholder:"10m"`
	OnConflict string `name:"on-conflict" placeholder:"skip|queue|once"`
	OnMissed   string `name:"on-missed" placeholder:"run-once|skip|catch-up"`
	Retries    string `name:"retries" placeholder:"N"`
	Timeout    string `name:"timeout" placeholder:"30m"`
	After      string `name:"after" placeholder:"OTHER"`
	Quiet      bool   `name:"quiet"`

	askBefore, announce, timeout time.Duration
	retries                      int
	onMissed                     schedule.OnMissed
}

const flagsLine = "[--in #C] [--tz ZONE] [--name NAME] [--ask-before 4h] [--announce 10m] [--on-conflict skip|queue|once]" +
	" [--on-missed run-once|skip|catch-up] [--retries N] [--timeout 30m] [--quiet]"

// scheduleRef is a schedule's name or number, as it is looked up later.
var scheduleRef = regexp.MustCompile(`^(#?\d{1,18}|[a-z][a-z0-9-]{0,39})$`)

func checkSchedule(s string) error {
	if !scheduleRef.MatchString(s) {
		return bcn.E(bcn.CodeUnknownName, "what", "schedule", "name", clip(s))
	}
	return nil
}

// check refuses flags that cannot be right, whenever it is.
func (g *scheduleFlags) check(spec string) (err error) {
	if g.In != "" && !channelForm.MatchString(g.In) {
		return problem{id: text.ProblemChannel, word: clip(g.In)}
	}
	if g.Name != "" {
		if err := checkName(g.Name); err != nil {
			return err
		}
	}
	if g.After != "" {
		if err := checkSchedule(g.After); err != nil {
			return err
		}
	}
	if g.TZ != "" {
		zone, err := schedule.Zone(g.TZ)
		if err != nil {
			return badSchedule(spec, err)
		}
		g.TZ = zone.String()
	}
	if g.onMissed, err = schedule.ParseOnMissed(g.OnMissed); err != nil {
		return badSchedule(spec, err)
	}
	return g.checkRuns()
}

// checkRuns is about how a run behaves.
func (g *scheduleFlags) checkRuns() (err error) {
	switch bcn.OnConflict(g.OnConflict) {
	case "", bcn.ConflictSkip, bcn.ConflictQueue, bcn.ConflictOnce:
	default:
		return problem{id: problemForm, word: "--on-conflict " + clip(g.OnConflict), suggestion: "--on-conflict queue"}
	}
	if g.Retries != "" {
		if g.retries, err = strconv.Atoi(g.Retries); err != nil || g.retries < 0 || g.retries > maxRetries {
			return problem{id: text.ProblemSpan, word: "--retries " + clip(g.Retries), suggestion: "0 – " + strconv.Itoa(maxRetries)}
		}
	}
	const day = 24 * time.Hour
	for _, x := range []struct {
		span
		said string
		to   *time.Duration
	}{
		{span{"ask-before", "4h", 0, 7 * day}, g.AskBefore, &g.askBefore},
		{span{"announce", "10m", 0, 7 * day}, g.Announce, &g.announce},
		{span{"timeout", "30m", 0, 7 * day}, g.Timeout, &g.timeout},
	} {
		if *x.to, err = x.read(x.said); err != nil {
			return err
		}
	}
	return nil
}

// apply sets what was said.
func (g *scheduleFlags) apply(s *bcn.Schedule) {
	o := &s.Options
	for _, x := range []struct {
		said string
		set  func()
	}{
		{g.In, func() { s.Channel = g.In }},
		{g.TZ, func() { s.Zone = g.TZ }},
		{g.Name, func() { s.Name = g.Name }},
		{g.AskBefore, func() { o.AskBefore = g.askBefore }},
		{g.Announce, func() { o.Announce = g.announce }},
		{g.OnConflict, func() { o.OnConflict = bcn.OnConflict(g.OnConflict) }},
		{g.OnMissed, func() { o.OnMissed = string(g.onMissed) }},
		{g.Retries, func() { o.Retries = g.retries }},
		{g.Timeout, func() { o.Timeout = g.timeout }},
		{g.After, func() { o.After, s.Spec = g.After, "" }},
	} {
		if x.said != "" {
			x.set()
		}
	}
	o.Quiet = o.Quiet || g.Quiet
}

type scheduleAddArgs struct {
	Spec []string `arg:"" optional:"" name:"spec" placeholder:"SPEC"`
	scheduleFlags
	Yes     bool   `name:"yes"`
	DryRun  bool   `name:"dry-run"`
	Command string `kong:"-" rest:"chat" placeholder:"COMMAND" kind:"scheduled-command"`

	spec string
}

func (g *scheduleAddArgs) forms() []string {
	return []string{
		"SPEC " + flagsLine + " [--yes] [--dry-run] -- COMMAND",
		"--after OTHER [--in #C] [--name NAME] [--quiet] [--yes] -- COMMAND",
	}
}

func (g *scheduleAddArgs) short() string { return "SPEC [flags] -- COMMAND" }

func (g *scheduleAddArgs) check() error {
	g.spec = plainSpec(strings.Join(g.Spec, " "))
	switch {
	case g.spec == "" && g.After == "":
		return problem{id: problemMissing, word: "SPEC"}
	case g.spec != "" && g.After != "":
		return problem{id: text.ProblemSpecAndAfter, word: clip(g.spec)}
	case g.Command == "":
		return problem{id: text.ProblemNoCommand, word: "--"}
	}
	if err := g.scheduleFlags.check(g.spec); err != nil {
		return err
	}
	_, err := readScheduled(g.Command)
	return err
}

type scheduleEditArgs struct {
	Schedule string `arg:"" name:"schedule" placeholder:"NAME"`
	Spec     string `name:"spec" placeholder:"SPEC"`
	scheduleFlags
	Loud    bool   `name:"loud"`
	Command string `kong:"-" rest:"chat" placeholder:"COMMAND" kind:"scheduled-command"`
}

func (g *scheduleEditArgs) forms() []string {
	return []string{"NAME [--spec SPEC] " + flagsLine + " [--loud] [--after OTHER] [-- COMMAND]"}
}

func (g *scheduleEditArgs) short() string { return "NAME [flags] [-- COMMAND]" }

func (g *scheduleEditArgs) check() error {
	if err := checkSchedule(g.Schedule); err != nil {
		return err
	}
	g.Spec = plainSpec(g.Spec)
	said := false
	for _, f := range fields(g) {
		said = said || !f.arg && !f.value.IsZero()
	}
	switch {
	case !said:
		return problem{id: text.ProblemNothingToEdit}
	case g.Spec != "" && g.After != "":
		return problem{id: text.ProblemSpecAndAfter, word: clip(g.Spec)}
	case g.Quiet && g.Loud:
		return problem{id: problemUnexpected, word: "--loud"}
	}
	if err := g.scheduleFlags.check(g.Spec); err != nil {
		return err
	}
	if g.Command == "" {
		return nil
	}
	_, err := readScheduled(g.Command)
	return err
}

// apply sets what was said.
func (g *scheduleEditArgs) apply(s *bcn.Schedule) {
	g.scheduleFlags.apply(s)
	if g.Spec != "" {
		s.Spec, s.Options.After = g.Spec, ""
	}
	if g.Command != "" {
		s.Command = bareCommand(g.Command)
	}
	if g.Loud {
		s.Options.Quiet = false
	}
}

// badSchedule is what package schedule found wrong, as an error with a code.
func badSchedule(spec string, err error) error {
	var p *schedule.Problem
	if !errors.As(err, &p) {
		return err
	}
	params := map[string]string{"where": ""}
	maps.Copy(params, p.Params)
	if p.Where > 0 {
		params["where"] = strconv.Itoa(p.Where)
	}
	params["spec"], params["problem"] = spec, string(p.What)
	e := bcn.E(bcn.CodeBadSchedule).Wrap(err)
	e.Params = params
	return e
}
