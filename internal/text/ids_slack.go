package text

// What the Slack side says by itself (internal/slackbot).
const (
	SlackNotStored ID = "slack.not_stored" // the command could not be stored
	SlackNotRun    ID = "slack.not_run"    // stored, but Slack was not told in time
	SlackForeign   ID = "slack.foreign"    // from another workspace or app
	SlackRest      ID = "slack.rest"       // what does not fit follows in the thread
	SlackCut       ID = "slack.cut"        // what does not fit is not shown
)
