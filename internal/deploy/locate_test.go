package deploy_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// telling are wishes that are refused by what is there, and how.
func telling() []struct {
	wish deploy.Wish
	code bcn.Code // for whoever may ask for it
} {
	edit := &deploy.Edit{Name: "main", Certificates: []string{"arn:aws:acm:eu-west-1:123456789012:certificate/a"}}
	return []struct {
		wish deploy.Wish
		code bcn.Code
	}{
		{deploy.Wish{Kind: bcn.KindHeritage, Heritage: &bcn.Heritage{App: "hello", Env: "production", District: "default"}}, bcn.CodeNameTaken},
		{deploy.Wish{Kind: bcn.KindDelete, App: "hello", Env: "production", Confirm: "wrong"}, bcn.CodeConfirmWrong},
		{deploy.Wish{Kind: bcn.KindUnlock, App: "hello", Env: "production", Reason: "now"}, bcn.CodeNotLocked},
		{deploy.Wish{Kind: bcn.KindDistrict, District: &bcn.District{Name: "default"}}, bcn.CodeNameTaken},
		{deploy.Wish{Kind: bcn.KindDistrictDelete, Edit: &deploy.Edit{Name: "default"}}, bcn.CodeInUse},
		{deploy.Wish{Kind: bcn.KindDistrictUpdate, Edit: &deploy.Edit{Name: "default", Environments: []string{"staging"}}}, bcn.CodeInUse},
		{deploy.Wish{Kind: bcn.KindEndpoint, Endpoint: &bcn.Endpoint{Name: "main", District: "default"}}, bcn.CodeNameTaken},
		{deploy.Wish{Kind: bcn.KindEndpointUpdate, Edit: edit}, bcn.CodeCertificateElsewhere},
	}
}

// Promise 7: every refused decision is in the log, and whoever is refused learns
// nothing else.
func TestTheRulesAreAskedBeforeAnythingIsSaidOfWhatIsThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t).settled()
	ask := func(user string, wish deploy.Wish) error {
		_, err := w.Ask(context.Background(), deploy.Origin{Channel: "C0DEPLOYS"}, person(user), wish)
		return err
	}
	for _, x := range telling() {
		for user, want := range map[string]bcn.Code{"U0ADMIN": x.code, "U0NONE": bcn.CodeNotAllowed, guest: bcn.CodeRefusedPerson} {
			if err := ask(user, x.wish); bcn.CodeOf(err) != want {
				t.Errorf("%s asks for %s: %v, want %s", user, x.wish.Kind, err, want)
			}
		}
	}
	logged := strings.Split(w.refusals(), ", ")
	for _, x := range telling() {
		for _, line := range []string{"U0NONE ask " + string(x.wish.Kind) + ": not_allowed", guest + " ask " + string(x.wish.Kind) + ": refused_person"} {
			if !slices.Contains(logged, line) {
				t.Errorf("%q is not in the log", line)
			}
		}
	}
	t.Run("a guest is not told which names there are either", func(t *testing.T) {
		t.Parallel()
		none := wishDeploy()
		none.App = "nope"
		if err := ask(guest, none); bcn.CodeOf(err) != bcn.CodeRefusedPerson {
			t.Errorf("an app: %v", err)
		}
		if err := ask("U0NONE", none); bcn.CodeOf(err) != bcn.CodeUnknownApp {
			t.Errorf("an app, for a colleague: %v", err)
		}
		ctx, o := context.Background(), deploy.Origin{Channel: "C0DEPLOYS"}
		_, lock := w.Lock(ctx, o, person(guest), deploy.HoldWish{App: "nope", Env: "production", Reason: "x"})
		_, freeze := w.Freeze(ctx, o, person(guest), deploy.HoldWish{Env: "nope", Reason: "x"})
		_, _, lift := w.Lift(ctx, o, person(guest), bcn.HoldLock, "hello", "production")
		for what, err := range map[string]error{"lock": lock, "freeze": freeze, "unlock": lift} {
			if bcn.CodeOf(err) != bcn.CodeRefusedPerson {
				t.Errorf("%s: %v", what, err)
			}
		}
	})
}
