// Package oncall answers who is on call now: the members of a Slack user group,
// or the first level of a PagerDuty schedule. What does not answer is
// could_not_check, never "yes".
package oncall
