package manifest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// MaxOverrides is how many characters the overrides of a task may have as JSON
// (ECS API, TaskOverride: 8192, with the characters of the formatting).
const MaxOverrides = 8192

// OverrideSize is how many characters ECS counts at most where a task is started
// with the command and the variables: those beyond ASCII count by their bytes,
// and a size of the task's own is always among them.
func OverrideSize(command []string, env map[string]string) int {
	type pair struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	type container struct {
		Name        string   `json:"name"`
		Command     []string `json:"command,omitempty"`
		Environment []pair   `json:"environment,omitempty"`
	}
	c := container{Name: "schedule", Command: command}
	for _, name := range slices.Sorted(maps.Keys(env)) {
		c.Environment = append(c.Environment, pair{name, env[name]})
	}
	encoded, err := json.Marshal(struct {
		Containers  []container `json:"containerOverrides"`
		CPU, Memory string
	}{[]container{c}, "16384", "122880"})
	if err != nil {
		return MaxOverrides + 1 // text is always written
	}
	return len(encoded)
}

// checkOverrides checks that ECS takes the command and variables that a task is
// started with.
func (p *parser) checkOverrides(n *node, path string, command []string, env map[string]string) {
	if size := OverrideSize(command, env); size > MaxOverrides {
		p.at(n, path, fmt.Sprintf("ECS takes at most %d characters of overrides with a task, as JSON, and these would be %d", MaxOverrides, size),
			"put it into a script of the image")
	}
}

// wordsOf are the words of a command, as text or as a list; none where it is
// not understood.
func wordsOf(command *node) []string {
	words, err := split(command.str())
	if err != nil {
		words = nil
	}
	for _, item := range command.list() {
		words = append(words, item.str())
	}
	return words
}

// checkRunEnv checks that run_env leaves ECS something to take besides.
func (p *parser) checkRunEnv(h *node, path string) {
	vars := h.get("run_env").get("vars")
	if vars == nil {
		return
	}
	env := map[string]string{}
	for _, k := range vars.keys {
		env[k] = vars.fields[k].text
	}
	p.checkOverrides(vars, path+".run_env.vars", nil, env)
}
