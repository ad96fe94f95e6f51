package aws

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/bcn-bot/bcn/internal/local/aws/cluster"
)

// registriesPath is below which the front answers for registries that are not
// ECR: /registries/HOST/v2/....
const registriesPath = "/registries/"

// anonymous is the token that a public registry gives to whoever asks without
// logging in.
const anonymous = "anybody"

// publicRegistries are the registries that exist beside ECR, by the host that
// clients ask, and how images name them. Docker Hub answers under several
// hosts.
func publicRegistries() map[string]string {
	return map[string]string{
		"public.ecr.aws": "public.ecr.aws", "docker.io": "docker.io",
		"index.docker.io": "docker.io", "registry-1.docker.io": "docker.io", "auth.docker.io": "docker.io",
	}
}

// Registries is a transport for a client of registries other than ECR: it
// reaches the images that Cluster().PutImage put under public.ecr.aws/ and
// docker.io/, and no other host. Use it after Start.
func (s *Server) Registries() http.RoundTripper { return registries{s} }

type registries struct{ s *Server }

// RoundTrip implements http.RoundTripper.
func (t registries) RoundTrip(r *http.Request) (*http.Response, error) {
	if publicRegistries()[r.URL.Host] == "" {
		return nil, fmt.Errorf("the local AWS knows no registry %s", r.URL.Host)
	}
	here, err := url.Parse(t.s.URL())
	if err != nil {
		return nil, err
	}
	there := r.Clone(r.Context())
	there.URL.Scheme, there.URL.Host, there.Host = here.Scheme, here.Host, here.Host
	there.URL.Path, there.URL.RawPath = registriesPath+r.URL.Host+r.URL.Path, ""
	return http.DefaultTransport.RoundTrip(there)
}

// registry answers as a registry does to whoever only reads (OCI distribution
// specification, "Pulling manifests" and "Listing tags"), and gives its token
// to anybody (Distribution, "Token authentication specification").
func (f *front) registry(w http.ResponseWriter, r *http.Request) {
	host, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, registriesPath), "/")
	fault := f.faults.take("registry", "*")
	switch {
	case fault.drop || fault.dropAfter:
		panic(http.ErrAbortHandler)
	case fault.err != nil:
		refuseImage(w, http.StatusServiceUnavailable, "UNAVAILABLE", fault.err.Message)
	case path == "token" || path == "token/":
		writeJSON(w, map[string]string{"token": anonymous})
	case r.Header.Get("Authorization") != "Bearer "+anonymous:
		w.Header().Set("WWW-Authenticate", `Bearer realm="https://`+host+`/token",service="`+host+`"`)
		refuseImage(w, http.StatusUnauthorized, "UNAUTHORIZED", "authentication required")
	case path == "v2/":
		writeJSON(w, map[string]string{})
	default:
		f.repository(w, publicRegistries()[host], strings.TrimPrefix(path, "v2/"))
	}
}

// repository answers about one repository, such as NAME/manifests/TAG.
func (f *front) repository(w http.ResponseWriter, registry, path string) {
	if name, ok := strings.CutSuffix(path, "/tags/list"); ok {
		if tags := f.images.Tags(registry + "/" + name); len(tags) > 0 {
			writeJSON(w, map[string]any{"name": name, "tags": tags})
			return
		}
		refuseImage(w, http.StatusNotFound, "NAME_UNKNOWN", "repository name not known to registry")
		return
	}
	name, reference, _ := strings.Cut(path, "/manifests/")
	digest, ok := f.images.Digest(registry+"/"+name, reference)
	if !ok {
		refuseImage(w, http.StatusNotFound, "MANIFEST_UNKNOWN", "manifest unknown")
		return
	}
	body := []byte(`{"schemaVersion":2}`)
	h := w.Header()
	h.Set("Docker-Content-Digest", digest)
	h.Set("Content-Type", "application/vnd.oci.image.index.v1+json")
	h.Set("Content-Length", fmt.Sprint(len(body)))
	_, _ = w.Write(body)
}

func refuseImage(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	writeJSON(w, map[string]any{"errors": []any{map[string]string{"code": code, "message": message}}})
}

func writeJSON(w http.ResponseWriter, v any) {
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "application/json")
	}
	raw, err := json.Marshal(v)
	if err == nil {
		_, err = w.Write(raw)
	}
	_ = err // whoever asked went away: these are plain texts and lists
}

// PluginKeys are the parameters, below a district's place, with the keys that
// plugins of the sample's districts can refer to.
func PluginKeys() []string { return []string{"plugin/datadog/api_key", "plugin/newrelic/license_key"} }

// putPluginImages fills the public registries with what the plugins of
// districts run, under the tags that their makers publish.
func (s *Server) putPluginImages() {
	for image, line := range map[string]string{
		"public.ecr.aws/datadog/agent:7":                             "the agent listens on 8125 and 8126",
		"public.ecr.aws/aws-observability/aws-for-fluent-bit:stable": "[engine] started",
		"docker.io/newrelic/nri-ecs:1.11.15":                         "New Relic infrastructure agent is running",
		"docker.io/wazuh/wazuh-manager:4.9.2":                        "Started wazuh-manager",
	} {
		at := strings.LastIndex(image, ":")
		s.parts.cluster.PutImage(image[:at], image[at+1:], cluster.Image{Behaviour: cluster.Healthy(line)})
	}
}
