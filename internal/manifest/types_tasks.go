package manifest

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/kballard/go-shellquote"
)

// BeforeDeploy is a command that must succeed before the services change.
type BeforeDeploy struct {
	Command string        `json:"command"` // its words are run, without a shell; see Words
	CPU     int           `json:"cpu"`     // units; 0: not given
	Memory  int           `json:"memory"`  // MiB
	Timeout time.Duration `json:"timeout"`

	At Position `json:"-"`
}

// Words splits the command as a shell does, without running one.
func (b BeforeDeploy) Words() ([]string, error) { return split(b.Command) }

// UnmarshalJSON reads a command alone, or a mapping with its settings.
func (b *BeforeDeploy) UnmarshalJSON(data []byte) error {
	*b = BeforeDeploy{Memory: DefaultMemory, Timeout: DefaultDeployTimeout}
	if len(data) > 0 && data[0] == '"' {
		return json.Unmarshal(data, &b.Command)
	}
	var m struct {
		Command string `json:"command"`
		CPU     int    `json:"cpu"`
		Memory  int    `json:"memory"`
		Timeout any    `json:"timeout"`
	}
	if err := json.Unmarshal(data, &m); err != nil {
		return fmt.Errorf("read before_deploy: %w", err)
	}
	b.Command, b.CPU = m.Command, m.CPU
	if m.Memory != 0 {
		b.Memory = m.Memory
	}
	if m.Timeout == nil {
		return nil
	}
	var err error
	b.Timeout, err = duration(m.Timeout)
	return err
}

// MarshalJSON writes the mapping, with the timeout as people write it.
func (b BeforeDeploy) MarshalJSON() ([]byte, error) {
	m := map[string]any{"command": b.Command, "memory": b.Memory, "timeout": b.Timeout.String()}
	if b.CPU != 0 {
		m["cpu"] = b.CPU
	}
	return json.Marshal(m)
}

// duration reads 30m or a number of seconds.
func duration(v any) (time.Duration, error) {
	switch v := v.(type) {
	case string:
		d, err := time.ParseDuration(v)
		if err != nil {
			return 0, fmt.Errorf("read a duration: %w", err)
		}
		return d, nil
	case float64:
		return time.Duration(v * float64(time.Second)), nil
	}
	return 0, fmt.Errorf("%T is no duration", v)
}

// ScheduledTask is a command that runs at times, in the app's own image.
type ScheduledTask struct {
	Name     string `json:"name"` // where none is written, made of the command
	Schedule string `json:"schedule"`
	Timezone string `json:"timezone"` // IANA's name
	Command  Words  `json:"command"`
	CPU      int    `json:"cpu"`    // units
	Memory   int    `json:"memory"` // MiB
	Enabled  bool   `json:"enabled"`

	At Position `json:"-"`
}

// Words is a command as its words, written as a list or as text that is split
// as a shell splits it: quotes hold words together, nothing is expanded.
type Words []string

// UnmarshalJSON reads either form.
func (w *Words) UnmarshalJSON(data []byte) error {
	if len(data) == 0 || data[0] != '"' {
		return json.Unmarshal(data, (*[]string)(w))
	}
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return fmt.Errorf("read a command: %w", err)
	}
	words, err := split(text)
	*w = words
	return err
}

func split(text string) ([]string, error) {
	words, err := shellquote.Split(text)
	if err != nil {
		return nil, fmt.Errorf("read a command: %w", err)
	}
	return words, nil
}

// Vars are variables with plain values, written below the key vars.
type Vars map[string]string

// UnmarshalJSON reads {"vars": {...}}.
func (v *Vars) UnmarshalJSON(data []byte) error {
	var m struct {
		Vars map[string]string `json:"vars"`
	}
	if err := json.Unmarshal(data, &m); err != nil {
		return fmt.Errorf("read run_env: %w", err)
	}
	*v = m.Vars
	return nil
}

// MarshalJSON writes {"vars": {...}}.
func (v Vars) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]any{"vars": map[string]string(v)})
}
