package manifest

import (
	"fmt"
	"sort"
)

// Position is a place in a file; both count from 1, Column in bytes as
// gopkg.in/yaml.v3 counts it.
type Position struct {
	Line, Column int
}

// Problem is one thing that is wrong, or suspicious, in a file.
type Problem struct {
	File    string
	Line    int
	Column  int
	Path    string // such as environments.production.services[0].memory
	Message string // one sentence without its full stop
	Hint    string // how to mend it; may be empty
	Warning bool   // the file can be used all the same
}

// String writes "file:line:column: message", as compilers do, with the hint
// in parentheses.
func (p Problem) String() string {
	s := fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Message)
	if p.Hint != "" {
		s += " (" + p.Hint + ")"
	}
	if p.Warning {
		s += " [warning]"
	}
	return s
}

// Error makes a Problem usable as an error.
func (p Problem) Error() string { return p.String() }

// Failed says whether any of the problems is more than a warning.
func Failed(problems []Problem) bool {
	for _, p := range problems {
		if !p.Warning {
			return true
		}
	}
	return false
}

// sortProblems puts them in the file's order and drops repetitions, which an
// anchor that is used twice would cause.
func sortProblems(problems []Problem) []Problem {
	sort.SliceStable(problems, func(i, j int) bool {
		a, b := problems[i], problems[j]
		if a.Line != b.Line {
			return a.Line < b.Line
		}
		if a.Column != b.Column {
			return a.Column < b.Column
		}
		return a.Message < b.Message
	})
	var kept []Problem
	for _, p := range problems {
		if n := len(kept); n > 0 && kept[n-1].Line == p.Line && kept[n-1].Column == p.Column &&
			kept[n-1].Message == p.Message {
			continue
		}
		kept = append(kept, p)
	}
	return kept
}
