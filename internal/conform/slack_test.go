package conform_test

type desk struct{}

func slackTable() []row[*desk] { return nil }
