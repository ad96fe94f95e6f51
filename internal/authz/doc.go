// Package authz answers who may do what where, and who must approve. It reads
// the rules of bot.yaml in order, and asks for people and teams at the moment
// of use: only the groups of the rules that could match are read, and a group
// that cannot be read is a refusal.
package authz
