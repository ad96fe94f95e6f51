package render

import (
	"slices"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// executionStatements grants what ECS needs to start this heritage's tasks,
// and nothing of another heritage: its log group, its repository, and exactly
// the secrets that its tasks are started with, plugins' containers included.
func (s *source) executionStatements() []statement {
	d, h := s.District, s.Heritage
	group := d.ARN("logs", "log-group:"+LogGroup(d.Name, h.Name))
	out := []statement{{
		Effect: "Allow", Action: []string{"logs:CreateLogStream", "logs:PutLogEvents"},
		Resource: []string{group + ":*"},
	}}
	if repositories := s.repositories(); len(repositories) > 0 {
		out = append(out, pulling(repositories...)...)
	}
	started := slices.Clone(s.env.secrets)
	if r, ok := h.Repository(); ok {
		started = append(started, bcn.SecretRef{From: r.Credentials})
	}
	started = append(started, s.plugged.secrets...)
	return append(out, s.reading(started, "ssm:GetParameters")...)
}

// pulling grants pulling images of ECR.
func pulling(repositories ...string) []statement {
	return []statement{
		// This action knows no resource (Service Authorization Reference, ECR).
		{Effect: "Allow", Action: []string{"ecr:GetAuthorizationToken"}, Resource: []string{"*"}},
		{
			Effect: "Allow", Resource: repositories,
			Action: []string{"ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"},
		},
	}
}

// taskStatements grants what the heritage's own code may do: take ECS Exec,
// read what the file lets it read at run time, mount its volumes, and what
// task_role says. The boundary is what keeps the last in its limits.
func (s *source) taskStatements() []statement {
	out := append(execStatements(), s.reading(s.env.runtime, "ssm:GetParameter", "ssm:GetParameters")...)
	out = append(out, s.mountStatements()...)
	for _, p := range s.Heritage.TaskRole {
		out = append(out, statement{
			Effect: "Allow", Action: unique(slices.Clone(p.Actions)), Resource: unique(slices.Clone(p.Resources)),
		})
	}
	return out
}

// reading grants reading exactly these secrets: by actions where they are in
// Parameter Store.
func (s *source) reading(refs []bcn.SecretRef, actions ...string) []statement {
	var parameters, secrets []string
	for _, r := range refs {
		if arns := secretARNs(r.From); arns != nil {
			secrets = append(secrets, arns...)
		} else {
			parameters = append(parameters, parameterARN(s.District, r.From))
		}
	}
	parameters, secrets = unique(parameters), unique(secrets)
	var out []statement
	if len(parameters) > 0 {
		out = append(out, statement{Effect: "Allow", Action: actions, Resource: parameters})
	}
	if len(secrets) > 0 {
		out = append(out, statement{Effect: "Allow", Action: []string{"secretsmanager:GetSecretValue"}, Resource: secrets})
	}
	return append(out, s.decrypting(parameters, secrets)...)
}

// decrypting grants the keys that the secrets are encrypted with, through the
// service that keeps them, and for these secrets alone: Parameter Store and
// Secrets Manager bind what they encrypt to its ARN by the encryption context
// (AWS Systems Manager User Guide, "Parameter Store encryption context";
// Secrets Manager User Guide, "Secret encryption and decryption").
func (s *source) decrypting(parameters, secrets []string) []statement {
	if len(s.Keys) == 0 {
		return nil
	}
	keys := unique(slices.Clone(s.Keys))
	of := func(service, context string, arns []string) statement {
		return statement{Effect: "Allow", Action: []string{"kms:Decrypt"}, Resource: keys, Condition: map[string]map[string]any{
			"StringEquals": {"kms:ViaService": service + "." + s.District.Region + "." + bcn.Domain(s.District.Region)},
			"StringLike":   {"kms:EncryptionContext:" + context: arns},
		}}
	}
	var out []statement
	if len(parameters) > 0 {
		out = append(out, of("ssm", "PARAMETER_ARN", parameters))
	}
	if len(secrets) > 0 {
		out = append(out, of("secretsmanager", "SecretARN", secrets))
	}
	return out
}
