package bcn

import (
	"encoding/json"
	"time"
)

// Plan is what a change would do. It is marshalled once; those bytes are
// stored, hashed with SHA-256 and never marshalled again (DESIGN.md section 5).
type Plan struct {
	Kind        Kind            `json:"kind"`
	Subject     string          `json:"subject"`
	App         string          `json:"app,omitempty"`
	Env         string          `json:"env,omitempty"`
	Heritage    string          `json:"heritage,omitempty"`
	District    District        `json:"district"`
	Tag         string          `json:"tag,omitempty"`    // as it was typed
	Image       string          `json:"image,omitempty"`  // name without tag or digest
	Digest      string          `json:"digest,omitempty"` // sha256:...
	OldTag      string          `json:"old_tag,omitempty"`
	OldDigest   string          `json:"old_digest,omitempty"`
	Source      string          `json:"source,omitempty"`
	Commit      string          `json:"commit,omitempty"` // of the manifest; sha256:... of the file for dir:
	Manifest    []byte          `json:"manifest,omitempty"`
	BaseRelease int64           `json:"base_release"` // number of the last successful release; 0: none
	Overlay     Overlay         `json:"overlay,omitzero"`
	Restores    int64           `json:"restores,omitempty"` // rollback: the release whose snapshot this is
	From        *Promoted       `json:"from,omitempty"`     // promote: what it is a copy of
	Scaled      *Scaled         `json:"scaled,omitempty"`   // scale: what it is about
	Rule        json.RawMessage `json:"rule"`               // the matched rule, as configured
	RuleIndex   int             `json:"rule_index"`
	Needs       []Need          `json:"needs,omitempty"` // who must approve; empty: nobody
	BreakGlass  *BreakGlass     `json:"break_glass,omitempty"`
	Oncall      *OncallPlan     `json:"oncall,omitempty"`
	Within      time.Duration   `json:"within,omitempty"`   // how long the request waits
	Outside     []string        `json:"outside,omitempty"`  // teams whose members do not count
	Escalate    []string        `json:"escalate,omitempty"` // teams that may approve as well once it is escalated to them
	Uses        []Use           `json:"uses,omitempty"`     // what it counts against the limits of rules
	Record      json.RawMessage `json:"record,omitempty"`   // the row that an adopt or create writes
	Stacks      []StackPlan     `json:"stacks"`             // in the order of execution
	Findings    []Finding       `json:"findings,omitempty"`
	Diff        string          `json:"diff,omitempty"` // ours, from both manifests; no environment values
	Lines       []Line          `json:"lines,omitempty"`
	Access      *AccessPlan     `json:"access,omitempty"` // of kinds of access
	Oneoff      *OneoffPlan     `json:"oneoff,omitempty"` // before_deploy, or what run runs
	Secret      *SecretPlan     `json:"secret,omitempty"`
	Commits     *Commits        `json:"commits,omitempty"` // between the tag that runs and the new one
	Scan        *ImageScan      `json:"scan,omitempty"`    // of an image in ECR that is not what runs
	Lock        *Hold           `json:"lock,omitempty"`    // unlock: what is taken away
}

// Commits are those by which a new version differs from what runs.
type Commits struct {
	From  string   `json:"from"` // as images are tagged
	To    string   `json:"to"`
	Ahead int      `json:"ahead"`          // how many To has that From lacks
	Back  int      `json:"back,omitempty"` // how many From has that To lacks: they go
	List  []Commit `json:"list,omitempty"` // the newest of those ahead, newest first
	URL   string   `json:"url,omitempty"`  // of the comparison
}

// Commit is one of them, as its author wrote it: not to be trusted.
type Commit struct {
	SHA    string `json:"sha"`
	Title  string `json:"title"` // first line of the message, bounded
	Author string `json:"author,omitempty"`
}

// Use is what is asked for by a rule that limits how often one person may. It is
// counted in the transaction that stores what was asked for.
type Use struct {
	Rule  string        `json:"rule"` // what the rule is about, as a hash: its place in bot.yaml may change
	Name  string        `json:"name"` // as people know the rule
	Count int           `json:"count"`
	Per   time.Duration `json:"per"`
	// Accounts are those that are known of who asks, read when it is counted and
	// no part of the plan: two accounts of one person are one person.
	Accounts []string `json:"-"`
}

// Promoted is what a promotion takes over: a release of another environment.
type Promoted struct {
	Env      string  `json:"env"`
	Heritage string  `json:"heritage"`
	Release  int64   `json:"release"`
	Overlay  Overlay `json:"overlay,omitzero"`
	Lines    []Line  `json:"lines,omitempty"` // how the environment promoted to differs from it, in the same file
	Diff     string  `json:"diff,omitempty"`  // the same in full; no environment values
}

