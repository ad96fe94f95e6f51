package access_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"pgregory.net/rapid"

	"github.com/bcn-bot/bcn/internal/access"
)

func credentials() access.Credentials {
	return access.Credentials{
		AccessKeyID: access.NewSecret("ASIAEXAMPLE"), SecretAccessKey: access.NewSecret("s3cr3t-key"), SessionToken: access.NewSecret("t0ken-text"),
		Expiration: start.Add(15 * time.Minute), Grant: 1042, End: start.Add(10 * time.Minute), Target: own(), Command: "rails c",
	}
}

func newKey(t testing.TB) (access.Secret, string) {
	t.Helper()
	identity, recipient, err := access.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	return identity, recipient
}

// parts are the secrets of credentials, to compare them by.
func parts(c access.Credentials) string {
	return strings.Join([]string{
		c.AccessKeyID.Reveal(), c.SecretAccessKey.Reveal(), c.SessionToken.Reveal(), c.Expiration.String(),
		c.Grant.String(), c.End.String(), fmt.Sprint(c.Target), c.Command,
	}, "|")
}

func TestWhatIsSealedIsOpenedByItsKeyAlone(t *testing.T) {
	t.Parallel()
	identity, recipient := newKey(t)
	other, _ := newKey(t)
	line, err := access.Seal(recipient, credentials())
	if err != nil {
		t.Fatal(err)
	}
	t.Run("it is one line of plain letters", func(t *testing.T) {
		t.Parallel()
		if strings.Trim(line, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") != "" {
			t.Errorf("got %s", line)
		}
	})
	t.Run("nothing can be read in it", func(t *testing.T) {
		t.Parallel()
		_, text, _ := strings.Cut(line, ".")
		raw, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{"ASIAEXAMPLE", "s3cr3t", "t0ken", taskID} {
			if bytes.Contains(raw, []byte(secret)) || strings.Contains(line, secret) {
				t.Errorf("%s is in it", secret)
			}
		}
	})
	t.Run("its key opens it", func(t *testing.T) {
		t.Parallel()
		got, err := access.Open(identity, line)
		if err != nil || parts(got) != parts(credentials()) {
			t.Errorf("got %s, %v", parts(got), err)
		}
	})
	t.Run("a terminal's line breaks are no matter", func(t *testing.T) {
		t.Parallel()
		got, err := access.Open(identity, "  "+line[:50]+"\r\n"+line[50:90]+"\n "+line[90:]+"\n")
		if err != nil || parts(got) != parts(credentials()) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("another key does not", func(t *testing.T) {
		t.Parallel()
		if _, err := access.Open(other, line); !errors.Is(err, access.ErrSealed) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("every sealing is another", func(t *testing.T) {
		t.Parallel()
		again, err := access.Seal(recipient, credentials())
		if err != nil || again == line {
			t.Errorf("the same, or %v", err)
		}
	})
	t.Run("a changed or cut line does not open", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(r *rapid.T) {
			at := rapid.IntRange(0, len(line)-1).Draw(r, "at")
			changed := line[:at]
			if rapid.Bool().Draw(r, "change") {
				to := rapid.SampledFrom([]byte("ABab01-_.")).Draw(r, "to")
				if to == line[at] {
					return
				}
				changed = line[:at] + string(to) + line[at+1:]
			}
			if c, err := access.Open(identity, changed); !errors.Is(err, access.ErrSealed) || c.AccessKeyID.Reveal() != "" {
				r.Fatalf("got %v", err)
			}
		})
	})
}

func TestBitsThatMeanNothingMustBeZero(t *testing.T) {
	t.Parallel()
	identity, recipient := newKey(t)
	c := credentials()
	line, err := access.Seal(recipient, c)
	// Two letters for the last byte leave four bits over.
	for ; err == nil && (len(line)-len("bcn-sealed-1."))%4 != 2; line, err = access.Seal(recipient, c) {
		c.Command += "x"
	}
	if err != nil {
		t.Fatal(err)
	}
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(letters, line[len(line)-1])
	if _, err := access.Open(identity, line[:len(line)-1]+string(letters[last^1])); !errors.Is(err, access.ErrSealed) {
		t.Errorf("a second spelling of the same line opens: %v", err)
	}
}

func TestOpenRefusesWhatSealDidNotWrite(t *testing.T) {
	t.Parallel()
	identity, recipient := newKey(t)
	sealed := func(plain string) string {
		key, err := age.ParseX25519Recipient(recipient)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		w, err := age.Encrypt(&b, key)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(plain)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return "bcn-sealed-1." + base64.RawURLEncoding.EncodeToString(b.Bytes())
	}
	for name, line := range map[string]string{
		"nothing":         "",
		"a secret":        "s3cr3t-key",
		"the prefix":      "bcn-sealed-1.",
		"not base64":      "bcn-sealed-1.!!!",
		"not age":         "bcn-sealed-1.aGVsbG8",
		"another version": strings.Replace(sealed("{}"), "-1.", "-2.", 1),
		"an empty object": sealed("{}"),
		"not JSON":        sealed("s3cr3t-key"),
		"a wildcard task": sealed(`{"access_key_id":"s3cr3t-key","secret_access_key":"b","session_token":"c","expiration":"2026-11-21T10:15:00Z",
			"grant":1,"end":"2026-11-21T10:10:00Z","target":{"kind":"access","district":"default","account":"123456789012","region":"eu-west-1","cluster":"c","task":"*","container":"web"}}`),
		"too long a line": "bcn-sealed-1." + strings.Repeat("A", 1<<20),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := access.Open(identity, line)
			if !errors.Is(err, access.ErrSealed) || c.AccessKeyID.Reveal() != "" {
				t.Fatalf("got %v", err)
			}
			if strings.Contains(err.Error(), "s3cr3t") {
				t.Errorf("it is quoted: %v", err)
			}
		})
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	identity, recipient := newKey(t)
	t.Run("a fingerprint is 80 bits in groups", func(t *testing.T) {
		t.Parallel()
		const known = "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqsdn5rr"
		got, err := access.Fingerprint(recipient)
		if err != nil || len(got) != 24 || strings.Count(got, "-") != 4 {
			t.Errorf("got %s, %v", got, err)
		}
		if again, _ := access.Fingerprint(recipient); again != got {
			t.Error("another one each time")
		}
		if _, err := access.Fingerprint(known); !errors.Is(err, access.ErrKey) {
			t.Errorf("a wrong checksum: %v", err)
		}
	})
	for name, bad := range map[string]string{
		"nothing": "", "an identity": identity.Reveal(), "upper case": strings.ToUpper(recipient), "a space": recipient + " ",
		"two": recipient + "\n" + recipient, "an SSH key": "ssh-ed25519 AAAA", "a cut one": recipient[:40],
	} {
		t.Run(name+" is no recipient", func(t *testing.T) {
			t.Parallel()
			if _, err := access.Fingerprint(bad); !errors.Is(err, access.ErrKey) {
				t.Errorf("fingerprint: %v", err)
			}
			_, err := access.Seal(bad, credentials())
			if !errors.Is(err, access.ErrKey) {
				t.Fatalf("seal: %v", err)
			}
			if strings.Contains(err.Error(), identity.Reveal()) {
				t.Error("it is quoted")
			}
		})
	}
	t.Run("a recipient opens nothing", func(t *testing.T) {
		t.Parallel()
		if _, err := access.Open(access.NewSecret(recipient), "x"); !errors.Is(err, access.ErrKey) {
			t.Errorf("got %v", err)
		}
		if _, err := access.Open(access.Secret{}, "x"); !errors.Is(err, access.ErrKey) {
			t.Errorf("got %v", err)
		}
	})
}

func TestIncompleteCredentialsAreNotHandedOver(t *testing.T) {
	t.Parallel()
	_, recipient := newKey(t)
	for name, spoil := range map[string]func(*access.Credentials){
		"no access key": func(c *access.Credentials) { c.AccessKeyID = access.Secret{} },
		"no secret":     func(c *access.Credentials) { c.SecretAccessKey = access.NewSecret("") },
		"no token":      func(c *access.Credentials) { c.SessionToken = access.Secret{} },
		"no expiration": func(c *access.Credentials) { c.Expiration = time.Time{} },
		"no end":        func(c *access.Credentials) { c.End = time.Time{} },
		"no grant":      func(c *access.Credentials) { c.Grant = 0 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := credentials()
			spoil(&c)
			if _, err := access.Seal(recipient, c); !errors.Is(err, access.ErrCredentials) {
				t.Errorf("seal: %v", err)
			}
			if _, err := access.CredentialProcess(c); !errors.Is(err, access.ErrCredentials) {
				t.Errorf("process: %v", err)
			}
		})
	}
}

