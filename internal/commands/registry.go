package commands

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/text"
)

// Effect says what a verb does to the world. Rules give all that read with
// the one word "read".
type effect int

const (
	reads effect = iota
	changes
)

// verb is one line of the table.
type verb struct {
	name   string // as it is typed: district list
	rule   string // as rules name it; empty: it needs no rule
	effect effect
	// scheduled says whether it may be run by the clock.
	scheduled scheduling
	group     text.ID
	part
	summary text.ID
}

// table is every verb there is, in the order of the help.
func table() []verb { //nolint:funlen // a table
	return []verb{
		{"help", "help", reads, byHand, text.HelpGroupStart, does((*Registry).help), text.HelpHelp},
		{"whoami", "whoami", reads, byHand, text.HelpGroupStart, does((*Registry).whoami), text.HelpWhoami},
		{"login", "login", changes, byHand, text.HelpGroupStart, does((*Registry).login), text.HelpLogin},
		{"deploy", "deploy", changes, asks, text.HelpGroupShip, does((*Registry).deploy), text.HelpDeploy},
		{"plan", "plan", reads, asks, text.HelpGroupShip, does((*Registry).plan), text.HelpPlan},
		{"run", "run", changes, asks, text.HelpGroupShip, does((*Registry).run), text.HelpRun},
		{"rollback", "rollback", changes, byHand, text.HelpGroupShip, does((*Registry).rollback), text.HelpRollback},
		{"promote", "promote", changes, asks, text.HelpGroupShip, does((*Registry).promote), text.HelpPromote},
		{"restart", "restart", changes, asks, text.HelpGroupShip, does((*Registry).restart), text.HelpRestart},
		{"scale", "scale", changes, asks, text.HelpGroupShip, does((*Registry).scale), text.HelpScale},
		{"shift", "", changes, byHand, text.HelpGroupShip, does((*Registry).shift), text.HelpShift},
		{"cancel", "cancel", changes, byHand, text.HelpGroupShip, does((*Registry).cancel), text.HelpCancel},
		{"lock", "lock", changes, byHand, text.HelpGroupHold, does((*Registry).lock), text.HelpLock},
		{"unlock", "unlock", changes, byHand, text.HelpGroupHold, does((*Registry).unlock), text.HelpUnlock},
		{"locks", "locks", reads, shows, text.HelpGroupHold, does((*Registry).locks), text.HelpLocks},
		{"freeze", "freeze", changes, byHand, text.HelpGroupHold, does((*Registry).freeze), text.HelpFreeze},
		{"thaw", "thaw", changes, byHand, text.HelpGroupHold, does((*Registry).thaw), text.HelpThaw},
		{"approvals", "approvals", reads, shows, text.HelpGroupDecide, does((*Registry).approvals), text.HelpApprovals},
		{"approvals deputy", "", changes, byHand, text.HelpGroupDecide, does((*Registry).deputy), text.HelpDeputy},
		{"approvals deputy list", "approvals", reads, byHand, text.HelpGroupDecide, does((*Registry).deputyList), text.HelpDeputyList},
		{"approvals deputy remove", "", changes, byHand, text.HelpGroupDecide, does((*Registry).deputyRemove), text.HelpDeputyRemove},
		{"approve", "", changes, byHand, text.HelpGroupDecide, does((*Registry).approve), text.HelpApprove},
		{"reject", "", changes, byHand, text.HelpGroupDecide, does((*Registry).reject), text.HelpReject},
		{"acknowledge", "", changes, byHand, text.HelpGroupDecide, does((*Registry).acknowledgeGlass), text.HelpAcknowledge},
		{"status", "status", reads, shows, text.HelpGroupLook, does((*Registry).status), text.HelpStatus},
		{"logs", "logs", reads, shows, text.HelpGroupLook, does((*Registry).logs), text.HelpLogs},
		{"releases", "releases", reads, shows, text.HelpGroupLook, does((*Registry).releases), text.HelpReleases},
		{"apps", "apps", reads, shows, text.HelpGroupLook, does((*Registry).apps), text.HelpApps},
		{"show", "show", reads, shows, text.HelpGroupLook, does((*Registry).show), text.HelpShow},
		{"digest", "digest", reads, shows, text.HelpGroupLook, does((*Registry).digest), text.HelpDigest},
		{"drift", "drift", reads, byHand, text.HelpGroupLook, does((*Registry).drift), text.HelpDrift},
		{"drift repair", "deploy", changes, byHand, text.HelpGroupLook, does((*Registry).driftRepair), text.HelpDriftRepair},
		{"drift accept", "drift", changes, byHand, text.HelpGroupLook, does((*Registry).driftAccept), text.HelpDriftAccept},
		{"guardrails list", "guardrails", reads, shows, text.HelpGroupLook, does((*Registry).guardrailsList), text.HelpGuardrailsList},
		{"guardrails test", "guardrails", reads, shows, text.HelpGroupLook, does((*Registry).guardrailsTest), text.HelpGuardrailsTest},
		{"create", "create", changes, byHand, text.HelpGroupSetUp, does((*Registry).create), text.HelpCreate},
		{"env list", "env", reads, shows, text.HelpGroupSetUp, does((*Registry).envList), text.HelpEnvList},
		{"env set", "env", changes, byHand, text.HelpGroupSetUp, does((*Registry).envSet), text.HelpEnvSet},
		{"env unset", "env", changes, byHand, text.HelpGroupSetUp, does((*Registry).envUnset), text.HelpEnvUnset},
		{"secret list", "secret", reads, byHand, text.HelpGroupSetUp, does((*Registry).secretList), text.HelpSecretList},
		{"secret set", "secret", changes, byHand, text.HelpGroupSetUp, does((*Registry).secretSet), text.HelpSecretSet},
		{"secret unset", "secret", changes, byHand, text.HelpGroupSetUp, does((*Registry).secretUnset), text.HelpSecretUnset},
		{"delete", "delete", changes, byHand, text.HelpGroupSetUp, does((*Registry).remove), text.HelpDelete},
		{"token issue", "token", changes, byHand, text.HelpGroupSetUp, does((*Registry).tokenIssue), text.HelpTokenIssue},
		{"token rotate", "token", changes, byHand, text.HelpGroupSetUp, does((*Registry).tokenRotate), text.HelpTokenRotate},
		{"token revoke", "token", changes, byHand, text.HelpGroupSetUp, does((*Registry).tokenRevoke), text.HelpTokenRevoke},
		{"district list", "district", reads, shows, text.HelpGroupSetUp, does((*Registry).districtList), text.HelpDistrictList},
		{"district show", "district", reads, shows, text.HelpGroupSetUp, does((*Registry).districtShow), text.HelpDistrictShow},
		{"district adopt", "district", changes, byHand, text.HelpGroupSetUp, does((*Registry).districtAdopt), text.HelpDistrictAdopt},
		{"district create", "district", changes, byHand, text.HelpGroupSetUp, does((*Registry).districtCreate), text.HelpDistrictCreate},
		{"district update", "district", changes, byHand, text.HelpGroupSetUp, does((*Registry).districtUpdate), text.HelpDistrictUpdate},
		{"district apply", "district", changes, byHand, text.HelpGroupSetUp, does((*Registry).districtApply), text.HelpDistrictApply},
		{"district delete", "district", changes, byHand, text.HelpGroupSetUp, does((*Registry).districtDelete), text.HelpDistrictDelete},
		{"district plugin list", "district", reads, shows, text.HelpGroupSetUp, does((*Registry).pluginList), text.HelpPluginList},
		{"district plugin set", "district", changes, byHand, text.HelpGroupSetUp, does((*Registry).pluginSet), text.HelpPluginSet},
		{"district plugin unset", "district", changes, byHand, text.HelpGroupSetUp, does((*Registry).pluginUnset), text.HelpPluginUnset},
		{"endpoint list", "endpoint", reads, shows, text.HelpGroupSetUp, does((*Registry).endpointList), text.HelpEndpointList},
		{"endpoint show", "endpoint", reads, shows, text.HelpGroupSetUp, does((*Registry).endpointShow), text.HelpEndpointShow},
		{"endpoint create", "endpoint", changes, byHand, text.HelpGroupSetUp, does((*Registry).endpointCreate), text.HelpEndpointCreate},
		{"endpoint update", "endpoint", changes, byHand, text.HelpGroupSetUp, does((*Registry).endpointUpdate), text.HelpEndpointUpdate},
		{"endpoint delete", "endpoint", changes, byHand, text.HelpGroupSetUp, does((*Registry).endpointDelete), text.HelpEndpointDelete},
		{"access", "access", changes, byHand, text.HelpGroupAccess, does((*Registry).enter), text.HelpAccess},
		{"access list", "access", reads, byHand, text.HelpGroupAccess, does((*Registry).accessList), text.HelpAccessList},
		{"access open", "", changes, byHand, text.HelpGroupAccess, does((*Registry).accessOpen), text.HelpAccessOpen},
		{"access end", "", changes, byHand, text.HelpGroupAccess, does((*Registry).accessEnd), text.HelpAccessEnd},
		{"access extend", "", changes, byHand, text.HelpGroupAccess, does((*Registry).accessExtend), text.HelpAccessExtend},
		{"schedule add", "", changes, byHand, text.HelpGroupSchedule, does((*Registry).scheduleAdd), text.HelpScheduleAdd},
		{"schedule list", "schedule", reads, byHand, text.HelpGroupSchedule, does((*Registry).scheduleList), text.HelpScheduleList},
		{"schedule show", "schedule", reads, byHand, text.HelpGroupSchedule, does((*Registry).scheduleShow), text.HelpScheduleShow},
		{"schedule calendar", "schedule", reads, byHand, text.HelpGroupSchedule, does((*Registry).scheduleCalendar), text.HelpScheduleCalendar},
		{"schedule run", "", changes, byHand, text.HelpGroupSchedule, does((*Registry).scheduleRun), text.HelpScheduleRun},
		{"schedule skip", "", changes, byHand, text.HelpGroupSchedule, does((*Registry).scheduleSkip), text.HelpScheduleSkip},
		{"schedule pause", "", changes, byHand, text.HelpGroupSchedule, does((*Registry).schedulePause), text.HelpSchedulePause},
		{"schedule resume", "", changes, byHand, text.HelpGroupSchedule, does((*Registry).scheduleResume), text.HelpScheduleResume},
		{"schedule edit", "", changes, byHand, text.HelpGroupSchedule, does((*Registry).scheduleEdit), text.HelpScheduleEdit},
		{"schedule remove", "", changes, byHand, text.HelpGroupSchedule, does((*Registry).scheduleRemove), text.HelpScheduleRemove},
		// Neither is given by "read": what the log tells is not for everybody who may look.
		{"audit", "audit", changes, byHand, text.HelpGroupOperate, does((*Registry).audit), text.HelpAudit},
		{"audit reconcile", "audit", changes, byHand, text.HelpGroupOperate, does((*Registry).auditReconcile), text.HelpAuditReconcile},
		{"parked list", "parked", reads, shows, text.HelpGroupOperate, does((*Registry).parkedList), text.HelpParkedList},
		{"parked show", "parked", reads, byHand, text.HelpGroupOperate, does((*Registry).parkedShow), text.HelpParkedShow},
		{"parked replay", "parked", changes, byHand, text.HelpGroupOperate, does((*Registry).parkedReplay), text.HelpParkedReplay},
		{"halt", "halt", changes, byHand, text.HelpGroupOperate, does((*Registry).halt), text.HelpHalt},
		{"resume", "resume", changes, byHand, text.HelpGroupOperate, does((*Registry).resume), text.HelpResume},
	}
}

