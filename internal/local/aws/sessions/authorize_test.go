package sessions_test

import (
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
)

// broad is what an access role may do at most; a session policy narrows it.
const broad = `{"Version":"2012-10-17","Statement":[
	{"Effect":"Allow","Action":["ssm:*","ssmmessages:OpenDataChannel","ecs:ExecuteCommand"],"Resource":"*"},
	{"Effect":"Deny","Action":"ssm:StartSession","Resource":"arn:aws:ecs:*:*:task/*"}]}`

// grant is the session policy of a ten-minute grant of one machine.
const grant = `{"Version":"2012-10-17","Statement":[
	{"Effect":"Allow","Action":"ssm:StartSession","Resource":["` + nodeARN + `","` + tenARN + `"],
	 "Condition":{"DateLessThan":{"aws:CurrentTime":"2026-11-21T10:10:00Z"},"BoolIfExists":{"ssm:SessionDocumentAccessCheck":"true"}}},
	{"Effect":"Allow","Action":["ssm:ResumeSession","ssm:TerminateSession"],"Resource":"*",
	 "Condition":{"DateLessThan":{"aws:CurrentTime":"2026-11-21T10:10:00Z"},"StringEquals":{"ssm:resourceTag/aws:ssmmessages:session-id":"${aws:userid}"}}},
	{"Effect":"Allow","Action":"ssmmessages:OpenDataChannel","Resource":"arn:aws:ssm:*:*:session/${aws:userid}-*",
	 "Condition":{"DateLessThan":{"aws:CurrentTime":"2026-11-21T10:10:00Z"}}}]}`

func TestWhoMayStart(t *testing.T) {
	t.Parallel()
	s := awssdk.String
	for _, c := range []struct {
		name   string
		after  time.Duration
		change func(*ssm.StartSessionInput)
		want   string
	}{
		{"the one machine with the one document", 0, func(*ssm.StartSessionInput) {}, ""},
		{"a second before the end", 10*time.Minute - time.Second, func(*ssm.StartSessionInput) {}, ""},
		{"at the end", 10 * time.Minute, func(*ssm.StartSessionInput) {}, "AccessDeniedException"},
		{"a minute after the end", 11 * time.Minute, func(*ssm.StartSessionInput) {}, "AccessDeniedException"},
		{"with credentials that have expired", 15 * time.Minute, func(*ssm.StartSessionInput) {}, "ExpiredTokenException"},
		{"another machine", 0, func(in *ssm.StartSessionInput) { in.Target = s(other) }, "AccessDeniedException"},
		{"a machine that is not there", 0, func(in *ssm.StartSessionInput) { in.Target = s("i-00000000000000000") }, "AccessDeniedException"},
		{"another document", 0, func(in *ssm.StartSessionInput) { in.DocumentName = s("bcn-shell-60m") }, "AccessDeniedException"},
		{"no document", 0, func(in *ssm.StartSessionInput) { in.DocumentName = nil }, "AccessDeniedException"},
		{"the account's own document", 0, func(in *ssm.StartSessionInput) { in.DocumentName = s("SSM-SessionManagerRunShell") }, "AccessDeniedException"},
		{"the document of another account", 0, func(in *ssm.StartSessionInput) {
			in.DocumentName = s("arn:aws:ssm:us-east-1:999999999999:document/bcn-shell-10m")
		}, "AccessDeniedException"},
		{"SSH", 0, func(in *ssm.StartSessionInput) { in.DocumentName = s("AWS-StartSSHSession") }, "AccessDeniedException"},
		{"a forwarded port", 0, func(in *ssm.StartSessionInput) { in.DocumentName = s("AWS-StartPortForwardingSession") }, "AccessDeniedException"},
		{"a forwarded port of another host", 0, func(in *ssm.StartSessionInput) { in.DocumentName = s("AWS-StartPortForwardingSessionToRemoteHost") }, "AccessDeniedException"},
		{"a command", 0, func(in *ssm.StartSessionInput) { in.DocumentName = s("AWS-StartInteractiveCommand") }, "AccessDeniedException"},
		{"a task past ECS Exec", 0, func(in *ssm.StartSessionInput) { in.Target = s("ecs:default_0123_0123-1") }, "AccessDeniedException"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.document(t, "bcn-shell-60m", content("60", "5"))
			creds := w.assume(t, "access", broad, "grant-7", grant)
			w.clock.Advance(c.after)
			in := &ssm.StartSessionInput{Target: s(node), DocumentName: s(ten)}
			c.change(in)
			_, err := ssm.NewFromConfig(w.as(creds)).StartSession(t.Context(), in)
			wantCode(t, err, c.want)
			if c.want != "" && len(w.listed(t, "Active")) > 0 {
				t.Fatal("a refused call has opened a session")
			}
		})
	}
}

