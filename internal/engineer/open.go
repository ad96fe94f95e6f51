package engineer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bcn-bot/bcn/internal/access"
	"github.com/bcn-bot/bcn/internal/bcn"
)

// Open opens a grant: it gets what is handed over, by HTTP or by chat, and
// starts the session. Errors: ErrOutside, ErrStopped, *PluginError; others say
// what is wrong with what was asked or pasted.
func Open(ctx context.Context, o Options, id bcn.ID) error {
	o, err := o.filled()
	if err != nil {
		return err
	}
	plugin, err := findPlugin(ctx, o.Plugin)
	if err != nil {
		return err // before the key is bound: a grant may be used once
	}
	o.forget()
	kept, err := o.folderOf(id)
	if err != nil {
		return err
	}
	identity, recipient, err := kept.identity()
	if err != nil {
		return err
	}
	c, err := o.receive(ctx, kept, identity, recipient, id)
	if err != nil {
		return err
	}
	o.tell(c)
	return o.start(ctx, plugin, c)
}

// receive gets what is handed over, and keeps it sealed.
func (o Options) receive(ctx context.Context, kept folder, identity access.Secret, recipient string, id bcn.ID) (access.Credentials, error) {
	fingerprint, err := access.Fingerprint(recipient)
	if err != nil {
		return access.Credentials{}, err
	}
	var c access.Credentials
	var sealed string
	if o.URL != "" {
		c, sealed, err = o.fetch(ctx, identity, recipient, fingerprint, id)
	}
	if o.URL == "" || errors.Is(err, errNoAnswer) {
		o.ask(recipient, fingerprint, id, "")
		o.say("Then paste here what the bot answers, and press Enter. It is not shown.")
		c, sealed, err = o.paste(ctx, identity, id)
	}
	if err != nil {
		return access.Credentials{}, err
	}
	return c, kept.keepSealed(sealed)
}

// ask prints the line for chat, alone on standard output.
func (o Options) ask(recipient, fingerprint string, id bcn.ID, flag string) {
	o.say("Paste this in Slack. The card then shows the key's fingerprint: %s", fingerprint)
	fmt.Fprintf(o.Out, "\n/bcn access open %d %s%s\n\n", id, recipient, flag)
}

// tell says what was opened.
func (o Options) tell(c access.Credentials) {
	t := c.Target
	what := map[access.Kind]string{
		access.OwnTask: "a task of its own", access.LiveTask: "a running task", access.Instance: "an instance", access.Port: "a port",
	}[t.Kind]
	where := fmt.Sprintf("%s, account %s, %s", t.District, t.Account, t.Region)
	switch {
	case t.Tasks():
		where = fmt.Sprintf("container %s of task %s in cluster %s, district %s", t.Container, t.Task, t.Cluster, where)
	case t.Kind == access.Port:
		where = fmt.Sprintf("database %s through %s, district %s", t.Database, t.Node, where)
	default:
		where = fmt.Sprintf("%s, district %s", t.Node, where)
	}
	o.say("Grant %d opens %s: %s.", c.Grant, what, where)
	if c.Command != "" {
		o.say("It runs: %q", c.Command)
	}
	o.say("It ends at %s%s. %s", clock(c.End), left(c.End.Sub(o.Now())), logged(access.Describe(t, c.End).Log))
}

func logged(l access.Log) string {
	switch l {
	case access.LogDocument:
		return "What is typed and shown is logged by AWS."
	case access.LogCluster:
		return "What is typed and shown is logged if the cluster is set up so."
	default:
		return "What goes through it cannot be logged; who opened it and when is."
	}
}

// bye says how things stand once the session is over.
func (o Options) bye(c access.Credentials) {
	if rest := c.End.Sub(o.Now()); rest > 0 {
		o.say("\nThe session is over. Grant %d goes on until %s%s; to end it now: /bcn access end %d", c.Grant, clock(c.End), left(rest), c.Grant)
		return
	}
	o.say("\nAccess by grant %d has ended.", c.Grant)
}

func clock(t time.Time) string { return t.Local().Format("15:04:05 MST") }

func left(d time.Duration) string {
	if d <= 0 {
		return " by this machine's clock it has passed"
	}
	return " (in " + d.Round(time.Second).String() + ")"
}
