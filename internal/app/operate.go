package app

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/bcn-bot/bcn/internal/audit"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/store"
)

// openStore opens the database for a command of the operator.
func openStore(ctx context.Context) (*store.Store, error) {
	p, err := ReadProcess()
	if err != nil {
		return nil, err
	}
	if missing := p.Require("DATABASE_URL", "BCN_KEY"); len(missing) > 0 {
		return nil, problems(missing)
	}
	s, err := store.Open(ctx, store.Options{URL: p.DatabaseURL.Reveal(), Key: audit.Key(p.Key.Reveal()), Log: NewLog(os.Stderr, p.LogLevel), MaxConns: 4})
	return s, Outside(err)
}

// readable says what an operator can do about an audit log that does not
// verify: nothing is written behind it.
func readable(err error) error {
	if bcn.CodeOf(err) == bcn.CodeTampered {
		return Wrong(fmt.Errorf("the audit log was changed, or BCN_KEY is not the one that wrote it; bot audit verify says where: %w", err))
	}
	return Outside(err)
}

// SetHalt stops all new changes to AWS, or lets them go on.
func SetHalt(ctx context.Context, on bool, reason string, out io.Writer) error {
	s, err := openStore(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.SetHalt(ctx, deploy.Origin{}, "command line", on, reason); err != nil {
		return readable(err)
	}
	if on {
		fmt.Fprintln(out, "halted: no new change starts in AWS; running ones are followed to their end")
	} else {
		fmt.Fprintln(out, "resumed")
	}
	return nil
}
