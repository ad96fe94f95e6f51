package sessions

import (
	"context"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/kballard/go-shellquote"

	"github.com/bcn-bot/bcn/internal/local/aws/cluster"
	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// maxReason is how long StartSession's Reason may be, in characters.
const maxReason = 256

// documentCheck is the condition key by which a policy asks that the caller
// names a document and may use it (Systems Manager User Guide, "Enforce a
// session document permission check for the AWS CLI").
const documentCheck = "ssm:SessionDocumentAccessCheck"

var targetID = regexp.MustCompile(`^(m?i-[0-9a-f]{8,17}|ecs:.+)$`)

// aim is what a session is to reach.
type aim struct {
	arn             string
	tags            map[string]string
	connected       bool
	task, container string
}

// aimAt finds a target; one that is not there has an ARN all the same, so that
// a caller without rights learns nothing.
func (s *Service) aimAt(c *wire.Call, id string) (aim, error) {
	if !targetID.MatchString(id) || len(id) > 400 {
		return aim{}, wire.Errorf("TargetNotConnected", "%s is not connected.", id)
	}
	if strings.HasPrefix(id, "ecs:") {
		arn, ok := cluster.ExecTaskARN(c.Account, c.Region, id)
		if !ok {
			return aim{}, wire.Errorf("TargetNotConnected", "%s is not connected.", id)
		}
		t, connected, err := s.tasks.ExecTarget(c.Region, id)
		if err != nil {
			return aim{arn: arn}, nil //nolint:nilerr // a task that is not there is a target that is not connected
		}
		return aim{arn: arn, tags: t.Tags, connected: connected, task: t.TaskARN, container: t.Container}, nil
	}
	out := aim{arn: nodeARN(c.Region, c.Account, id)}
	for _, n := range s.known(c.Region) {
		if n.ID == id {
			out.tags, out.connected = n.Tags, !n.Offline
		}
	}
	return out, nil
}

func (s *Service) startSession(_ context.Context, c *wire.Call) (any, error) {
	target, name, reason := str(c.Params, "Target"), str(c.Params, "DocumentName"), str(c.Params, "Reason")
	to, err := s.aimAt(c, target)
	if err != nil {
		return nil, err
	}
	if err := s.mayStart(c, to, name); err != nil {
		return nil, err
	}
	if utf8.RuneCountInString(reason) > maxReason {
		return nil, constraint(reason, "reason", "Member must have length less than or equal to 256")
	}
	p, err := s.preferences(c, name)
	if err != nil {
		return nil, err
	}
	w, err := p.work(c.Params["Parameters"])
	if err != nil {
		return nil, err
	}
	if !to.connected {
		return nil, wire.Errorf("TargetNotConnected", "%s is not connected.", target)
	}
	prefix := c.Principal.SessionName
	if prefix == "" {
		prefix = "root"
	}
	return s.begin(c, &session{
		id: prefix + "-" + random(26), target: target, document: p.name, reason: reason,
		owner: c.Principal.ARN, userID: c.Principal.UserID, limit: p.limit, idle: p.idle,
		task: to.task, container: to.container, log: p.log,
	}, w)
}

// mayStart asks for ssm:StartSession on the target and on the document. Who
// names no document gets the account's own, for which a permission is needed
// too, and fails the document check of a policy that asks for it.
func (s *Service) mayStart(c *wire.Call, to aim, name string) error {
	keys := tagKeys(to.tags)
	keys[documentCheck] = []string{"true"}
	if name == "" {
		name = defaultDocument
		keys[documentCheck] = []string{"false"}
	}
	if err := c.Authorize("ssm:StartSession", to.arn, keys); err != nil {
		return err
	}
	return s.onDocument(c, "ssm:StartSession", name, map[string][]string{documentCheck: keys[documentCheck]})
}

// executeCommand is ECS Exec: ECS opens the session itself, as its
// service-linked role, so that the session's owner is not who called.
func (s *Service) executeCommand(_ context.Context, c *wire.Call) (any, error) {
	t, err := s.tasks.Enter(c)
	if err != nil {
		return nil, err
	}
	argv, err := shellquote.Split(str(c.Params, "command"))
	if err != nil || len(argv) == 0 {
		return nil, wire.Errorf("InvalidParameterException", "The command cannot be parsed.")
	}
	out, err := s.begin(c, &session{
		id: "ecs-execute-command-" + random(26), target: t.ID, document: "AmazonECS-ExecuteInteractiveCommand", exec: true,
		owner:  "arn:aws:sts::" + c.Account + ":assumed-role/AWSServiceRoleForECS/ecs-execute-command",
		userID: "AROAECSSERVICEROLE000:ecs-execute-command", idle: defaultIdle, task: t.TaskARN, container: t.Container,
		log: t.LogGroup,
	}, work{argv: argv, user: "root"})
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"clusterArn": t.ClusterARN, "taskArn": t.TaskARN, "containerName": t.Container, "containerArn": t.ContainerARN,
		"interactive": true,
		"session": map[string]any{
			"sessionId": out["SessionId"], "streamUrl": out["StreamUrl"], "tokenValue": out["TokenValue"],
		},
	}, nil
}
