package schema

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"sync"
)

//go:embed types.json
var typesJSON []byte

// kind is the type of a value, as tools/schema/generate.js abbreviates it.
type kind string

const (
	kindString  kind = "s"
	kindInteger kind = "i"
	kindNumber  kind = "n"
	kindBoolean kind = "b"
	kindJSON    kind = "j"
	kindTime    kind = "d"
	kindTag     kind = "t"
	kindArray   kind = "a"
	kindMap     kind = "m"
	kindShape   kind = "r"
	kindUnion   kind = "u"
)

// valueType is what a value must look like.
type valueType struct {
	Kind kind        `json:"k"`
	Of   *valueType  `json:"of"`   // of arrays and maps
	Ref  string      `json:"ref"`  // of shapes
	Any  []valueType `json:"any"`  // of unions
	Enum []string    `json:"enum"` // of scalars
}

type property struct {
	valueType
	Required bool   `json:"req"`
	Replaces string `json:"repl"` // yes, maybe or empty
}

type shape struct {
	Name  string              `json:"name"`
	Props map[string]property `json:"props"`
}

type resource struct {
	Tags  string              `json:"tags"` // the property that holds tags
	Attrs []string            `json:"attrs"`
	Props map[string]property `json:"props"`
}

type spec struct {
	Source string              `json:"source"`
	Types  map[string]resource `json:"types"`
	Shapes map[string]shape    `json:"shapes"`
}

// load parses the embedded schemas once; the result is never written to.
var load = sync.OnceValue(func() *spec {
	var s spec
	if err := json.Unmarshal(typesJSON, &s); err != nil {
		panic(fmt.Sprintf("embedded schemas: %v", err)) // a test would have found it
	}
	return &s
})

// Known reports whether there is a schema of the resource type.
func Known(resourceType string) bool {
	_, ok := load().Types[resourceType]
	return ok
}

// Attributes are the names that Fn::GetAtt takes on the resource type.
func Attributes(resourceType string) []string {
	return load().Types[resourceType].Attrs
}

// TagsProperty is the property of the type that holds its tags, empty where
// the type cannot be tagged.
func TagsProperty(resourceType string) string {
	return load().Types[resourceType].Tags
}

// Recreation tells what a change of a property means, in the words of a change
// set's RequiresRecreation.
type Recreation string

// The three answers of RequiresRecreation.
const (
	Never         Recreation = "Never"
	Conditionally Recreation = "Conditionally"
	Always        Recreation = "Always"
)

// Requires answers what a change of a top-level property asks for.
func Requires(resourceType, propertyName string) Recreation {
	switch load().Types[resourceType].Props[propertyName].Replaces {
	case "yes":
		return Always
	case "maybe":
		return Conditionally
	default:
		return Never
	}
}

// Replaces reports whether a change of a top-level property always replaces
// the resource.
func Replaces(resourceType, propertyName string) bool {
	return Requires(resourceType, propertyName) == Always
}
