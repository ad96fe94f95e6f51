package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"slices"
	"time"

	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/config"
	"github.com/bcn-bot/bcn/internal/store"
)

// Exit codes (DESIGN.md section 6).
const (
	ExitWrong   = 1 // the thing asked about is wrong
	ExitUsage   = 2
	ExitOutside = 3 // something outside failed
)

// ExitError carries an exit code.
type ExitError struct {
	Code int
	Err  error
}

func (e *ExitError) Error() string { return e.Err.Error() }

// Unwrap answers the cause.
func (e *ExitError) Unwrap() error { return e.Err }

// Wrong says that what was asked about is wrong.
func Wrong(err error) error { return exitWith(ExitWrong, err) }

// Outside says that something outside failed.
func Outside(err error) error { return exitWith(ExitOutside, err) }

func exitWith(code int, err error) error {
	var e *ExitError
	if err == nil || errors.As(err, &e) {
		return err
	}
	return &ExitError{Code: code, Err: err}
}

// problems joins what is wrong into one error, a line each.
func problems[T error](list []T) error {
	var errs []error
	for _, p := range list {
		errs = append(errs, p)
	}
	return Wrong(errors.Join(errs...))
}

// ReadProcess reads the environment.
func ReadProcess() (*config.Process, error) {
	p, wrong := config.FromEnv(os.Getenv, os.ReadFile)
	if len(wrong) > 0 {
		return nil, problems(wrong)
	}
	return p, nil
}

// ReadConfig reads bot.yaml.
func ReadConfig(path string) (*config.Config, error) {
	data, err := os.ReadFile(path) //nolint:gosec // the operator says where it is
	if err != nil {
		return nil, Wrong(fmt.Errorf("read the configuration: %w (docs/configuration.md describes it)", err))
	}
	c, wrong := config.Load(path, data, config.Options{})
	if len(wrong) > 0 {
		return nil, problems(wrong)
	}
	return c, nil
}

// NewLog makes the process's logger: JSON lines.
func NewLog(w io.Writer, level slog.Level) *slog.Logger {
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level}))
}

// Serve runs the bot until ctx ends.
func Serve(ctx context.Context, configPath string, stderr io.Writer) error {
	p, err := ReadProcess()
	if err != nil {
		return err
	}
	if missing := p.RequireServe(); len(missing) > 0 {
		return problems(missing)
	}
	if configPath == "" {
		configPath = p.ConfigPath
	}
	c, err := ReadConfig(configPath)
	if err != nil {
		return err
	}
	if missing := slices.Concat(p.RequireOncall(c), p.RequireVault(c)); len(missing) > 0 {
		return problems(missing)
	}
	defer frugal()()
	log := NewLog(stderr, p.LogLevel)
	a, err := New(ctx, Options{Config: c, Process: p, AWS: awsx.Options{Region: p.AWSRegion, Endpoint: p.AWSEndpointURL}, Log: log})
	if err != nil {
		return Outside(err)
	}
	return Outside(a.Run(ctx))
}

// startingTakes is when what starting needed (migrations, schemas, the
// configuration) is garbage.
const startingTakes = 5 * time.Second

// frugal keeps the heap small, since the bot is idle most of the time: it may
// grow by half before it is collected instead of doubling, and what starting
// needed is given back to the system. Together that is about 10 MiB
// (docs/performance.md). GOGC has the last word.
func frugal() (stop func() bool) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(50)
	}
	return time.AfterFunc(startingTakes, debug.FreeOSMemory).Stop
}

// Migrate brings the schema up to date.
func Migrate(ctx context.Context, stderr io.Writer) error {
	p, err := ReadProcess()
	if err != nil {
		return err
	}
	if missing := p.Require("DATABASE_URL"); len(missing) > 0 {
		return problems(missing)
	}
	return Outside(store.Migrate(ctx, p.MigrateDatabaseURL.Reveal(), p.DatabaseURL.Reveal(), NewLog(stderr, p.LogLevel)))
}
