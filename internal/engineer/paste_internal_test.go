package engineer

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/access"
)

// handed is what a bot would seal.
func handed() access.Credentials {
	return access.Credentials{
		AccessKeyID: access.NewSecret("ASIAEXAMPLE"), SecretAccessKey: access.NewSecret("s3cr3t-key"), SessionToken: access.NewSecret(strings.Repeat("t0ken", 300)),
		Expiration: time.Unix(2000000000, 0), Grant: 1042, End: time.Unix(2000000000, 0), Target: access.Target{
			Kind: access.Instance, District: "default", Account: "123456789012", Region: "us-east-1", Node: "i-0a11ce00000000001", Session: 10 * time.Minute,
		},
	}
}

// sealedTo seals to a new key.
func sealedTo(t testing.TB) (identity access.Secret, line string) {
	t.Helper()
	identity, recipient, err := access.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	line, err = access.Seal(recipient, handed())
	if err != nil {
		t.Fatal(err)
	}
	return identity, line
}

// paste types lines, and answers what came of them.
func pasting(p *pasted, lines ...string) (opened bool, told []string) {
	for _, l := range lines {
		c, sealed, done, err := p.line(l)
		if err != nil {
			told = append(told, err.Error())
		}
		if done {
			return c.Grant == p.grant && sealed != "", told
		}
	}
	return false, told
}

func TestPasted(t *testing.T) {
	t.Parallel()
	identity, line := sealedTo(t)
	_, foreign := sealedTo(t)
	half := len(line) / 2
	other := map[bool]string{true: "A", false: "B"}[line[half] != 'A']
	for name, c := range map[string]struct {
		lines  []string
		opened bool
		told   string // what is in what is told, in order
	}{
		"one line":                      {[]string{line}, true, ""},
		"two lines":                     {[]string{line[:half], line[half:]}, true, ""},
		"spaces before each":            {[]string{"   " + line[:half], "   " + line[half:]}, true, ""},
		"as code":                       {[]string{"```", line[:half], line[half:] + "```"}, true, "That is not what the bot answers"},
		"with the sentence before":      {[]string{"Paste this: `" + line + "`"}, true, ""},
		"a bracketed paste":             {[]string{"\x1b[200~" + line + "\x1b[201~"}, true, ""},
		"an empty line first":           {[]string{"", line}, true, ""},
		"something else, then it":       {[]string{"ls", line}, true, "That is not what the bot answers"},
		"another's, then it":            {[]string{foreign, line}, true, "sealed for another key"},
		"a part, given up, then it":     {[]string{line[:half], "", line}, true, "A part of it is missing"},
		"begun again without a word":    {[]string{line[:half], line}, true, ""},
		"a part":                        {[]string{line[:half]}, false, ""},
		"a part, and the end":           {[]string{line[:half], ""}, false, "A part of it is missing"},
		"a letter changed":              {[]string{line[:half] + other + line[half+1:], ""}, false, "A part of it is missing"},
		"a part with something between": {[]string{line[:half], "dana: hello", line[half:], ""}, false, "A part of it is missing"},
		"nothing":                       {[]string{"", ""}, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opened, told := pasting(&pasted{identity: identity, grant: 1042}, c.lines...)
			if text := strings.Join(told, "|"); opened != c.opened || !strings.Contains(text, c.told) || c.told == "" && text != "" {
				t.Errorf("opened: %v, told: %q", opened, told)
			}
		})
	}
	t.Run("another grant's answer is not taken", func(t *testing.T) {
		t.Parallel()
		opened, told := pasting(&pasted{identity: identity, grant: 7}, line)
		if opened || len(told) != 1 || !strings.Contains(told[0], "grant 1042") {
			t.Errorf("%v %q", opened, told)
		}
	})
}

func FuzzPasted(f *testing.F) {
	identity, line := sealedTo(f)
	for _, seed := range []string{"", line, line[:100] + "\n" + line[100:], "bcn-sealed-1.", "bcn-sealed-bcn-sealed-1.AA\n\n", strings.Repeat("\n", 50), "\x1b[200~" + line} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p := &pasted{identity: identity, grant: 1042}
		for _, l := range strings.Split(text, "\n") {
			c, sealed, done, err := p.line(l)
			var wrong errWrong
			switch {
			case done && (err != nil || c.Grant != 1042 || sealed != line):
				t.Errorf("opened something else: %v", err)
			case !done && (c.Grant != 0 || sealed != "" && c.AccessKeyID.Reveal() != ""):
				t.Error("something is answered before it is done")
			case err != nil && !errors.As(err, &wrong):
				t.Errorf("another error: %v", err)
			case strings.Contains(fmt.Sprint(err), "s3cr3t"):
				t.Error("a secret is told")
			}
			if p.text.Len() > maxPasted+len(l)+1 {
				t.Error("it grows")
			}
		}
	})
}
