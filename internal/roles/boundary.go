package roles

// boundary is what no role below the district's path can exceed, whatever its
// own policies say. The account's owner may add what their apps need.
func boundary(in Input) []statement {
	return []statement{
		{
			Sid: "WriteLogs", Action: []string{"logs:CreateLogStream", "logs:PutLogEvents"},
			Resource: []string{in.arn("logs", "log-group:"+TaskLogGroups(in.District))},
			Why:      "tasks write to their heritage's group",
		},
		{
			Sid: "PullImages", Action: []string{"ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"},
			Resource: []string{in.arn("ecr", "repository/*")},
			Why:      "images of the account's registry",
		},
		{
			Sid: "RegistryToken", Action: []string{"ecr:GetAuthorizationToken"}, Resource: []string{"*"},
			Condition: map[string]operands{"StringEquals": in.inRegion()},
			Why:       "the action knows no resources",
		},
		{
			Sid: "ReadSecrets", Action: []string{"secretsmanager:GetSecretValue", "ssm:GetParameters"},
			Resource: []string{
				in.arn("ssm", "parameter/barcelona/"+in.District+"/*"),
				in.arn("secretsmanager", "secret:barcelona/"+in.District+"/*"),
			},
			Why: "the district's secrets, never another's; each role gets only those that its manifest names",
		},
		{
			Sid: "DecryptSecrets", Action: []string{"kms:Decrypt"}, Resource: []string{in.arn("kms", "key/*")},
			Condition: map[string]operands{"StringLike": {"kms:ViaService": "*." + in.Region + ".amazonaws.com"}},
			Why:       "secrets under a key of the account's own, only through the service that keeps them",
		},
		{
			Sid: "Exec", Action: []string{
				"ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel",
				"ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel",
			}, Resource: []string{"*"},
			Condition: map[string]operands{"StringEquals": in.inRegion()},
			Why:       "ECS Exec, for access; the actions know no resources",
		},
	}
}
