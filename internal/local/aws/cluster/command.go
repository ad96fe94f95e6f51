package cluster

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kballard/go-shellquote"
)

// program is what a container runs: its image's own, or a command.
type program struct {
	Behaviour
	until time.Time // it ends then, if it Exits and this is not zero
	term  signalled
	code  int           // of a program that traps SIGTERM
	slow  time.Duration // until it notices
}

// signalled is what a program does about SIGTERM.
type signalled int

const (
	dies    signalled = iota
	ignores           // as the first process of a container, which has no default action for signals; not below an init process
	traps             // and ends with a code of its own
	masks             // and would below an init process too
)

// The exit codes of processes that a signal ended.
const (
	killed     = 137
	terminated = 143
)

// stopTimeout is how many seconds a container has between SIGTERM and SIGKILL
// where its definition does not say; maxStopTimeout is Fargate's most (ECS API
// reference, ContainerDefinition).
const (
	stopTimeout    = 30
	maxStopTimeout = 120
)

// endsAt is when a program that Exits does so, if it starts now.
func (p program) endsAt(now time.Time) time.Time {
	switch {
	case p.until.IsZero():
		return now.Add(p.ExitAfter)
	case p.until.Before(now):
		return now
	}
	return p.until
}

// onTerm is how long a container goes on after SIGTERM, and how it ends.
func (c *Cluster) onTerm(k *container) (after time.Duration, code int) {
	after, code = c.speed.seconds(k.spec.num("stopTimeout", stopTimeout)), killed
	initialised := k.spec.node("linuxParameters").flag("initProcessEnabled", false)
	switch p := k.runs; {
	case p.term == traps && p.slow < after:
		after, code = p.slow, p.code
	case p.term == dies || p.term == ignores && initialised:
		after, code = min(after, c.speed.Stop), terminated
	}
	if left := k.ends.Sub(c.now); !k.ends.IsZero() && left < after {
		return left, k.runs.ExitCode
	}
	return after, code
}

// programOf is what a container runs. A command of an override follows the
// definition's entry point; without one the image runs what it does.
func programOf(k *container) program {
	if len(k.command) == 0 {
		return program{Behaviour: k.image.Behaviour}
	}
	argv := append(slices.Clone(k.spec.strs("entryPoint")), k.command...)
	if argv[0] == "printenv" {
		return program{Behaviour: Exits(0, time.Second, k.printenv(argv[1:])...)}
	}
	return commandProgram(argv)
}

// override takes over what a RunTask says of the container.
func (k *container) override(o tree) {
	k.command = o.strs("command")
	for _, v := range o.items("environment") {
		i := slices.IndexFunc(k.env, func(e tree) bool { return e.str("name") == v.str("name") })
		if i < 0 {
			k.env = append(k.env, v)
			continue
		}
		k.env[i] = v
	}
}

// printenv writes environment variables, all of them or those that are named.
func (k *container) printenv(names []string) []string {
	var lines []string
	for _, e := range k.env {
		switch name := e.str("name"); {
		case len(names) == 0:
			lines = append(lines, name+"="+e.str("value"))
		case slices.Contains(names, name):
			lines = append(lines, e.str("value"))
		}
	}
	return lines
}

// commandProgram is what a command does: a very small shell, so that one-off
// tasks can be tried. sleep N, exit N, echo TEXT, true, false, printenv and a
// loop that waits for a time are known; anything else says what it would run and ends
// well.
func commandProgram(argv []string) program {
	if script, ok := scriptOf(argv); ok {
		return scriptProgram(strings.TrimSpace(script))
	}
	return wordsProgram(argv)
}

// scriptOf is the script of sh -c SCRIPT; what follows it are its arguments.
func scriptOf(argv []string) (string, bool) {
	if len(argv) < 3 || argv[1] != "-c" {
		return "", false
	}
	name := argv[0][strings.LastIndexByte(argv[0], '/')+1:]
	return argv[2], name == "sh" || name == "bash" || name == "ash" || name == "dash"
}

var (
	trapping = regexp.MustCompile(`^trap\s+(?:'([^']*)'|"([^"]*)")\s+([A-Z0-9 ]+?)\s*[;\n]\s*`)
	exiting  = regexp.MustCompile(`^exit(?:\s+(\d{1,3}))?$`)
	// looping is a loop until a Unix second of date's.
	looping = regexp.MustCompile(`^while\s+\[\s+"?\$\(date \+%s\)"?\s+-lt\s+"?(\d{1,12})"?\s+\]\s*[;\n]\s*do\s+(.*?)[;\n]?\s*done\s*(?:[;\n]\s*(.*))?$`)
	dozing  = regexp.MustCompile(`sleep\s+(\d{1,9})\s*(&\s*wait\b)?`)
)

