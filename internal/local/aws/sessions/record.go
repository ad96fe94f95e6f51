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

// recorder writes a session's output to its log group, in a stream that has the
// session's id. What a document streams is JSON, an event for whole lines
// (Systems Manager User Guide, "Streaming session data using Amazon CloudWatch
// Logs"); of ECS Exec the lines themselves are there, once it is over. Its
// stream's mu guards it.
type recorder struct {
	service *Service
	session *session
	user    string
	partial []byte // of a line
}

// maxKept is how much of a session of ECS Exec is kept, its end, in bytes.
const maxKept = 4 << 20

// maxLine is how long a line may get before it is written in parts, in bytes.
const maxLine = 64 << 10

// write takes output; nil records nothing.
func (r *recorder) write(data []byte) {
	if r == nil {
		return
	}
	r.partial = append(r.partial, data...)
	if r.session.exec {
		r.partial = r.partial[max(0, len(r.partial)-maxKept):]
		return
	}
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
	x, now := r.session, r.service.clock.Now()
	var lines []string
	for line := range bytes.Lines(text) {
		lines = append(lines, string(bytes.TrimRight(line, "\r\n")))
	}
	if x.exec {
		for _, line := range lines {
			r.service.logs.WriteLog(x.account, x.region, x.log, x.id, now, line)
		}
		return
	}
	event, _ := json.Marshal(map[string]any{ //nolint:errchkjson // texts
		"eventVersion": "1.0", "eventTime": now.UTC().Format(time.RFC3339), "awsRegion": x.region,
		"target": map[string]any{"id": x.target}, "userIdentity": map[string]any{"arn": x.owner},
		"runAsUser": r.user, "sessionId": x.id, "sessionData": lines,
	})
	r.service.logs.WriteLog(x.account, x.region, x.log, x.id, now, string(event))
}
