package access

import (
	"fmt"
	"log/slog"
)

// hidden is what is shown of a secret.
const hidden = "[hidden]"

// Secret is a text that no formatting verb, logger or encoder shows. It is
// behind a pointer, so that fmt finds an address where it may not call methods:
// in an unexported field.
type Secret struct{ value *string }

// NewSecret hides a text.
func NewSecret(text string) Secret { return Secret{value: &text} }

// Reveal answers the text; empty where there is none.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// String hides the text.
func (s Secret) String() string { return hidden }

// Format hides the text from every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = fmt.Fprint(f, hidden) }

// LogValue hides the text from slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText hides the text from encoders.
func (s Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }
