package aws_test

import (
	"testing"

	"github.com/bcn-bot/bcn/internal/local/aws"
)

func TestSampleCommands(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *aws.Options) { o.Sample = true })
	want := []string{
		"/bcn district adopt default --region us-east-1 --role arn:aws:iam::123456789012:role/bcn-default-bot" +
			" --cfn-role arn:aws:iam::123456789012:role/bcn-default-cloudformation --vpc vpc-0a11ce00000000001 --cluster default" +
			" --subnets subnet-0a11ce00000000001,subnet-0a11ce00000000002" +
			" --public-subnets subnet-0a11ce00000000101,subnet-0a11ce00000000102 --security-groups sg-0a11ce00000000001" +
			" --bucket bcn-default-templates-123456789012 --for production,staging",
		"/bcn endpoint create main --district default --public --for production,staging",
		"/bcn create hello production --district default --source dir:examples/hello",
		"/bcn create hello staging --district default --source dir:examples/hello",
	}
	got := w.SampleCommands()
	if len(got) != len(want) {
		t.Fatalf("%d commands, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("command %d:\n got %s\nwant %s", i, got[i], want[i])
		}
	}
}
