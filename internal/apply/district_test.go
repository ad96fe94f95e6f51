package apply_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bcn-bot/bcn/internal/bcn"
)

func asError(err error, to **bcn.Error) bool { return errors.As(err, to) }

func TestTheSampleDistrictIsFine(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	told := w.target
	told.District.Account, told.District.CIDR = "", ""
	got, err := w.Inspect(t.Context(), told)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(w.target.District, got); diff != "" {
		t.Error(diff)
	}
}

func TestAllProblemsOfADistrictAreToldAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := &w.target.District
	d.CFNRole = "arn:aws:iam::999999999999:role/x"
	d.Subnets = []string{"subnet-0a11ce00000000001", "subnet-none"}
	d.PublicSubnets = []string{"subnet-0a11ce00000000101"}
	d.SecurityGroups = []string{"sg-none"}
	d.Cluster = "none"
	d.Bucket = "none-such-bucket"
	_, err := w.Inspect(t.Context(), w.target)
	wantCode(t, err, bcn.CodeDistrictInvalid)
	var e *bcn.Error
	errors.As(err, &e)
	for _, want := range []string{
		"--cfn-role: account 999999999999", "--subnets: subnet-none does not exist", "--subnets: 1 availability zones",
		"--public-subnets: 1 availability zones", "--security-groups: sg-none does not exist", "--cluster", "--bucket: none-such-bucket",
	} {
		if !strings.Contains(e.Params["problems"], want) {
			t.Errorf("%q is not told in\n%s", want, e.Params["problems"])
		}
	}
}

func TestAVPCThatIsNotThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.target.District.VPC = "vpc-none"
	_, err := w.Inspect(t.Context(), w.target)
	wantCode(t, err, bcn.CodeDistrictInvalid)
}

func TestReferencesThatAreMissing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	here := bcn.SecretRef{Name: "A", From: "/barcelona/default/hello/session_secret"}
	arn := bcn.SecretRef{Name: "B", From: "arn:aws:ssm:us-east-1:123456789012:parameter/barcelona/default/hello/session_secret"}
	gone := bcn.SecretRef{Name: "C", From: "/barcelona/default/hello/none"}
	secret := bcn.SecretRef{Name: "D", From: "arn:aws:secretsmanager:us-east-1:123456789012:secret:barcelona/default/none-AbCdEf:key::"}
	missing, err := w.Missing(t.Context(), w.target, []bcn.SecretRef{here, arn, gone, secret})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]bcn.SecretRef{gone, secret}, missing); diff != "" {
		t.Error(diff)
	}
	for _, c := range w.aws.Calls() {
		if strings.HasPrefix(c.Action, "GetParameter") || strings.HasPrefix(c.Action, "GetSecretValue") {
			t.Errorf("%s was called: values are never read", c.Action)
		}
	}
	if none, err := w.Missing(t.Context(), w.target, nil); err != nil || len(none) != 0 {
		t.Errorf("%v %v", none, err)
	}
}

func TestManyReferencesAreAskedForInBatches(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var refs []bcn.SecretRef
	for i := range 120 {
		refs = append(refs, bcn.SecretRef{Name: "X", From: "/barcelona/default/hello/x" + strings.Repeat("y", i)})
	}
	refs = append(refs, bcn.SecretRef{Name: "A", From: "/barcelona/default/hello/session_secret"})
	missing, err := w.Missing(t.Context(), w.target, refs)
	if err != nil || len(missing) != 120 {
		t.Errorf("%d missing, %v", len(missing), err)
	}
}

// Whoever makes a district before its roles are there is told which to apply.
func TestADistrictWithoutItsRoles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := &w.target.District
	d.Name, d.Role, d.CFNRole = "tokyo", strings.ReplaceAll(d.Role, "default", "tokyo"), strings.ReplaceAll(d.CFNRole, "default", "tokyo")
	for name, ask := range map[string]func(context.Context, bcn.Target) (bcn.District, error){"adopted": w.Inspect, "made": w.Reach} {
		_, err := ask(t.Context(), w.target)
		var e *bcn.Error
		if !errors.As(err, &e) || e.Code != bcn.CodeAccessDenied || e.Params["district"] != "tokyo" || e.Params["role"] != d.Role {
			t.Errorf("%s: %v", name, err)
		}
	}
}
