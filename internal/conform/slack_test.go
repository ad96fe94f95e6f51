package conform_test

import (
	"slices"
	"testing"
)

// slackTable is the table of Slack.
func slackTable() []row[*desk] {
	return slices.Concat(tokenRows(), messageRows(), blockRows(), peopleRows(), socketRows(), commandRows(), clickRows())
}

// One person can do one thing at a time: the real workspace's rows take turns.
func TestSlack(t *testing.T) {
	t.Parallel()
	run(t, slackTable(), openSlack, *target != "slack")
}
