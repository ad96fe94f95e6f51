package roles

// RegistryTag is the tag by which an account's owner lets bcn read a private
// registry's password: its value is "true".
const RegistryTag = "bcn:registry"

// registryStatements let the bot ask a private registry what a tag means, with
// the password that ECS pulls with.
func registryStatements(in Input) []statement {
	secrets := in.arn("secretsmanager", "secret:barcelona/"+in.District+"/*")
	return []statement{
		{
			Sid: "RegistryPasswords", Action: []string{"secretsmanager:GetSecretValue"}, Resource: []string{secrets},
			Condition: map[string]operands{"StringEquals": {"secretsmanager:ResourceTag/" + RegistryTag: "true"}},
			Why:       "what a tag means in a private registry; of the district's secrets those alone that carry this tag",
		},
		{
			Sid: "RegistryPasswordKeys", Action: []string{"kms:Decrypt"}, Resource: []string{in.arn("kms", "key/*")},
			Condition: map[string]operands{
				"StringEquals": {"kms:ViaService": in.via("secretsmanager")},
				"StringLike":   {"kms:EncryptionContext:SecretARN": secrets},
			},
			Why: "such a password under a key of the account's own, through the service that reads only what carries the tag",
		},
	}
}
