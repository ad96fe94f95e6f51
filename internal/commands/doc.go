// Package commands is the grammar of what people type: it normalises Slack's
// text, finds the verb in one literal table (registry.go), parses the rest
// into that verb's struct, and answers.
//
// Two ways in. Immediate is pure: it answers help and mistakes within the
// acknowledgement. Run does the rest: it checks the rule,
// calls the ports (ports.go) and gives the answer for the person alone; where
// a card in the channel speaks, it says nothing.
//
// To add a verb: a grammar struct and a handler in a file of its family, one
// line in the table, its sentences in internal/text/locales.
package commands
