package app

import (
	_ "embed"
	"io"
)

//go:embed slack-app.yaml
var slackApp string

// Manifest prints the Slack app manifest.
func Manifest(out io.Writer) error {
	_, err := io.WriteString(out, slackApp)
	return err
}
