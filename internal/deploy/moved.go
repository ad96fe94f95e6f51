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
