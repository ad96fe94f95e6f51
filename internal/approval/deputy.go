package approval

import (
	"slices"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// Standing is an absent person for whom somebody may decide, and in which of
// the request's teams that person is now.
type Standing struct {
	Absent   string
	Teams    []string
	Accounts []string // that are known of the absent person
}

// Choose answers the ballot by which a person counts most: their own where it
// helps to complete the quorum, else that of an absent person. Where none helps
// it is their own, and Decide says why it does not count. Whoever must not
// decide because of a team of theirs does not do so in another's place.
func Choose(r bcn.Request, own Ballot, stand []Standing) Ballot {
	if Helps(r, own) {
		return own
	}
	for _, s := range stand {
		b := Ballot{
			Person: own.Person, For: s.Absent, Verdict: own.Verdict, Teams: Lent(r, own.Teams, s.Teams),
			Accounts: slices.Concat(own.Accounts, s.Accounts),
		}
		if s.Absent != own.Person && Helps(r, b) {
			return b
		}
	}
	return own
}

// Helps says whether a ballot would count, and an approval fill a place.
func Helps(r bcn.Request, b Ballot) bool {
	if requesters(r, b) || !eligible(r.Needs, b.Teams) || inside(r, b.Teams) {
		return false
	}
	if _, before := decidedBefore(r, b); before {
		return false
	}
	before := Approvals(r)
	return b.Verdict == bcn.Reject || places(Remaining(r, append(slices.Clone(before), b))) < places(Remaining(r, before))
}

// Lent are the teams that count for a deputy: those of the absent person, and
// of the deputy's own those that keep people from deciding.
func Lent(r bcn.Request, own, absent []string) []string {
	barring := slices.DeleteFunc(slices.Clone(own), func(t string) bool { return !slices.Contains(r.Outside, t) })
	return slices.Concat(absent, barring)
}

func places(needs []bcn.Need) int {
	n := 0
	for _, need := range needs {
		n += need.Count
	}
	return n
}

// decidedBefore answers what the person, or the one they stand for, has decided
// already: both are one voice. A rejection comes before an approval until
// everybody has approved, except a deputy's against the absent person's own
// word. What a deputy decided who was removed since binds nobody.
func decidedBefore(r bcn.Request, b Ballot) (bcn.Decision, bool) {
	i := slices.IndexFunc(r.Decisions, func(d bcn.Decision) bool {
		against := b.For != "" && d.For == "" && d.Person != b.Person
		return !d.Void && sameVoice(cast(d), b) && (b.Verdict != bcn.Reject || against)
	})
	if i < 0 {
		return bcn.Decision{}, false
	}
	return r.Decisions[i], true
}

// answered refuses a second answer, and says whose the first one was where it
// came from another account.
func answered(r bcn.Request, d bcn.Decision, b Ballot) error {
	if d.Person == b.Person {
		return bcn.E(bcn.CodeDecidedBefore, "id", r.ID.String())
	}
	return bcn.E(bcn.CodeDecidedBefore, "id", r.ID.String(), "by", d.Person)
}

// sameVoice says whether two ballots are of one person, or of a person and
// whoever stands for them. What they share is one of their accounts: it need
// not be the one that they came from.
func sameVoice(a, b Ballot) bool {
	speaks := func(x Ballot, who string) bool { return who != "" && (x.Person == who || x.For == who) }
	return speaks(a, b.Person) || speaks(a, b.For) || overlap(a.Accounts, b.Accounts)
}

func repeated(before []Ballot, b Ballot) bool {
	return slices.ContainsFunc(before, func(x Ballot) bool { return sameVoice(x, b) })
}
