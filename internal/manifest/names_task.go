package manifest

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

const maxTaskName = 48 // of a name that is made

// taskName makes a scheduled task's name of its command, so that it stays when
// the list is put in another order. What is cut off has a hash in its place.
func taskName(words []string) string {
	command := strings.Join(words, " ")
	var b strings.Builder
	for _, r := range strings.ToLower(command) {
		switch {
		case r >= 'a' && r <= 'z', b.Len() > 0 && r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	name := strings.TrimRight(b.String(), "-")
	if len(name) >= 2 && len(name) <= maxTaskName {
		return name
	}
	sum := sha256.Sum256([]byte(command))
	end := "-" + hex.EncodeToString(sum[:])[:8]
	if len(name) < 2 {
		return "task" + end
	}
	return strings.TrimRight(name[:maxTaskName-len(end)], "-") + end
}
