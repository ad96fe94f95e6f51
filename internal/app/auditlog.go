package app

import (
	"context"
	"fmt"

	"github.com/bcn-bot/bcn/internal/audit"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/commands"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/slackbot"
	"github.com/bcn-bot/bcn/internal/text"
)

// auditLog is what the store has of the log, and where exports go.
type auditLog struct{ a *App }

var _ commands.AuditLog = auditLog{}

// Entries reads a page.
func (l auditLog) Entries(ctx context.Context, f bcn.AuditFilter) ([]bcn.AuditEntry, error) {
	list, err := l.a.store.Entries(ctx, f)
	if err != nil {
		return nil, err
	}
	broken, err := l.a.store.Broken(ctx, list)
	out := make([]bcn.AuditEntry, 0, len(list))
	for _, e := range list {
		out = append(out, bcn.AuditEntry{Seq: e.Seq, At: e.At, Kind: e.Kind, Actor: e.Actor, ID: bcn.ID(e.Change), Body: e.Body, Broken: broken[e.Seq]})
	}
	return out, err
}

// What an export holds at most: it is read and sent whole.
const (
	maxExport      = 20_000  // entries
	maxExportBytes = 3 << 20 // of each file
)

// Export writes down that the log is taken away, and sends it.
func (l auditLog) Export(ctx context.Context, o deploy.Origin, actor bcn.Actor, f bcn.AuditFilter) (commands.AuditExport, error) {
	f.Limit = maxExport + 1
	list, err := l.a.store.Entries(ctx, f)
	if err != nil {
		return commands.AuditExport{}, err
	}
	x, err := audit.NewExport(list[:min(len(list), maxExport)], maxExportBytes)
	if err != nil || x.Entries == 0 {
		return commands.AuditExport{}, err
	}
	if err := l.a.store.Exported(ctx, o, actor.User, f, x.Entries); err != nil {
		return commands.AuditExport{}, err
	}
	broken, err := l.a.store.Broken(ctx, list[:x.Entries])
	if err != nil {
		return commands.AuditExport{}, err
	}
	name := fmt.Sprintf("bcn-audit-%d-%d", list[x.Entries-1].Seq, list[0].Seq)
	comment := l.a.text.Say(handler(l).language(ctx, actor.User), text.ReplyAuditFiles, text.Args{"broken": len(broken)})
	_, err = l.a.api.Send(ctx, actor.User, comment, []slackbot.File{
		{Name: name + ".jsonl", Content: x.JSONLines}, {Name: name + ".csv", Content: x.CSV},
	})
	if err != nil {
		return commands.AuditExport{}, bcn.E(bcn.CodeUnavailable, "what", "Slack").Wrap(err)
	}
	return commands.AuditExport{Entries: x.Entries, More: x.More || len(list) > maxExport}, nil
}

// Reconcile asks for a comparison; comparing does it.
func (l auditLog) Reconcile(ctx context.Context, o deploy.Origin, actor bcn.Actor, district string) ([]string, error) {
	return l.a.store.AskReconcile(ctx, o, actor, district)
}
