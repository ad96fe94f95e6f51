package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/bcn-bot/bcn/internal/manifest"
	"github.com/bcn-bot/bcn/internal/render"
)

// RenderArgs are the flags of `bot render`.
type RenderArgs struct{ File, Environment, Tag, District, Out string }

// Render prints the stacks that a deploy would apply, offline.
func Render(a RenderArgs, out io.Writer) error {
	file, err := os.ReadFile(a.File)
	if err != nil {
		return Wrong(err)
	}
	var district []byte
	if a.District != "" {
		if district, err = os.ReadFile(a.District); err != nil {
			return Wrong(err)
		}
	}
	stacks, found, err := render.Offline(file, a.Environment, a.Tag, district)
	if err := report(a.File, found); err != nil {
		return err
	}
	if err != nil {
		return Wrong(err)
	}
	if a.Out == "" {
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		return enc.Encode(stacks)
	}
	if err := os.MkdirAll(a.Out, 0o750); err != nil {
		return Outside(err)
	}
	for name, template := range stacks {
		path := filepath.Join(a.Out, name+".json")
		if err := os.WriteFile(path, append(template, '\n'), 0o600); err != nil {
			return Outside(err)
		}
		fmt.Fprintln(out, path)
	}
	return nil
}

// Validate checks a manifest.
func Validate(path string, out io.Writer) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return Wrong(err)
	}
	_, found := manifest.Parse(path, data)
	for _, p := range found {
		fmt.Fprintln(out, p)
	}
	if manifest.Failed(found) {
		return Wrong(fmt.Errorf("%s is not valid", path))
	}
	fmt.Fprintf(out, "%s is valid\n", path)
	return nil
}

// Schema prints the JSON Schema of a manifest, for editors.
func Schema(out io.Writer) error {
	_, err := out.Write(manifest.Schema())
	return err
}

// report turns a file's errors into one; warnings are no errors.
func report(path string, found []manifest.Problem) error {
	if !manifest.Failed(found) {
		return nil
	}
	var errs []error
	for _, p := range found {
		if !p.Warning {
			p.File = path
			errs = append(errs, p)
		}
	}
	return Wrong(errors.Join(errs...))
}
