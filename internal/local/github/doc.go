// Package github is a local GitHub: as much of the REST API as bcn reads, over
// HTTP, with tokens and apps checked, rate limits counted, entity tags
// answered, and faults on demand. What bcn does not call is refused by name.
//
// Routes, each as docs.github.com/rest describes it (2022-11-28):
//
//	GET  /orgs/{org}/teams/{slug}
//	GET  /orgs/{org}/teams/{slug}/members
//	GET  /orgs/{org}/teams/{slug}/memberships/{user}
//	GET  /repos/{owner}/{repo}
//	GET  /repos/{owner}/{repo}/commits/{ref}
//	GET  /repos/{owner}/{repo}/contents/{path}
//	GET  /orgs/{org}/installation, /users/{user}/installation   (as the app)
//	POST /app/installations/{id}/access_tokens                  (as the app)
//	GET  /user, /user/{id}
//	GET  /rate_limit
package github