func TestOtherActionsOfAGrant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := ssm.NewFromConfig(w.as(w.assume(t, "access", broad, "grant-7", grant)))
	name, target := awssdk.String(ten), awssdk.String(node)
	for action, call := range map[string]func() error{
		"UpdateDocument": func() error {
			_, err := c.UpdateDocument(t.Context(), &ssm.UpdateDocumentInput{Name: name, Content: awssdk.String(content("1440", "60")), DocumentVersion: awssdk.String("$LATEST")})
			return err
		},
		"DeleteDocument": func() error {
			_, err := c.DeleteDocument(t.Context(), &ssm.DeleteDocumentInput{Name: name})
			return err
		},
		"DescribeSessions": func() error {
			_, err := c.DescribeSessions(t.Context(), &ssm.DescribeSessionsInput{State: "Active"})
			return err
		},
		"GetConnectionStatus": func() error {
			_, err := c.GetConnectionStatus(t.Context(), &ssm.GetConnectionStatusInput{Target: target})
			return err
		},
		"DescribeInstanceInformation": func() error {
			_, err := c.DescribeInstanceInformation(t.Context(), &ssm.DescribeInstanceInformationInput{})
			return err
		},
		"ExecuteCommand": func() error {
			_, err := ecs.NewFromConfig(w.as(w.assume(t, "access", broad, "grant-7", grant))).ExecuteCommand(t.Context(), &ecs.ExecuteCommandInput{
				Task: target, Command: awssdk.String("sh"), Interactive: true,
			})
			return err
		},
	} {
		t.Run(action+" is denied", func(t *testing.T) {
			wantCode(t, call(), "AccessDeniedException")
		})
	}
}

func TestOwnSessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dana, olu := w.as(w.assume(t, "access", broad, "grant-7", grant)), w.as(w.assume(t, "access", broad, "grant-8", grant))
	id := w.open(t, dana).SessionId
	t.Run("another's session cannot be resumed", func(t *testing.T) {
		_, err := ssm.NewFromConfig(olu).ResumeSession(t.Context(), &ssm.ResumeSessionInput{SessionId: id})
		wantCode(t, err, "AccessDeniedException")
	})
	t.Run("another's session cannot be terminated", func(t *testing.T) {
		_, err := ssm.NewFromConfig(olu).TerminateSession(t.Context(), &ssm.TerminateSessionInput{SessionId: id})
		wantCode(t, err, "AccessDeniedException")
		if len(w.listed(t, "Active")) != 1 {
			t.Fatal("it is gone")
		}
	})
	t.Run("one's own can be resumed", func(t *testing.T) {
		out, err := ssm.NewFromConfig(dana).ResumeSession(t.Context(), &ssm.ResumeSessionInput{SessionId: id})
		wantCode(t, err, "")
		if out.TokenValue == nil || *out.TokenValue == "" {
			t.Fatal("without a token")
		}
	})
	t.Run("one's own can be terminated, and then not resumed", func(t *testing.T) {
		_, err := ssm.NewFromConfig(dana).TerminateSession(t.Context(), &ssm.TerminateSessionInput{SessionId: id})
		wantCode(t, err, "")
		_, err = ssm.NewFromConfig(dana).ResumeSession(t.Context(), &ssm.ResumeSessionInput{SessionId: id})
		wantCode(t, err, "DoesNotExistException")
	})
	t.Run("after the end nothing can be resumed", func(t *testing.T) {
		id := w.open(t, dana).SessionId
		w.clock.Advance(10 * time.Minute)
		_, err := ssm.NewFromConfig(dana).ResumeSession(t.Context(), &ssm.ResumeSessionInput{SessionId: id})
		wantCode(t, err, "AccessDeniedException")
	})
}

