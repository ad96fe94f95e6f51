package bench_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	localslack "github.com/bcn-bot/bcn/internal/local/slack"
)

// Who does what where in the local workspace.
const (
	deploys, approvals     = "C0DEPLOYS", "C0APPROVE"
	developer, lead, admin = "U0DEV", "U0LEAD", "U0ADMIN"
	patience               = time.Minute
)

// samples is how many deploys are measured, and idle how long bcn is left
// alone before each: what Slack allows a minute (edits, reads of user groups)
// is spared by then, and what is measured is bcn.
const (
	samples = 5
	idle    = 20 * time.Second
)

// BenchmarkDeploy shows, for `bot serve` at production's pace against local
// parts that take no time, how long it takes from the acknowledgement of a
// deploy until its card is there and until it shows the plan, and from the
// press of Approve until the first ExecuteChangeSet arrives at AWS.
func BenchmarkDeploy(b *testing.B) {
	s := serve(b)
	for _, command := range s.aws.SampleCommands() {
		s.setUp(b, strings.TrimPrefix(command, "/bcn "))
	}
	took := map[string][]time.Duration{}
	for b.Loop() {
		for n := range samples {
			<-time.After(idle)
			s.deploy(b, []string{"v1", "v2"}[n%2], took)
		}
	}
	b.ReportMetric(0, "ns/op") // of waiting: says nothing
	for what, list := range took {
		b.ReportMetric(milliseconds(quantile(list, 0.5)), what+"-p50-ms")
		b.ReportMetric(milliseconds(quantile(list, 1)), what+"-max-ms")
	}
}

// deploy asks for a tag, has it approved, and waits for the verdict.
func (s *served) deploy(b *testing.B, tag string, took map[string][]time.Duration) {
	b.Helper()
	began := time.Now()
	acked := s.type1(b, developer, deploys, "deploy hello production "+tag)
	s.card(b, deploys, began, "")
	took["command-to-card"] = append(took["command-to-card"], time.Since(acked))
	card := s.card(b, deploys, began, "waits for approval")
	took["command-to-plan"] = append(took["command-to-plan"], time.Since(acked))
	for len(s.calls) > 0 {
		<-s.calls // of what was deployed before
	}
	pressed := time.Now()
	s.approve(b, card)
	select {
	case <-s.calls:
		took["click-to-call"] = append(took["click-to-call"], time.Since(pressed))
	case <-time.After(patience):
		b.Fatal("nothing was executed")
	}
	s.card(b, deploys, began, "✅")
}

// setUp types a command as an administrator and waits until it is done.
func (s *served) setUp(b *testing.B, command string) {
	b.Helper()
	began := time.Now()
	s.type1(b, admin, approvals, command)
	s.card(b, approvals, began, "✅")
}

// type1 types a command and answers when it was acknowledged.
func (s *served) type1(b *testing.B, user, channel, command string) time.Time {
	b.Helper()
	ctx, stop := context.WithTimeout(b.Context(), patience)
	defer stop()
	reply, err := s.slack.Slash(ctx, user, channel, command)
	if err != nil || reply.Error != "" || reply.Message != nil {
		b.Fatalf("/bcn %s: %v %+v", command, err, reply)
	}
	return time.Now()
}

// card waits for a card that was posted after the moment and shows the word.
func (s *served) card(b *testing.B, channel string, since time.Time, word string) localslack.Message {
	b.Helper()
	ctx, stop := context.WithTimeout(b.Context(), patience)
	defer stop()
	from := fmt.Sprintf("%d.%06d", since.Unix(), since.Nanosecond()/1000)
	m, err := s.slack.Wait(ctx, func(m localslack.Message) bool {
		return m.Channel == channel && m.Thread == "" && m.FromBot() && m.TS >= from && strings.Contains(m.Text+m.Shown(), word)
	})
	if err != nil {
		b.Fatalf("wait for a card with %q: %v", word, err)
	}
	return m
}

func (s *served) approve(b *testing.B, card localslack.Message) {
	b.Helper()
	ctx, stop := context.WithTimeout(b.Context(), patience)
	defer stop()
	for _, button := range card.Buttons() {
		if strings.Contains(button.ActionID, ":approve:") {
			if reply, err := s.slack.Click(ctx, lead, card, button.ActionID); err != nil || reply.Error != "" {
				b.Fatalf("approve: %v %s", err, reply.Error)
			}
			return
		}
	}
	b.Fatal("the card has no button to approve")
}
