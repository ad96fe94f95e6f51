package registry

import (
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	fakeregistry "github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/local/aws"
	"github.com/bcn-bot/bcn/internal/roles"
)

func sample(t *testing.T) (*Registry, bcn.Target) {
	t.Helper()
	r, target, _ := sampleAccount(t)
	return r, target
}

func sampleAccount(t *testing.T) (*Registry, bcn.Target, *aws.Server) {
	t.Helper()
	server, err := aws.New(aws.Options{Sample: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(t.Context(), "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	client, err := awsx.New(t.Context(), awsx.Options{Isolated: true, Endpoint: server.URL()})
	if err != nil {
		t.Fatal(err)
	}
	in := roles.Input{District: "default", Account: aws.DefaultAccount, Region: aws.DefaultRegion}
	return New(client, Options{}), bcn.Target{
		ExternalID: "some", Session: "bcn-1", Identity: "dana",
		District: bcn.District{Name: "default", Account: aws.DefaultAccount, Region: aws.DefaultRegion, Role: in.BotRoleARN()},
	}, server
}

const hello = aws.DefaultAccount + ".dkr.ecr." + aws.DefaultRegion + ".amazonaws.com/hello"

func wantUnknown(t *testing.T, err error, suggestion string) {
	t.Helper()
	var e *bcn.Error
	if bcn.CodeOf(err) != bcn.CodeUnknownTag || !errors.As(err, &e) || e.Params["suggestion"] != suggestion {
		t.Errorf("%v, want unknown_tag with suggestion %q", err, suggestion)
	}
}

func TestECR(t *testing.T) {
	t.Parallel()
	r, target := sample(t)
	v2, err := r.Resolve(t.Context(), target, hello, "v2", "")
	if err != nil || !strings.HasPrefix(v2, "sha256:") {
		t.Fatal(v2, err)
	}
	if latest, err := r.Resolve(t.Context(), target, hello, "latest", ""); err != nil || latest != v2 {
		t.Errorf("latest is %q %v", latest, err)
	}
	if same, err := r.Resolve(t.Context(), target, hello, v2, ""); err != nil || same != v2 {
		t.Errorf("a digest is %q %v", same, err)
	}
	_, err = r.Resolve(t.Context(), target, hello, "latst", "")
	wantUnknown(t, err, "latest")
	_, err = r.Resolve(t.Context(), target, hello, "sha256:"+strings.Repeat("0", 64), "")
	wantUnknown(t, err, "")
	_, err = r.Resolve(t.Context(), target, hello+"-none", "v1", "")
	wantUnknown(t, err, "")
	_, err = r.Resolve(t.Context(), target, hello, "v1 --force", "")
	wantUnknown(t, err, "")
}

func TestAnyOtherRegistry(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(fakeregistry.New(fakeregistry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	image := strings.TrimPrefix(server.URL, "http://") + "/acme/web"
	content, err := random.Image(64, 1)
	if err != nil {
		t.Fatal(err)
	}
	ref, err := name.ParseReference(image + ":v1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, content); err != nil {
		t.Fatal(err)
	}
	want, err := content.Digest()
	if err != nil {
		t.Fatal(err)
	}
	r := New(nil, Options{})
	got, err := r.Resolve(t.Context(), bcn.Target{}, image, "v1.2.3", "")
	if err != nil || got != want.String() {
		t.Errorf("%q %v", got, err)
	}
	if got, err := r.Resolve(t.Context(), bcn.Target{}, image, want.String(), ""); err != nil || got != want.String() {
		t.Errorf("by digest: %q %v", got, err)
	}
	_, err = r.Resolve(t.Context(), bcn.Target{}, image, "v1.2.4", "")
	wantUnknown(t, err, "v1.2.3")
	_, err = r.Resolve(t.Context(), bcn.Target{}, image+"/none", "v1", "")
	wantUnknown(t, err, "")
	_, err = r.Resolve(t.Context(), bcn.Target{}, "not an image", "v1", "")
	wantUnknown(t, err, "")
}

func TestARegistryThatDoesNotAnswerIsUnavailable(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(nil)
	image := strings.TrimPrefix(server.URL, "http://") + "/acme/web"
	server.Close()
	_, err := New(nil, Options{}).Resolve(t.Context(), bcn.Target{}, image, "v1", "")
	var e *bcn.Error
	if !errors.As(err, &e) || e.Code != bcn.CodeUnavailable || e.Params["image"] != image || e.Params["what"] == "" {
		t.Error(err)
	}
}

// One that neither answers nor refuses is not waited for longer than patience,
// by the clock of the test.
func TestARegistryThatHangsIsUnavailable(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		_, err := New(nil, Options{Transport: hanging{}}).Resolve(t.Context(), bcn.Target{}, "registry.example/acme/web", "v1", "")
		if waited := time.Since(begun); bcn.CodeOf(err) != bcn.CodeUnavailable || waited > patience {
			t.Errorf("%v after %s", err, waited)
		}
	})
}

// hanging never answers.
type hanging struct{}

func (hanging) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func TestNearest(t *testing.T) {
	t.Parallel()
	tags := []string{"v1", "v2", "latest", "broken", "v10"}
	for tag, want := range map[string]string{"v3": "v1", "V2": "v2", "lates": "latest", "2026-11-21": "", "brokn": "broken"} {
		if got := nearest(tag, tags); got != want {
			t.Errorf("%s: %q, want %q", tag, got, want)
		}
	}
}
