package roles_test

import (
	"testing"

	"github.com/bcn-bot/bcn/internal/local/aws/policy"
)

const (
	waitingARN = "arn:aws:ssm:eu-west-1:123456789012:parameter/bcn-pending/default/0a1b2c"
	ownARN     = "arn:aws:ssm:eu-west-1:123456789012:parameter/barcelona/default/hello/DATABASE_URL"
	keyARN     = "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555"
)

func TestAValueThatWaits(t *testing.T) {
	t.Parallel()
	p := parse(t, input())
	of := func(parameter string) map[string]string {
		return map[string]string{"kms:ViaService": "ssm.eu-west-1.amazonaws.com", "kms:EncryptionContext:PARAMETER_ARN": parameter}
	}
	direct := map[string]string{"kms:EncryptionContext:PARAMETER_ARN": waitingARN}
	elsewhere := "arn:aws:ssm:eu-west-1:123456789012:parameter/bcn-pending/other/0a1b2c"
	for _, a := range []struct {
		ask
		of *policy.Document
	}{
		{ask{"is written by the bot", "ssm:PutParameter", waitingARN, nil, policy.Allowed}, p.bot},
		{ask{"is read by the bot", "ssm:GetParameter", waitingARN, nil, policy.Allowed}, p.bot},
		{ask{"is removed by the bot", "ssm:DeleteParameter", waitingARN, nil, policy.Allowed}, p.bot},
		{ask{"is decrypted by the bot", "kms:Decrypt", keyARN, of(waitingARN), policy.Allowed}, p.bot},
		{ask{"is decrypted through Parameter Store alone", "kms:Decrypt", keyARN, direct, policy.Implicit}, p.bot},
		{ask{"is not read in bulk", "ssm:GetParametersByPath", "arn:aws:ssm:eu-west-1:123456789012:parameter/bcn-pending/default", nil, policy.Implicit}, p.bot},
		{ask{"of another district is not read", "ssm:GetParameter", elsewhere, nil, policy.Implicit}, p.bot},
		{ask{"of another district is not decrypted", "kms:Decrypt", keyARN, of(elsewhere), policy.Implicit}, p.bot},
		{ask{"is not read any more where it belongs", "ssm:GetParameter", ownARN, nil, policy.Implicit}, p.bot},
		{ask{"is not decrypted any more where it belongs", "kms:Decrypt", keyARN, of(ownARN), policy.Implicit}, p.bot},
		{ask{"is out of reach of every task, by one name", "ssm:GetParameter", waitingARN, nil, policy.Implicit}, p.boundary},
		{ask{"is out of reach of every task, by names", "ssm:GetParameters", waitingARN, nil, policy.Implicit}, p.boundary},
		{ask{"is out of reach of every task, by its path", "ssm:GetParametersByPath", waitingARN, nil, policy.Implicit}, p.boundary},
	} {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			a.run(t, a.of, nil)
		})
	}
}
