package apply_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/bcn"
)

// beside makes a call as somebody does beside bcn, who may do everything.
func (w *world) beside(t *testing.T, service, action string, params map[string]any) map[string]any {
	t.Helper()
	out, err := w.aws.Do(t.Context(), service, action, params)
	if err != nil {
		t.Fatalf("%s: %v", action, err)
	}
	return out
}

// key makes a customer's key with an alias and answers its ARN.
func (w *world) key(t *testing.T, alias string) string {
	t.Helper()
	made, _ := w.beside(t, "kms", "CreateKey", nil)["KeyMetadata"].(map[string]any)
	w.beside(t, "kms", "CreateAlias", map[string]any{"AliasName": "alias/" + alias, "TargetKeyId": made["KeyId"]})
	return fmt.Sprint(made["Arn"])
}

// write writes a parameter as bcn does, in the bot's own role.
func (w *world) write(t *testing.T, name, key string) {
	t.Helper()
	err := w.client.For(w.target).CreateParameter(t.Context(), awsx.Parameter{
		Name: name, Value: func() string { return "hush" }, Key: key, Tags: []bcn.Tag{{Key: "bcn:app", Value: "metrics"}},
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestWhatLiesBelowAPath(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var want []string
	for i := range 60 { // more than a page
		name := fmt.Sprintf("/barcelona/default/metrics/p%02d", i)
		w.write(t, name, "")
		want = append(want, name)
	}
	w.write(t, "/barcelona/default/metrics/deep/er", "")
	w.write(t, "/barcelona/default/metrics2/other", "")
	got, err := w.Below(t.Context(), w.target, "/barcelona/default/metrics/")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(append([]string{"/barcelona/default/metrics/deep/er"}, want...), got); diff != "" {
		t.Error(diff)
	}
	if none, err := w.Below(t.Context(), w.target, "/barcelona/default/none"); err != nil || len(none) != 0 {
		t.Errorf("%v %v", none, err)
	}
	for _, c := range w.aws.Calls() {
		if strings.HasPrefix(c.Action, "GetParameter") {
			t.Errorf("%s was called: values are never read", c.Action)
		}
	}
}

func TestAlarmsThatAreNotThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.aws.Cluster().PutAlarm(w.target.District.Region, "errors", false)
	w.aws.Cluster().PutAlarm("eu-central-2", "elsewhere", false)
	got, err := w.AlarmsMissing(t.Context(), w.target, []string{"nope", "errors", "elsewhere", "nope"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"nope", "elsewhere"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestKeysThatReferencesAreEncryptedWith(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	byAlias, byARN, ofSecret := w.key(t, "metrics"), w.key(t, "other"), w.key(t, "secret")
	w.write(t, "/barcelona/default/metrics/alias", "alias/metrics")
	w.write(t, "/barcelona/default/metrics/id", byAlias[strings.LastIndexByte(byAlias, '/')+1:])
	w.write(t, "/barcelona/default/metrics/arn", byARN)
	w.write(t, "/barcelona/default/metrics/own", "")
	own, _ := w.beside(t, "kms", "DescribeKey", map[string]any{"KeyId": "alias/aws/ssm"})["KeyMetadata"].(map[string]any)
	w.write(t, "/barcelona/default/metrics/arn-of-own", fmt.Sprint(own["Arn"]))
	secret := w.beside(t, "secretsmanager", "CreateSecret", map[string]any{"Name": "barcelona/default/metrics", "SecretString": "hush", "KmsKeyId": "alias/secret"})
	var refs []bcn.SecretRef
	for _, from := range []string{
		"/barcelona/default/metrics/alias", "/barcelona/default/metrics/id", "/barcelona/default/metrics/own", "/barcelona/default/metrics/arn-of-own", "/barcelona/default/metrics/none",
		"arn:aws:ssm:us-east-1:123456789012:parameter/barcelona/default/metrics/arn", fmt.Sprint(secret["ARN"]) + ":password::",
		"arn:aws:secretsmanager:us-east-1:123456789012:secret:barcelona/default/none-AbCdEf",
	} {
		refs = append(refs, bcn.SecretRef{Name: "X", From: from})
	}
	got, err := w.Keys(t.Context(), w.target, refs)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{byAlias: true, byARN: true, ofSecret: true}
	for i, arn := range got {
		if !want[arn] || i > 0 && got[i-1] >= arn {
			t.Errorf("%v, want each of %v once, sorted", got, want)
		}
		delete(want, arn)
	}
	if len(want) > 0 {
		t.Errorf("%v is missing in %v", want, got)
	}
}

func TestParametersAreWrittenAndRemoved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.key(t, "metrics")
	s := w.client.For(w.target)
	const name = "/barcelona/default/metrics/url"
	w.write(t, name, "alias/metrics")
	p := awsx.Parameter{Name: name, Value: func() string { return "hush2" }, Key: "alias/metrics"}
	if err := s.CreateParameter(t.Context(), p); !errors.Is(err, awsx.ErrExists) {
		t.Errorf("a second one: %v", err)
	}
	if err := s.ReplaceParameter(t.Context(), p); err != nil {
		t.Errorf("the next version: %v", err)
	}
	if err := s.DeleteParameter(t.Context(), name); err != nil {
		t.Errorf("removed: %v", err)
	}
	if err := s.DeleteParameter(t.Context(), name); !errors.Is(err, awsx.ErrNotFound) {
		t.Errorf("removed again: %v", err)
	}
	p.Name = "/barcelona/elsewhere/url"
	err := s.ReplaceParameter(t.Context(), p)
	wantCode(t, err, bcn.CodeAccessDenied)
	if text := fmt.Sprintf("%v %+v %#v", err, err, err); strings.Contains(text, "hush") {
		t.Error(text)
	}
}
