package engineer

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/access"
	"github.com/bcn-bot/bcn/internal/bcn"
)

// keep is how long a grant's key and sealed answer stay; no grant is that long.
const keep = 24 * time.Hour

// folder holds what is kept for one grant: its key, and the last sealed answer.
type folder struct{ path string }

// folderOf answers a grant's folder, and makes it.
func (o Options) folderOf(id bcn.ID) (folder, error) {
	f := folder{filepath.Join(o.Cache, strconv.FormatInt(int64(id), 10))}
	if err := os.MkdirAll(f.path, 0o700); err != nil {
		return f, outside("make a folder for the key", err)
	}
	return f, nil
}

// identity answers the grant's key, and makes it the first time: the grant is
// bound to one, and a second is refused. Of two commands at the same time both
// get the key of the first.
func (f folder) identity() (identity access.Secret, recipient string, err error) {
	identity, recipient, err = f.stored()
	if !errors.Is(err, fs.ErrNotExist) {
		return identity, recipient, err
	}
	if identity, _, err = access.NewKey(); err != nil {
		return access.Secret{}, "", outside("make a key", err)
	}
	if err := f.write("key", identity.Reveal()+"\n", os.Link); err != nil && !errors.Is(err, fs.ErrExist) {
		return access.Secret{}, "", outside("keep the key", err)
	}
	return f.stored()
}

// stored reads the key. One that others could read is not used.
func (f folder) stored() (identity access.Secret, recipient string, err error) {
	path := filepath.Join(f.path, "key")
	text, err := private(path)
	if err != nil {
		return access.Secret{}, "", err
	}
	identity = access.NewSecret(strings.TrimSpace(text))
	if recipient, err = access.Recipient(identity); err != nil {
		return access.Secret{}, "", fmt.Errorf("%s holds no key of bcn's: remove it, and ask for access again", path)
	}
	return identity, recipient, nil
}

// sealed reads the last sealed answer; fs.ErrNotExist where there is none.
func (f folder) sealed() (string, error) { return private(filepath.Join(f.path, "sealed")) }

// keepSealed keeps a sealed answer instead of the one before.
func (f folder) keepSealed(line string) error {
	if err := f.write("sealed", line+"\n", os.Rename); err != nil {
		return outside("keep the sealed answer", err)
	}
	return nil
}

// write makes a file whole or not at all: place puts it where it belongs.
func (f folder) write(name, text string, place func(from, to string) error) error {
	half, err := os.CreateTemp(f.path, name+"-") // 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(half.Name()) }() // gone where it was renamed
	_, err = half.WriteString(text)
	if err := errors.Join(err, half.Close()); err != nil {
		return err
	}
	return place(half.Name(), filepath.Join(f.path, name))
}

func private(path string) (string, error) {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", err
	case err != nil:
		return "", outside("read the cache", err)
	case !info.Mode().IsRegular(), runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0:
		return "", fmt.Errorf("%s can be read by others (%s): remove it, and ask for access again", path, info.Mode())
	}
	text, err := os.ReadFile(path) //nolint:gosec // the cache's own file
	if err != nil {
		return "", outside("read the cache", err)
	}
	return string(text), nil
}

// forget removes what was kept for grants of more than a day ago. What cannot be
// removed is left: it opens nothing any more.
func (o Options) forget() {
	list, err := os.ReadDir(o.Cache)
	if err != nil {
		return // there is none yet
	}
	for _, entry := range list {
		info, err := entry.Info()
		if _, number := strconv.ParseInt(entry.Name(), 10, 64); err == nil && number == nil && entry.IsDir() && o.Now().Sub(info.ModTime()) > keep {
			_ = os.RemoveAll(filepath.Join(o.Cache, entry.Name()))
		}
	}
}
