package engineer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/bcn-bot/bcn/internal/access"
	"github.com/bcn-bot/bcn/internal/bcn"
)

// margin is how long kept credentials must still be good for.
const margin = 10 * time.Second

// CredentialProcess writes to Out what AWS's credential_process answers: from
// the sealed answer that Open kept, or by HTTP. It asks nobody anything, since
// an SDK calls it. Errors: access.ErrStream, ErrOutside, and what is missing.
func CredentialProcess(ctx context.Context, o Options, id bcn.ID) error {
	o, err := o.filled()
	if err != nil {
		return err
	}
	kept, err := o.folderOf(id)
	if err != nil {
		return err
	}
	identity, recipient, err := kept.stored()
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("grant %d was not opened on this machine: run `%s access open %d` first", id, o.Self, id)
	}
	if err != nil {
		return err
	}
	c, err := o.current(ctx, kept, identity, recipient, id)
	if err != nil {
		return err
	}
	text, err := access.CredentialProcess(c)
	if err != nil {
		return fmt.Errorf("grant %d: %w", id, err)
	}
	if _, err := o.Out.Write(text); err != nil {
		return outside("write credentials", err)
	}
	return nil
}

// current answers what is still good: kept, or new.
func (o Options) current(ctx context.Context, kept folder, identity access.Secret, recipient string, id bcn.ID) (access.Credentials, error) {
	c, err := kept.opened(identity, id)
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, access.ErrSealed):
		return c, err
	case err == nil && (c.Streams() || o.Now().Add(margin).Before(c.Until())):
		return c, nil
	case err == nil && !o.Now().Before(c.End):
		return c, fmt.Errorf("grant %d ended at %s", id, clock(c.End))
	case o.URL == "":
		return c, fmt.Errorf("grant %d has no credentials here that are still good: run `%s access open %d` again, or set BCN_URL", id, o.Self, id)
	}
	r, err := o.remote(identity, recipient, id)
	if err != nil {
		return c, err
	}
	defer r.client.CloseIdleConnections()
	c, sealed, err := r.pickUp(ctx)
	if err != nil {
		return c, err
	}
	return c, kept.keepSealed(sealed)
}

// opened opens the sealed answer that was kept.
func (f folder) opened(identity access.Secret, id bcn.ID) (access.Credentials, error) {
	sealed, err := f.sealed()
	if err != nil {
		return access.Credentials{}, err
	}
	c, err := access.Open(identity, sealed)
	if err == nil && c.Grant != id {
		return access.Credentials{}, fmt.Errorf("%w: it is grant %d's", access.ErrSealed, c.Grant)
	}
	return c, err
}

// PrintProfile writes the lines for ~/.aws/config with which the AWS CLI and
// SDKs use a grant.
func PrintProfile(o Options, id bcn.ID) error {
	o, err := o.filled()
	if err != nil {
		return err
	}
	fmt.Fprintf(o.Out, "[profile bcn-%d]\ncredential_process = %q access open %d --credential-process\n", id, o.Self, id)
	if kept, err := o.folderOf(id); err == nil {
		if identity, _, err := kept.stored(); err == nil {
			if c, err := kept.opened(identity, id); err == nil {
				fmt.Fprintf(o.Out, "region = %s\n", c.Target.Region)
			}
		}
	}
	return nil
}
