package app

import (
	"fmt"

	"github.com/bcn-bot/bcn/internal/config"
	"github.com/bcn-bot/bcn/internal/guard"
)

// guardrails makes those in force. config.Load has compiled them once, so that
// a fault here is one of ours.
func guardrails(c *config.Config) (*guard.Set, error) {
	set, problems := guard.New(c.Guardrails.Settings, c.Guardrails.Own)
	if len(problems) > 0 {
		return nil, fmt.Errorf("make the guardrail %d: %s", problems[0].Guardrail, problems[0].Message)
	}
	return set, nil
}