// part is a verb's grammar and its handler.
type part struct {
	grammar func() any // a fresh, empty struct
	run     func(*Registry, context.Context, asked, any) (chat.Message, error)
}

// does joins a handler and the grammar that it takes. A handler that answers
// an empty message has nothing to say: the card speaks.
func does[G any](h func(*Registry, context.Context, asked, *G) (chat.Message, error)) part {
	return part{
		grammar: func() any { return new(G) },
		run: func(r *Registry, ctx context.Context, a asked, g any) (chat.Message, error) {
			grammar, ok := g.(*G)
			if !ok {
				return chat.Message{}, fmt.Errorf("the verb %s takes no %T", a.verb.name, g)
			}
			return h(r, ctx, a, grammar)
		},
	}
}

// asked is who asked, how, and in which language.
type asked struct {
	verb   *verb
	actor  bcn.Actor
	origin deploy.Origin
	lang   string
	click  bool
}

// Options is what a Registry needs.
type Options struct {
	Text    *text.Catalogue
	Changes Changes
	Access  Access
	Secrets Secrets
	// Tokens are those of CI.
	Tokens Tokens
	// Schedules are those of scheduled work.
	Schedules Schedules
	// Cards shows changes as their cards do.
	Cards Cards
	// Deciders finds what waits for whom.
	Deciders Deciders
	// Logins link GitHub accounts.
	Logins Logins
	// Deputies are who stands for whom.
	Deputies Deputies
	// Holds are locks and freezes.
	Holds     Holds
	Reads     Reads
	Live      Live
	Logs      Logs
	FileTasks FileTasks
	Who       Who
	Links     Links
	Figures   Figures
	// Drifts finds out what was changed outside.
	Drifts Drifts
	// AuditLog is what happened.
	AuditLog AuditLog
	// Early tells whoever asked something before the answer; nil: it is not told.
	Early func(ctx context.Context, o deploy.Origin, actor bcn.Actor, m chat.Message)
	// Guardrails are those in force.
	Guardrails Guardrails
	Lang       string           // what channels read; default English
	Announce   string           // the channel of apps that have none of their own
	Command    string           // the slash command; default /bcn
	Now        func() time.Time // default time.Now
}

