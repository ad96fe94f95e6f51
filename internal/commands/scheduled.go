package commands

import (
	"context"
	"regexp"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// scheduling says what becomes of a verb that is run by the clock.
type scheduling int

const (
	byHand scheduling = iota // it needs a person at that moment, and is refused
	shows                    // what it answers goes to the channel
	asks                     // it asks for a change, which is followed to its end
)

// Checked is what a command would do if it were run by the clock.
type Checked struct {
	Verb, App, Env, District string
	Changes                  bool     // it makes a change, which is followed to its end
	Gated                    []string // the teams that must approve
}

// Check reads a command that is to be run by the clock, as the actor, and does
// nothing. Nothing is corrected for it: what is nearly right is an error with a
// suggestion. Errors: usage, unknown_verb, not_yet, not_schedulable,
// unknown_app, unknown_env, unknown_name, not_allowed, could_not_check.
func (r *Registry) Check(ctx context.Context, actor bcn.Actor, command string) (Checked, error) {
	c, err := r.scheduledCommand(ctx, actor, command)
	if err != nil {
		return Checked{}, err
	}
	out := Checked{Verb: c.verb.name, Changes: c.verb.scheduled == asks}
	reason := ""
	for _, f := range fields(c.grammar) {
		if f.name == "reason" && f.free {
			reason = f.value.String()
		}
		switch f.live {
		case "app":
			out.App = f.value.String()
		case "env":
			out.Env = f.value.String()
		case "district":
			out.District = f.value.String()
		}
	}
	out.Gated, err = r.judge(ctx, actor, &out, reason)
	return out, err
}

// RunAs does what a command says in the actor's name, and answers in the
// channels' language; false: a card speaks. What could not be scheduled is not
// run either. Errors: as Check, and those of the command.
func (r *Registry) RunAs(ctx context.Context, actor bcn.Actor, o deploy.Origin, command string) (chat.Message, bool, error) {
	c, err := r.scheduledCommand(ctx, actor, command)
	if err != nil {
		return chat.Message{}, false, err
	}
	return r.do(ctx, asked{verb: c.verb, actor: actor, origin: o, lang: r.lang}, c.grammar)
}

// scheduledCommand reads the command, and looks the names in it up.
func (r *Registry) scheduledCommand(ctx context.Context, actor bcn.Actor, said string) (command, error) {
	c, err := readScheduled(said)
	if err != nil {
		return c, err
	}
	bad, err := r.lookUp(ctx, asked{verb: c.verb, actor: actor, lang: r.lang}, c.grammar)
	if err == nil && len(bad) > 0 {
		err = bad[0].err("")
	}
	return c, err
}

// readScheduled parses a command that is stored as plain text. It is pure.
func readScheduled(said string) (command, error) {
	c, err := parse(slackText.Replace(bareCommand(said)), "")
	switch {
	case c.help:
		return c, bcn.E(bcn.CodeNotSchedulable, "verb", "help")
	case c.verb != nil && c.verb.scheduled == byHand: // however it is spelled
		return c, bcn.E(bcn.CodeNotSchedulable, "verb", c.verb.name)
	case c.verb != nil && c.typo != "": // the verb alone: the whole command, typed as it is, would run now
		return c, bcn.E(bcn.CodeUnknownVerb, "verb", c.typo, "suggestion", c.verb.name)
	case err != nil:
		return c, err
	case breaksGlass(c.grammar):
		return c, bcn.E(bcn.CodeGlassUnattended)
	default:
		return c, nil
	}
}

// slackText writes plain text as Slack sends it, so that what looks like one of
// Slack's marks stays what was typed.
var slackText = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// bareCommand drops the slash command that people put in front out of habit.
func bareCommand(said string) string {
	word, rest := nextWord(said)
	if strings.HasPrefix(word, "/") {
		said = rest
	}
	return strings.TrimFunc(said, space)
}

// judge asks the rules. A command that shows many things is allowed to who may
// see one of them.
func (r *Registry) judge(ctx context.Context, actor bcn.Actor, c *Checked, reason string) ([]string, error) {
	heritages, err := r.reads.Heritages(ctx)
	if err != nil {
		return nil, err
	}
	for _, h := range heritages {
		if h.App == c.App && h.Env == c.Env {
			c.District = h.District
		}
	}
	gated, err := r.who.Plan(ctx, actor, c.Verb, c.App, c.Env, c.District, reason)
	if !notAllowed(err) || c.Changes {
		return gated, err
	}
	for _, h := range heritages {
		if (c.App == "" || h.App == c.App) && (c.Env == "" || h.Env == c.Env) && r.who.Allow(ctx, actor, c.Verb, h.App, h.Env, h.District) == nil {
			return nil, nil
		}
	}
	districts, derr := r.reads.Districts(ctx)
	if derr != nil {
		return nil, derr
	}
	for _, d := range districts {
		if c.App == "" && (c.District == "" || d.Name == c.District) && r.who.Allow(ctx, actor, c.Verb, "", "", d.Name) == nil {
			return nil, nil
		}
	}
	return nil, err
}

// Slack makes bold text of what stands between stars, and so do people who
// paste. plainSpec undoes that where it is no expression as it is, and one
// without.
func plainSpec(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	inner := unmarked(s)
	for _, try := range []string{s, inner, apart(s), apart(inner)} {
		if isCron(try) {
			return try
		}
	}
	if inner != "" && strings.ContainsAny(inner[:1], "@abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
		return inner // _@daily_, *every 30m*
	}
	return s
}

// unmarked takes one pair of marks off both ends.
func unmarked(s string) string {
	for _, mark := range []string{"*", "_", "~", "`"} {
		if len(s) > 2 && strings.HasPrefix(s, mark) && strings.HasSuffix(s, mark) {
			return strings.TrimSpace(s[1 : len(s)-1])
		}
	}
	return s
}

var (
	glued     = regexp.MustCompile(`([*0-9])\*`)
	cronField = regexp.MustCompile(`^(\*(/\d+)?(,[0-9A-Za-z,*/-]+)?|[0-9A-Za-z][0-9A-Za-z,/-]*)$`)
)

// apart puts a space in front of stars that Slack pushed together.
func apart(s string) string {
	for range 5 {
		s = glued.ReplaceAllString(s, "$1 *")
	}
	return s
}

// isCron says that a text has the looks of five fields.
func isCron(s string) bool {
	all := strings.Fields(s)
	for _, f := range all {
		if !cronField.MatchString(f) {
			return false
		}
	}
	return len(all) == 5
}
