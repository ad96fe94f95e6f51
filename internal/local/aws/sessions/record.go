package sessions

import (
	"bytes"
	"encoding/json"
	"time"
)

// Logs is where sessions are recorded; cluster.Cluster is one.
type Logs interface {
	// WriteLog adds an event to a stream of the log group, which it makes; a
	// group that is not there gets nothing.
	WriteLog(account, region, group, stream string, at time.Time, text string)
}

// recorder writes a session's output to its document's log group, as the agent
// streams it: an event of JSON for whole lines, in a stream that has the
// session's id (Systems Manager User Guide, "Streaming session data using
// Amazon CloudWatch Logs"). Its stream's mu guards it.
type recorder struct {
	service *Service
	session *session
	user    string
	partial []byte // of a line
}

// maxLine is how long a line may get before it is written in parts, in bytes.
const maxLine = 64 << 10

// write takes output; nil records nothing.
func (r *recorder) write(data []byte) {
	if r == nil {
		return
	}
	r.partial = append(r.partial, data...)
	end := bytes.LastIndexByte(r.partial, '\n')
	if end < 0 && len(r.partial) < maxLine {
		return
	}
	if end < 0 {
		end = len(r.partial) - 1
	}
	r.event(r.partial[:end+1])
	r.partial = append([]byte(nil), r.partial[end+1:]...)
}

// flush writes what is left of the last line.
func (r *recorder) flush() {
	if r == nil || len(r.partial) == 0 {
		return
	}
	r.event(r.partial)
	r.partial = nil
}

func (r *recorder) event(text []byte) {
	var lines []string
	for line := range bytes.Lines(text) {
		lines = append(lines, string(bytes.TrimRight(line, "\r\n")))
	}
	x, now := r.session, r.service.clock.Now()
	event, _ := json.Marshal(map[string]any{ //nolint:errchkjson // texts
		"eventVersion": "1.0", "eventTime": now.UTC().Format(time.RFC3339), "awsRegion": x.region,
		"target": map[string]any{"id": x.target}, "userIdentity": map[string]any{"arn": x.owner},
		"runAsUser": r.user, "sessionId": x.id, "sessionData": lines,
	})
	r.service.logs.WriteLog(x.account, x.region, x.log, x.id, now, string(event))
}
