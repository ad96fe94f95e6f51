package approval

import "github.com/bcn-bot/bcn/internal/bcn"

// cast is a recorded decision as the ballot it was.
func cast(d bcn.Decision) Ballot {
	return Ballot{Person: d.Person, For: d.For, Verdict: d.Verdict, Teams: d.Teams, Accounts: d.Accounts}
}

// requesters says whether a ballot is the requester's, whether by the account
// that asked, by another of theirs, or by somebody who stands for them.
func requesters(r bcn.Request, b Ballot) bool {
	return b.Person == r.Requester || b.For == r.Requester || overlap(r.Accounts, b.Accounts)
}
