package access_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bcn-bot/bcn/internal/access"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/roles"
)

func TestSessionNames(t *testing.T) {
	t.Parallel()
	if got := access.SessionName(1042, 2); got != "bcn-g1042-2" {
		t.Errorf("got %s", got)
	}
	rapid.Check(t, func(r *rapid.T) {
		id := bcn.ID(rapid.Int64Range(1, 999_999_999_999_999_999).Draw(r, "grant"))
		n := rapid.IntRange(1, 999_999_999).Draw(r, "pick-up")
		name := access.SessionName(id, n)
		if _, err := access.SourceIdentity(name); err != nil { // the same letters are allowed
			r.Fatalf("STS would not take %s", name)
		}
		if !strings.HasPrefix(name, strings.TrimSuffix(roles.AccessSessions, "*")) {
			r.Fatalf("the roles do not trust %s", name)
		}
		for _, text := range []string{name, name + "-0a1b2c3d4e5f"} {
			gotID, gotN, ok := access.GrantOf(text)
			if !ok || gotID != id || gotN != n {
				r.Fatalf("%s is read as %d, %d, %v", text, gotID, gotN, ok)
			}
		}
	})
	for _, text := range []string{
		"", "bcn-1042", "bcn-g", "bcn-g-1", "bcn-g0-1", "bcn-g1042", "bcn-g1042-0", "bcn-g1042-1-", "bcn-g1042-1-a-b",
		"xbcn-g1042-1", "ecs-execute-command-0123", "dana-0123", "bcn-g9999999999999999999-1",
	} {
		if _, _, ok := access.GrantOf(text); ok {
			t.Errorf("%q is taken for a grant's", text)
		}
	}
}

func TestSourceIdentities(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"dana", "dana@example.com", "a=b,c.d-e_f+g", "ab", strings.Repeat("x", 64)} {
		if got, err := access.SourceIdentity(good); err != nil || got != good {
			t.Errorf("%q: %q, %v", good, got, err)
		}
	}
	for _, bad := range []string{"", "x", strings.Repeat("x", 65), "dana lee", "aws:dana", "d/ana", "d*", "dána", "dana\n", "\xff\xfe"} {
		if _, err := access.SourceIdentity(bad); !errors.Is(err, access.ErrPerson) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestTheSmallestClassCovers(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		time.Minute:                    "bcn-d-session-5m",
		5 * time.Minute:                "bcn-d-session-5m",
		5*time.Minute + time.Second:    "bcn-d-session-10m",
		10 * time.Minute:               "bcn-d-session-10m",
		11 * time.Minute:               "bcn-d-session-15m",
		16 * time.Minute:               "bcn-d-session-30m",
		time.Hour:                      "bcn-d-session-60m",
		time.Hour + time.Nanosecond:    "",
		time.Minute - time.Nanosecond:  "",
		0:                              "",
		-10 * time.Minute:              "",
		15*time.Minute + 1:             "bcn-d-session-30m",
		30*time.Minute - time.Second/2: "bcn-d-session-30m",
	} {
		if got := access.DocumentName("d", d); got != want {
			t.Errorf("%s: got %q, want %q", d, got, want)
		}
		if _, err := access.Class(d); (want == "") != errors.Is(err, access.ErrLength) {
			t.Errorf("%s: %v", d, err)
		}
	}
}

func TestCredentialsLastAsShortAsSTSAllows(t *testing.T) {
	t.Parallel()
	for left, want := range map[time.Duration]int32{
		time.Second: 900, 10 * time.Minute: 900, 15 * time.Minute: 900, 15*time.Minute + 1: 901,
		30 * time.Minute: 1800, time.Hour: 3600, 4 * time.Hour: 3600,
	} {
		if got, err := access.SessionSeconds(start, start.Add(left)); err != nil || got != want {
			t.Errorf("%s: got %d, %v", left, got, err)
		}
	}
	for _, left := range []time.Duration{0, -time.Second, -time.Hour} {
		if got, err := access.SessionSeconds(start, start.Add(left)); !errors.Is(err, access.ErrEnd) || got != 0 {
			t.Errorf("%s: got %d, %v", left, got, err)
		}
	}
}

func TestEndsAreLookedAfterFourTimes(t *testing.T) {
	t.Parallel()
	for clean, want := range map[time.Duration][]time.Duration{
		-time.Second:     {0, 15 * time.Second, time.Minute, 5 * time.Minute},
		0:                {15 * time.Second, time.Minute, 5 * time.Minute},
		30 * time.Second: {time.Minute, 5 * time.Minute}, // a bot that was dead at the end does what is left
		time.Hour:        nil,
	} {
		var got []time.Duration
		for _, at := range access.SweepsAfter(start, start.Add(clean)) {
			got = append(got, at.Sub(start))
		}
		if !slices.Equal(got, want) {
			t.Errorf("clean after %s: %v", clean, got)
		}
	}
}

func TestWordsSayWhatThePolicyDoes(t *testing.T) {
	t.Parallel()
	end := start.Add(10*time.Minute + time.Millisecond)
	for _, target := range []access.Target{own(), live(), instance(), database()} {
		w := access.Describe(target, end)
		if w.Until != start.Add(10*time.Minute) || w.Target != target || w.Document != target.Document() {
			t.Errorf("%s: %+v", target.Kind, w)
		}
		set := minted(t, target, end)
		for right, c := range map[access.Right]call{
			access.MayExec:         {"ecs:ExecuteCommand", task, inContainer("web")},
			access.MayStartSession: {"ssm:StartSession", ten, named("x")},
			access.MayForwardPort:  {"ssm:StartSession", port, named("x")},
			access.MayOwnSessions:  {"ssm:TerminateSession", session + me + "-1", sessionOf(me)},
		} {
			if said, is := slices.Contains(w.May, right), c.allowed(set, start); said != is {
				t.Errorf("%s: %s is said: %v, allowed: %v", target.Kind, right, said, is)
			}
		}
		if target.Tasks() != w.Root || (target.Kind == access.Port) != (w.Log == access.LogNone) || (w.Cap != 0) != (target.Kind == access.Instance) {
			t.Errorf("%s: %+v", target.Kind, w)
		}
		if !slices.Contains(w.Never, access.NeverAfterEnd) || !slices.Contains(w.Never, access.NeverOtherTargets) {
			t.Errorf("%s: never %v", target.Kind, w.Never)
		}
	}
}

func TestNamesOfRolesAndDocuments(t *testing.T) {
	t.Parallel()
	abroad := instance()
	abroad.Region, abroad.Node = "us-gov-west-1", "mi-0123456789abcdef0"
	for _, c := range []struct {
		target              access.Target
		role, arn, document string
	}{
		{own(), "arn:aws:iam::123456789012:role/bcn-default-access-task", task, ""},
		{live(), "arn:aws:iam::123456789012:role/bcn-default-access-task", task, ""},
		{instance(), "arn:aws:iam::123456789012:role/bcn-default-access-instance", node, "bcn-default-session-10m"},
		{database(), "arn:aws:iam::123456789012:role/bcn-default-access-port", node, "bcn-default-port-main"},
		{
			abroad, "arn:aws-us-gov:iam::123456789012:role/bcn-default-access-instance",
			"arn:aws-us-gov:ssm:us-gov-west-1:123456789012:managed-instance/mi-0123456789abcdef0", "bcn-default-session-10m",
		},
	} {
		if c.target.RoleARN() != c.role || c.target.ARN() != c.arn || c.target.Document() != c.document {
			t.Errorf("got %s, %s, %s", c.target.RoleARN(), c.target.ARN(), c.target.Document())
		}
	}
}
