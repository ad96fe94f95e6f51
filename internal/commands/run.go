package commands

import (
	"context"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// Run does what was typed or pressed, and answers what to tell the actor
// alone; false means that there is nothing to tell, because the card speaks.
// Repeated with the same origin it does nothing twice. Errors carry bcn codes
// and are for text.Error; unknown names carry a suggestion.
func (r *Registry) Run(ctx context.Context, req chat.Request, actor bcn.Actor, origin deploy.Origin, lang string) (chat.Message, bool, error) {
	if req.Source == chat.FromClick {
		return r.click(ctx, req, actor, origin, lang)
	}
	if req.Source == chat.FromModal {
		return r.sent(ctx, req, asked{actor: actor, origin: origin, lang: lang})
	}
	if m, ok := r.Immediate(req, lang); ok {
		return m, true, nil
	}
	c, err := parse(req.Text, r.command)
	if err != nil { // Immediate answered all of them
		return chat.Message{}, false, err
	}
	a := asked{verb: c.verb, actor: actor, origin: origin, lang: lang}
	if m, ok, err := r.correct(ctx, a, c); ok || err != nil {
		return m, ok, err
	}
	return r.do(ctx, a, c.grammar)
}

func (r *Registry) do(ctx context.Context, a asked, grammar any) (chat.Message, bool, error) {
	m, err := a.verb.run(r, ctx, a, grammar)
	if err != nil {
		return chat.Message{}, false, err
	}
	return m, m.Text != "", nil
}

// click does what the button's typed twin does.
func (r *Registry) click(ctx context.Context, req chat.Request, actor bcn.Actor, origin deploy.Origin, lang string) (chat.Message, bool, error) {
	a := asked{actor: actor, origin: origin, lang: lang, click: true}
	switch req.Action {
	case chat.ActionApprove:
		a.verb = find("approve")
		return r.do(ctx, a, &approveArgs{ID: req.Value})
	case chat.ActionReject, chat.ActionReview, chat.ActionChange:
		m, err := r.decisionOpens(ctx, a, req.Action, req.Value)
		return m, err == nil, err
	case chat.ActionAcknowledge:
		a.verb = find("acknowledge")
		return r.do(ctx, a, &acknowledgeArgs{ID: req.Value})
	case chat.ActionCancel:
		a.verb = find("cancel")
		return r.do(ctx, a, &cancelArgs{ID: req.Value})
	case chat.ActionShift:
		a.verb = find("shift")
		return r.do(ctx, a, &shiftArgs{ID: req.Value})
	case chat.ActionReplay:
		a.verb = find("parked replay")
		return r.do(ctx, a, &parkedReplayArgs{ID: req.Value})
	case chat.ActionAccessEnd:
		a.verb = find("access end")
		return r.do(ctx, a, &accessEndArgs{ID: req.Value})
	case chat.ActionAccessExtend:
		a.verb = find("access extend")
		return r.do(ctx, a, &accessExtendArgs{ID: req.Value})
	case chat.ActionTyped:
		return r.clickTyped(ctx, a, req.Value)
	case chat.ActionRollback:
		m, err := r.undo(ctx, a, req.Value)
		return m, m.Text != "", err
	case chat.ActionPlanAgain:
		m, err := r.planAgain(ctx, a, req.Value)
		return m, m.Text != "", err
	default:
		return r.clickSchedule(ctx, a, req)
	}
}

// clickSchedule is about schedules and their ticks.
func (r *Registry) clickSchedule(ctx context.Context, a asked, req chat.Request) (chat.Message, bool, error) {
	twins := map[chat.Action]string{
		chat.ActionScheduleRun: "schedule run", chat.ActionScheduleSkip: "schedule skip",
		chat.ActionSchedulePause: "schedule pause", chat.ActionScheduleResume: "schedule resume",
	}
	if name, ok := twins[req.Action]; ok {
		a.verb = find(name)
		return r.do(ctx, a, &scheduleNameArgs{Schedule: req.Value})
	}
	presses := map[chat.Action]func(context.Context, asked, bcn.ID) (chat.Message, error){
		chat.ActionScheduleSave: r.scheduleSave, chat.ActionScheduleDrop: r.scheduleDrop,
		chat.ActionTickSkip: r.tickSkip, chat.ActionTickRun: r.tickRun, chat.ActionTickPause: r.tickPause,
	}
	press, ok := presses[req.Action]
	if !ok {
		return chat.Message{}, false, bcn.E(bcn.CodeStaleCard)
	}
	id, err := bcn.ParseID(req.Value)
	if err != nil {
		return chat.Message{}, false, err
	}
	m, err := press(ctx, a, id)
	return m, m.Text != "" && err == nil, err
}
