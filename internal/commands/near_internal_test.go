package commands

import (
	"errors"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
)

func TestAnUnknownNameIsAnsweredWithTheOneThatWasMeant(t *testing.T) {
	t.Parallel()
	var e *bcn.Error
	err := suggested(bcn.E(bcn.CodeUnknownName, "what", "service", "name", "wrker", "known", "web, worker"))
	if !errors.As(err, &e) || e.Params["suggestion"] != "worker" || e.Params["what"] != "service" {
		t.Errorf("%v %v", err, e.Params)
	}
	for _, other := range []error{nil, bcn.E(bcn.CodeNoChange), bcn.E(bcn.CodeUnknownName, "what", "district", "name", "x")} {
		if got := suggested(other); got != other { //nolint:errorlint // the same error, not one that wraps it
			t.Errorf("%v becomes %v", other, got)
		}
	}
}
