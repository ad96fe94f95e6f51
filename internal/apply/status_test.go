package apply

import (
	"errors"
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/bcn"
)

func TestEveryStatusOfAStackHasAnOutcome(t *testing.T) {
	t.Parallel()
	for _, status := range awsx.StackStatuses() {
		if _, ok := modes()[status]; !ok {
			t.Errorf("%s is not in the table", status)
		}
	}
	for status, m := range modes() {
		inProgress := strings.HasSuffix(status, "_IN_PROGRESS") && status != "REVIEW_IN_PROGRESS"
		if inProgress != (m == busy) {
			t.Errorf("%s: %d", status, m)
		}
		if strings.HasSuffix(status, "_FAILED") != (m == broken) && status != "ROLLBACK_COMPLETE" {
			t.Errorf("%s: %d", status, m)
		}
	}
}

func TestAnUnknownStatusIsNeverTakenForComplete(t *testing.T) {
	t.Parallel()
	for status, want := range map[string]mode{"TELEPORT_IN_PROGRESS": busy, "TELEPORT_COMPLETE": broken, "TELEPORTED": broken} {
		if got := modeOf(status); got != want {
			t.Errorf("%s: %d, want %d", status, got, want)
		}
	}
}

func TestRefusalsNameTheirRemedy(t *testing.T) {
	t.Parallel()
	for status, want := range map[string]string{
		"ROLLBACK_COMPLETE":      "aws cloudformation delete-stack --region eu-west-1 --stack-name one",
		"UPDATE_ROLLBACK_FAILED": "aws cloudformation continue-update-rollback --region eu-west-1 --stack-name one",
		"UPDATE_FAILED":          "aws cloudformation rollback-stack --region eu-west-1 --stack-name one",
	} {
		err := refusal(awsx.Stack{Name: "one", Status: status}, "eu-west-1")
		var e *bcn.Error
		if bcn.CodeOf(err) != bcn.CodeStackBroken || !asErr(err, &e) || e.Params["remedy"] != want {
			t.Errorf("%s: %v", status, err)
		}
	}
	if err := refusal(awsx.Stack{Name: "one", Status: "UPDATE_IN_PROGRESS"}, "eu-west-1"); bcn.CodeOf(err) != bcn.CodeStackBusy {
		t.Error(err)
	}
}

func TestParameterNames(t *testing.T) {
	t.Parallel()
	for from, want := range map[string]string{
		"/a/b": "/a/b",
		"arn:aws:ssm:us-east-1:123456789012:parameter/a/b": "/a/b",
		"arn:aws:ssm:us-east-1:123456789012:parameter/a":   "a /a",
		"arn:aws:s3:::bucket":                              "",
	} {
		if got := strings.Join(parameterNames(from), " "); got != want {
			t.Errorf("%s: %q, want %q", from, got, want)
		}
	}
}

func asErr(err error, to **bcn.Error) bool { return errors.As(err, to) }