// Scaled is how many tasks of a service somebody wants.
type Scaled struct {
	Service string `json:"service"`
	Count   int    `json:"count"`
}

// Line is one thing that changes, for the card.
type Line struct {
	Mark LineMark `json:"mark"`
	What string   `json:"what"` // such as "service web: memory 512 → 1024"
}

// LineMark says how something changes.
type LineMark string

// The marks.
const (
	MarkAdded    LineMark = "added"
	MarkChanged  LineMark = "changed"
	MarkReplaced LineMark = "replaced"
	MarkRemoved  LineMark = "removed"
	MarkNote     LineMark = "note" // a secret outside the app's own path, a live count kept
)

// Destructive says whether the plan replaces or removes something. A task
// definition is never changed but by a new revision, which CloudFormation
// calls a replacement: were that one, every deploy would be destructive. To
// delete an app is destructive also where nothing runs of it, and so is to
// remove a secret: it has no stack, and nothing brings its value back.
func (p Plan) Destructive() bool {
	if p.Kind == KindDelete || p.Secret != nil && p.Secret.Op == SecretUnset {
		return true
	}
	for _, s := range p.Stacks {
		if s.Delete {
			return true
		}
		for _, c := range s.Changes {
			if c.Type == "AWS::ECS::TaskDefinition" && c.Action == "Modify" {
				continue
			}
			if c.Action == "Remove" || c.Replacement == "True" || c.Replacement == "Conditional" {
				return true
			}
		}
	}
	return false
}

// Empty says that the plan would change nothing in AWS.
func (p Plan) Empty() bool {
	for _, s := range p.Stacks {
		if s.ChangeSet != "" || s.Delete {
			return false
		}
	}
	return true
}

// StackPlan is one stack's share of a plan, with everything that is compared
// again before it is executed.
type StackPlan struct {
	Name           string          `json:"name"`
	StackID        string          `json:"stack_id,omitempty"`
	Create         bool            `json:"create,omitempty"`
	Delete         bool            `json:"delete,omitempty"`     // the stack is deleted: Template is what it holds, Changes what goes
	ChangeSet      string          `json:"change_set,omitempty"` // ARN; empty: nothing to change
	Template       []byte          `json:"template"`             // the bytes that were proposed
	Previous       []byte          `json:"previous,omitempty"`   // of the last release, to go back to when a later stack fails
	TemplateSHA256 string          `json:"template_sha256"`
	Capabilities   []string        `json:"capabilities,omitempty"`
	Tags           []Tag           `json:"tags,omitempty"`
	Repair         bool            `json:"repair,omitempty"`      // the change set puts back what was changed outside
	LastUpdate     string          `json:"last_update,omitempty"` // RFC 3339; the stack's last update time when it was planned
	Changes        []ResourceDelta `json:"changes,omitempty"`
}

// Tag is a key and its value; lists are sorted by key.
type Tag struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// ResourceDelta is one resource's change in a change set, all pages read.
type ResourceDelta struct {
	Action      string   `json:"action"` // Add | Modify | Remove | Import | Dynamic
	LogicalID   string   `json:"logical_id"`
	PhysicalID  string   `json:"physical_id,omitempty"`
	Type        string   `json:"type"`                  // AWS::ECS::Service
	Replacement string   `json:"replacement,omitempty"` // True | False | Conditional
	Properties  []string `json:"properties,omitempty"`  // paths that change, sorted
	Values      []Value  `json:"values,omitempty"`      // of those whose values may be shown, sorted by path
}

// Value is how one property changes, in CloudFormation's words; empty: it was
// not there, or is not there any more.
type Value struct {
	Path   string `json:"path"`
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
}

// Proposal is a stack as rendered, before CloudFormation has seen it.
type Proposal struct {
	Name         string
	Template     []byte // canonical JSON
	Capabilities []string
	Tags         []Tag // sorted by key
	Repair       bool  // puts back what was changed outside; of a stack that is there
}

// Level says what a guardrail's finding does.
type Level string

// The levels.
const (
	Deny     Level = "deny"
	AskFirst Level = "approve" // somebody must approve, also where the rule asks for nobody
	Warn     Level = "warn"
)

// Finding is what a guardrail or the renderer has to say about a plan.
type Finding struct {
	ID     string            `json:"id"` // text id "guard." + ID
	Level  Level             `json:"level"`
	Where  string            `json:"where,omitempty"` // stack/logical id, or file:line:column
	Params map[string]string `json:"params,omitempty"`
}

// SecretRef is a reference to a secret: the value is never read.
type SecretRef struct {
	Name string // environment variable
	From string // a Parameter Store name, or an ARN of Parameter Store or Secrets Manager
}
