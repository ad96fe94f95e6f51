package aws_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/bcn-bot/bcn/internal/local/aws"
	"github.com/bcn-bot/bcn/internal/local/aws/cluster"
	"github.com/bcn-bot/bcn/internal/plugin/shipped"
)

// Public registries answer whoever asks, by the protocol of registries.
func TestPublicRegistries(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *aws.Options) { o.Sample = true })
	head := func(t *testing.T, image string) (string, error) {
		t.Helper()
		ref, err := name.ParseReference(image)
		if err != nil {
			t.Fatal(err)
		}
		d, err := remote.Head(ref, remote.WithTransport(w.Registries()), remote.WithAuth(authn.Anonymous), remote.WithContext(t.Context()))
		if err != nil {
			return "", err
		}
		return d.Digest.String(), nil
	}
	t.Run("they hold what every plugin runs", func(t *testing.T) {
		t.Parallel()
		for _, p := range shipped.Table() {
			digest, err := head(t, p.Image)
			if err != nil {
				t.Errorf("%s: %v", p.Name, err)
				continue
			}
			repository, _, _ := strings.Cut(p.Image, ":")
			if same, err := head(t, repository+"@"+digest); err != nil || same != digest {
				t.Errorf("%s by its digest: %s %v", p.Name, same, err)
			}
		}
	})
	t.Run("they list tags, and know no others", func(t *testing.T) {
		t.Parallel()
		repository, err := name.NewRepository("docker.io/wazuh/wazuh-manager")
		if err != nil {
			t.Fatal(err)
		}
		tags, err := remote.List(repository, remote.WithTransport(w.Registries()), remote.WithContext(t.Context()))
		if err != nil || len(tags) != 1 {
			t.Errorf("%v %v", tags, err)
		}
		for _, image := range []string{"docker.io/wazuh/wazuh-manager:0", "public.ecr.aws/nobody/nothing:1"} {
			if _, err := head(t, image); err == nil || !strings.Contains(err.Error(), "404") {
				t.Errorf("%s: %v", image, err)
			}
		}
	})
	t.Run("what is private is not there for anybody", func(t *testing.T) {
		t.Parallel()
		w.Cluster().PutImage("docker.io/acme/secret", "v1", cluster.Image{Private: true})
		if _, err := head(t, "docker.io/acme/secret:v1"); err == nil {
			t.Error("it is answered")
		}
	})
	t.Run("no other registry is reached", func(t *testing.T) {
		t.Parallel()
		if _, err := head(t, "quay.example/acme/web:v1"); err == nil || !strings.Contains(err.Error(), "knows no registry") {
			t.Error(err)
		}
	})
	t.Run("a token is wanted, and a web page gets none", func(t *testing.T) {
		t.Parallel()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.URL()+"/registries/public.ecr.aws/v2/datadog/agent/manifests/7", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusUnauthorized || !strings.Contains(resp.Header.Get("WWW-Authenticate"), `realm="https://public.ecr.aws/token"`) {
			t.Errorf("%d %s", resp.StatusCode, resp.Header.Get("WWW-Authenticate"))
		}
	})
}

func TestARegistryIsDownOnDemand(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *aws.Options) { o.Sample = true })
	w.Faults().Fail("registry", "*", "ServiceUnavailable", http.StatusServiceUnavailable, 1)
	for _, want := range []int{http.StatusServiceUnavailable, http.StatusUnauthorized} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://public.ecr.aws/v2/", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := w.Registries().RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%d, want %d", resp.StatusCode, want)
		}
	}
}
