package commands

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/text"
)

// How sealed text is shown. A terminal that reads line by line takes at most
// 4,095 characters of a line (termios(3), canonical mode).
const (
	sealedLine  = 400 // characters of a line
	sealedLines = 6   // of a block
	// sealedMost is all that is ever shown: 40 blocks would still be one
	// message, and access.Seal writes less than half of that.
	sealedMost = 40 * sealedLine * sealedLines
)

type accessOpenArgs struct {
	ID   string `arg:"" kind:"access-id"`
	Key  string `arg:""`
	Bind bool   `name:"bind"`
}

// keyForm is an age recipient of an X25519 key (age's README, "age1...").
var keyForm = regexp.MustCompile(`^age1[02-9ac-hj-np-z]{58}$`)

// check never quotes what was given as a key: it may be a secret one.
func (g *accessOpenArgs) check() error {
	if err := checkID(g.ID); err != nil {
		return err
	}
	switch {
	case keyForm.MatchString(g.Key):
		return nil
	case strings.Contains(strings.ToUpper(g.Key), "AGE-SECRET-KEY"):
		return bcn.E(bcn.CodeBadKey, "problem", "secret key")
	default:
		return bcn.E(bcn.CodeBadKey)
	}
}

// accessOpen answers what only the requester's machine can open. It is never
// said anywhere but in the answer to the requester alone.
func (r *Registry) accessOpen(ctx context.Context, a asked, g *accessOpenArgs) (chat.Message, error) {
	id, err := bcn.ParseID(g.ID)
	if err != nil {
		return chat.Message{}, err
	}
	got, err := r.access.Open(ctx, a.origin, a.actor, id, g.Key, g.Bind)
	if err != nil {
		return chat.Message{}, err
	}
	if len(got.Sealed) > sealedMost {
		return chat.Message{}, fmt.Errorf("sealed credentials of %d characters fit no message", len(got.Sealed))
	}
	args := text.Args{"id": r.ref(ctx, id), "fingerprint": got.Fingerprint, "number": id.String()[1:], "until": r.until(got.Grant)}
	if got.Sealed == "" {
		return say(r.text.Say(a.lang, text.ReplyAccessBound, args)), nil
	}
	return r.sealed(a.lang, args, got), nil
}

// until is a grant's end in the reader's time zone; empty where its clock does
// not run yet.
func (r *Registry) until(g bcn.Grant) chat.Markup {
	if g.EndsAt == nil {
		return ""
	}
	return text.When(*g.EndsAt)
}

// sealed is the whole answer. Its first line says what it is also where only
// that is shown, in a notification, and holds nothing of what is sealed.
func (r *Registry) sealed(lang string, args text.Args, got deploy.Opened) chat.Message {
	head := r.text.Say(lang, text.ReplyAccessSealed, args)
	m := chat.Message{Text: head, Blocks: []chat.Block{{Section: head}}}
	rest := got.Sealed
	for rest != "" {
		var lines []string
		for len(lines) < sealedLines && rest != "" {
			n := min(len(rest), sealedLine)
			lines, rest = append(lines, rest[:n]), rest[n:]
		}
		m.Blocks = append(m.Blocks, chat.Block{Code: strings.Join(lines, "\n")})
	}
	m.Blocks = append(m.Blocks, chat.Block{Context: r.text.Say(lang, text.ReplyAccessSealedNote, args)})
	return m
}
