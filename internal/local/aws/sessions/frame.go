package sessions

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strings"
	"time"
)

// The types of message (src/message of the session-manager-plugin).
const (
	inputStream      = "input_stream_data"
	outputStream     = "output_stream_data"
	acknowledge      = "acknowledge"
	channelClosed    = "channel_closed"
	startPublication = "start_publication"
	pausePublication = "pause_publication"
)

// The types of payload.
const (
	payloadOutput            = 1
	payloadSize              = 3
	payloadHandshakeRequest  = 5
	payloadHandshakeResponse = 6
	payloadHandshakeComplete = 7
	payloadFlag              = 10
)

// The control flags of a message: first and last of a sequence.
const (
	flagFirst = 1
	flagLast  = 2
)

// Where the fields of a message are. All numbers are big-endian.
const (
	atType      = 4
	atVersion   = atType + 32
	atCreated   = atVersion + 4
	atSequence  = atCreated + 8
	atFlags     = atSequence + 8
	atID        = atFlags + 8
	atDigest    = atID + 16
	atPayload   = atDigest + sha256.Size
	atLength    = atPayload + 4
	headerSize  = atLength // what the header's own length says: the payload's length is not counted
	frameSize   = atLength + 4
	schemaFirst = 1
)

var errFrame = errors.New("not a message of the data channel")

// frame is one message of the data channel.
type frame struct {
	kind     string
	created  time.Time
	sequence int64
	flags    uint64
	id       [16]byte
	payload  uint32 // its type
	data     []byte
}

// newFrame makes a message with an id of its own.
func newFrame(kind string, payload uint32, data []byte) frame {
	f := frame{kind: kind, created: time.Now(), payload: payload, data: data}
	_, _ = rand.Read(f.id[:]) // never fails: crypto/rand ends the process instead
	f.id[6] = f.id[6]&0x0f | 0x40
	f.id[8] = f.id[8]&0x3f | 0x80
	return f
}

// uuid is the message's id as text.
func (f frame) uuid() string {
	h := hex.EncodeToString(f.id[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// marshal writes the message as it goes over the wire.
func (f frame) marshal() []byte {
	b := make([]byte, frameSize, frameSize+len(f.data))
	binary.BigEndian.PutUint32(b, headerSize)
	copy(b[atType:atVersion], bytes.Repeat([]byte{' '}, atVersion-atType))
	copy(b[atType:atVersion], f.kind)
	binary.BigEndian.PutUint32(b[atVersion:], schemaFirst)
	binary.BigEndian.PutUint64(b[atCreated:], uint64(f.created.UnixMilli()))
	binary.BigEndian.PutUint64(b[atSequence:], uint64(f.sequence))
	binary.BigEndian.PutUint64(b[atFlags:], f.flags)
	copy(b[atID:], f.id[8:]) // the plugin writes the less significant half first
	copy(b[atID+8:], f.id[:8])
	sum := sha256.Sum256(f.data)
	copy(b[atDigest:], sum[:])
	binary.BigEndian.PutUint32(b[atPayload:], f.payload)
	binary.BigEndian.PutUint32(b[atLength:], uint32(len(f.data)))
	return append(b, f.data...)
}

// parseFrame reads a message and refuses one whose digest is wrong.
func parseFrame(b []byte) (frame, error) {
	if len(b) < frameSize || binary.BigEndian.Uint32(b) != headerSize {
		return frame{}, errFrame
	}
	f := frame{
		kind:     strings.Trim(string(b[atType:atVersion]), "\x00 "),
		created:  time.UnixMilli(int64(binary.BigEndian.Uint64(b[atCreated:]))),
		sequence: int64(binary.BigEndian.Uint64(b[atSequence:])),
		flags:    binary.BigEndian.Uint64(b[atFlags:]),
		payload:  binary.BigEndian.Uint32(b[atPayload:]),
		data:     b[frameSize:],
	}
	copy(f.id[8:], b[atID:atID+8])
	copy(f.id[:8], b[atID+8:atDigest])
	sum := sha256.Sum256(f.data)
	switch {
	case f.kind == "", f.sequence < 0,
		int(binary.BigEndian.Uint32(b[atLength:])) != len(f.data),
		len(f.data) > 0 && !bytes.Equal(sum[:], b[atDigest:atPayload]):
		return frame{}, errFrame
	}
	return f, nil
}
