// Package config turns bot.yaml and the environment into validated values.
//
// Everything that is wrong is reported at once, each problem with the place
// where it is written. Nothing that is unknown is passed over: a key that bcn
// does not know is a mistake, most often a typing mistake in a rule that
// somebody believes to be in force.
//
// The format is fixed in DESIGN.md, section 8; the environment in section 7.
package config
