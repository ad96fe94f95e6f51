package commands

import (
	"context"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/text"
)

type helpArgs struct {
	Verb  []string `arg:"" optional:"" name:"verb" placeholder:"VERB"`
	short bool     // nothing was typed at all
}

// help is pure: it uses neither the context nor the ports.
func (r *Registry) help(_ context.Context, a asked, g *helpArgs) (chat.Message, error) {
	return r.helpWith(a, g), nil
}

// helpWith is what help says; it asks nobody, so it is also known at once.
func (r *Registry) helpWith(a asked, g *helpArgs) chat.Message {
	name := strings.ToLower(strings.Join(g.Verb, " "))
	switch {
	case name == "" && g.short:
		return r.helpShort(a)
	case name == "":
		return r.helpAll(a)
	case find(name) != nil:
		return r.helpFor(a, find(name))
	case len(members(name)) > 0:
		return r.helpFamily(a, name)
	}
	v, _, _, err := findVerb(name)
	if v == nil {
		return say(r.text.Error(a.lang, err))
	}
	return r.unknownVerb(a, clip(name), "help "+v.name)
}

// helpAll lists every verb that there is now, one line each, in groups.
func (r *Registry) helpAll(a asked) chat.Message {
	m := chat.Message{Text: r.text.Say(a.lang, text.HelpTitle, nil)}
	m.Blocks = append(m.Blocks, chat.Block{Section: r.text.Say(a.lang, text.HelpTitle, nil)})
	var group text.ID
	for _, v := range table() {
		line := r.helpLine(a, v)
		if v.group != group {
			group = v.group
			title := "*" + r.text.Say(a.lang, group, nil) + "*"
			m.Blocks = append(m.Blocks, chat.Block{Section: title + "\n" + line})
			continue
		}
		m.Blocks[len(m.Blocks)-1].Section += "\n" + line
	}
	m.Blocks = append(m.Blocks, chat.Block{Context: r.text.Say(a.lang, text.HelpFooter, nil)})
	return m
}

// helpShort is for somebody who typed nothing: what most people want first.
func (r *Registry) helpShort(a asked) chat.Message {
	list := r.text.Say(a.lang, text.HelpShort, nil)
	m := chat.Message{Text: list}
	for _, name := range []string{"deploy", "status", "approvals", "whoami"} {
		list += "\n" + r.helpLine(a, *find(name))
	}
	m.Blocks = []chat.Block{{Section: list}, {Context: r.text.Say(a.lang, text.HelpMore, nil)}}
	return m
}

func (r *Registry) helpLine(a asked, v verb) chat.Markup {
	return chat.Code(r.command+" "+brief(v.name, v.grammar())) + " – " + r.text.Say(a.lang, v.summary, nil)
}

// helpFamily lists the verbs of a family such as district.
func (r *Registry) helpFamily(a asked, family string) chat.Message {
	title := r.text.Say(a.lang, text.HelpFamily, text.Args{"family": family})
	list := title
	for _, two := range members(family) {
		list += "\n" + r.helpLine(a, *find(family + " " + two))
	}
	return chat.Message{Text: title, Blocks: []chat.Block{
		{Section: list},
		{Context: r.text.Say(a.lang, text.HelpFooter, nil)},
	}}
}

