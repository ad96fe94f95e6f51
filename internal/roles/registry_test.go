package roles_test

import (
	"testing"

	"github.com/bcn-bot/bcn/internal/local/aws/policy"
)

func TestThePasswordOfAPrivateRegistry(t *testing.T) {
	t.Parallel()
	p := parse(t, input())
	const at = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:barcelona/"
	tagged := map[string]string{"secretsmanager:ResourceTag/bcn:registry": "true"}
	of := func(secret string) map[string]string {
		return map[string]string{"kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com", "kms:EncryptionContext:SecretARN": secret}
	}
	direct := map[string]string{"kms:EncryptionContext:SecretARN": at + "default/quay-abcdef"}
	for _, a := range []ask{
		{"is read where its owner tagged it", "secretsmanager:GetSecretValue", at + "default/quay-abcdef", tagged, policy.Allowed},
		{"is not read without the tag", "secretsmanager:GetSecretValue", at + "default/quay-abcdef", nil, policy.Implicit},
		{"is not read with another value of it", "secretsmanager:GetSecretValue", at + "default/quay-abcdef", map[string]string{"secretsmanager:ResourceTag/bcn:registry": "no"}, policy.Implicit},
		{"of another district is not read", "secretsmanager:GetSecretValue", at + "other/quay-abcdef", tagged, policy.Implicit},
		{"is never written", "secretsmanager:PutSecretValue", at + "default/quay-abcdef", tagged, policy.Implicit},
		{"is decrypted", "kms:Decrypt", keyARN, of(at + "default/quay-abcdef"), policy.Allowed},
		{"is decrypted through Secrets Manager alone", "kms:Decrypt", keyARN, direct, policy.Implicit},
		{"of another district is not decrypted", "kms:Decrypt", keyARN, of(at + "other/quay-abcdef"), policy.Implicit},
	} {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			a.run(t, p.bot, nil)
		})
	}
}
