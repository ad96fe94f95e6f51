package app

import (
	"context"
	"fmt"
	"io"

	localaws "github.com/bcn-bot/bcn/internal/local/aws"
	localgithub "github.com/bcn-bot/bcn/internal/local/github"
	localslack "github.com/bcn-bot/bcn/internal/local/slack"
	localvault "github.com/bcn-bot/bcn/internal/local/vault"
)

// LocalSlack runs the local workspace until ctx ends.
func LocalSlack(ctx context.Context, addr string, out io.Writer) error {
	w, err := localslack.New(localslack.Options{})
	if err != nil {
		return Outside(err)
	}
	if err := w.Start(ctx, addr); err != nil {
		return Outside(err)
	}
	fmt.Fprintf(out, "%s\nSLACK_BOT_TOKEN=%s\nSLACK_APP_TOKEN=%s\n", w.URL(), w.BotToken(), w.AppToken())
	<-ctx.Done()
	return Outside(w.Close())
}

// LocalGitHub runs the local GitHub until ctx ends.
func LocalGitHub(ctx context.Context, addr string, out io.Writer) error {
	g := localgithub.New(localgithub.Options{})
	if err := g.Start(addr); err != nil {
		return Outside(err)
	}
	fmt.Fprintf(out, "%s\nGITHUB_TOKEN=%s\n", g.URL(), g.Token())
	<-ctx.Done()
	return Outside(g.Close())
}

// LocalVault runs the local Vault, with its sample, until ctx ends.
func LocalVault(ctx context.Context, addr string, out io.Writer) error {
	v := localvault.New(localvault.Options{})
	if err := v.Sample(); err != nil {
		return Outside(err)
	}
	if err := v.Start(addr); err != nil {
		return Outside(err)
	}
	fmt.Fprintf(out, "%s\nVAULT_ROLE_ID=%s\nVAULT_SECRET_ID=%s\n", v.URL(), localvault.SampleRole, v.SampleSecret())
	<-ctx.Done()
	return Outside(v.Close())
}

// LocalAWS runs the local AWS until ctx ends. With sample it prints the chat
// commands that register the sample app, each alone on its line.
func LocalAWS(ctx context.Context, addr string, sample bool, out io.Writer) error {
	a, err := localaws.New(localaws.Options{Sample: sample})
	if err != nil {
		return Outside(err)
	}
	if err := a.Start(ctx, addr); err != nil {
		return Outside(err)
	}
	fmt.Fprintln(out, a.URL())
	for _, c := range a.SampleCommands() {
		fmt.Fprintln(out, c)
	}
	<-ctx.Done()
	return Outside(a.Close())
}
