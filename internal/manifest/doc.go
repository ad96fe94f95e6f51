// Package manifest reads barcelona.yml.
//
// A file goes through four stages, and every problem of every stage that can
// still run is answered at once, each at the place where it was written:
//
//  1. tree: YAML nodes become a plain tree; aliases and merge keys are
//     expanded under a cap, duplicate keys and cyclic anchors refused. Each
//     value keeps the position of what was written, also behind an alias.
//  2. schema: the tree is checked against barcelona.schema.json, which editors
//     use too. A property marked deprecated there is one that Barcelona's own
//     client accepts and nothing reads: it warns.
//  3. rules: what a schema cannot say, such as two services on one priority.
//  4. decode: a tree without errors is filled up with the schema's defaults,
//     and becomes a File. Written as JSON, a File can be parsed again and is
//     the same.
//
// The package is pure: no clock, no network, no state.
package manifest
