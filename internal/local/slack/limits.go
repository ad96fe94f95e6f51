package slack

import (
	"time"

	"golang.org/x/time/rate"
)

// Limit is how often a method may be called.
type Limit struct {
	PerMinute  int
	Burst      int  // how many at once; default: PerMinute
	PerChannel bool // counted for each channel alone
}

// DefaultLimits are Slack's published numbers ("tiers") for the methods that
// bcn calls; a tier is counted per method and workspace. Messages are one a
// second and channel with short bursts. The sources disagree on
// apps.connections.open; this is between them.
func DefaultLimits() map[string]Limit {
	tier2, tier3, tier4 := Limit{PerMinute: 20}, Limit{PerMinute: 50}, Limit{PerMinute: 100}
	return map[string]Limit{
		"apps.connections.open":        {PerMinute: 10},
		"chat.postMessage":             {PerMinute: 60, Burst: 5, PerChannel: true},
		"chat.update":                  tier3,
		"chat.delete":                  tier3,
		"chat.postEphemeral":           tier4,
		"conversations.open":           tier3,
		"conversations.info":           tier3,
		"conversations.list":           tier2,
		"conversations.history":        tier3,
		"conversations.replies":        tier3,
		"users.info":                   tier4,
		"users.list":                   tier2,
		"usergroups.list":              tier2,
		"usergroups.users.list":        tier2,
		"views.open":                   tier4,
		"views.update":                 tier4,
		"views.publish":                tier4,
		"files.getUploadURLExternal":   tier4,
		"files.completeUploadExternal": tier4,
		"reactions.add":                tier3,
		"team.info":                    tier3,
	}
}

type limiter struct{ *rate.Limiter }

// limit counts a call and answers how long to wait, if it is one too many. The
// lock is held.
func (w *Workspace) limit(name, channel string) time.Duration {
	l, ok := w.opts.Limits[name]
	if !ok || l.PerMinute == 0 {
		return 0
	}
	key := name
	if l.PerChannel {
		key += " " + channel
	}
	lim := w.limiters[key]
	if lim == nil {
		burst := l.Burst
		if burst == 0 {
			burst = l.PerMinute
		}
		lim = &limiter{rate.NewLimiter(rate.Limit(float64(l.PerMinute)/60), burst)}
		w.limiters[key] = lim
	}
	now := w.opts.Clock.Now()
	if lim.AllowN(now, 1) {
		return 0
	}
	missing := 1 - lim.TokensAt(now)
	return max(time.Second, time.Duration(missing/float64(lim.Limit())*float64(time.Second)))
}
