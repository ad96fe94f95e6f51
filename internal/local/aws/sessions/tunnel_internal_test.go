package sessions

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"
)

// TestFramesOfPorts cuts what was joined, however it was torn on the way.
func TestFramesOfPorts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		sent := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) muxFrame {
			return muxFrame{rapid.ByteMax(muxNothing).Draw(t, "command"), rapid.Uint32().Draw(t, "stream"), rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "data")}
		}), 0, 8).Draw(t, "frames")
		var wire []byte
		for _, f := range sent {
			wire = append(wire, f.marshal()...)
		}
		var got []muxFrame
		var partial []byte
		for len(wire) > 0 {
			n := rapid.IntRange(1, len(wire)).Draw(t, "bytes")
			partial, wire = append(partial, wire[:n]...), wire[n:]
			for {
				f, rest, ok, err := cutMux(partial)
				if err != nil {
					t.Fatal(err)
				}
				if !ok {
					break
				}
				got = append(got, f)
				partial = rest
			}
		}
		if len(got) != len(sent) || len(partial) > 0 {
			t.Fatalf("%d frames of %d, %d bytes left", len(got), len(sent), len(partial))
		}
		for i, f := range sent {
			if g := got[i]; g.command != f.command || g.stream != f.stream || !bytes.Equal(g.data, f.data) {
				t.Fatalf("%v became %v", f, g)
			}
		}
	})
	t.Run("another protocol is refused", func(t *testing.T) {
		t.Parallel()
		for _, b := range [][]byte{[]byte("GET / HTTP/1.1\r\n"), {2, 0, 0, 0, 1, 0, 0, 0}, {1, 4, 0, 0, 1, 0, 0, 0}} {
			if _, _, ok, err := cutMux(b); ok || err == nil {
				t.Fatalf("% x: %v, %v", b, ok, err)
			}
		}
	})
}
