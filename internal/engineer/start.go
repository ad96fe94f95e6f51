package engineer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/access"
	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/bcn"
)

const (
	// shell is what ECS Exec runs where the grant names no command; every image
	// with a shell has it.
	shell = "/bin/sh"
	// retry is how often a task that is not ready is tried again.
	retry = 3 * time.Second
)

// start opens the session and enters it.
func (o Options) start(ctx context.Context, plugin string, c access.Credentials) error {
	stream := c.Stream
	var keys []string
	if c.Streams() {
		if err := o.trusted(stream.URL); err != nil {
			return err
		}
	} else {
		var err error
		if stream, err = o.open(ctx, c); err != nil {
			return err
		}
		keys = []string{
			"AWS_ACCESS_KEY_ID=" + c.AccessKeyID.Reveal(), "AWS_SECRET_ACCESS_KEY=" + c.SecretAccessKey.Reveal(),
			"AWS_SESSION_TOKEN=" + c.SessionToken.Reveal(),
		}
	}
	response, err := json.Marshal(map[string]string{"SessionId": stream.SessionID, "StreamUrl": stream.URL, "TokenValue": stream.Token.Reveal()})
	if err != nil {
		return errors.New("write the session for the plugin") // the cause could quote it
	}
	target, err := json.Marshal(map[string]string{"Target": stream.Target})
	if err != nil {
		return fmt.Errorf("write the target for the plugin: %w", err)
	}
	if c.Target.Kind == access.Port {
		o.say("The line with \"Port\" tells the local port. Ctrl-C closes it.")
	}
	err = o.enter(run{
		plugin: plugin, response: string(response), target: string(target), region: c.Target.Region,
		endpoint: o.sessionManager(c.Target.Region), keys: keys, end: c.End,
	})
	o.bye(c)
	return err
}

// open opens the session with the grant's credentials.
func (o Options) open(ctx context.Context, c access.Credentials) (access.Stream, error) {
	t := c.Target
	aws := awsx.NewEngineer(awsx.Handed{
		AccessKeyID: c.AccessKeyID.Reveal(), SecretAccessKey: c.SecretAccessKey.Reveal(), SessionToken: c.SessionToken.Reveal(),
		Region: t.Region, Endpoint: o.endpoint(),
	})
	if !t.Tasks() {
		ch, err := aws.StartSession(ctx, t.Node, t.Document(), fmt.Sprintf("grant %d", c.Grant))
		if err != nil {
			return access.Stream{}, outside("open a session on "+t.Node, err)
		}
		return streamOf(ch, t.Node), nil
	}
	ch, err := o.enterTask(ctx, aws, c)
	if err != nil {
		return access.Stream{}, outside("open a session in the task", err)
	}
	return streamOf(ch, "ecs:"+t.Cluster+"_"+t.Task+"_"+c.Runtime), nil
}

func streamOf(ch awsx.Channel, target string) access.Stream {
	return access.Stream{SessionID: ch.SessionID, Target: target, URL: ch.URL, Token: access.NewSecret(ch.Token)}
}

// enterTask tries until the task takes sessions: its agent starts some seconds
// after its containers. The grant's end is the last time.
func (o Options) enterTask(ctx context.Context, aws awsx.Engineer, c access.Credentials) (awsx.Channel, error) {
	t, command := c.Target, c.Command
	if command == "" {
		command = shell
	}
	for begun := o.Now(); ; {
		ch, err := aws.Enter(ctx, t.Cluster, t.Task, t.Container, command)
		if !errors.Is(err, awsx.ErrNotYet) || !o.Now().Add(retry).Before(c.End) {
			return ch, err
		}
		o.say("The task does not take sessions yet (%s): trying again. Ctrl-C stops.", o.Now().Sub(begun).Round(time.Second))
		if err := o.Wait(ctx, retry); err != nil {
			return ch, err
		}
	}
}

// sessionManager is the address with which the plugin resumes sessions.
func (o Options) sessionManager(region string) string {
	if at := o.endpoint(); at != "" {
		return at
	}
	return "https://ssm." + region + "." + bcn.Domain(region)
}

// trusted refuses a session that is not AWS's: who saw the key's recipient could
// have sealed one of their own, to read along. Where AWS_ENDPOINT_URL names
// another AWS, its host may be any.
func (o Options) trusted(stream string) error {
	u, err := url.Parse(stream)
	if err != nil {
		return errors.New("the session's address cannot be read")
	}
	host := u.Hostname()
	aws := strings.HasSuffix(host, ".amazonaws.com") || strings.HasSuffix(host, ".amazonaws.com.cn") || strings.HasSuffix(host, ".api.aws")
	if o.endpoint() == "" && (u.Scheme != "wss" || !aws) {
		return fmt.Errorf("the session is at %q, which is not AWS's: it is not opened", host)
	}
	return nil
}
