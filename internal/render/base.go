package render

import (
	"sort"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/manifest"
)

const (
	policyVersion = "2012-10-17"
	logRetention  = 365 // days

	oneoffTaskOutput = "OneoffTaskDefinition"
)

// base renders what a heritage's tasks need before the first one starts.
func (s *source) base() *template {
	d, h := s.District, s.Heritage
	t := newTemplate("bcn: roles and log group of the heritage " + h.Name)
	// RetainExceptOnCreate keeps the logs when the stack is deleted, but not
	// when its creation fails: a log group that was left would make every
	// further try fail with "already exists".
	t.Resources["LogGroup"] = resource{
		Type: "AWS::Logs::LogGroup", DeletionPolicy: "RetainExceptOnCreate", UpdateReplacePolicy: "Retain",
		Properties: logGroup{LogGroupName: LogGroup(d.Name, h.Name), RetentionInDays: logRetention, Tags: s.tags},
	}
	t.Resources["TaskRole"] = resource{Type: "AWS::IAM::Role", Properties: s.role("task", execStatements())}
	t.Resources["ExecutionRole"] = resource{Type: "AWS::IAM::Role", Properties: s.role("execution", s.executionStatements())}
	t.single(oneoffTaskOutput, "Task definition of one-off tasks", s.ownTask("oneoff"))
	t.single(AccessTaskOutput, "Task definition of a grant's own task", s.accessTask())
	return t
}

// ownTask is a task definition of bcn's own, beside those of the services. It
// names its roles as resources of the same stack.
func (s *source) ownTask(name string) taskDefinition {
	t := s.taskDefinition(manifest.Service{Name: name, Memory: manifest.DefaultMemory})
	t.ExecutionRoleArn = getAtt("ExecutionRole", "Arn")
	t.TaskRoleArn = getAtt("TaskRole", "Arn")
	return t
}

// single puts a task definition in, with an output of the same name.
func (t *template) single(id, description string, definition taskDefinition) {
	t.Resources[id] = resource{Type: "AWS::ECS::TaskDefinition", DependsOn: []string{"LogGroup"}, Properties: definition}
	if t.Outputs == nil {
		t.Outputs = map[string]output{}
	}
	t.Outputs[id] = output{Description: description, Value: ref(id)}
}

func (s *source) role(kind string, statements []statement) role {
	d, h := s.District, s.Heritage
	r := role{
		RoleName:            roleName(d.Name, h.Name, kind),
		Path:                RolePath(d.Name),
		Description:         "bcn: " + kind + " role of the heritage " + h.Name,
		PermissionsBoundary: BoundaryARN(d.Account, d.Name),
		AssumeRolePolicyDocument: policyDocument{Version: policyVersion, Statement: []statement{{
			Effect:    "Allow",
			Principal: map[string]string{"Service": "ecs-tasks.amazonaws.com"},
			Action:    []string{"sts:AssumeRole"},
		}}},
		Tags: s.tags,
	}
	if len(statements) > 0 {
		r.Policies = []inlinePolicy{{PolicyName: "bcn", PolicyDocument: policyDocument{Version: policyVersion, Statement: statements}}}
	}
	return r
}

// executionStatements grants what ECS needs to start this heritage's tasks,
// and nothing of another heritage: its log group, its repository, and exactly
// the secrets that it refers to.
func (s *source) executionStatements() []statement {
	d, h := s.District, s.Heritage
	group := "arn:aws:logs:" + d.Region + ":" + d.Account + ":log-group:" + LogGroup(d.Name, h.Name)
	out := []statement{{
		Effect: "Allow", Action: []string{"logs:CreateLogStream", "logs:PutLogEvents"},
		Resource: []string{group + ":*"},
	}}
	if repository := ecrRepository(h.ImageName); repository != "" {
		out = append(out,
			// This action knows no resource (Service Authorization Reference, ECR).
			statement{Effect: "Allow", Action: []string{"ecr:GetAuthorizationToken"}, Resource: []string{"*"}},
			statement{
				Effect: "Allow", Resource: []string{repository},
				Action: []string{"ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"},
			})
	}
	var parameters, secrets []string
	for _, r := range refs(h, d.Name) {
		if arn, ok := secretARN(r.From); ok {
			secrets = append(secrets, arn)
		} else {
			parameters = append(parameters, parameterARN(d, r.From))
		}
	}
	if len(parameters) > 0 {
		out = append(out, statement{Effect: "Allow", Action: []string{"ssm:GetParameters"}, Resource: unique(parameters)})
	}
	if len(secrets) > 0 {
		out = append(out, statement{Effect: "Allow", Action: []string{"secretsmanager:GetSecretValue"}, Resource: unique(secrets)})
	}
	return out
}

// ecrRepository answers the ARN of a private ECR repository, or "" for an
// image of another registry: {account}.dkr.ecr.{region}.amazonaws.com/{name}.
func ecrRepository(image string) string {
	host, name, ok := strings.Cut(image, "/")
	parts := strings.Split(host, ".")
	if !ok || len(parts) != 6 || parts[1] != "dkr" || parts[2] != "ecr" || parts[4] != "amazonaws" || parts[5] != "com" {
		return ""
	}
	return "arn:aws:ecr:" + parts[3] + ":" + parts[0] + ":repository/" + name
}

// parameterARN is the ARN of a Parameter Store name; an ARN stays.
func parameterARN(d bcn.District, from string) string {
	if strings.HasPrefix(from, "arn:") {
		return from
	}
	return "arn:aws:ssm:" + d.Region + ":" + d.Account + ":parameter/" + strings.TrimPrefix(from, "/")
}

// secretARN answers the ARN of a Secrets Manager secret as IAM knows it: what
// ECS takes behind it (key, version stage, version) is cut off, and where the
// six random characters of the full ARN are missing they are matched.
func secretARN(from string) (string, bool) {
	parts := strings.Split(from, ":")
	if len(parts) < 7 || parts[2] != "secretsmanager" {
		return "", false
	}
	name := parts[6]
	if i := strings.LastIndex(name, "-"); i < 0 || len(name)-i-1 != 6 {
		name += "-??????"
	}
	return strings.Join(append(parts[:6:6], name), ":"), true
}

func unique(list []string) []string {
	sort.Strings(list)
	out := list[:0]
	for i, v := range list {
		if i == 0 || v != list[i-1] {
			out = append(out, v)
		}
	}
	return out
}