// Registry answers what people type and press. It is safe for concurrent use.
type Registry struct {
	text       *text.Catalogue
	changes    Changes
	access     Access
	secrets    Secrets
	tokens     Tokens
	schedules  Schedules
	deputies   Deputies
	logins     Logins
	cards      Cards
	deciders   Deciders
	holds      Holds
	reads      Reads
	live       Live
	logReader  Logs
	fileTasks  FileTasks
	who        Who
	links      Links
	figures    Figures
	guardrails Guardrails
	drifts     Drifts
	auditLog   AuditLog
	early      func(context.Context, deploy.Origin, bcn.Actor, chat.Message)
	lang       string
	announce   string // the channel of apps that have none of their own
	command    string
	now        func() time.Time
}

// New makes a Registry.
func New(o Options) *Registry {
	r := &Registry{
		text: o.Text, changes: o.Changes, access: o.Access, secrets: o.Secrets, tokens: o.Tokens, schedules: o.Schedules, holds: o.Holds, deputies: o.Deputies, reads: o.Reads, live: o.Live, logReader: o.Logs, fileTasks: o.FileTasks, who: o.Who, links: o.Links,
		logins: o.Logins, cards: o.Cards, deciders: o.Deciders,
		figures: o.Figures, guardrails: o.Guardrails, drifts: o.Drifts, auditLog: o.AuditLog, early: o.Early, lang: text.Lang(o.Lang), announce: o.Announce, command: o.Command, now: o.Now,
	}
	if r.command == "" {
		r.command = "/bcn"
	}
	if r.now == nil {
		r.now = time.Now
	}
	return r
}

