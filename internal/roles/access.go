package roles

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
)

// AccessInput is what the roles and documents of access are made for. Cluster,
// BotPrincipal and ExternalID are those of Input; its other fields that name
// resources of deployments have no meaning here.
type AccessInput struct {
	Input
	// RunAs is the user that sessions on nodes run as, which must exist there
	// and not be root; empty: DefaultRunAs. A node without the user refuses the
	// session.
	RunAs string
	// IdleMinutes ends a session in which nobody types, 1 to 60; 0: 5.
	IdleMinutes int
	// LogGroup is the log group of sessions on nodes, which the template makes;
	// empty: SessionLogGroup.
	LogGroup string
	// Key is the ARN of the KMS key of sessions and of their log group; empty:
	// none of bcn's documents encrypts. Its policy must let the roles use it.
	Key string
	// NodeTag limits nodes to those with the tag; no key: every managed node of
	// the account and region.
	NodeTag Tag
	// Ports are the databases whose ports may be forwarded; none: no role for it.
	Ports []DatabasePort
}

// Tag is the key and value of a tag.
type Tag struct{ Key, Value string }

// DatabasePort is the one host and port that a port document forwards.
type DatabasePort struct {
	Name string // in the district: lower case letters, digits, hyphens
	Host string // a name or an IPv4 address
	Port int
}

// DefaultRunAs is the user of sessions on nodes where no other was said.
const DefaultRunAs = "bcn-access"

func (in AccessInput) defaults() AccessInput {
	in.Input = in.Input.defaults()
	if in.RunAs == "" {
		in.RunAs = DefaultRunAs
	}
	if in.IdleMinutes == 0 {
		in.IdleMinutes = 5
	}
	if in.LogGroup == "" {
		in.LogGroup = SessionLogGroup(in.District)
	}
	return in
}

func (in AccessInput) check() error {
	if err := in.Input.check(); err != nil {
		return err
	}
	return in.checkAccess()
}

// checkAccess checks what Input does not have.
func (in AccessInput) checkAccess() error {
	type field struct{ what, value, pattern string }
	fields := []field{
		{"user of sessions", in.RunAs, `^[a-z_][a-z0-9_-]{0,31}$`},
		{"log group", in.LogGroup, `^[\w./#-]{1,512}$`},
		{"idle time", strconv.Itoa(in.IdleMinutes), `^([1-9]|[1-5][0-9]|60)$`},
		{"KMS key", in.Key, `^(arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]{1,128})?$`},
		{"key of the nodes' tag", in.NodeTag.Key, `^[\w+=,.@:/-]{0,128}$`},
		{"value of the nodes' tag", in.NodeTag.Value, `^[\w+=,.@:/-]{0,256}$`},
	}
	for _, p := range in.Ports {
		fields = append(fields, field{"database", p.Name, `^[a-z][a-z0-9-]{0,40}$`},
			field{"host", p.Host, `^[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?$`},
			field{"port", strconv.Itoa(p.Port), `^[1-9][0-9]{0,4}$`})
	}
	for _, f := range fields {
		if !regexp.MustCompile(f.pattern).MatchString(f.value) {
			return fmt.Errorf("roles: %s %q has not the form %s", f.what, f.value, f.pattern)
		}
	}
	if in.RunAs == "root" {
		return fmt.Errorf("roles: sessions do not run as root")
	}
	names := map[string]bool{}
	for _, p := range in.Ports {
		id := logicalPart(p.Name)
		if names[id] || p.Port > 65535 {
			return fmt.Errorf("roles: database %q is there twice, or its port %d is none", p.Name, p.Port)
		}
		names[id] = true
	}
	return nil
}

// limited is a statement that may also name what it does not apply to.
type limited struct {
	statement
	NotResource []string `json:"NotResource,omitempty"`
}

// limits is a policy of such statements, some of which deny.
type limits struct {
	Version   string    `json:"Version"`
	Statement []limited `json:"Statement"`
}

func allow(s statement) limited {
	s.Effect = "Allow"
	return limited{statement: s}
}

// deny denies the actions on resources; on everything but except, where that is
// given.
func deny(sid, why string, actions, resources []string, except ...string) limited {
	return limited{
		statement:   statement{Sid: sid, Effect: "Deny", Action: actions, Resource: resources, Why: why},
		NotResource: except,
	}
}

// accessTrust says who may assume a role of access: bcn alone, with the
// external id, in somebody's name and in that of a grant.
func (in AccessInput) accessTrust() []statement {
	list := trust(in.Input)
	// Only AssumeRole is sure to know the session's name.
	like := maps.Clone(list[0].Condition["StringLike"])
	like["sts:RoleSessionName"] = AccessSessions
	list[0].Condition = map[string]operands{"StringLike": like}
	list[0].Why = "bcn alone, with the external id, in a person's name and in a grant's"
	return list
}

