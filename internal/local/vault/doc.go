// Package vault is a local Vault: the calls that bcn makes, over HTTP. Like the
// real one it refuses a token that it does not know, that has ended, or whose
// policies do not give the path (403), everything while it is sealed (503),
// entities, groups and policies that are not there (404), policies that are none
// (400), logins with a wrong secret id (400) or service account (403), and to
// renew what is not renewable (400) or beyond its longest time. It has the root
// namespace, and what bcn does not call is refused by name.
//
//	GET  /v1/identity/entity/{id,name}/X, /v1/identity/group/id/X
//	GET  /v1/sys/policies/acl/X
//	GET  /v1/auth/token/lookup-self, PUT /v1/auth/token/renew-self
//	PUT  /v1/auth/approle/login, /v1/auth/kubernetes/login
package vault