// Verb is one verb, for documentation and for the rules.
type Verb struct {
	Name  string // as it is typed: district list
	Usage string // district adopt NAME --region REGION ...; one form a line
	Rule  string // as rules name it; empty: it needs no rule
	Reads bool   // a rule's "read" gives it
}

// Verbs lists what can be typed now, in the order of the help.
func (r *Registry) Verbs() []Verb {
	var out []Verb
	for _, v := range table() {
		out = append(out, Verb{Name: v.name, Usage: strings.Join(usages(v.name, v.grammar()), "\n"), Rule: v.rule, Reads: v.effect == reads})
	}
	return out
}

// RuleVerbs lists the verbs that a rule may name besides "read" and "*", sorted.
func RuleVerbs() []string {
	out := kindRules()
	for _, v := range table() {
		if v.rule != "" {
			out = append(out, v.rule)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// RuleOf answers by which word rules name a verb, and whether "read" gives it
// too. A verb that is not in the table is named by itself and changes.
func RuleOf(name string) (rule string, read bool) {
	if v := find(name); v != nil {
		return v.rule, v.effect == reads
	}
	return name, false
}

// find answers the verb with exactly this name, or nil.
func find(name string) *verb {
	for _, v := range table() {
		if v.name == name {
			return &v
		}
	}
	return nil
}

// members lists the second words of a family such as district.
func members(family string) []string {
	var out []string
	for _, v := range table() {
		if two, ok := strings.CutPrefix(v.name, family+" "); ok {
			out = append(out, two)
		}
	}
	return out
}
