package awsx

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/smithy-go/middleware"
)

// sessionsPerPage is the largest page of DescribeSessions (API reference).
const sessionsPerPage = 200

// ShellSession is a session of Session Manager, also one of ECS Exec.
type ShellSession struct {
	ID, Target, Owner string // the owner is an ARN
	Document          string
	Status            string // Connected, Connecting, Disconnected, Terminated, Terminating, Failed
	Reason            string
	Started, Ended    time.Time
}

// SessionQuery says which sessions are listed.
type SessionQuery struct {
	History bool      // those that are over, of the last 30 days; else those that are not
	Target  string    // empty: any
	ID      string    // empty: any
	Since   time.Time // when they were started at the earliest; zero: any
}

// ShellSessions lists sessions, all pages. at is the time of AWS's clock, in
// whole seconds, when it answered the first of them; where that answer had no
// Date, which HTTP asks of every server that has a clock, it is this machine's.
func (s *Session) ShellSessions(ctx context.Context, q SessionQuery) (list []ShellSession, at time.Time, err error) {
	in := &ssm.DescribeSessionsInput{State: types.SessionStateActive, MaxResults: aws.Int32(sessionsPerPage)}
	if q.History {
		in.State = types.SessionStateHistory
	}
	since := ""
	if !q.Since.IsZero() {
		since = q.Since.UTC().Format(time.RFC3339)
	}
	for key, value := range map[types.SessionFilterKey]string{
		types.SessionFilterKeyTargetId: q.Target, types.SessionFilterKeySessionId: q.ID, types.SessionFilterKeyInvokedAfter: since,
	} {
		if value != "" {
			in.Filters = append(in.Filters, types.SessionFilter{Key: key, Value: aws.String(value)})
		}
	}
	pages := ssm.NewDescribeSessionsPaginator(s.ssm(), in)
	for pages.HasMorePages() {
		asked := time.Now()
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, time.Time{}, s.wrap(err)
		}
		if at.IsZero() {
			at = serverTime(page.ResultMetadata, asked)
		}
		for _, v := range page.Sessions {
			list = append(list, ShellSession{
				ID: aws.ToString(v.SessionId), Target: aws.ToString(v.Target), Owner: aws.ToString(v.Owner),
				Document: aws.ToString(v.DocumentName), Status: string(v.Status), Reason: aws.ToString(v.Reason),
				Started: aws.ToTime(v.StartDate), Ended: aws.ToTime(v.EndDate),
			})
		}
	}
	return list, at, nil
}

// serverTime is the Date of an answer.
func serverTime(m middleware.Metadata, otherwise time.Time) time.Time {
	if at, ok := awsmiddleware.GetServerTime(m); ok && !at.IsZero() {
		return at.UTC()
	}
	return otherwise.UTC()
}

// TerminateSession asks for a session's end. AWS says yes to any id.
func (s *Session) TerminateSession(ctx context.Context, id string) error {
	_, err := s.ssm().TerminateSession(ctx, &ssm.TerminateSessionInput{SessionId: aws.String(id)})
	if CodeOf(err) == "DoesNotExistException" {
		return s.missing(err)
	}
	return s.wrap(err)
}

// Node is a managed node.
type Node struct {
	ID, Name string // the name is the computer's
	Ping     string // Online, ConnectionLost, Inactive
	Platform string // Linux, Windows, MacOS
}

// ManagedNode finds a node by its id; ErrNotFound where Systems Manager does
// not know it.
func (s *Session) ManagedNode(ctx context.Context, id string) (Node, error) {
	out, err := s.ssm().DescribeInstanceInformation(ctx, &ssm.DescribeInstanceInformationInput{
		Filters: []types.InstanceInformationStringFilter{{Key: aws.String("InstanceIds"), Values: []string{id}}},
	})
	if err != nil {
		switch CodeOf(err) {
		case "InvalidInstanceId", "InvalidInstanceInformationFilterValue":
			return Node{}, s.missing(err)
		}
		return Node{}, s.wrap(err)
	}
	for _, v := range out.InstanceInformationList {
		if aws.ToString(v.InstanceId) == id {
			name := aws.ToString(v.ComputerName)
			if name == "" {
				name = aws.ToString(v.Name)
			}
			return Node{ID: id, Name: name, Ping: string(v.PingStatus), Platform: string(v.PlatformType)}, nil
		}
	}
	return Node{}, missingNode(id)
}

// Document is a session document at the version that sessions are opened with.
type Document struct {
	Type, Status string // Session, ...; Active, ...
	Content      string // JSON
}

// SessionDocument reads a document's default version; ErrNotFound where there
// is none of that name.
func (s *Session) SessionDocument(ctx context.Context, name string) (Document, error) {
	out, err := s.ssm().GetDocument(ctx, &ssm.GetDocumentInput{
		Name: aws.String(name), DocumentVersion: aws.String("$DEFAULT"), DocumentFormat: types.DocumentFormatJson,
	})
	if err != nil {
		if CodeOf(err) == "InvalidDocument" {
			return Document{}, s.missing(err)
		}
		return Document{}, s.wrap(err)
	}
	return Document{Type: string(out.DocumentType), Status: string(out.Status), Content: aws.ToString(out.Content)}, nil
}
