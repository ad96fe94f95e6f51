// Package ruletest asks the rules of a bot.yaml without anything running: it
// runs a file of cases, and says which rule matches and why those before it do
// not. Who is in which team is what the file says; nobody is asked.
package ruletest
