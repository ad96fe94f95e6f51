package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/audit"
	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/config"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/slackbot"
	"github.com/bcn-bot/bcn/internal/store"
	"github.com/bcn-bot/bcn/internal/text"
)

// anchorKey is what an anchor's message carries for programs, beside what
// people read.
const anchorKey = "anchor"

// anchorPlaces is where anchors are kept.
type anchorPlaces struct {
	to         config.Anchor
	store      *store.Store
	aws        *awsx.AWS
	api        *slackbot.API // nil: the channel is not read
	externalID func(district string) string
}

// bucket is a session that may write to the bucket of the anchors.
func (p anchorPlaces) bucket(ctx context.Context) (*awsx.Session, error) {
	s := p.to.S3
	t := bcn.Target{District: bcn.District{Role: s.Role}, Session: "bcn-anchor", Identity: bcn.SystemIdentity}
	if s.District != "" {
		d, err := p.store.District(ctx, s.District)
		if err != nil {
			return nil, err
		}
		t.District, t.ExternalID = d, p.externalID(d.Name)
	}
	if s.Region != "" {
		t.District.Region = s.Region
	}
	return p.aws.For(t), nil
}

func (p anchorPlaces) folder(installation string) string {
	return p.to.S3.Prefix + installation + "/"
}

// keep writes the anchors that are not in S3 yet, each locked for as long as
// bot.yaml says.
func (p anchorPlaces) keep(ctx context.Context, now time.Time) error {
	const many = 100
	list, err := p.store.Unstored(ctx, many)
	if err != nil || len(list) == 0 {
		return err
	}
	s, err := p.bucket(ctx)
	if err != nil {
		return err
	}
	for _, a := range list {
		body, err := json.Marshal(a)
		if err != nil {
			return err
		}
		if err := s.PutLocked(ctx, p.to.S3.Bucket, p.folder(a.Installation)+a.Name(), body, now.Add(p.to.S3.Retain)); err != nil {
			return fmt.Errorf("keep anchor %d in %s: %w", a.Seq, p.to.S3.Bucket, err)
		}
		if err := p.store.Stored(ctx, a.Seq); err != nil {
			return err
		}
	}
	return nil
}

// inBucket reads the anchors that are in S3.
func (p anchorPlaces) inBucket(ctx context.Context, installation string) ([]audit.Anchor, error) {
	s, err := p.bucket(ctx)
	if err != nil {
		return nil, err
	}
	keys, err := s.LockedKeys(ctx, p.to.S3.Bucket, p.folder(installation))
	var out []audit.Anchor
	for _, key := range keys {
		if a, err := audit.AnchorNamed(installation, strings.TrimPrefix(key, p.folder(installation))); err == nil {
			a.From = "s3://" + p.to.S3.Bucket
			out = append(out, a)
		}
	}
	return out, err
}

// inChannel reads the anchors that the bot itself posted.
func (p anchorPlaces) inChannel(ctx context.Context) (out []audit.Anchor, all bool, err error) {
	list, all, err := p.api.Posts(ctx, p.to.Channel, anchorKey)
	for _, text := range list {
		var a audit.Anchor
		if json.Unmarshal([]byte(text), &a) == nil {
			a.From = "the channel " + p.to.Channel
			out = append(out, a)
		}
	}
	return out, all, err
}

// anchoring tells the head of the log outside, from time to time.
func (a *App) anchoring(ctx context.Context) {
	tick := time.NewTicker(min(anchorLook, 60*a.o.Pace.Reconcile))
	defer tick.Stop()
	for {
		if err := a.anchorOnce(ctx); err != nil && ctx.Err() == nil {
			a.log.Error("anchor the audit log", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// anchorLook is how often it is looked whether an anchor is due.
const anchorLook = time.Minute

// anchorOnce makes an anchor where one is due, and keeps in S3 what is not there
// yet.
func (a *App) anchorOnce(ctx context.Context) error {
	to := a.o.Config.Audit.Anchor
	if to.Channel == "" && to.S3 == nil {
		return nil
	}
	made, err := a.store.MakeAnchor(ctx, to.Every, a.anchorNotes)
	if err != nil {
		return err
	}
	if made {
		a.log.Info("audit log anchored")
	}
	if to.S3 == nil {
		return nil
	}
	now, err := a.store.Now(ctx)
	if err != nil {
		return err
	}
	return anchorPlaces{to: to, store: a.store, aws: a.aws, externalID: a.deploy.ExternalID}.keep(ctx, now)
}

func (a *App) anchorNotes(x audit.Anchor) []deploy.Note {
	channel, lang := a.o.Config.Audit.Anchor.Channel, a.o.Config.Language
	if channel == "" {
		return nil
	}
	data, err := json.Marshal(x)
	if err != nil { // an anchor is numbers and text
		return nil
	}
	line := a.text.Say(lang, text.AuditAnchor, text.Args{"seq": x.Seq, "anchor": x.String()})
	return []deploy.Note{{Key: fmt.Sprint("anchor:", x.Seq), Role: deploy.RoleAnnounce, Channel: channel, Body: chat.Message{
		Text: line, Blocks: []chat.Block{{Context: line}}, Data: map[string]string{anchorKey: string(data)},
	}}}
}

// nightlyAudit walks the whole log and tells the security channel once where it
// does not verify, and has CloudTrail compared.
func (a *App) nightlyAudit(ctx context.Context) error {
	_, err := a.store.VerifyAudit(ctx)
	var broken *audit.BrokenError
	if errors.As(err, &broken) {
		a.log.Error("the audit log does not verify", "error", err)
		line := a.text.Say(a.o.Config.Language, text.AnnounceAuditTampered, text.Args{"why": broken.Error()})
		channel := a.o.Config.Slack.Channels.Security
		err = a.store.Announce(ctx, []deploy.Note{{Key: "audit", Role: deploy.RoleAnnounce, Channel: channel, Body: chat.Message{Text: line, Blocks: []chat.Block{{Section: line}}}}})
	}
	if err != nil {
		return err
	}
	_, err = a.store.AskReconcile(ctx, deploy.Origin{}, bcn.Actor{Kind: bcn.System}, "")
	return err
}
