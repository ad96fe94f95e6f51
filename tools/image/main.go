// Command image writes bcn's container image to a file that `docker load`
// takes, on a machine without a Docker engine: the static binary from scratch,
// as the Dockerfile says.
package main

import (
	"archive/tar"
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

func main() {
	binary := flag.String("binary", "bin/bot", "the static binary")
	tag := flag.String("tag", "bcn:dev", "the image's name")
	out := flag.String("out", "bin/bcn-image.tar", "the file to write")
	flag.Parse()
	if err := write(*binary, *tag, *out); err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

func write(binary, tag, out string) error {
	ref, err := name.NewTag(tag)
	if err != nil {
		return err
	}
	content, err := os.ReadFile(binary) //nolint:gosec // the caller's own binary
	if err != nil {
		return err
	}
	img, err := image(content)
	if err != nil {
		return fmt.Errorf("put the image together: %w", err)
	}
	if err := tarball.WriteToFile(out, ref, img); err != nil {
		return fmt.Errorf("write %s: %w", out, err)
	}
	_, err = fmt.Fprintf(os.Stdout, "%s holds %s\n", out, tag)
	return err
}

// config is what the Dockerfile says about the process.
func config() v1.Config {
	return v1.Config{
		User:         "65532:65532",
		WorkingDir:   "/etc/bcn",
		Env:          []string{"BCN_HTTP_ADDR=0.0.0.0:8080"},
		ExposedPorts: map[string]struct{}{"8080/tcp": {}},
		Entrypoint:   []string{"/bot"},
		Cmd:          []string{"serve"},
	}
}

func image(binary []byte) (v1.Image, error) {
	layer, err := layer(binary)
	if err != nil {
		return nil, err
	}
	img, err := mutate.AppendLayers(empty.Image, layer)
	if err != nil {
		return nil, err
	}
	file, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	file = file.DeepCopy()
	file.OS, file.Architecture, file.Config = "linux", runtime.GOARCH, config()
	return mutate.ConfigFile(img, file)
}

// layer holds the binary and the working folder, with no dates, so that the
// same binary makes the same image.
func layer(binary []byte) (v1.Layer, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range []*tar.Header{
		{Typeflag: tar.TypeReg, Name: "bot", Mode: 0o755, Size: int64(len(binary))},
		{Typeflag: tar.TypeDir, Name: "etc/", Mode: 0o755},
		{Typeflag: tar.TypeDir, Name: "etc/bcn/", Mode: 0o755},
	} {
		if err := w.WriteHeader(h); err != nil {
			return nil, err
		}
		if h.Typeflag == tar.TypeReg {
			if _, err := w.Write(binary); err != nil {
				return nil, err
			}
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Bytes())), nil })
}
