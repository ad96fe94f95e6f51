package apply

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/render"
)

const (
	// logPages is how many pages of a log are read at most for one question:
	// each is at most 1 MB or 10,000 events (CloudWatch Logs API,
	// FilterLogEvents), and may be empty.
	logPages = 12
	// logWindow is the first look back; each further one goes twice as far, so
	// that a busy log costs no more than a quiet one.
	logWindow = time.Minute
)

// Logs reads the newest lines that the tasks of a heritage wrote. What they
// contain is looked for here and not by a filter pattern of CloudWatch, whose
// words are not a text's parts.
func (a *Apply) Logs(ctx context.Context, t bcn.Target, h bcn.Heritage, now time.Time, q deploy.LogQuery) (deploy.LogTail, error) {
	s, group := a.aws.For(t), render.LogGroup(t.District.Name, h.Name)
	out, err := a.wrote(ctx, s, group, h.Name, q.Service)
	if err != nil || !out.Wrote {
		return out, err
	}
	prefix := h.Name + "/"
	if q.Service != "" {
		prefix += q.Service + "/"
	}
	// A minute ahead: the clocks of tasks are their own.
	pages, to, first := logPages, now.Add(time.Minute), now.Add(-q.Since)
	for back := logWindow; to.After(first) && len(out.Lines) < q.Limit; back *= 2 {
		from := now.Add(-back)
		if from.Before(first) {
			from = first
		}
		lines, complete, err := window(ctx, s, group, prefix, from, to, q, &pages)
		if err != nil {
			return out, err
		}
		out.Lines = append(lines, out.Lines...)
		if !complete {
			out.More = true
			break
		}
		to = from
	}
	if n := len(out.Lines) - q.Limit; n > 0 {
		out.Lines, out.More = out.Lines[n:], true
	}
	out.More = out.More || len(out.Lines) == q.Limit && to.After(first)
	return out, nil
}

// window reads the last lines of a stretch of time, and says whether it was
// read to its end: where it was not, its oldest lines are there and newer ones
// are missing, so that the next pages are worth more than those of before.
func window(ctx context.Context, s *awsx.Session, group, prefix string, from, to time.Time, q deploy.LogQuery, pages *int) ([]deploy.LogLine, bool, error) {
	var lines []deploy.LogLine
	for token := ""; ; {
		if *pages == 0 {
			return lines, false, nil
		}
		*pages--
		events, next, err := s.LogEvents(ctx, group, prefix, from, to, token)
		if gone(err) {
			return nil, true, nil
		}
		if err != nil {
			return nil, false, err
		}
		for _, e := range events {
			if q.Grep == "" || strings.Contains(e.Text, q.Grep) {
				lines = append(lines, deploy.LogLine{At: e.At, Source: writerOf(e.Stream), Text: bounded(e.Text)})
			}
		}
		if n := len(lines) - q.Limit - 1; n > 0 { // one more than wanted tells that there are more
			lines = slices.Clone(lines[n:])
		}
		if next == "" {
			return lines, true, nil
		}
		token = next
	}
}

// wrote looks for a log, and for the services that wrote last. A stream is
// called {heritage}/{container}/{task} (ECS developer guide,
// awslogs-stream-prefix), that of a scheduled task as render says. Streams are
// listed by the newest or by a prefix, not by both (CloudWatch Logs API,
// DescribeLogStreams).
func (a *Apply) wrote(ctx context.Context, s *awsx.Session, group, heritage, service string) (deploy.LogTail, error) {
	var out deploy.LogTail
	streams, err := s.LogStreams(ctx, group)
	if gone(err) {
		return out, nil
	}
	if err != nil {
		return out, err
	}
	for _, name := range streams {
		of, who, _ := writer(name)
		if of == heritage && !slices.Contains(out.Services, who) {
			out.Services = append(out.Services, who)
		}
	}
	slices.Sort(out.Services)
	if out.Wrote = len(out.Services) > 0; service != "" {
		out.Wrote, err = s.LogStreamsWith(ctx, group, heritage+"/"+service+"/")
	}
	return out, err
}

// writer reads the name of a stream: the heritage, the service or scheduled
// task, and the ECS task's id. All are empty where it is nobody's.
func writer(stream string) (heritage, who, task string) {
	parts := strings.Split(stream, "/")
	if len(parts) != 3 && (len(parts) != 4 || parts[2] != render.ScheduleContainer) {
		return "", "", ""
	}
	return parts[0], parts[1], parts[len(parts)-1]
}

// writerOf names who wrote: the service or scheduled task, and the beginning of
// its task's id.
func writerOf(stream string) string {
	_, who, task := writer(stream)
	if who == "" {
		return stream
	}
	return who + "/" + task[:min(8, len(task))]
}
