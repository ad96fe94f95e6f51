package bcn

import "strings"

// Prefix says that the reference is to everything below a path of Parameter
// Store, as ssm_prefix makes it: From then ends with a slash, which no name of
// a parameter does.
func (r SecretRef) Prefix() bool { return strings.HasSuffix(r.From, "/") }

// The two things that are done to a secret.
const (
	SecretSet   = "set"
	SecretUnset = "unset"
)

// SecretPlan is what a change of a secret does. No value is in it: that waits
// at Pending, where no task may read it.
type SecretPlan struct {
	Op             string   `json:"op"`                        // SecretSet or SecretUnset
	Name           string   `json:"name"`                      // as it was typed
	Path           string   `json:"path"`                      // its full name in Parameter Store
	Version        int64    `json:"version,omitempty"`         // of what is there; 0: nothing
	Pending        string   `json:"pending,omitempty"`         // set: where the value waits
	PendingVersion int64    `json:"pending_version,omitempty"` // a value that was exchanged has another
	Key            string   `json:"key,omitempty"`             // KMS key, as kms_key names it; empty: alias/aws/ssm
	UsedBy         []string `json:"used_by,omitempty"`         // variables of what runs that read it; of other heritages with whose they are

	Shared []SecretSharer `json:"shared,omitempty"` // whose secret it is too, by heritage in order
}

// SecretSharer is another heritage whose secret a parameter is: it is in its
// folder or in its app's, or what runs of it reads the parameter.
type SecretSharer struct {
	App      string   `json:"app"`
	Env      string   `json:"env"`
	Heritage string   `json:"heritage"`
	Reads    []string `json:"reads,omitempty"` // variables of its last release
}

// PendingSecrets is below which the values of secrets wait for their change to
// be approved. It is outside of what the boundary of tasks' roles lets any of
// them read.
func PendingSecrets(district string) string { return "/bcn-pending/" + district }
