package commands

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/text"
)

// auditSentences are by the kind of an entry. A kind without one is shown by
// what its entry holds.
func auditSentences() map[string]text.ID {
	return map[string]text.ID{
		"change.planning": text.AuditAsked, "change.waiting_turn": text.AuditAskedBehind, "change.turn": text.AuditTurn,
		"change.planned": text.AuditPlanned, "change.ask": text.AuditAsk, "change.queue": text.AuditQueue, "change.start": text.AuditStart,
		"change.applied": text.AuditApplied, "change.succeed": text.AuditSucceed, "change.fail": text.AuditFail,
		"change.rolled_back": text.AuditRolledBack, "change.rollback_failed": text.AuditRollbackFailed, "change.cancel": text.AuditCancel,
		"change.cancelled": text.AuditCancelled, "change.block": text.AuditBlock, "change.replay": text.AuditReplay,
		"change.close": text.AuditClose, "change.parked": text.AuditParked, "change.unparked": text.AuditUnparked,
		"decision.approve": text.AuditApprove, "decision.reject": text.AuditReject, "refused": text.AuditRefused,
		"grant.mint": text.AuditGrantMint, "grant.hand": text.AuditGrantHand, "grant.end": text.AuditGrantEnd,
		"grant.verify": text.AuditGrantVerify, "grant.fail": text.AuditGrantFail, "grant.late": text.AuditGrantLate,
		"grant.settle": text.AuditGrantSettle, "grant.expire": text.AuditGrantExpire, "grant.cancel": text.AuditGrantCancel,
		"oneoff.asked": text.AuditOneoffAsked, "oneoff.started": text.AuditOneoffStarted, "oneoff.ended": text.AuditOneoffEnded,
		"oneoff.unknown": text.AuditOneoffUnknown,
		"halt":           text.AuditHalt, "resume": text.AuditResume,
		"schedule.add": text.AuditScheduleAdd, "schedule.save": text.AuditScheduleAdd, "schedule.drop": text.AuditScheduleRemove, "schedule.edit": text.AuditScheduleEdit, "schedule.pause": text.AuditSchedulePause,
		"schedule.resume": text.AuditScheduleResume, "schedule.remove": text.AuditScheduleRemove, "schedule.skip": text.AuditScheduleSkip,
		"schedule.done": text.AuditScheduleDone, "tick.now": text.AuditTickNow, "tick.planned": text.AuditTickPlanned,
		"tick.skipped": text.AuditTickSkip, "tick.announce": text.AuditTickAnnounce, "tick.come": text.AuditTickCome, "tick.run": text.AuditTickRun,
		"tick.succeed": text.AuditTickSucceed, "tick.fail": text.AuditTickFail, "tick.skip": text.AuditTickSkip,
		"token.issued": text.AuditTokenIssued, "token.revoked": text.AuditTokenRevoked, "drift.accepted": text.AuditDriftAccepted,
		"audit.exported": text.AuditExported, "audit.reconcile": text.AuditReconcile, "audit.reconciled": text.AuditReconciled,
		"audit.unexplained": text.AuditUnexplained, "audit.missing": text.AuditMissing,
		"lock.set": text.AuditLockSet, "lock.changed": text.AuditLockChanged, "lock.lifted": text.AuditLockLifted,
		"lock.stolen": text.AuditLockStolen, "lock.over": text.AuditLockOver,
		"freeze.set": text.AuditFreezeSet, "freeze.changed": text.AuditFreezeChanged, "freeze.lifted": text.AuditFreezeLifted,
		"freeze.over": text.AuditFreezeOver, "hold.mended": text.AuditHoldMended,
		"break_glass": text.AuditBreakGlass, "break_glass.acknowledged": text.AuditAcknowledged,
		"deputy.named": text.AuditDeputyNamed, "deputy.removed": text.AuditDeputyRemoved, "request.escalated": text.AuditEscalated,
		"login.begun": text.AuditLoginBegun, "login.linked": text.AuditLoginLinked, "login.refused": text.AuditLoginRefused,
		"login.forgotten": text.AuditLoginForgotten, "rules.seen": text.AuditRulesSeen, "change.shift": text.AuditShift,
		"tick.parked": text.AuditTickParked, "tick.unparked": text.AuditTickUnparked, "command.unparked": text.AuditCommandUnparked, "command.forged": text.AuditCommandForged,
	}
}

