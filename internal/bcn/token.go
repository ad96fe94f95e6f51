package bcn

import "time"

// Token lets a machine ask for deploys of one heritage, as the person who
// issued it. Its secret is stored nowhere.
type Token struct {
	ID        ID
	App, Env  string
	Heritage  string
	By        Actor // who issued it, and as whom it acts
	IssuedAt  time.Time
	ExpiresAt time.Time
	RevokedAt *time.Time
	UsedAt    *time.Time // last
}

// ViaToken is Actor.Via of what a token asked for.
func ViaToken(id ID) string { return "token " + id.String() }
