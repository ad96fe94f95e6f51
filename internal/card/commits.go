package card

import (
	"fmt"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/text"
)

// commits says how many commits lie between two versions, with a link to them.
func (p *Presenter) commits(c *bcn.Commits) chat.Markup {
	args := text.Args{"from": c.From, "to": c.To, "ahead": c.Ahead, "back": c.Back, "link": chat.Markup("")}
	if c.URL != "" {
		args["link"] = chat.Link(c.URL, p.text.Plain(p.lang, text.CardCommitsLink, nil))
	}
	return p.say(text.CardCommits, args)
}

// listed is one commit a line, as their authors wrote them.
func listed(c *bcn.Commits) string {
	var b strings.Builder
	for _, one := range c.List {
		fmt.Fprintf(&b, "%s %s", short(one.SHA), one.Title)
		if one.Author != "" {
			fmt.Fprintf(&b, " (%s)", one.Author)
		}
		b.WriteByte('\n')
	}
	if more := c.Ahead - len(c.List); more > 0 && len(c.List) > 0 {
		fmt.Fprintf(&b, "+%d\n", more)
	}
	return b.String()
}
