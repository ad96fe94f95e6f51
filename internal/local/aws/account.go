package aws

import (
	"crypto/rand"
	"sync"
	"time"

	"github.com/bcn-bot/bcn/internal/local/aws/policy"
	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// Account is the one account of the local AWS: what is stored in it, and who
// may do what. Its methods are safe for concurrent use.
type Account struct {
	ID     string // twelve digits
	Region string // where the sample lives; other regions start empty

	clock     wire.Clock
	roleDelay time.Duration

	mu       sync.Mutex
	sessions map[string]*session // by access key
	roles    map[string]*role    // by name
	policies map[string]*managed // by ARN
	profiles map[string]*profile // of machines, by name
	regions  map[string]*region
	buckets  map[string]*bucket

	// occupied says whether tasks or load balancers are in a subnet or have a
	// security group; set once, before anything is made.
	occupied func(id string) bool
}

// region holds what belongs to one region.
type region struct {
	parameters map[string]*parameter // by name
	secrets    map[string]*secret    // by name
	keys       map[string]*kmsKey    // by id
	aliases    map[string]string     // of keys: alias/NAME to id
	vpcs       map[string]*vpc
	subnets    map[string]*subnet
	groups     map[string]*group
	things     map[string]*thing // of networks, by physical id
}

// session is one set of credentials that AssumeRole issued.
type session struct {
	secret, token string
	expires       time.Time
	issued        time.Time
	role          string // name
	roleID        string // a role made again under the same name has another
	name          string
	identity      string // SourceIdentity
	tags          map[string]string
	policies      []*policy.Document // inline and managed session policies; any of them allows
}

func newAccount(id, home string, clock wire.Clock, roleDelay time.Duration) *Account {
	return &Account{
		ID: id, Region: home, clock: clock, roleDelay: roleDelay,
		sessions: map[string]*session{}, roles: map[string]*role{}, policies: map[string]*managed{}, profiles: map[string]*profile{},
		regions: map[string]*region{}, buckets: map[string]*bucket{},
	}
}

// in answers a region's store; the caller holds mu.
func (a *Account) in(name string) *region {
	r, ok := a.regions[name]
	if !ok {
		r = &region{
			parameters: map[string]*parameter{}, secrets: map[string]*secret{},
			keys: map[string]*kmsKey{}, aliases: map[string]string{},
			vpcs: map[string]*vpc{}, subnets: map[string]*subnet{}, groups: map[string]*group{},
			things: map[string]*thing{},
		}
		a.regions[name] = r
	}
	return r
}

// administrator is the account's root, as which every access key that the
// account did not issue acts.
func (a *Account) administrator() wire.Principal {
	return wire.Principal{
		Account: a.ID, ARN: "arn:aws:iam::" + a.ID + ":root", UserID: a.ID, Administrator: true,
	}
}

// principal is who a session acts as; the caller holds mu.
func (a *Account) principal(s *session, r *role) wire.Principal {
	return wire.Principal{
		Account: a.ID,
		ARN:     "arn:aws:sts::" + a.ID + ":assumed-role/" + r.name + "/" + s.name,
		UserID:  r.id + ":" + s.name,
		RoleARN: r.arn, SessionName: s.name, SourceIdentity: s.identity,
	}
}

const (
	upperHexless = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	lowerHex     = "0123456789abcdef"
	base64Like   = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
)

// random makes an unguessable text of n letters of the alphabet.
func random(n int, alphabet string) string {
	raw := make([]byte, n)
	_, _ = rand.Read(raw) // never fails: crypto/rand ends the process instead
	for i, b := range raw {
		raw[i] = alphabet[int(b)%len(alphabet)]
	}
	return string(raw)
}
