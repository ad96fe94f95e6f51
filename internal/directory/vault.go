package directory

import (
	"context"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/config"
	"github.com/bcn-bot/bcn/internal/vault"
)

// Vault reads who somebody is in Vault and what that gives them.
// internal/vault implements it.
type Vault interface {
	// Entity reads an entity by its id or name, now. One that is not there is no
	// error.
	Entity(ctx context.Context, ref string) (vault.Entity, error)
}

// vaultAbreast is how many people are read of Vault at once.
const vaultAbreast = 8

// inVault says whether a Slack user has a team's capability on the path of a
// matter. Who has no entity by bot.yaml has none, and a matter that is not one
// heritage is nobody's.
func (d *Directory) inVault(ctx context.Context, user string, p config.VaultPolicy, of bcn.Matter, notBefore time.Time) (bool, error) {
	ref := d.entities[user]
	path, ok := p.For(of)
	if ref == "" || !ok {
		return false, nil
	}
	if d.o.Vault == nil {
		return false, bcn.E(bcn.CodeCouldNotCheck, "what", "Vault")
	}
	entity, err := d.entity.Get(ctx, ref, notBefore)
	if err != nil {
		return false, couldNotCheck("Vault", err)
	}
	can, err := entity.Can(path, p.Capability)
	if err != nil {
		return false, couldNotCheck("Vault's policies", err)
	}
	return can, nil
}

// ofVault answers the Slack users who are in a team by its policy; where some
// could not be read, the others with could_not_check.
func (d *Directory) ofVault(ctx context.Context, p config.VaultPolicy, of bcn.Matter, notBefore time.Time) ([]string, error) {
	users := make([]string, 0, len(d.entities))
	for user := range d.entities {
		users = append(users, user)
	}
	in := make([]bool, len(users))
	var g errgroup.Group
	g.SetLimit(vaultAbreast)
	for i, user := range users {
		g.Go(func() (err error) {
			in[i], err = d.inVault(ctx, user, p, of, notBefore)
			return err
		})
	}
	err := g.Wait()
	var out []string
	for i, user := range users {
		if in[i] {
			out = append(out, user)
		}
	}
	slices.Sort(out)
	return out, err
}

// entitiesOf are the entities of people, by Slack user id.
func entitiesOf(people []config.Person) map[string]string {
	out := map[string]string{}
	for _, p := range people {
		if p.Slack != "" && p.Vault != "" {
			out[p.Slack] = strings.ToLower(p.Vault)
		}
	}
	return out
}
