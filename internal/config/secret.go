package config

import (
	"fmt"
	"log/slog"
)

// hidden is what is shown of a secret.
const hidden = "[hidden]"

// Secret is a value that no formatting verb, logger or encoder shows. Reveal
// is the only way to it, so that every use can be searched for.
type Secret struct{ value string }

// NewSecret hides a value.
func NewSecret(value string) Secret { return Secret{value: value} }

// Reveal answers the value.
func (s Secret) Reveal() string { return s.value }

// Set says whether there is one.
func (s Secret) Set() bool { return s.value != "" }

// String hides the value; an absent secret is written as nothing.
func (s Secret) String() string {
	if s.value == "" {
		return ""
	}
	return hidden
}

// Format hides the value from every verb, also from %#v and %d.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = fmt.Fprint(f, s.String()) }

// LogValue hides the value from slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText hides the value from encoders.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
