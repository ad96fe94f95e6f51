package commands

import (
	"context"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/text"
)

// Home is what a person sees on the app's own page in Slack: their list, and
// what to type. Who may not see a list is told why, and sees nothing else.
func (r *Registry) Home(ctx context.Context, actor bcn.Actor, lang string) (chat.Message, error) {
	a := asked{verb: find("approvals"), actor: actor, lang: lang}
	head := chat.Block{Header: r.text.Plain(lang, text.HomeTitle, nil)}
	list, err := r.approvals(ctx, a, &approvalsArgs{})
	if err != nil {
		if bcn.CodeOf(err) == bcn.CodeInternal {
			return chat.Message{}, err
		}
		sentence := r.text.Error(lang, err)
		return chat.Message{Text: sentence, Blocks: []chat.Block{head, {Section: sentence}}}, nil
	}
	list.Blocks = append([]chat.Block{head}, list.Blocks...)
	list.Blocks = append(list.Blocks, chat.Block{Divider: true}, chat.Block{Context: r.text.Say(lang, text.HomeHint, nil)})
	return list, nil
}