// scriptProgram reads a trap of SIGTERM and what follows it. A shell runs its
// trap once the command in its foreground has ended, which wait does at once.
func scriptProgram(script string) program {
	caught := trapping.FindStringSubmatch(script)
	if caught != nil {
		script = script[len(caught[0]):]
	}
	loop := looping.FindStringSubmatch(script)
	var p program
	if loop != nil {
		p = loopProgram(loop[1], loop[2], loop[3])
	} else if steps, ok := stepsOf(script); ok {
		p = stepsProgram(steps)
	} else {
		words, err := shellquote.Split(script)
		if err != nil || len(words) == 0 {
			words = []string{script}
		}
		if words[0] == "exec" && len(words) > 1 {
			words = words[1:]
		}
		p = wordsProgram(words)
	}
	if caught == nil || !slices.ContainsFunc(strings.Fields(caught[3]), isTERM) {
		return p
	}
	exit := exiting.FindStringSubmatch(caught[1] + caught[2])
	if exit == nil || loop == nil {
		p.term = masks
		return p
	}
	p.term = traps
	p.code, _ = strconv.Atoi(exit[1])
	return p
}

// between separates the simple commands of a script.
var between = regexp.MustCompile(`\s*(?:;|&&|\n)\s*`)

// stepsOf splits a script of several commands that are all known: echo, sleep,
// exit, true and false.
func stepsOf(script string) ([][]string, bool) {
	parts := between.Split(script, -1)
	if len(parts) < 2 {
		return nil, false
	}
	var steps [][]string
	for _, part := range parts {
		words, err := shellquote.Split(part)
		if err != nil {
			return nil, false
		}
		if len(words) == 0 {
			continue
		}
		if !slices.Contains([]string{"echo", "sleep", "exit", "true", "false"}, words[0]) {
			return nil, false
		}
		steps = append(steps, words)
	}
	return steps, len(steps) > 0
}

// stepsProgram does one after the other, and ends at exit or at what fails, as
// a script with set -e does.
func stepsProgram(steps [][]string) program {
	p := program{Behaviour: Behaviour{Exits: true}}
	for _, words := range steps {
		arg := strings.Join(words[1:], " ")
		n, _ := strconv.Atoi(arg)
		switch words[0] {
		case "echo":
			p.Log = append(p.Log, Line{After: p.ExitAfter, Text: arg})
		case "sleep":
			p.ExitAfter += time.Duration(n) * time.Second
		case "exit":
			p.ExitCode = n
			return p
		case "false":
			p.ExitCode = 1
			return p
		}
	}
	return p
}

func isTERM(signal string) bool { return signal == "TERM" || signal == "SIGTERM" || signal == "15" }

// loopProgram waits until the Unix second and does then what comes after.
func loopProgram(second, body, then string) program {
	n, _ := strconv.ParseInt(second, 10, 64)
	p := program{Behaviour: Exits(0, 0), until: time.Unix(n, 0), term: ignores}
	if doze := dozing.FindStringSubmatch(body); doze != nil && doze[2] == "" {
		seconds, _ := strconv.Atoi(doze[1])
		p.slow = time.Duration(seconds) * time.Second
	}
	if exit := exiting.FindStringSubmatch(strings.TrimSpace(then)); exit != nil {
		p.ExitCode, _ = strconv.Atoi(exit[1])
	}
	return p
}

func wordsProgram(argv []string) program {
	arg := ""
	if len(argv) > 1 {
		arg = argv[1]
	}
	n, _ := strconv.Atoi(arg)
	switch argv[0] {
	case "sleep":
		return program{Behaviour: Exits(0, time.Duration(n)*time.Second), term: ignores}
	case "exit":
		return program{Behaviour: Exits(n, time.Second)}
	case "true":
		return program{Behaviour: Exits(0, time.Second)}
	case "false":
		return program{Behaviour: Exits(1, time.Second)}
	case "echo":
		return program{Behaviour: Exits(0, time.Second, strings.Join(argv[1:], " "))}
	}
	return program{Behaviour: Exits(0, 2*time.Second, "$ "+shellquote.Join(argv...))}
}