// signed is the condition that somebody's name is on the session, which the
// trust policy has seen to already.
func signed(others map[string]operands) map[string]operands {
	out := map[string]operands{"StringLike": {"aws:SourceIdentity": "?*"}}
	maps.Copy(out, others)
	return out
}

// taskAccess is what access to tasks may do at most; a session policy narrows
// it to one container of one task.
func (in AccessInput) taskAccess() []limited {
	return append([]limited{
		allow(statement{
			Sid: "Exec", Action: []string{"ecs:ExecuteCommand"},
			Resource:  []string{in.cluster(), in.arn("ecs", "task/"+in.Cluster+"/*")},
			Condition: signed(map[string]operands{"ArnEquals": {"ecs:cluster": in.cluster()}}),
			Why:       "ECS Exec on the district's cluster",
		}),
		deny("NoSessions", "a session on a task's ARN would pass by ECS Exec and its log", []string{"ssm:StartSession"}, []string{"*"}),
	}, append(in.encryption(), never()...)...)
}

// nodeAccess is what access to nodes may do at most, with the documents given.
func (in AccessInput) nodeAccess(documents []string) []limited {
	nodes := []string{in.arn("ec2", "instance/*"), in.arn("ssm", "managed-instance/*")}
	checked := operands{"ssm:SessionDocumentAccessCheck": "true"}
	onNodes := map[string]operands{"BoolIfExists": checked}
	if in.NodeTag.Key != "" {
		onNodes["StringEquals"] = operands{"ssm:resourceTag/" + in.NodeTag.Key: in.NodeTag.Value}
	}
	return append([]limited{
		allow(statement{
			Sid: "Nodes", Action: []string{"ssm:StartSession"}, Resource: nodes, Condition: signed(onNodes),
			Why: "managed nodes of the account and region; a session policy names the one",
		}),
		allow(statement{
			Sid: "Documents", Action: []string{"ssm:StartSession"}, Resource: documents,
			Condition: signed(map[string]operands{"BoolIfExists": checked}),
			Why:       "bcn's documents, whose sessions AWS ends",
		}),
		allow(statement{
			Sid: "OwnSessions", Action: []string{"ssm:ResumeSession", "ssm:TerminateSession"}, Resource: []string{in.arn("ssm", "session/*")},
			Condition: map[string]operands{"StringEquals": {"ssm:resourceTag/aws:ssmmessages:session-id": "${aws:userid}"}},
			Why:       "sessions that were started in the name of the same grant",
		}),
		allow(statement{
			Sid: "OwnChannels", Action: []string{"ssmmessages:OpenDataChannel"}, Resource: []string{in.arn("ssm", "session/${aws:userid}-*")},
			Condition: signed(nil), Why: "session-manager-plugin signs the data channel from 1.2.764 on",
		}),
		deny("NoOther", "no other document, among them SSH and forwarded ports, and no task past ECS Exec",
			[]string{"ssm:StartSession"}, nil, append(slices.Clone(nodes), documents...)...),
		deny("NoTasks", "a session on a task's ARN would pass by ECS Exec and its log",
			[]string{"ssm:StartSession", "ecs:ExecuteCommand"}, []string{"arn:" + in.partition() + ":ecs:*:*:*"}),
	}, append(in.encryption(), never()...)...)
}

// encryption lets who starts a session make its key.
func (in AccessInput) encryption() []limited {
	if in.Key == "" {
		return nil
	}
	return []limited{allow(statement{
		Sid: "SessionKey", Action: []string{"kms:GenerateDataKey"}, Resource: []string{in.Key}, Condition: signed(nil),
		Why: "sessions are encrypted with the account's own key",
	})}
}

// never is denied whatever anybody adds to a role.
func never() []limited {
	all := []string{"*"}
	return []limited{
		deny("NoCommands", "other ways to run something on a node", []string{
			"ssm:SendCommand", "ssm:StartAutomationExecution", "ssm:StartAccessRequest", "ssm:CreateAssociation",
			"ssm:UpdateAssociation", "ecs:RunTask", "ecs:StartTask",
		}, all),
		deny("NoDocuments", "a document that is changed would no longer end its sessions", []string{
			"ssm:CreateDocument", "ssm:UpdateDocument", "ssm:UpdateDocumentDefaultVersion", "ssm:DeleteDocument",
			"ssm:ModifyDocumentPermission",
		}, all),
		deny("NoTags", "a tag would move what a policy means", []string{
			"ec2:CreateTags", "ec2:DeleteTags", "ecs:TagResource", "ecs:UntagResource", "ssm:AddTagsToResource",
			"ssm:RemoveTagsFromResource", "tag:TagResources", "tag:UntagResources",
		}, all),
		deny("NoOtherRoles", "no way on from here", []string{"iam:PassRole", "sts:AssumeRole", "sts:TagSession"}, all),
	}
}
