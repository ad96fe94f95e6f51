package sessions

import (
	"bytes"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestFrame(t *testing.T) {
	t.Parallel()
	t.Run("what is written is read", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(t *rapid.T) {
			f := newFrame(rapid.SampledFrom([]string{inputStream, outputStream, acknowledge, channelClosed, startPublication, pausePublication}).Draw(t, "kind"),
				rapid.Uint32().Draw(t, "payload"), rapid.SliceOf(rapid.Byte()).Draw(t, "data"))
			f.sequence, f.flags = rapid.Int64Min(0).Draw(t, "sequence"), rapid.Uint64().Draw(t, "flags")
			f.created = time.UnixMilli(rapid.Int64Range(0, 1<<50).Draw(t, "created"))
			got, err := parseFrame(f.marshal())
			if err != nil {
				t.Fatal(err)
			}
			if got.kind != f.kind || got.payload != f.payload || got.sequence != f.sequence || got.flags != f.flags ||
				got.uuid() != f.uuid() || !got.created.Equal(f.created) || !bytes.Equal(got.data, f.data) {
				t.Fatalf("got %+v, want %+v", got, f)
			}
		})
	})
	t.Run("a message with another digest is refused", func(t *testing.T) {
		t.Parallel()
		b := newFrame(inputStream, payloadOutput, []byte("ls")).marshal()
		b[len(b)-1] ^= 1
		if _, err := parseFrame(b); err == nil {
			t.Fatal("taken")
		}
	})
	t.Run("a message that is cut short is refused", func(t *testing.T) {
		t.Parallel()
		whole := newFrame(inputStream, payloadOutput, []byte("ls")).marshal()
		for n := range whole {
			if _, err := parseFrame(whole[:n]); err == nil {
				t.Fatalf("the first %d bytes were taken", n)
			}
		}
	})
}

func FuzzFrame(f *testing.F) {
	f.Add(newFrame(inputStream, payloadOutput, []byte("ls")).marshal())
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := parseFrame(b)
		if err == nil && (m.kind == "" || m.sequence < 0) {
			t.Fatalf("taken: %+v", m)
		}
	})
}
