package text

// What is said of scheduled runs and commands that were put aside.
const (
	ReplyParkedTick       ID = "reply.parked_tick"
	ReplyReplayingCommand ID = "reply.replaying_command"
	AnnounceTickParked    ID = "announce.tick_parked"
)
