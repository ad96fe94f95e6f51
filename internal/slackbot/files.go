package slackbot

import (
	"bytes"
	"context"
	"time"

	"github.com/slack-go/slack"

	"github.com/bcn-bot/bcn/internal/chat"
)

// File is something to be sent as a file.
type File struct {
	Name    string
	Content []byte // not empty
}

// Send puts files into the direct messages with a user, as one message, by
// Slack's three steps: files.getUploadURLExternal, the upload, and
// files.completeUploadExternal. It answers the conversation.
func (a *API) Send(ctx context.Context, user string, comment chat.Markup, files []File) (channel string, err error) {
	if channel, err = a.directs.Get(ctx, user, time.Time{}); err != nil {
		return "", err
	}
	var done []slack.FileSummary
	for _, f := range files {
		var at *slack.GetUploadURLExternalResponse
		err := a.limits.call(ctx, "files.getUploadURLExternal", "", postPatience, func(ctx context.Context) error {
			at, err = a.web.GetUploadURLExternalContext(ctx, slack.GetUploadURLExternalParameters{FileName: f.Name, FileSize: len(f.Content)})
			return err
		})
		if err != nil {
			return "", wrap("files.getUploadURLExternal", err)
		}
		err = a.web.UploadToURL(ctx, slack.UploadToURLParameters{UploadURL: at.UploadURL, Reader: bytes.NewReader(f.Content), Filename: f.Name})
		if err != nil {
			return "", wrap("upload", withoutURL(err))
		}
		done = append(done, slack.FileSummary{ID: at.FileID, Title: f.Name})
	}
	err = a.limits.call(ctx, "files.completeUploadExternal", "", postPatience, func(ctx context.Context) error {
		_, err := a.web.CompleteUploadExternalContext(ctx, slack.CompleteUploadExternalParameters{
			Files: done, Channel: channel, InitialComment: string(comment),
		})
		return err
	})
	return channel, wrap("files.completeUploadExternal", err)
}
