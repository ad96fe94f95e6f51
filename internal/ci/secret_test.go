package ci

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// A token reads back as what it was made of, and no other text is one.
func TestTokensReadBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		id := bcn.ID(rapid.Int64Min(1).Draw(t, "id"))
		r := fresh()
		said := r.secret(id).Reveal()
		got, back, ok := parse(said)
		if !ok || got != id || back != r {
			t.Fatalf("%s reads back as %s %v", said, got, ok)
		}
		at := rapid.IntRange(0, len(said)-1).Draw(t, "at")
		other := said[:at] + string(rapid.ByteRange(33, 126).Draw(t, "byte")) + said[at+1:]
		if got, back, ok := parse(other); ok && other != said && got == id && back == r {
			t.Fatalf("%s is taken for %s", other, said)
		}
	})
}

func TestMisspeltTokensAreNone(t *testing.T) {
	t.Parallel()
	good := fresh().secret(1042).Reveal()
	for _, s := range []string{
		"", "bcn_", "bcn_1042", "bcn_1042_", "bcn_0_" + good[9:], "bcn_-1_" + good[9:], strings.TrimPrefix(good, "bcn_"),
		good + "A", good[:len(good)-1], good + "=", strings.ToUpper(good), " " + good,
	} {
		if _, _, ok := parse(s); ok {
			t.Errorf("%q is taken for a token", s)
		}
	}
}

// However a token is printed, what prints it does not show it.
func TestTokensDoNotPrint(t *testing.T) {
	t.Parallel()
	s := fresh().secret(1042)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		if said := fmt.Sprintf(verb, s); strings.Contains(said, s.Reveal()[10:20]) {
			t.Errorf("%s shows it", verb)
		}
	}
}

// FuzzParse never panics, and what it takes is written the same way.
func FuzzParse(f *testing.F) {
	f.Add("bcn_1042_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Add("bcn_01042_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Fuzz(func(t *testing.T, s string) {
		id, r, ok := parse(s)
		if ok && r.secret(id).Reveal() != s {
			t.Errorf("%q is taken for %q", s, r.secret(id).Reveal())
		}
	})
}
