package source

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/bcn-bot/bcn/internal/deploy"
	"github.com/bcn-bot/bcn/internal/githubx"
)

var tooLarge = fmt.Sprintf("%s is larger than %d KiB", fileName, maxBytes>>10)

// local says that a path stays below its root, as far as can be seen from it.
func local(p string) bool {
	return p != "" && filepath.IsLocal(p) && !strings.ContainsRune(p, 0) && !strings.ContainsRune(p, '\\')
}

// directory reads below the root. os.Root follows no symbolic link out of it.
func (f *Fetcher) directory(source, dir string) (deploy.File, error) {
	if f.o.Root == "" || !local(dir) {
		return deploy.File{}, f.refused(source)
	}
	root, err := os.OpenRoot(f.o.Root)
	if err != nil {
		return deploy.File{}, unreadable(source, "sources.root cannot be opened", err)
	}
	defer func() { _ = root.Close() }()
	name := path.Join(filepath.ToSlash(dir), fileName)
	raw, err := read(root, name)
	if err != nil {
		return deploy.File{}, unreadable(source, why(err, name), err)
	}
	sum := sha256.Sum256(raw)
	return deploy.File{Name: name, Commit: "sha256:" + hex.EncodeToString(sum[:]), Bytes: raw}, nil
}

var errNoFile = errors.New("not a regular file")

// read reads a regular file; another kind, such as a pipe, could block for ever.
func read(root *os.Root, name string) ([]byte, error) {
	info, err := root.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errNoFile
	}
	file, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	raw, err := io.ReadAll(io.LimitReader(file, maxBytes+1))
	if err != nil {
		return nil, err
	}
	if len(raw) > maxBytes {
		return nil, githubx.ErrTooLarge
	}
	return raw, nil
}

// why says in a few words what is wrong with what; the error itself is for the
// log, since it may hold paths and addresses.
func why(err error, what string) string {
	switch {
	case errors.Is(err, githubx.ErrNotConfigured):
		return "GitHub is not configured"
	case errors.Is(err, githubx.ErrTooLarge):
		return tooLarge
	case errors.Is(err, githubx.ErrNotFound):
		return what + " is not there, or bcn may not read it"
	case errors.Is(err, fs.ErrNotExist):
		return what + " is not there"
	case errors.Is(err, fs.ErrPermission):
		return what + " may not be read"
	case errors.Is(err, errNoFile):
		return what + " is not a file"
	case isEscape(err):
		return what + " leads out of sources.root"
	default:
		return what + " could not be read; try again"
	}
}

// isEscape says that os.Root refused a path. Its error has no name of its own.
func isEscape(err error) bool {
	e, ok := errors.AsType[*fs.PathError](err)
	return ok && e.Err.Error() == "path escapes from parent"
}
