package commands_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/commands"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/text"
)

// deputies are those of the world: olu stands for lee.
type deputies struct{ *world }

var _ commands.Deputies = (*deputies)(nil)

func (x *deputies) NameDeputy(_ context.Context, _ deploy.Origin, a bcn.Actor, deputy string, until time.Time) (bcn.Deputation, error) {
	x.called("NameDeputy %s for %s until %s", deputy, a.User, until.Format("Mon 2006-01-02 15:04 MST"))
	if deputy == a.User {
		return bcn.Deputation{}, bcn.E(bcn.CodeDeputySelf)
	}
	return bcn.Deputation{Absent: a.User, Deputy: deputy, Since: start, Until: until}, nil
}

func (x *deputies) AllDeputies(context.Context) ([]bcn.Deputation, error) {
	if x.heritages == nil {
		return nil, nil
	}
	return []bcn.Deputation{{Absent: "U0LEAD", Deputy: "U0ONCALL", Since: start, Until: start.Add(24 * time.Hour)}}, nil
}

func (x *deputies) RemoveDeputy(_ context.Context, _ deploy.Origin, a bcn.Actor, deputy, absent string) ([]bcn.Deputation, error) {
	x.called("RemoveDeputy %q of %q by %s", deputy, absent, a.User)
	if x.heritages == nil {
		return nil, bcn.E(bcn.CodeNoDeputy, "who", a.User)
	}
	return []bcn.Deputation{{Absent: "U0LEAD", Deputy: "U0ONCALL"}}, nil
}

func TestTellingConversations(t *testing.T) {
	t.Parallel()
	none := func(w *world) { *w = world{} }
	lee := "U0LEAD"
	turns := []turn{
		{user: lee, text: "approvals deputy --help"},
		{user: lee, text: "approvals deputy"},
		{user: lee, text: "approvals deputy <@U0ONCALL|olu>"},
		{user: lee, text: "approvals deputy <@U0ONCALL|olu> until Friday"},
		{user: lee, text: "approvals deputy <@U0ONCALL|olu> until tomorrow 12:00"},
		{user: lee, text: "approvals deputy <@U0ONCALL> until 2027-01-31"},
		{user: lee, text: "approvals deputy <@U0ONCALL|olu> until soon"},
		{user: lee, text: "approvals deputy <@U0ONCALL|olu> until 2026-01-01"},
		{user: lee, text: "approvals deputy olu until friday"},
		{user: lee, text: "approvals deputy <@U0LEAD|lee> until friday"},
		{user: lee, text: "approvals deputy list"},
		{user: lee, text: "approvals deputy list", world: none},
		{user: lee, text: "approvals deputy remove"},
		{user: lee, text: "approvals deputy remove", world: none},
		{user: lee, text: "approvals deputy remove <@U0ONCALL|olu> --of <@U0LEAD|lee>"},
		{user: lee, text: "approvals deputy remove olu"},
		{user: lee, text: "approvals deputi list"},
	}
	for _, lang := range text.Languages() {
		t.Run("bcn answers in "+lang, func(t *testing.T) {
			t.Parallel()
			var b strings.Builder
			for _, x := range turns {
				said := x.text
				if x.action != "" {
					said = fmt.Sprintf("[%s %s]", x.action, x.value)
				}
				fmt.Fprintf(&b, "### %s: %s\n%s\n", x.user, said, answer(t, x, lang))
			}
			golden(t, "testdata/telling."+lang+".golden", b.String())
		})
	}
}
