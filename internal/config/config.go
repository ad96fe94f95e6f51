package config

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// Config is a bot.yaml that was found valid.
type Config struct {
	Sources    Sources
	Language   string    // en or ja: of what channels read
	Tags       []bcn.Tag // sorted by key; put on every stack and resource
	Slack      Slack
	People     []Person
	Teams      map[string]Team
	Rules      []Rule // first match wins
	Guardrails Guardrails
	Secrets    []SecretGrant
	Volumes    []VolumeGrant
	Access     Access
	Schedules  []Schedule
	Drift      Drift
	Audit      Audit
	Hash       string // SHA-256 of the file, hex
}

// Sources says from where barcelona.yml may be read.
type Sources struct {
	Root   string   // dir: sources are below it; empty: they are refused
	GitHub []string // OWNER/REPO or OWNER/*; empty: github: sources are refused
}

// Slack is how bcn appears in the workspace.
type Slack struct {
	Command  string // with its slash; default /bcn
	Sockets  int    // per process; 1 to 10, default 2
	Channels Channels
}

// Channels are Slack channel ids; each may be empty.
type Channels struct {
	Approvals string // where cards go; empty: the channel of the command
	Announce  string
	Security  string // empty in the file: approvals
}

// Person is one person with all their accounts. What is empty was not given.
type Person struct {
	Slack  string `json:",omitempty"` // user id
	GitHub string `json:",omitempty"` // login, as written; compare without regard to case
	Email  string `json:",omitempty"`
	Vault  string `json:",omitempty"` // id or name of their entity; compare without regard to case
}

// Team is the union of what it names.
type Team struct {
	SlackUsergroup string   // user group id
	GitHubTeam     string   // ORG/SLUG
	Members        []string // Slack user ids
	VaultPolicy    *VaultPolicy
}

// Rule says who may do what where, and who must approve. A matcher that is
// nil matches all, as "*" does.
type Rule struct {
	Allow       []string // teams, or "*"
	To          []string // verbs, "read", or "*"; "*" is not access:port
	On          []string // environments
	Apps        []string
	Districts   []string
	Destructive *bool         // only plans that replace or remove something (or that do not)
	IAM         *bool         // only plans that change roles or policies (or that do not)
	Reason      RuleReason    // what the reason must be
	Ticket      *Ticket       // the ticket that the reason names; nil: none is looked up
	When        []Window      // it holds while one of them is open; nil: always
	Limit       *Limit        // per person; nil: none
	Approve     *Approve      // nil: nobody needs to
	ScanDeny    bcn.Severity  // new vulnerabilities in an image deny from here on; "": none does
	BreakGlass  *BreakGlass   // nil: nobody goes without the approval
	Max         time.Duration // of access; 0: not limited by this rule
	Access      RuleAccess    // how access by it begins and ends
	Counts      RuleCounts    // how many tasks scale may set
	Raw         json.RawMessage
	Line        int // where it is written
}

// DefaultWithin is how long a request waits where its rule does not say.
const DefaultWithin = time.Hour

// SecretGrant lets an app refer to a Parameter Store path outside its own.
type SecretGrant struct {
	App  string // or "*"
	Path string // below /barcelona/{district}/; may end in *
}

// VolumeGrant lets an app mount a file system of EFS. None is anybody's without
// an entry.
type VolumeGrant struct {
	App        string // or "*"
	FileSystem string // fs-...
}

// Options is what only the caller knows.
type Options struct {
	// Verbs are the verbs that a rule may name, besides "read" and "*".
	// Nil means DefaultVerbs.
	Verbs []string
}

// DefaultVerbs are the verbs of DESIGN.md section 9, as rules name them.
// Approving and rejecting are not among them: the request itself says who may.
func DefaultVerbs() []string {
	return []string{
		"help", "whoami", "apps", "create", "show", "delete", "plan", "deploy", "status", "releases",
		"rollback", "restart", "promote", "cancel", "approvals", "run", "scale", "logs", "env", "secret",
		"district", "endpoint", "token", "parked", "lock", "unlock", "locks", "freeze", "thaw", "halt",
		"resume", "drift", "login", "access", "access:live", "access:instance", "access:port", "schedule",
		"audit", "digest", "guardrails",
	}
}

// Problem is one thing that is wrong, and where.
type Problem struct {
	File    string // the file's path, or the name of an environment variable
	Line    int    // 0 for the environment
	Column  int
	Message string
}

// Error writes it as editors understand it: file:line:column: sentence.
func (p Problem) Error() string {
	if p.Line == 0 {
		return p.File + ": " + p.Message
	}
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Message)
}