// auditLine is an entry as people read it: when, who, what, and of which change.
func (r *Registry) auditLine(ctx context.Context, lang string, e bcn.AuditEntry) chat.Markup {
	body := map[string]any{}
	known := json.Unmarshal([]byte(e.Body), &body) == nil
	args := text.Args{}
	for _, name := range []string{ // what sentences ask for, there or not
		"app", "env", "tag", "kind", "reason", "code", "gated", "person", "what", "why", "ends", "name", "command", "at", "heritage",
		"resource", "task", "exit", "to", "entries", "district", "action", "session", "found", "subject", "expires", "until", "since",
		"owner", "deputy", "absent", "skipped", "overrode", "note", "teams", "login", "weaker", "altered", "before", "for",
	} {
		args[name] = ""
	}
	for name, v := range body {
		args[name] = auditValue(name, v)
	}
	args["actor"] = auditActor(r, lang, e.Actor)
	id, ok := auditSentences()[e.Kind]
	if !ok || !known {
		id = text.AuditOther
		args["kind"], args["details"] = e.Kind, details(body)
	}
	if code := args["code"]; code != "" {
		args["because"] = r.text.Say(lang, text.AuditBecause, text.Args{"why": r.text.Why(lang, bcn.Code(fmt.Sprint(code)))})
	} else {
		args["because"] = chat.Markup("")
	}
	ref := chat.Markup("")
	switch {
	case e.ID == 0:
	case strings.HasPrefix(e.Kind, "schedule.") || strings.HasPrefix(e.Kind, "tick."):
		ref = chat.Markup(e.ID.String()) // these numbers have no card of a change
	default:
		ref = r.ref(ctx, e.ID)
	}
	return r.text.Say(lang, text.AuditLine, text.Args{
		"broken": e.Broken, "at": text.When(e.At), "seq": e.Seq, "said": r.text.Say(lang, id, args), "ref": ref,
	})
}

// auditValue is a value as sentences show it: a person is mentioned, and a
// moment is in the reader's zone.
func auditValue(name string, v any) any {
	said := chat.Truncate(plainValue(v), maxAuditValue)
	switch name {
	case "owner", "deputy", "absent", "for":
		if said != "" {
			return mention(said)
		}
	case "until", "ends", "at":
		if at, err := time.Parse(time.RFC3339, said); err == nil {
			return text.When(at)
		}
	}
	return said
}

// maxAuditValue bounds what is shown of one value.
const maxAuditValue = 200

// plainValue writes a value of JSON as people do.
func plainValue(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case float64: // numbers of ours are whole and small
		return fmt.Sprintf("%.0f", v)
	case bool:
		return fmt.Sprint(v)
	case []any:
		parts := make([]string, len(v))
		for i, x := range v {
			parts[i] = plainValue(x)
		}
		return strings.Join(parts, ", ")
	default:
		b, err := json.Marshal(v)
		if err != nil {
			return ""
		}
		return string(b)
	}
}

// details lists what an entry holds, for kinds that have no sentence.
func details(body map[string]any) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(body)) {
		if v := plainValue(body[name]); v != "" && v != "false" && v != "0" {
			parts = append(parts, name+": "+chat.Truncate(v, maxAuditValue))
		}
	}
	return chat.Truncate(strings.Join(parts, " · "), 800)
}

// auditActor names who did it.
func auditActor(r *Registry, lang, actor string) chat.Markup {
	switch actor {
	case bcn.SystemIdentity, "":
		return r.text.Say(lang, text.AuditByBot, nil)
	case commandLine:
		return r.text.Say(lang, text.AuditByOperator, nil)
	}
	return mention(actor)
}
