// Package vault asks HashiCorp Vault who may do what. It is the only importer
// of Vault's client.
//
// Vault answers what a token may do, and not what an entity may: so an Entity is
// read as Vault itself would put it together for a token of theirs, by the
// entity's policies and those of its groups, inherited ones too, and acl judges
// them. Policies that an auth method puts on a token, and the policy default,
// belong to tokens and do not count. bcn's own token only reads: with what it
// may do nobody can become a person.
//
// The token is VAULT_TOKEN, or that of a login by AppRole or Kubernetes. Run
// renews it while Vault extends it, and logs in again when it ends. A token that
// Vault no longer knows is replaced at the first refusal, where there is a login.
package vault
