package slack

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// blockkitSchema is made by tools/blockkit from Slack's published types.
//
//go:embed blockkit.schema.json.gz
var blockkitSchema []byte

// blockSchema checks blocks by their type.
type blockSchema struct {
	byType map[string]*jsonschema.Schema
}

// newBlockSchema compiles one schema per type of block, so that an error names
// the field and not all twenty types it might have been.
func newBlockSchema() (*blockSchema, error) {
	zr, err := gzip.NewReader(bytes.NewReader(blockkitSchema))
	if err != nil {
		return nil, fmt.Errorf("opening the schema of Block Kit: %w", err)
	}
	doc, err := jsonschema.UnmarshalJSON(zr)
	if err != nil {
		return nil, fmt.Errorf("reading the schema of Block Kit: %w", err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("blockkit.json", doc); err != nil {
		return nil, fmt.Errorf("adding the schema of Block Kit: %w", err)
	}
	root, _ := doc.(map[string]any)
	definitions, _ := root["definitions"].(map[string]any)
	known, _ := definitions["KnownBlock"].(map[string]any)
	alternatives, _ := known["anyOf"].([]any)
	if len(alternatives) == 0 {
		return nil, errors.New("the schema of Block Kit knows no block")
	}
	out := &blockSchema{byType: map[string]*jsonschema.Schema{}}
	for _, a := range alternatives {
		alternative, _ := a.(map[string]any)
		ref := str(alternative, "$ref")
		def, _ := definitions[strings.TrimPrefix(ref, "#/definitions/")].(map[string]any)
		name := typeOf(def)
		if out.byType[name], err = compiler.Compile("blockkit.json" + ref); err != nil {
			return nil, fmt.Errorf("compiling the schema of %s: %w", name, err)
		}
	}
	return out, nil
}

// typeOf is the block type that a definition is for; alternatives (an image by
// address or by file) share theirs.
func typeOf(def map[string]any) string {
	if either, ok := def["anyOf"].([]any); ok {
		def, _ = either[0].(map[string]any)
	}
	properties, _ := def["properties"].(map[string]any)
	kind, _ := properties["type"].(map[string]any)
	return str(kind, "const")
}

// maxMessageBlocks and maxViewBlocks: docs.slack.dev/reference/block-kit/blocks.
const (
	maxMessageBlocks = 50
	maxViewBlocks    = 100
)

// checkBlocks refuses what Slack refuses, naming each fault with its place, and
// answers the blocks with the ids that Slack would have added. The lock is held.
func (w *Workspace) checkBlocks(raw json.RawMessage, limit int) (json.RawMessage, *apiError) {
	var blocks []any
	if err := json.Unmarshal(raw, &blocks); err != nil {
		return nil, fail("invalid_blocks_format")
	}
	if len(blocks) > limit {
		return nil, fail("invalid_blocks", fmt.Sprintf("[ERROR] no more than %d items allowed [json-pointer:/blocks]", limit))
	}
	var faults []string
	for i, b := range blocks {
		faults = append(faults, w.schema.check(b, fmt.Sprintf("/blocks/%d", i))...)
	}
	faults = append(faults, checkLengths(blocks)...)
	if len(faults) > 0 {
		return nil, fail("invalid_blocks", faults...)
	}
	w.fillIDs(blocks)
	out, err := json.Marshal(blocks)
	if err != nil {
		return nil, fail("invalid_blocks_format")
	}
	return out, nil
}

func (s *blockSchema) check(block any, at string) []string {
	b, ok := block.(map[string]any)
	if !ok {
		return []string{"[ERROR] must be an object [json-pointer:" + at + "]"}
	}
	schema, ok := s.byType[str(b, "type")]
	if !ok {
		return []string{fmt.Sprintf("[ERROR] unsupported type: %s [json-pointer:%s/type]", str(b, "type"), at)}
	}
	err := schema.Validate(block)
	if err == nil {
		return nil
	}
	invalid, ok := errors.AsType[*jsonschema.ValidationError](err)
	if !ok {
		return []string{"[ERROR] " + err.Error()}
	}
	var faults []string
	for _, leaf := range invalid.BasicOutput().Errors {
		if leaf.Error == nil {
			continue
		}
		faults = append(faults, fmt.Sprintf("[ERROR] %s [json-pointer:%s%s]", leaf.Error.String(), at, leaf.InstanceLocation))
	}
	return faults
}

// fillIDs gives blocks and elements the ids that they lack. The lock is held.
func (w *Workspace) fillIDs(blocks []any) {
	for _, b := range blocks {
		block, ok := b.(map[string]any)
		if !ok {
			continue // check refuses it
		}
		if str(block, "block_id") == "" {
			block["block_id"] = secret()[:5]
		}
		elements, _ := block["elements"].([]any)
		if e, ok := block["accessory"]; ok {
			elements = append(elements[:len(elements):len(elements)], e)
		}
		for _, e := range elements {
			m, ok := e.(map[string]any)
			if ok && interactive(str(m, "type")) && str(m, "action_id") == "" {
				m["action_id"] = secret()[:5]
			}
		}
	}
}

func interactive(kind string) bool {
	switch kind {
	case "button", "overflow", "datepicker", "timepicker", "radio_buttons", "checkboxes", "workflow_button":
		return true
	}
	return strings.Contains(kind, "select")
}