// helpFor explains one verb: usage, arguments, examples.
func (r *Registry) helpFor(a asked, v *verb) chat.Message {
	summary := r.text.Say(a.lang, v.summary, nil)
	m := chat.Message{Text: chat.Code(r.command+" "+v.name) + " – " + summary}
	m.Blocks = []chat.Block{
		{Section: m.Text},
		{Code: r.usage(v)},
	}
	var list []string
	for _, f := range fields(v.grammar()) {
		list = append(list, "• "+string(chat.Code(f.spelled())+" – "+r.text.Say(a.lang, r.explain(f), nil)))
	}
	if len(list) > 0 {
		m.Blocks = append(m.Blocks, chat.Block{Section: chat.Markup(strings.Join(list, "\n"))})
	}
	if lines := examples(v.name); len(lines) > 0 {
		for i := range lines {
			lines[i] = r.command + " " + lines[i]
		}
		m.Blocks = append(m.Blocks,
			chat.Block{Section: "*" + r.text.Say(a.lang, text.HelpExamples, nil) + "*"},
			chat.Block{Code: strings.Join(lines, "\n")})
	}
	if others := members(v.name); len(others) > 0 { // access is a verb and a family
		m.Blocks = append(m.Blocks, r.helpFamily(a, v.name).Blocks[0])
	}
	if note, ok := notes()[v.name]; ok {
		m.Blocks = append(m.Blocks, chat.Block{Context: r.text.Say(a.lang, note, nil)})
	}
	return m
}

// explain names the sentence about an argument or flag. A field without one
// answers an internal error's sentence; a test sees that there is none.
func (r *Registry) explain(f field) text.ID {
	if id, ok := explanations()[f.kind]; ok {
		return id
	}
	return text.ErrorID(bcn.CodeInternal)
}

// explanations are by the kind of a field, which is its name unless it says
// otherwise.
func explanations() map[string]text.ID {
	return map[string]text.ID{
		"verb": text.HelpArgVerb, "app": text.HelpArgApp, "env": text.HelpArgEnv, "tag": text.HelpArgTag,
		"tag-or-current": text.HelpArgTagOrCurrent, "id": text.HelpArgID, "reason": text.HelpArgReason,
		"district": text.HelpArgDistrict, "drift-district": text.HelpFlagDrift, "drift-mark": text.HelpArgMark, "drift-district-mark": text.HelpFlagMark,
		"repair-district": text.HelpFlagRepairD, "repair-endpoint": text.HelpFlagRepairE, "endpoint": text.HelpArgEndpoint, "new-name": text.HelpArgNewName,
		"new-app": text.HelpArgNewApp, "new-env": text.HelpArgNewEnv,
		"source": text.HelpFlagSource, "channel": text.HelpFlagChannel, "for": text.HelpFlagFor,
		"region": text.HelpFlagRegion, "role": text.HelpFlagRole, "cfn-role": text.HelpFlagCFNRole,
		"vpc": text.HelpFlagVPC, "cluster": text.HelpFlagCluster, "subnets": text.HelpFlagSubnets,
		"public-subnets": text.HelpFlagPublicSubnets, "security-groups": text.HelpFlagSecurityGroups,
		"bucket": text.HelpFlagBucket, "assign-public-ip": text.HelpFlagAssignPublicIP,
		"access-reason": text.HelpFlagAccessReason, "length": text.HelpFlagLength, "length-more": text.HelpFlagLengthMore,
		"live": text.HelpFlagLive, "task": text.HelpFlagTask, "instance": text.HelpFlagInstance, "port": text.HelpFlagPort,
		"live-service": text.HelpArgLiveService, "command": text.HelpArgCommand, "access-id": text.HelpArgAccessID,
		"access-closed":     text.HelpFlagClosed,
		"access-id-or-mine": text.HelpArgAccessIDOrMine, "key": text.HelpArgKey, "bind": text.HelpFlagBind,
		"spec":              text.HelpArgSpec,
		"schedule":          text.HelpArgSchedule,
		"scheduled-command": text.HelpArgScheduledCommand,
		"in":                text.HelpFlagIn,
		"tz":                text.HelpFlagTZ,
		"schedule-name":     text.HelpFlagScheduleName,
		"ask-before":        text.HelpFlagAskBefore,
		"announce":          text.HelpFlagAnnounce,
		"on-conflict":       text.HelpFlagOnConflict,
		"on-missed":         text.HelpFlagOnMissed,
		"retries":           text.HelpFlagRetries,
		"timeout":           text.HelpFlagTimeout,
		"after":             text.HelpFlagAfter,
		"quiet":             text.HelpFlagQuiet,
		"loud":              text.HelpFlagLoud,
		"yes":               text.HelpFlagYes,
		"dry-run":           text.HelpFlagDryRun,
		"since":             text.HelpFlagSince,
		"digest-in":         text.HelpFlagDigestIn,
		"run-command":       text.HelpArgRunCommand, "run-memory": text.HelpFlagRunMemory, "run-cpu": text.HelpFlagRunCPU,
		"run-timeout": text.HelpFlagRunTimeout, "log-service": text.HelpArgLogService, "log-since": text.HelpFlagLogSince, "log-grep": text.HelpFlagLogGrep,
		"token-expires": text.HelpFlagExpires,
		"secret-name":   text.HelpArgSecret, "confirm": text.HelpFlagConfirm,
		"release": text.HelpArgRelease, "restart-service": text.HelpArgRestart, "promote-from": text.HelpArgFrom, "promote-to": text.HelpArgTo,
		"count": text.HelpArgCount, "pairs": text.HelpArgPairs, "variables": text.HelpArgVariables,
		"public": text.HelpFlagPublic, "certificate": text.HelpFlagCertificate,
		"tls": text.HelpFlagTLS, "access-logs": text.HelpFlagAccessLogs, "no-access-logs": text.HelpFlagNoAccessLogs,
		"nat": text.HelpFlagNAT, "launch": text.HelpFlagLaunch, "cidr": text.HelpFlagCIDR,
		"break-glass": text.HelpFlagBreakGlass, "follow-up": text.HelpArgFollowUp, "follow-up-note": text.HelpArgFollowUpNote,
		"audit-app": text.HelpArgAuditApp, "audit-env": text.HelpArgAuditEnv, "audit-who": text.HelpFlagAuditWho, "audit-what": text.HelpFlagAuditWhat,
		"audit-since": text.HelpFlagAuditSince, "audit-before": text.HelpFlagAuditBefore, "audit-after": text.HelpFlagAuditAfter,
		"audit-export": text.HelpFlagAuditExport, "audit-district": text.HelpFlagAuditDistrict,
		"plugin": text.HelpArgPlugin, "plugin-pairs": text.HelpArgPluginPairs,
		"login-forget": text.HelpFlagForget, "deputy": text.HelpArgDeputy, "deputy-until": text.HelpArgUntil, "deputy-removed": text.HelpArgDeputyRemoved, "deputy-of": text.HelpFlagDeputyOf,
		"hold-reason": text.HelpArgHold, "steal": text.HelpArgSteal, "frozen": text.HelpArgFrozen,
		"instance-type": text.HelpFlagInstanceType, "size": text.HelpFlagSize,
	}
}

