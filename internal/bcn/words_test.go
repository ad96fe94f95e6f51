package bcn_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"pgregory.net/rapid"

	"github.com/bcn-bot/bcn/internal/bcn"
)

func TestParseID(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]bcn.ID{
		"1042": 1042, "#1042": 1042, " #1042 ": 1042, "1": 1, "9223372036854775807": 9223372036854775807,
		"": 0, "#": 0, "0": 0, "-1": 0, "#-1": 0, "1042a": 0, "##1042": 0, "# 1042": 0, "1.5": 0, "0x10": 0, "１０４２": 0, "9223372036854775808": 0,
	} {
		t.Run(fmt.Sprintf("%q", typed), func(t *testing.T) {
			t.Parallel()
			got, err := bcn.ParseID(typed)
			if got != want {
				t.Errorf("read as %d, want %d", got, want)
			}
			if want == 0 && (bcn.CodeOf(err) != bcn.CodeBadID || paramOf(err, "id") != typed) {
				t.Errorf("refused with %v", err)
			}
			if want != 0 && err != nil {
				t.Errorf("refused with %v", err)
			}
		})
	}
	t.Run("what is written is read", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(t *rapid.T) {
			id := bcn.ID(rapid.Int64Min(1).Draw(t, "id"))
			if got, err := bcn.ParseID(id.String()); got != id || err != nil {
				t.Fatalf("%s was read as %d: %v", id, got, err)
			}
		})
	})
}

func paramOf(err error, key string) string {
	var e *bcn.Error
	if errors.As(err, &e) {
		return e.Params[key]
	}
	return ""
}

func TestErrors(t *testing.T) {
	t.Parallel()

	t.Run("codes are compared, params are not", func(t *testing.T) {
		t.Parallel()
		err := fmt.Errorf("ask: %w", bcn.E(bcn.CodeUnknownApp, "app", "hello"))
		if !errors.Is(err, bcn.E(bcn.CodeUnknownApp)) || errors.Is(err, bcn.E(bcn.CodeUnknownEnv)) || errors.Is(err, io.EOF) {
			t.Errorf("compared wrongly: %v", err)
		}
	})

	t.Run("a wrapped cause is found, and the original does not change", func(t *testing.T) {
		t.Parallel()
		plain := bcn.E(bcn.CodeUnavailable, "what", "GitHub")
		err := plain.Wrap(io.ErrUnexpectedEOF)
		if !errors.Is(err, io.ErrUnexpectedEOF) || !errors.Is(err, plain) {
			t.Errorf("%v lost its cause or its code", err)
		}
		if errors.Is(plain, io.ErrUnexpectedEOF) || plain.Unwrap() != nil {
			t.Errorf("wrapping changed the original: %v", plain)
		}
	})

	t.Run("the code of an error", func(t *testing.T) {
		t.Parallel()
		for title, c := range map[string]struct {
			err  error
			want bcn.Code
		}{
			"nothing has none":             {nil, ""},
			"a foreign error is internal":  {io.EOF, bcn.CodeInternal},
			"ours is found":                {bcn.E(bcn.CodeExpired), bcn.CodeExpired},
			"ours is found below others":   {fmt.Errorf("a: %w", errors.Join(io.EOF, bcn.E(bcn.CodeExpired))), bcn.CodeExpired},
			"the outermost of two decides": {bcn.E(bcn.CodeNotYours).Wrap(bcn.E(bcn.CodeNotAllowed)), bcn.CodeNotYours},
		} {
			if got := bcn.CodeOf(c.err); got != c.want {
				t.Errorf("%s: %q, want %q", title, got, c.want)
			}
		}
	})

	t.Run("the text for logs has params in order and the cause", func(t *testing.T) {
		t.Parallel()
		err := bcn.E(bcn.CodeUnknownEnv, "env", "prod", "app", "hello", "left over").Wrap(io.EOF)
		if got, want := err.Error(), `unknown_env app="hello" env="prod": EOF`; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}

func TestEmptyPlan(t *testing.T) {
	t.Parallel()
	for title, c := range map[string]struct {
		stacks []bcn.StackPlan
		want   bool
	}{
		"without stacks":             {nil, true},
		"stacks that do not change":  {[]bcn.StackPlan{{Name: "heritage-hello"}, {Name: "hello"}}, true},
		"one stack with a changeset": {[]bcn.StackPlan{{Name: "heritage-hello"}, {Name: "hello", ChangeSet: "arn:x"}}, false},
	} {
		if got := (bcn.Plan{Stacks: c.stacks}).Empty(); got != c.want {
			t.Errorf("%s: %v", title, got)
		}
	}
}

func TestServes(t *testing.T) {
	t.Parallel()
	d := bcn.District{Environments: []string{"staging", "production"}}
	e := bcn.Endpoint{Environments: []string{"production"}}
	for env, want := range map[string][2]bool{
		"production": {true, true}, "staging": {true, false}, "prod": {false, false}, "": {false, false}, "Production": {false, false},
	} {
		if got := [2]bool{d.Serves(env), e.Serves(env)}; got != want {
			t.Errorf("%q: district and endpoint serve it: %v, want %v", env, got, want)
		}
	}
	if (bcn.District{}).Serves("") {
		t.Error("a district without environments serves one")
	}
}
