package audit_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bcn-bot/bcn/internal/audit"
)

var key = audit.Key("0123456789abcdef0123456789abcdef")

func chain(n int) []audit.Entry {
	prev := []byte{}
	var out []audit.Entry
	for i := range n {
		e := key.Seal(audit.Entry{
			Seq: int64(i + 1), At: time.Unix(int64(i), 0), Kind: "change.start",
			Actor: "U0DEV", Change: int64(i), Body: fmt.Sprintf(`{"n":%d}`, i),
		}, prev)
		prev = e.Hash
		out = append(out, e)
	}
	return out
}

func verify(entries []audit.Entry, head audit.Entry) error {
	v := audit.NewVerifier(key)
	for _, e := range entries {
		if err := v.Next(e); err != nil {
			return err
		}
	}
	return v.End(head.Seq, head.Hash, key.HeadMAC(head.Seq, head.Hash))
}

func TestWholeChainVerifies(t *testing.T) {
	t.Parallel()
	c := chain(20)
	if err := verify(c, c[19]); err != nil {
		t.Fatal(err)
	}
}

func TestAnyTamperingIsFound(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := chain(rapid.IntRange(2, 12).Draw(t, "n"))
		head := c[len(c)-1]
		i := rapid.IntRange(0, len(c)-1).Draw(t, "i")
		switch rapid.SampledFrom([]string{"body", "kind", "actor", "at", "change", "remove", "swap", "hash", "mac", "cut", "forge", "fork"}).Draw(t, "how") {
		case "body":
			c[i].Body += " "
		case "kind":
			c[i].Kind = "change.close"
		case "actor":
			c[i].Actor = "U0LEAD"
		case "at":
			c[i].At = c[i].At.Add(time.Microsecond)
		case "change":
			c[i].Change++
		case "remove":
			c = append(c[:i], c[i+1:]...)
		case "swap":
			j := (i + 1) % len(c)
			c[i], c[j] = c[j], c[i]
		case "hash":
			c[i].Hash = append([]byte{}, c[i].Hash...)
			c[i].Hash[0] ^= 1
		case "mac":
			c[i].MAC = append([]byte{}, c[i].MAC...)
			c[i].MAC[0] ^= 1
		case "cut":
			c = c[:len(c)-1]
		case "forge": // rewritten by somebody with another key
			prev := []byte{}
			if i > 0 {
				prev = c[i-1].Hash
			}
			c[i].Body = "{}"
			c[i] = audit.Key("another key, another key, another").Seal(c[i], prev)
		case "fork": // with our key, of another past
			c[i] = key.Seal(c[i], []byte("another past"))
		}
		if verify(c, head) == nil {
			t.Fatal("tampering was not found")
		}
	})
}