func TestAProcessIsToldTheGrantsEnd(t *testing.T) {
	t.Parallel()
	c := credentials()
	got, err := access.CredentialProcess(c)
	const want = `{"Version":1,"AccessKeyId":"ASIAEXAMPLE","SecretAccessKey":"s3cr3t-key","SessionToken":"t0ken-text","Expiration":"2026-11-21T10:10:00Z"}` + "\n"
	if err != nil || string(got) != want {
		t.Errorf("got %s, %v", got, err)
	}
	c.End = start.Add(4 * time.Hour)
	if got, _ := access.CredentialProcess(c); !strings.Contains(string(got), `"Expiration":"2026-11-21T10:15:00Z"`) {
		t.Errorf("past what STS gives: %s", got)
	}
}

// holder keeps secrets where fmt may not call methods.
type holder struct {
	shown  access.Credentials
	hidden access.Credentials
	secret access.Secret
}

func TestCredentialsAreShownNowhere(t *testing.T) {
	t.Parallel()
	c := credentials()
	h := holder{shown: c, hidden: c, secret: c.SecretAccessKey}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		for _, v := range []any{c, &c, h, &h, []access.Credentials{c}, map[string]any{"c": c}, c.SecretAccessKey, &c.SessionToken} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
	}
	for _, handler := range []slog.Handler{slog.NewJSONHandler(&out, nil), slog.NewTextHandler(&out, nil)} {
		log := slog.New(handler)
		log.Info("x", "c", c, "p", &c, "h", h, "s", c.SessionToken, "in", struct{ C access.Credentials }{c})
	}
	for _, v := range []any{c, &c, struct{ C access.Credentials }{c}, struct{ S access.Secret }{c.SessionToken}, map[access.Secret]int{c.SessionToken: 1}} {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(text)
	}
	out.WriteString(c.String() + c.SessionToken.String() + fmt.Errorf("x: %v", c).Error())
	for _, secret := range []string{"ASIAEXAMPLE", "s3cr3t", "t0ken", fmt.Sprintf("%x", "s3cr3t")} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("%s is shown", secret)
		}
	}
	if !strings.Contains(out.String(), "[hidden]") {
		t.Error("nothing was shown at all")
	}
}

func FuzzOpen(f *testing.F) {
	key, err := age.GenerateX25519Identity()
	if err != nil {
		f.Fatal(err)
	}
	identity := access.NewSecret(key.String())
	good, err := access.Seal(key.Recipient().String(), credentials())
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{"", good, good[:len(good)-1], good + good, "bcn-sealed-1.", "bcn-sealed-1.AAAA", "\x00\xff", strings.Repeat(" ", 100)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		c, err := access.Open(identity, line)
		if err == nil && c.Target.Check() != nil {
			t.Error("opened what is not complete")
		}
		if err != nil && (!errors.Is(err, access.ErrSealed) || c.AccessKeyID.Reveal() != "") {
			t.Errorf("got %v", err)
		}
	})
}