// notes are what else one should know of a verb.
func notes() map[string]text.ID {
	return map[string]text.ID{
		"deploy": text.HelpNoteDeploy, "plan": text.HelpNotePlan, "cancel": text.HelpNoteCancel,
		"acknowledge": text.HelpNoteAcknowledge, "shift": text.HelpNoteShift,
		"create": text.HelpNoteCreate, "approve": text.HelpNoteApprove, "reject": text.HelpNoteReject,
		"access": text.HelpNoteAccess, "access open": text.HelpNoteAccessOpen, "access end": text.HelpNoteAccessEnd,
		"access extend": text.HelpNoteAccessExtend,
		"schedule add":  text.HelpNoteScheduleAdd, "schedule edit": text.HelpNoteScheduleEdit, "schedule run": text.HelpNoteScheduleRun, "digest": text.HelpNoteDigest,
		"secret set": text.HelpNoteSecret, "secret unset": text.HelpNoteUnset, "delete": text.HelpNoteDelete,
		"token issue": text.HelpNoteToken, "token rotate": text.HelpNoteToken,
		"run": text.HelpNoteRun, "logs": text.HelpNoteLogs,
		"rollback": text.HelpNoteRollback, "restart": text.HelpNoteRestart, "promote": text.HelpNotePromote, "scale": text.HelpNoteScale,
		"env set": text.HelpNoteEnvSet, "env unset": text.HelpNoteEnvSet,
		"login":            text.HelpNoteLogin,
		"approvals deputy": text.HelpNoteDeputy,
		"drift":            text.HelpNoteDrift, "drift repair": text.HelpNoteRepair, "drift accept": text.HelpNoteAccept, "guardrails list": text.HelpNoteGuardrails, "guardrails test": text.HelpNoteGuardrailsTest,
		"lock": text.HelpNoteLock, "unlock": text.HelpNoteUnlock, "freeze": text.HelpNoteFreeze,
		"audit": text.HelpNoteAudit, "audit reconcile": text.HelpNoteAuditReconcile,
		"halt": text.HelpNoteHalt, "parked replay": text.HelpNoteReplay, "district adopt": text.HelpNoteAdopt,
		"district plugin set": text.HelpNotePluginSet,
		"district create":     text.HelpNoteDistrictCreate, "district delete": text.HelpNoteDistrictDelete,
	}
}

