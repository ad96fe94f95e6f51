package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"github.com/bcn-bot/bcn/internal/audit"
	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/config"
	"github.com/bcn-bot/bcn/internal/slackbot"
	"github.com/bcn-bot/bcn/internal/store"
)

// VerifyArgs are those of `bot audit verify`.
type VerifyArgs struct {
	Anchor []string `placeholder:"SEQ:HASH" help:"An anchor that was noted elsewhere; may be given several times."`
	Config string   `help:"Path of bot.yaml, which says where anchors are (default: BCN_CONFIG, then bot.yaml)."`
}

// VerifyAudit walks the audit chain and compares it with the anchors: those in
// S3 and, where SLACK_BOT_TOKEN is set, those in the channel, as bot.yaml has
// them, and those that are given. It fails with the first entry that is not
// whole, or the first anchor that the chain does not agree with.
func VerifyAudit(ctx context.Context, args VerifyArgs, out io.Writer) error {
	p, err := ReadProcess()
	if err != nil {
		return err
	}
	s, err := openStore(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	v := verifier{out: out, store: s, process: p}
	for _, text := range args.Anchor {
		a, err := audit.ParseAnchor(text)
		if err != nil {
			return &ExitError{Code: ExitUsage, Err: err}
		}
		v.anchors = append(v.anchors, a)
	}
	if args.Config != "" {
		p.ConfigPath = args.Config
	}
	unread := v.collect(ctx, awsx.Options{Region: p.AWSRegion, Endpoint: p.AWSEndpointURL})
	return errors.Join(v.verify(ctx), unread)
}

// verifier gathers anchors and verifies.
type verifier struct {
	out     io.Writer
	store   *store.Store
	process *config.Process
	anchors []audit.Anchor
}

// collect reads the anchors that bot.yaml tells of. What cannot be read is said,
// and an error in the end: a log without its witnesses is half verified.
func (v *verifier) collect(ctx context.Context, o awsx.Options) error {
	c, err := ReadConfig(v.process.ConfigPath)
	if err != nil {
		fmt.Fprintf(v.out, "anchors outside are not compared: %v\n", err)
		return v.absent(ctx, "what could be read", nil, true)
	}
	key := audit.Key(v.process.Key.Reveal())
	places := anchorPlaces{to: c.Audit.Anchor, store: v.store, externalID: ExternalID(key)}
	var errs []error
	if places.to.S3 != nil {
		errs = append(errs, v.fromBucket(ctx, places, o))
	}
	switch {
	case places.to.Channel == "":
	case !v.process.SlackBotToken.Set():
		fmt.Fprintf(v.out, "anchors in the channel %s are not compared: SLACK_BOT_TOKEN is not set\n", places.to.Channel)
		errs = append(errs, v.absent(ctx, "what could be read", nil, places.to.S3 == nil))
	default:
		places.api = slackbot.NewAPI(slackbot.APIOptions{BotToken: v.process.SlackBotToken.Reveal(), URL: v.process.SlackAPIURL})
		errs = append(errs, v.fromChannel(ctx, places))
	}
	return errors.Join(errs...)
}

func (v *verifier) fromBucket(ctx context.Context, p anchorPlaces, o awsx.Options) error {
	aws, err := awsx.New(ctx, o)
	if err != nil {
		return Outside(err)
	}
	p.aws = aws
	installation, err := v.store.Installation(ctx)
	if err != nil {
		return Outside(err)
	}
	list, err := p.inBucket(ctx, installation)
	if err != nil {
		return Outside(fmt.Errorf("read the anchors in s3://%s: %w", p.to.S3.Bucket, err))
	}
	v.add("s3://"+p.to.S3.Bucket, list)
	return v.absent(ctx, "s3://"+p.to.S3.Bucket, list, true)
}

func (v *verifier) fromChannel(ctx context.Context, p anchorPlaces) error {
	if _, err := p.api.Identify(ctx); err != nil {
		return Outside(fmt.Errorf("read the anchors in the channel %s: %w", p.to.Channel, err))
	}
	list, all, err := p.inChannel(ctx)
	if err != nil {
		return Outside(fmt.Errorf("read the anchors in the channel %s: %w", p.to.Channel, err))
	}
	v.add("the channel "+p.to.Channel, list)
	if !all {
		fmt.Fprintf(v.out, "older messages of the channel %s were not read\n", p.to.Channel)
	}
	return v.absent(ctx, "the channel "+p.to.Channel, list, all)
}

// toldWithin is how long an anchor may be on its way to where it is kept.
const toldWithin = time.Hour

// absent fails where anchors that bcn made are not at a place: a witness that
// was taken away says nothing. Where not all of a place was read, those before
// the oldest that was found are not missed.
func (v *verifier) absent(ctx context.Context, place string, found []audit.Anchor, all bool) error {
	made, err := v.store.Anchors(ctx, toldWithin)
	if err != nil {
		return Outside(err)
	}
	there, oldest := map[int64]bool{}, int64(math.MaxInt64)
	key := audit.Key(v.process.Key.Reveal())
	for _, a := range found {
		if key.Sealed(a) { // others prove nothing
			there[a.Seq], oldest = true, min(oldest, a.Seq)
		}
	}
	missing := slices.DeleteFunc(made, func(a audit.Anchor) bool { return there[a.Seq] || !all && a.Seq < oldest })
	if len(missing) == 0 {
		return nil
	}
	return Outside(fmt.Errorf("%d anchors that bcn made are not in %s, the last one %s of %s: they were removed, or kept elsewhere then",
		len(missing), place, missing[len(missing)-1], missing[len(missing)-1].At.Format(time.RFC3339)))
}

// add takes the anchors that were made with this key; others prove nothing.
func (v *verifier) add(place string, list []audit.Anchor) {
	key, sealed := audit.Key(v.process.Key.Reveal()), 0
	for _, a := range list {
		if key.Sealed(a) {
			v.anchors = append(v.anchors, a)
			sealed++
		}
	}
	fmt.Fprintf(v.out, "%d anchors in %s", sealed, place)
	if more := len(list) - sealed; more > 0 {
		fmt.Fprintf(v.out, ", and %d that were not made with this BCN_KEY, which are left out", more)
	}
	fmt.Fprintln(v.out)
}

func (v *verifier) verify(ctx context.Context) error {
	n, err := v.store.VerifyAudit(ctx, v.anchors...)
	var (
		broken   *audit.BrokenError
		disagree *audit.AnchorError
	)
	switch {
	case errors.As(err, &broken):
		return Wrong(fmt.Errorf("%w (the %d before it are whole)", err, n))
	case errors.As(err, &disagree):
		return Wrong(err)
	case err != nil:
		return Outside(err)
	}
	fmt.Fprintf(v.out, "%d audit entries, all whole\n", n)
	fmt.Fprintf(v.out, "%d anchors agree\n", len(v.anchors))
	if head, err := v.store.Head(ctx); err == nil {
		fmt.Fprintf(v.out, "the head is %s\n", head)
	}
	return nil
}
