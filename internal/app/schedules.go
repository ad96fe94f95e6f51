package app

import (
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/config"
)

// schedulesOf answers the schedules of bot.yaml. They run as people of the
// workspace that bcn is in: as if each had typed the command there.
func schedulesOf(c *config.Config, workspace string) []bcn.Schedule {
	out := make([]bcn.Schedule, 0, len(c.Schedules))
	for _, s := range c.Schedules {
		out = append(out, bcn.Schedule{
			Name: s.Name, Spec: s.When, Zone: s.Zone, Command: s.Run, Channel: s.In, File: true,
			Owner: bcn.Actor{Kind: bcn.Person, User: s.As, Team: workspace},
			Options: bcn.ScheduleOptions{
				AskBefore: s.AskBefore, Announce: s.Announce, OnConflict: s.OnConflict, OnMissed: string(s.OnMissed),
				Retries: s.Retries, Timeout: s.Timeout, After: s.After, Quiet: s.Quiet,
			},
		})
	}
	return out
}
