package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

func TestImage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	binary, out := filepath.Join(dir, "bot"), filepath.Join(dir, "image.tar")
	if err := os.WriteFile(binary, []byte("the binary"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := write(binary, "bcn:test", out); err != nil {
		t.Fatal(err)
	}
	img, err := tarball.ImageFromPath(out, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Image(img); err != nil {
		t.Error(err)
	}
	file, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(dockerfile(t), file.Config); diff != "" {
		t.Errorf("the Dockerfile and this image differ (-Dockerfile +image):\n%s", diff)
	}
	if layers, err := img.Layers(); err != nil || len(layers) != 1 {
		t.Errorf("%d layers: %v", len(layers), err)
	}
}

func TestMissingBinary(t *testing.T) {
	t.Parallel()
	if err := write(filepath.Join(t.TempDir(), "bot"), "bcn:test", os.DevNull); !os.IsNotExist(err) {
		t.Errorf("got %v", err)
	}
}

// dockerfile reads what the last stage of the Dockerfile says.
func dockerfile(t *testing.T) v1.Config {
	t.Helper()
	content, err := os.ReadFile("../../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	var c v1.Config
	for line := range strings.Lines(string(content)) {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch word {
		case "FROM":
			c = v1.Config{}
		case "USER":
			c.User = rest
		case "WORKDIR":
			c.WorkingDir = rest
		case "ENV":
			c.Env = append(c.Env, rest)
		case "EXPOSE":
			c.ExposedPorts = map[string]struct{}{rest + "/tcp": {}}
		case "ENTRYPOINT", "CMD":
			var list []string
			if err := json.Unmarshal([]byte(rest), &list); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			if word == "CMD" {
				c.Cmd = list
			} else {
				c.Entrypoint = list
			}
		}
	}
	return c
}
