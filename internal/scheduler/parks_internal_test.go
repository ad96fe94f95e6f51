package scheduler

import (
	"errors"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
)

func TestAFailingTickIsLeftToAPerson(t *testing.T) {
	t.Parallel()
	s := New(Options{})
	for name, x := range map[string]struct {
		failures int
		cause    error
		want     bool
	}{
		"not the first time":                 {0, errors.New("ours"), false},
		"nor the nineteenth":                 {18, errors.New("ours"), false},
		"but the twentieth":                  {19, errors.New("ours"), true},
		"what does not answer is waited for": {500, bcn.E(bcn.CodeUnavailable), false},
		"and who could not be looked up":     {500, bcn.E(bcn.CodeCouldNotCheck), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := s.parks(Claimed{Failures: x.failures}, x.cause); got != x.want {
				t.Errorf("%v after %d failures: %v", x.cause, x.failures, got)
			}
		})
	}
}
