// Package text is the catalogue of everything bcn says, in English and
// Japanese. It is the only place where an error code becomes a sentence.
//
// One YAML file per family and language (locales/en/errors.yaml), and the ids
// of a family as constants in ids_{family}.go. To add a sentence: add the
// constant, and the id to both languages; the tests hold the three together.
//
// Sentences are Go templates. What is between braces is already safe:
//
//	{{.app}}        an argument, escaped
//	{{code .app}}   the same in a fixed-width font
//	{{lines .moved}} an argument of several lines, as a list
//	{{number .id}}   a change's number without its #, for commands of a shell
//	{{bcn}}         the slash command, such as /bcn
//
// An argument that is not given reads as empty, so {{if .suggestion}} works.
package text
