package bcn

// Overlay is what chat changed on top of the file. It is part of each plan and
// release, and goes on with the next deploy.
type Overlay struct {
	// Env holds what `env set` set, by name; it wins over the file.
	Env map[string]string `json:"env,omitempty"`
	// Counts holds the tasks that `scale` asked for, by service.
	Counts map[string]int `json:"counts,omitempty"`
	// Restarts holds a nonce by service, "" for all: a new one starts new
	// tasks of the same image (ECS API, ForceNewDeployment).
	Restarts map[string]string `json:"restarts,omitempty"`
}

// Empty says that nothing was changed.
func (o Overlay) Empty() bool { return len(o.Env)+len(o.Counts)+len(o.Restarts) == 0 }