// examples are commands as one would type them. They are no sentences: names
// in them are the sample's.
func examples(name string) []string { //nolint:funlen // a table
	return map[string][]string{
		"help":            {"help deploy"},
		"deploy":          {"deploy hello production v2", "deploy hello production latest --reason fixes the cart"},
		"plan":            {"plan hello production v2", "plan hello production"},
		"shift":           {"shift 1042"},
		"cancel":          {"cancel 1042"},
		"run":             {"run hello production -- rake db:migrate", "run hello production --memory 2048 --timeout 2h -- bin/report --month 2027-01"},
		"logs":            {"logs hello production", "logs hello production web --since 2h --grep ERROR"},
		"secret set":      {"secret set hello production DATABASE_URL"},
		"token issue":     {"token issue hello production --expires 30d"},
		"delete":          {"delete hello staging", "delete hello staging --confirm hello-stg"},
		"rollback":        {"rollback hello production", "rollback hello production 12 --reason the cart is empty"},
		"promote":         {"promote hello staging production"},
		"restart":         {"restart hello production", "restart hello production web --reason the password was rotated"},
		"scale":           {"scale hello production web=3", "scale hello staging worker=0"},
		"env list":        {"env list hello production"},
		"lock":            {"lock hello production the migration runs for 2h", "lock hello staging the demo is on Friday"},
		"unlock":          {"unlock hello production", "unlock hello production --steal the fix has to go out"},
		"locks":           {"locks", "locks hello"},
		"freeze":          {"freeze production the sale is on for 3d", "freeze all the network is being rebuilt"},
		"thaw":            {"thaw production", "thaw all"},
		"env set":         {"env set hello production LOG_LEVEL=debug", `env set hello staging GREETING="good morning" WORKERS=4`},
		"env unset":       {"env unset hello production LOG_LEVEL"},
		"approve":         {"approve 1042"},
		"reject":          {"reject 1042 wait for the migration"},
		"acknowledge":     {"acknowledge 1042", "acknowledge 1042 right, the site was down"},
		"status":          {"status", "status hello", "status hello production"},
		"releases":        {"releases hello production"},
		"show":            {"show hello production"},
		"create":          {createExample},
		"audit":           {"audit hello production --since 7d", "audit 1042", "audit --who @lee --what decision", "audit --since 30d --export"},
		"audit reconcile": {"audit reconcile", "audit reconcile --district main"},
		"drift":           {"drift hello production", "drift --district main"},
		"drift repair":    {"drift repair hello production"},
		"drift accept":    {"drift accept hello production 3f2a9c41d07b"},
		"guardrails list": {"guardrails list"},
		"guardrails test": {"guardrails test hello production"},
		"district show":   {"district show main"},
		"district adopt":  {adoptExample},
		"district create": {districtCreateExample},
		"district update": {"district update tokyo --nat managed_gateway_multi_az", "district update tokyo --launch ec2 --instance-type m6i.xlarge --size 3", "district update tokyo --for staging,production"},
		"district apply":  {"district apply tokyo"},
		"district delete": {"district delete tokyo", "district delete tokyo --reason everything has moved"},
		"endpoint show":   {"endpoint show web"},
		"endpoint create": {"endpoint create web --district main --public --for production,staging"},
		"endpoint update": {"endpoint update web --tls modern", "endpoint update web --for production,staging --no-access-logs"},
		"endpoint delete": {"endpoint delete web", "endpoint delete web --reason nobody comes any more"},
		"access": {
			"access hello production for 10m --reason a customer sees no orders",
			"access hello production --reason count the stuck jobs -- rails c",
			"access hello production web --live for 10m --reason one task answers slowly",
			"access --district main --instance i-0123456789abcdef0 for 30m --reason its disk is full",
			"access --district main --port orders-db for 10m --reason a query hangs",
		},
		"login": {"login", "login --forget"},
		"approvals deputy": {
			"approvals deputy @lee until friday", "approvals deputy @lee until 2027-01-05 12:00",
		},
		"approvals deputy remove": {
			"approvals deputy remove", "approvals deputy remove @lee",
		},
		"access list":   {"access list"},
		"access open":   {"access open 1042 " + keyExample, "access open 1042 " + keyExample + " --bind"},
		"access end":    {"access end", "access end 1042"},
		"access extend": {"access extend 1042", "access extend 1042 for 10m"},
		"schedule add": {
			`schedule add "0 2 * * *" --tz Asia/Tokyo --name nightly --announce 10m -- deploy hello staging latest`,
			"schedule add mondays at 10 -- status",
			"schedule add thursdays at 15:00 --ask-before 4h -- deploy hello production latest --reason weekly release",
			"schedule add at 2027-01-05 09:30 --on-missed skip --yes -- deploy hello production v3",
			"schedule add --after nightly -- status hello staging",
		},
		"schedule show":     {"schedule show nightly"},
		"schedule calendar": {"schedule calendar", "schedule calendar hello"},
		"schedule run":      {"schedule run nightly"},
		"schedule skip":     {"schedule skip nightly"},
		"schedule pause":    {"schedule pause nightly"},
		"schedule resume":   {"schedule resume nightly"},
		"schedule edit":     {`schedule edit nightly --spec "30 3 * * *" --announce 30m`, "schedule edit nightly -- deploy hello staging v2"},
		"schedule remove":   {"schedule remove nightly"},
		"digest":            {"digest", "digest --since 30d"},
		"parked show":       {"parked show 1042"},
		"parked replay":     {"parked replay 1042"},
		"halt":              {"halt", "halt --reason the network is being moved"},
		"resume":            {"resume"},
	}[name]
}

// createExample shows the channel as people see it while they type; Slack
// sends it as a link.
const createExample = "create hello production --district main --source github:acme/hello --channel #deploys"

// keyExample is of the right form; nobody kept what opens it.
const keyExample = "age1ckspx3k2wgnhxqehfy6zc7ks3sl2curqmtawpt02hsp506eq9afs9qlg0e"

const districtCreateExample = "district create tokyo --region ap-northeast-1 --role arn:aws:iam::123456789012:role/bcn-tokyo-bot" +
	" --cfn-role arn:aws:iam::123456789012:role/bcn-tokyo-cloudformation --nat managed_gateway --for staging"

const adoptExample = "district adopt main --region eu-west-1 --role arn:aws:iam::123456789012:role/bcn-main" +
	" --cfn-role arn:aws:iam::123456789012:role/bcn-main-cfn --vpc vpc-0a1b2c3d --cluster main" +
	" --subnets subnet-0a1b2c3d,subnet-1a2b3c4d --public-subnets subnet-2a3b4c5d,subnet-3a4b5c6d" +
	" --security-groups sg-0a1b2c3d --bucket acme-bcn-main --for production,staging"
