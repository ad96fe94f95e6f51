package registry

import (
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	fakeregistry "github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/local/aws"
	"github.com/bcn-bot/bcn/internal/roles"
)

const (
	user     = "puller"
	password = "plover-xyzzy"
)

// private is a registry that gives its token (Distribution, "Token
// authentication specification") for one user and password alone.
func private(t *testing.T) (image, digest string) {
	t.Helper()
	content := fakeregistry.New(fakeregistry.Logger(log.New(io.Discard, "", 0)))
	var server *httptest.Server
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/token" {
			if u, p, ok := r.BasicAuth(); !ok || u != user || p != password {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			_ = json.NewEncoder(w).Encode(map[string]string{"token": "bearer-of-" + user})
			return
		}
		if r.Header.Get("Authorization") != "Bearer bearer-of-"+user {
			w.Header().Set("WWW-Authenticate", `Bearer realm="`+server.URL+`/token",service="private"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		content.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	image = strings.TrimPrefix(server.URL, "http://") + "/acme/web"
	ref, err := name.ParseReference(image + ":v1")
	if err != nil {
		t.Fatal(err)
	}
	made, err := random.Image(64, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, made, remote.WithAuth(&authn.Basic{Username: user, Password: password})); err != nil {
		t.Fatal(err)
	}
	sum, err := made.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return image, sum.String()
}

func TestAPrivateRegistry(t *testing.T) {
	t.Parallel()
	image, digest := private(t)
	r, target, server := sampleAccount(t)
	secret := func(name, value, tag string) string {
		out, err := server.Do(t.Context(), "secretsmanager", "CreateSecret", map[string]any{
			"Name": name, "SecretString": value, "Tags": []any{map[string]any{"Key": roles.RegistryTag, "Value": tag}},
		})
		if err != nil {
			t.Fatal(err)
		}
		return out["ARN"].(string)
	}
	held := `{"username":"` + user + `","password":"` + password + `"}`
	ours := secret("barcelona/default/quay", held, "true")
	untagged := secret("barcelona/default/untagged", held, "no")
	for _, c := range []struct {
		name, tag, secret string
		digest            string
		code              bcn.Code
		why               string
	}{
		{"a tag is pinned with the password that the file names", "v1", ours, digest, "", ""},
		{"a digest is looked up with it", digest, ours, digest, "", ""},
		{"an unknown tag is one, with the nearest", "v2", ours, "", bcn.CodeUnknownTag, ""},
		{"without a password nobody may see it", "v1", "", "", bcn.CodeUnknownTag, ""},
		{"a secret without the tag is not read", "v1", untagged, "", bcn.CodeRegistryLogin, "unread"},
		{"of another district neither", "v1", secret("barcelona/other/quay", held, "true"), "", bcn.CodeRegistryLogin, "unread"},
		{"a digest needs no password then", digest, untagged, digest, "", ""},
		{"a wrong password is said", "v1", secret("barcelona/default/wrong", `{"username":"puller","password":"plover-wrong"}`, "true"), "", bcn.CodeRegistryLogin, "refused"},
		{"what is no JSON is said", "v1", secret("barcelona/default/plain", "plover-plain", "true"), "", bcn.CodeRegistryLogin, "unreadable"},
		{"what is not there is said", "v1", ours[:len(ours)-11] + "none-abcdef", "", bcn.CodeRegistryLogin, "unread"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := r.Resolve(t.Context(), target, image, c.tag, c.secret)
			if got != c.digest || (err != nil || c.code != "") && bcn.CodeOf(err) != c.code {
				t.Fatalf("%q %v", got, err)
			}
			var e *bcn.Error
			if errors.As(err, &e) && e.Params["why"] != c.why {
				t.Errorf("%v because of %q", err, e.Params["why"])
			}
			for cause := err; cause != nil; cause = errors.Unwrap(cause) {
				if strings.Contains(cause.Error(), "plover") {
					t.Errorf("the password is in %v", cause)
				}
			}
		})
	}
}

func TestAnECRThatTheDistrictDoesNotReach(t *testing.T) {
	t.Parallel()
	r, target, _ := sampleAccount(t)
	for _, host := range []string{
		"999999999999.dkr.ecr." + aws.DefaultRegion + ".amazonaws.com",
		aws.DefaultAccount + ".dkr.ecr.ap-southeast-1.amazonaws.com",
	} {
		_, err := r.Resolve(t.Context(), target, host+"/hello", "v1", "")
		var e *bcn.Error
		if !errors.As(err, &e) || e.Code != bcn.CodeImageElsewhere || e.Params["here"] != aws.DefaultAccount+" "+aws.DefaultRegion {
			t.Errorf("%s: %v", host, err)
		}
	}
}
