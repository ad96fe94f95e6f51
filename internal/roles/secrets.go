package roles

import "github.com/bcn-bot/bcn/internal/bcn"

// secretStatements are what the bot's role needs to let a value wait. Where it
// waits is the one place whose values bcn reads: to write them where they belong.
func secretStatements(in Input) []statement {
	waiting := in.arn("ssm", "parameter"+bcn.PendingSecrets(in.District)+"/*")
	return []statement{
		{
			Sid: "HoldSecrets", Action: []string{"ssm:DeleteParameter", "ssm:GetParameter", "ssm:PutParameter"},
			Resource: []string{waiting},
			Why:      "a value waits there for its change, and is read there once, to be written where it belongs",
		},
		{
			Sid: "HoldSecretsKeys", Action: []string{"kms:Decrypt", "kms:Encrypt"}, Resource: []string{in.arn("kms", "key/*")},
			Condition: map[string]operands{
				"StringEquals": {"kms:ViaService": in.via("ssm")},
				"StringLike":   {"kms:EncryptionContext:PARAMETER_ARN": waiting},
			},
			Why: "it waits under the app's own key; nothing else that this key encrypted is readable",
		},
	}
}
