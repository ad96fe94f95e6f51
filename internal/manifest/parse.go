package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"
)

// parser collects the problems of one file.
type parser struct {
	name     string
	lines    int
	root     *node
	schema   *jsonschema.Schema
	problems []Problem
}

// Parse reads a barcelona.yml. name stands in messages. All problems are
// answered at once, in the file's order; the File is nil if any is more than a
// warning. It never panics, whatever the bytes.
func Parse(name string, data []byte) (*File, []Problem) {
	p := &parser{name: name, lines: 1 + bytes.Count(data, []byte("\n"))}
	file := p.parse(data)
	p.problems = sortProblems(p.problems)
	if Failed(p.problems) {
		return nil, p.problems
	}
	return file, p.problems
}

func (p *parser) parse(data []byte) *File {
	start := Position{Line: 1, Column: 1}
	if len(data) > MaxBytes {
		p.report(start, "the file is too large: %d bytes, at most %d", len(data), MaxBytes)
		return nil
	}
	doc := p.decode(data)
	if doc == nil {
		return nil
	}
	e := expander{report: p.report, open: map[*yaml.Node]bool{}}
	p.root = e.expand(doc, 0)
	if e.full {
		return nil
	}
	if p.root.kind != yaml.MappingNode {
		p.report(p.root.at, "the file must be a mapping with the key environments")
		return nil
	}
	schema, err := compiled()
	if err != nil {
		p.report(start, "the schema of barcelona.yml is broken: %v", err)
		return nil
	}
	p.schema = schema
	p.checkTop()
	p.walk(schema, p.root, nil)
	p.checkSchema(schema)
	p.checkRules()
	if Failed(p.problems) {
		return nil
	}
	return p.build()
}

// decode reads the one document of the file.
func (p *parser) decode(data []byte) (doc *yaml.Node) {
	// yaml.v3 has panicked on malformed input before; its faults must not be
	// the bot's.
	defer func() {
		if r := recover(); r != nil {
			p.report(Position{Line: 1, Column: 1}, "this is not YAML that can be read")
			doc = nil
		}
	}()
	d := yaml.NewDecoder(bytes.NewReader(data))
	var first, second yaml.Node
	err := d.Decode(&first)
	switch {
	case errors.Is(err, io.EOF) || err == nil && (first.Kind == 0 || len(first.Content) == 0):
		p.report(Position{Line: 1, Column: 1}, "the file is empty")
		return nil
	case err != nil:
		p.syntax(err)
		return nil
	}
	if err := d.Decode(&second); err == nil {
		p.report(position(&second), "the file holds more than one document")
		return nil
	} else if !errors.Is(err, io.EOF) {
		p.syntax(err)
		return nil
	}
	return first.Content[0]
}

// syntax reports an error of the YAML library, whose line is in its text
// ("yaml: line 3: ...").
func (p *parser) syntax(err error) {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	at := Position{Line: 1, Column: 1}
	if rest, ok := strings.CutPrefix(text, "line "); ok {
		number, sentence, _ := strings.Cut(rest, ": ")
		if n, err := strconv.Atoi(number); err == nil {
			at.Line, text = n, sentence
		}
	}
	p.report(at, "this is not YAML: %s", text)
}

func (p *parser) report(at Position, format string, args ...any) {
	p.add(Problem{Line: at.Line, Column: at.Column, Message: fmt.Sprintf(format, args...)})
}

// add keeps a problem, its place held within the file.
func (p *parser) add(problem Problem) {
	problem.File = p.name
	problem.Line = min(max(problem.Line, 1), p.lines)
	problem.Column = max(problem.Column, 1)
	p.problems = append(p.problems, problem)
}

// at reports a problem of a node.
func (p *parser) at(n *node, path, message, hint string) {
	p.add(Problem{Line: n.at.Line, Column: n.at.Column, Path: path, Message: message, Hint: hint})
}

// atKey reports a problem of a key that should not be there.
func (p *parser) atKey(n *node, path, message, hint string) {
	p.add(Problem{Line: n.keyAt.Line, Column: n.keyAt.Column, Path: path, Message: message, Hint: hint})
}

// warn warns of a key.
func (p *parser) warn(n *node, path, message, hint string) {
	p.add(Problem{Line: n.keyAt.Line, Column: n.keyAt.Column, Path: path, Message: message, Hint: hint, Warning: true})
}

// build decodes a tree without errors into a File.
func (p *parser) build() *File {
	envs := p.root.get("environments")
	for _, name := range envs.keys {
		fillTexts(envs.fields[name])
	}
	filled := envs.plain()
	fillDefaults(p.schema.Properties["environments"], filled)
	encoded, err := json.Marshal(map[string]any{"environments": filled})
	file := &File{Name: p.name, at: envs.keyAt}
	if err == nil {
		err = json.Unmarshal(encoded, file)
	}
	if err != nil {
		p.report(envs.at, "the file cannot be read: %v", err)
		return nil
	}
	for name, h := range file.Environments {
		h.place(envs.fields[name])
		h.fill(envs.fields[name])
	}
	return file
}

// fillTexts makes every value of a variable the text that was written: value:
// 0.10 is 0.10.
func fillTexts(heritage *node) {
	env, vars := heritage.get("environment"), heritage.get("run_env").get("vars")
	var values []*node
	for _, entry := range env.all() {
		values = append(values, entry.get("value"))
	}
	for _, v := range append(values, vars.all()...) {
		if v != nil && v.value != nil {
			v.value = v.text
		}
	}
}