func TestPoliciesOfOtherForms(t *testing.T) {
	t.Parallel()
	start := func(t *testing.T, w *world, policy string, change func(*ssm.StartSessionInput)) error {
		t.Helper()
		in := &ssm.StartSessionInput{Target: awssdk.String(node), DocumentName: awssdk.String(ten)}
		change(in)
		_, err := ssm.NewFromConfig(w.as(w.assume(t, "narrow", policy, "dana", ""))).StartSession(t.Context(), in)
		return err
	}
	const byTag = `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"ssm:StartSession","Resource":"arn:aws:ec2:*:*:instance/*","Condition":{"StringEquals":{"ssm:resourceTag/env":"production"}}},
		{"Effect":"Allow","Action":"ssm:StartSession","Resource":"` + tenARN + `"}]}`
	t.Run("a tag opens the machines that have it", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		wantCode(t, start(t, w, byTag, func(*ssm.StartSessionInput) {}), "")
	})
	t.Run("and no others", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.Sessions().PutNode(sessionsNode("i-0aaaaaaaaaaaaaaaa", "staging"))
		wantCode(t, start(t, w, byTag, func(in *ssm.StartSessionInput) { in.Target = awssdk.String("i-0aaaaaaaaaaaaaaaa") }), "AccessDeniedException")
	})
	t.Run("a permission on the machine alone opens nothing", func(t *testing.T) {
		t.Parallel()
		policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ssm:StartSession","Resource":"` + nodeARN + `"}]}`
		w := newWorld(t)
		wantCode(t, start(t, w, policy, func(*ssm.StartSessionInput) {}), "AccessDeniedException")
		wantCode(t, start(t, w, policy, func(in *ssm.StartSessionInput) { in.DocumentName = nil }), "AccessDeniedException")
	})
	t.Run("a document check is failed by who names no document, even where the account's own is allowed", func(t *testing.T) {
		t.Parallel()
		policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ssm:StartSession",
			"Resource":["` + nodeARN + `","arn:aws:ssm:us-east-1:123456789012:document/SSM-SessionManagerRunShell"],
			"Condition":{"BoolIfExists":{"ssm:SessionDocumentAccessCheck":"true"}}}]}`
		w := newWorld(t)
		wantCode(t, start(t, w, policy, func(in *ssm.StartSessionInput) { in.DocumentName = nil }), "AccessDeniedException")
		wantCode(t, start(t, w, policy, func(in *ssm.StartSessionInput) { in.DocumentName = awssdk.String("SSM-SessionManagerRunShell") }), "")
	})
	t.Run("the sample policies' ARN of one's own sessions works", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ssm:TerminateSession","Resource":"arn:aws:ssm:*:*:session/${aws:userid}-*"},
			{"Effect":"Allow","Action":"ssm:StartSession","Resource":"*"}]}`
		dana := w.as(w.assume(t, "own", policy, "dana", ""))
		olu := w.as(w.assume(t, "own", policy, "olu", ""))
		id := w.open(t, dana).SessionId
		_, err := ssm.NewFromConfig(olu).TerminateSession(t.Context(), &ssm.TerminateSessionInput{SessionId: id})
		wantCode(t, err, "AccessDeniedException")
		_, err = ssm.NewFromConfig(dana).TerminateSession(t.Context(), &ssm.TerminateSessionInput{SessionId: id})
		wantCode(t, err, "")
	})
}
