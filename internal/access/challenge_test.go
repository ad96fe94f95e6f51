package access_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/access"
)

func answer() access.Answer {
	return access.Answer{Grant: 1042, Until: start.Add(time.Minute), MAC: bytes.Repeat([]byte{7}, 32)}
}

func TestChallenge(t *testing.T) {
	t.Parallel()
	identity, recipient := newKey(t)
	other, _ := newKey(t)
	challenge, err := access.Challenge(recipient, answer())
	if err != nil {
		t.Fatal(err)
	}
	t.Run("its key opens it, and the answer is bcn's own text", func(t *testing.T) {
		t.Parallel()
		text, err := access.Respond(identity, 1042, challenge)
		if err != nil || text != answer().String() {
			t.Fatalf("%s, %v", text, err)
		}
		got, err := access.ParseAnswer(text)
		if err != nil || got.Grant != 1042 || !got.Until.Equal(answer().Until) || !bytes.Equal(got.MAC, answer().MAC) {
			t.Errorf("%v, %v", got, err)
		}
	})
	t.Run("another key does not", func(t *testing.T) {
		t.Parallel()
		if text, err := access.Respond(other, 1042, challenge); !errors.Is(err, access.ErrOtherKey) || text != "" {
			t.Errorf("%q, %v", text, err)
		}
	})
	t.Run("nothing is answered about another grant", func(t *testing.T) {
		t.Parallel()
		if text, err := access.Respond(identity, 1043, challenge); !errors.Is(err, access.ErrAnswer) || text != "" {
			t.Errorf("%q, %v", text, err)
		}
	})
	t.Run("sealed credentials behind a challenge's prefix are not opened for whoever asks", func(t *testing.T) {
		t.Parallel()
		line, err := access.Seal(recipient, credentials())
		if err != nil {
			t.Fatal(err)
		}
		text, err := access.Respond(identity, 1042, strings.Replace(line, "bcn-sealed-1.", "bcn-challenge-1.", 1))
		if !errors.Is(err, access.ErrAnswer) || text != "" || strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%q, %v", text, err)
		}
		if _, err := access.Open(identity, strings.Replace(challenge, "bcn-challenge-1.", "bcn-sealed-1.", 1)); !errors.Is(err, access.ErrSealed) {
			t.Errorf("a challenge is taken for credentials: %v", err)
		}
	})
}

func TestAnswersHaveOneSpelling(t *testing.T) {
	t.Parallel()
	good := answer().String()
	for name, text := range map[string]string{
		"nothing": "", "a prefix": "bcn-answer-1.", "a space": good + " ", "another version": strings.Replace(good, "-1.", "-2.", 1),
		"a plus": strings.Replace(good, ".1042.", ".+1042.", 1), "a zero": strings.Replace(good, ".1042.", ".01042.", 1),
		"no grant": strings.Replace(good, ".1042.", ".0.", 1), "a short MAC": good[:len(good)-2], "a part more": good + ".x", "long": good + strings.Repeat("A", 300),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if a, err := access.ParseAnswer(text); !errors.Is(err, access.ErrAnswer) {
				t.Errorf("%v, %v", a, err)
			}
		})
	}
}

func FuzzParseAnswer(f *testing.F) {
	f.Add(answer().String())
	f.Add("bcn-answer-1.1.1.")
	f.Fuzz(func(t *testing.T, text string) {
		if a, err := access.ParseAnswer(text); err == nil && a.String() != text {
			t.Errorf("two spellings of %s", a)
		}
	})
}

// stream is a session that bcn opened.
func stream() access.Credentials {
	return access.Credentials{
		Grant: 1042, End: start.Add(10 * time.Minute), Target: own(),
		Stream: access.Stream{SessionID: "ecs-execute-command-x", Target: "ecs:default_t_r", URL: "wss://ssmmessages.eu-west-1.amazonaws.com/v1", Token: access.NewSecret("t0ken-text")},
	}
}

func TestAnOpenSessionIsSealedAsKeysAre(t *testing.T) {
	t.Parallel()
	identity, recipient := newKey(t)
	t.Run("what is opened is what was sealed", func(t *testing.T) {
		t.Parallel()
		line, err := access.Seal(recipient, stream())
		if err != nil {
			t.Fatal(err)
		}
		got, err := access.Open(identity, line)
		if err != nil || !got.Streams() || got.Stream.Token.Reveal() != "t0ken-text" || got.Stream.SessionID != stream().Stream.SessionID ||
			got.Stream.URL != stream().Stream.URL || got.Stream.Target != stream().Stream.Target || parts(got) != parts(stream()) {
			t.Errorf("%v", err)
		}
		if !got.Until().Equal(got.End) {
			t.Errorf("until %s", got.Until())
		}
	})
	t.Run("it has no credentials for a process", func(t *testing.T) {
		t.Parallel()
		if out, err := access.CredentialProcess(stream()); !errors.Is(err, access.ErrStream) || out != nil {
			t.Errorf("%s, %v", out, err)
		}
	})
	for name, spoil := range map[string]func(*access.Credentials){
		"no token":      func(c *access.Credentials) { c.Stream.Token = access.Secret{} },
		"no address":    func(c *access.Credentials) { c.Stream.URL = "" },
		"no target":     func(c *access.Credentials) { c.Stream.Target = "" },
		"keys besides":  func(c *access.Credentials) { c.SessionToken = access.NewSecret("x") },
		"no session id": func(c *access.Credentials) { c.Stream.SessionID = "" },
	} {
		t.Run(name+" is not handed over", func(t *testing.T) {
			t.Parallel()
			c := stream()
			spoil(&c)
			if _, err := access.Seal(recipient, c); !errors.Is(err, access.ErrCredentials) {
				t.Errorf("%v", err)
			}
		})
	}
	t.Run("a line stays below 6 KB for a session token of 2 KB", func(t *testing.T) {
		t.Parallel()
		c := credentials()
		c.SessionToken = access.NewSecret(strings.Repeat("x", 2<<10))
		line, err := access.Seal(recipient, c)
		if err != nil || len(line) > 6<<10 {
			t.Errorf("%d bytes, %v", len(line), err)
		}
	})
	t.Run("a key knows its recipient", func(t *testing.T) {
		t.Parallel()
		if got, err := access.Recipient(identity); err != nil || got != recipient {
			t.Errorf("%s, %v", got, err)
		}
		if _, err := access.Recipient(access.NewSecret("AGE-SECRET-KEY-1x")); !errors.Is(err, access.ErrKey) {
			t.Errorf("%v", err)
		}
	})
}
