package audit_test

import (
	"encoding/json"
	"errors"
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

func TestAnchors(t *testing.T) {
	t.Parallel()
	c := chain(20)
	at := time.Unix(1_700_000_000, 0)
	anchor := func(i int) audit.Anchor { return key.Anchor("installation", c[i].Seq, c[i].Hash, at) }
	walk := func(entries []audit.Entry, anchors ...audit.Anchor) error {
		v := audit.NewVerifier(key)
		v.Expect(anchors)
		for _, e := range entries {
			if err := v.Next(e); err != nil {
				return err
			}
		}
		head := entries[len(entries)-1]
		return v.End(head.Seq, head.Hash, key.HeadMAC(head.Seq, head.Hash))
	}
	t.Run("agree with the chain that they are of", func(t *testing.T) {
		t.Parallel()
		if err := walk(c, anchor(19), anchor(3), anchor(3), anchor(0)); err != nil {
			t.Error(err)
		}
	})
	t.Run("disagree with a chain that is shorter, or went on otherwise", func(t *testing.T) {
		t.Parallel()
		var disagree *audit.AnchorError
		if err := walk(c[:10], anchor(3), anchor(12)); !errors.As(err, &disagree) || disagree.Anchor.Seq != 13 {
			t.Errorf("shorter: %v", err)
		}
		other := append([]audit.Entry{}, c[:10]...)
		for i := range 10 {
			other = append(other, key.Seal(audit.Entry{Seq: int64(11 + i), Kind: "other"}, other[len(other)-1].Hash))
		}
		if err := walk(other, anchor(3), anchor(12)); !errors.As(err, &disagree) || disagree.Anchor.Seq != 13 {
			t.Errorf("otherwise: %v", err)
		}
	})
	t.Run("come back from a message, a name and a line as they were", func(t *testing.T) {
		t.Parallel()
		a := anchor(7)
		b, err := json.Marshal(a)
		var read audit.Anchor
		if err := errors.Join(err, json.Unmarshal(b, &read)); err != nil || !key.Sealed(read) || read.String() != a.String() {
			t.Errorf("%v %+v", err, read)
		}
		named, err := audit.AnchorNamed("installation", a.Name())
		if err != nil || !key.Sealed(named) {
			t.Errorf("%v %+v", err, named)
		}
		if typed, err := audit.ParseAnchor(a.String()); err != nil || typed.String() != a.String() {
			t.Errorf("%v %v", err, typed)
		}
		read.Seq++
		if key.Sealed(read) {
			t.Error("another number is sealed as well")
		}
		for _, bad := range []string{"", "7", "7:", "7:ab", "x:" + a.String()[2:], "0" + a.String()[1:], "-1" + a.String()[1:]} {
			if _, err := audit.ParseAnchor(bad); err == nil {
				t.Errorf("%q was taken", bad)
			}
			if _, err := audit.AnchorNamed("", bad); err == nil {
				t.Errorf("%q was taken as a name", bad)
			}
		}
	})
}
