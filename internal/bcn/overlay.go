package bcn

import (
	"maps"
	"slices"
)

// Overlay is what chat changed on top of barcelona.yml. It is part of each
// plan and release, and goes on into the next one. Its methods answer a new
// Overlay and leave the old one as it is.
type Overlay struct {
	Env      map[string]string `json:"env,omitempty"`      // set by env set; wins over the file, a finding says so
	Counts   map[string]int    `json:"counts,omitempty"`   // tasks of a service, by scale
	Restarts map[string]string `json:"restarts,omitempty"` // nonce by service, "" of all: ECS starts a new deployment when it changes
}

// Empty says that chat changed nothing.
func (o Overlay) Empty() bool { return len(o.Env)+len(o.Counts)+len(o.Restarts) == 0 }

// Equal says that both change the same.
func (o Overlay) Equal(other Overlay) bool {
	return maps.Equal(o.Env, other.Env) && maps.Equal(o.Counts, other.Counts) && maps.Equal(o.Restarts, other.Restarts)
}

// Nonce is what makes ECS start a service's tasks anew when it changes; ""
// where it was never restarted.
func (o Overlay) Nonce(service string) string {
	if nonce, ok := o.Restarts[service]; ok {
		return nonce
	}
	return o.Restarts[""]
}

// SetEnv adds and replaces environment variables.
func (o Overlay) SetEnv(values map[string]string) Overlay {
	o.Env = with(o.Env, values)
	return o
}

// UnsetEnv takes environment variables away: the file's own come back.
func (o Overlay) UnsetEnv(names []string) Overlay {
	o.Env = only(o.Env, func(name string) bool { return !slices.Contains(names, name) })
	return o
}

// Scale sets how many tasks of the service run.
func (o Overlay) Scale(service string, count int) Overlay {
	o.Counts = with(o.Counts, map[string]int{service: count})
	return o
}

// Unscale leaves a service's count to the file again.
func (o Overlay) Unscale(service string) Overlay {
	o.Counts = only(o.Counts, func(name string) bool { return name != service })
	return o
}

// Restart makes the tasks of a service start anew, or of all where it is "".
// The nonce has to be one that was never used.
func (o Overlay) Restart(service, nonce string) Overlay {
	if service == "" { // those of single services are older
		o.Restarts = nil
	}
	o.Restarts = with(o.Restarts, map[string]string{service: nonce})
	return o
}

// WithoutRestarts leaves what differs beyond when tasks were started.
func (o Overlay) WithoutRestarts() Overlay {
	o.Restarts = nil
	return o
}

// For keeps what is about these services and about none: what the file no
// longer has is forgotten with it.
func (o Overlay) For(services []string) Overlay {
	o.Counts = only(o.Counts, func(name string) bool { return slices.Contains(services, name) })
	o.Restarts = only(o.Restarts, func(name string) bool { return name == "" || slices.Contains(services, name) })
	return o
}

func with[V any](m, more map[string]V) map[string]V {
	out := map[string]V{}
	maps.Copy(out, m)
	maps.Copy(out, more)
	return out
}

func only[V any](m map[string]V, keep func(string) bool) map[string]V {
	out := maps.Clone(m)
	maps.DeleteFunc(out, func(name string, _ V) bool { return !keep(name) })
	if len(out) == 0 {
		return nil
	}
	return out
}
