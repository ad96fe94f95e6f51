package deploy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// movedSince answers, for a change that is planned again, a small diff between
// what the earlier plan would have done and what this one would.
func (s *Service) movedSince(ctx context.Context, c Claimed, p bcn.Plan) (string, error) {
	if c.Wish.Again == 0 {
		return "", nil
	}
	old, err := s.Store.Plan(ctx, c.Wish.Again)
	if errors.Is(err, ErrNone) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	var before bcn.Plan
	if err := json.Unmarshal(old.Bytes, &before); err != nil {
		return "", fmt.Errorf("read the plan of %s: %w", c.Wish.Again, err)
	}
	return udiff.Unified(c.Wish.Again.String(), c.Change.ID.String(), summary(before), summary(p)), nil
}

// summary says in lines what a plan does, for comparing two of them. It holds
// no environment values.
func summary(p bcn.Plan) string {
	var b strings.Builder
	fmt.Fprintf(&b, "deployed: release %d, image %s\n", p.BaseRelease, p.OldDigest)
	fmt.Fprintf(&b, "image: %s\n", p.Digest)
	fmt.Fprintf(&b, "file: %s\n", p.Commit)
	for _, l := range p.Lines {
		fmt.Fprintf(&b, "%s %s\n", l.Mark, l.What)
	}
	for _, sp := range p.Stacks {
		fmt.Fprintf(&b, "stack %s: template %s\n", sp.Name, sp.TemplateSHA256)
		for _, d := range sp.Changes {
			fmt.Fprintf(&b, "stack %s: %s %s %s\n", sp.Name, strings.ToLower(d.Action), d.LogicalID, d.Type)
		}
	}
	return b.String()
}

// maxMoved bounds the lines that say what of a stack moved.
const maxMoved = 12

// stackMoved says what of a stack is not what was approved: its name, and below
// it what was there when somebody looked (-) and what is there now (+).
func stackMoved(was, now bcn.StackPlan) string {
	before, lines := moving(was), []string{"stack " + was.Name}
	for _, edit := range udiff.Lines(before, moving(now)) {
		lines = marked(lines, "- ", before[edit.Start:edit.End])
		lines = marked(lines, "+ ", edit.New)
	}
	return strings.Join(lines[:min(len(lines), maxMoved)], "\n")
}

func marked(lines []string, mark, text string) []string {
	for l := range strings.Lines(text) {
		lines = append(lines, mark+strings.TrimSuffix(l, "\n"))
	}
	return lines
}

// moving says in lines what of a stack may move under an approval.
func moving(sp bcn.StackPlan) string {
	var b strings.Builder
	fmt.Fprintf(&b, "last update %s\ntemplate %s\nchange set %s\n", sp.LastUpdate, sp.TemplateSHA256, sp.ChangeSet)
	for _, t := range sp.Tags {
		fmt.Fprintf(&b, "tag %s=%s\n", t.Key, t.Value)
	}
	for _, d := range sp.Changes {
		fmt.Fprintf(&b, "%s %s %s\n", strings.ToLower(d.Action), d.LogicalID, d.Type)
		for _, v := range d.Values {
			fmt.Fprintf(&b, "%s %s: %s → %s\n", d.LogicalID, v.Path, v.Before, v.After)
		}
	}
	return b.String()
}
