// Package acl judges what Vault's ACL policies allow, as Vault does. Vault has
// no call that answers it for an entity: sys/capabilities asks for a token and
// sys/capabilities-accessor for a token's accessor, and who could make tokens
// for people could be all of them. So bcn reads the policies, which is all that
// its token may do, and judges them here. It is pure.
//
// Sources: Vault's documentation, "Policies" (policy syntax, priority matching),
// and its vault/policy.go and vault/acl.go of 2025.
//
//   - A path is exact, ends in * (a prefix), or has segments that are + (any one
//     segment), with or without a * at its end.
//   - Where several policies name the same path, its capabilities are joined; a
//     deny in one of them is all that is left.
//   - Of the paths that match, one counts: the exact one, else the one whose first
//   - or * comes latest, then one without a *, then the one with fewer +, then
//     the longer, then the one that sorts last. What the others say does not count,
//     so that a narrow path takes away what a wide one gives.
//
// What it cannot judge as surely is an error, and never a yes: paths with
// templates that could be the path asked about, stanzas that give something on
// conditions (parameters, MFA, control groups, wrapping), words it does not
// know, and text that is no policy.
package acl
