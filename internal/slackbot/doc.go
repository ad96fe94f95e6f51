// Package slackbot speaks with Slack. It is the only importer of slack-go.
package slackbot
