package engineer

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestKeysOfGrants(t *testing.T) {
	t.Parallel()
	at := func(t *testing.T) Options {
		t.Helper()
		o, err := Options{Cache: filepath.Join(t.TempDir(), "bcn", "access")}.filled()
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	folderFor := func(t *testing.T, o Options) folder {
		t.Helper()
		f, err := o.folderOf(1042)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	t.Run("a grant has one key, whoever asks at the same time", func(t *testing.T) {
		t.Parallel()
		f := folderFor(t, at(t))
		var all sync.Map
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				_, recipient, err := f.identity()
				if err != nil {
					t.Error(err)
				}
				all.Store(recipient, true)
			})
		}
		wg.Wait()
		n := 0
		all.Range(func(any, any) bool { n++; return true })
		if n != 1 {
			t.Errorf("%d keys", n)
		}
	})
	t.Run("nobody else can read what is kept", func(t *testing.T) {
		t.Parallel()
		o := at(t)
		f := folderFor(t, o)
		if _, _, err := f.identity(); err != nil {
			t.Fatal(err)
		}
		if err := f.keepSealed("x"); err != nil {
			t.Fatal(err)
		}
		seen := 0
		err := filepath.WalkDir(o.Cache, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			seen++
			if info.Mode().Perm()&0o077 != 0 {
				t.Errorf("%s %s", path, info.Mode())
			}
			return nil
		})
		if err != nil || seen != 4 { // two folders, two files, nothing half written
			t.Errorf("%d, %v", seen, err)
		}
	})
	t.Run("a key that others can read is not used", func(t *testing.T) {
		t.Parallel()
		f := folderFor(t, at(t))
		if _, _, err := f.identity(); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(f.path, "key"), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, recipient, err := f.identity(); err == nil || recipient != "" {
			t.Error("it is used")
		}
	})
	t.Run("a link in a key's place is not followed", func(t *testing.T) {
		t.Parallel()
		f, other := folderFor(t, at(t)), folderFor(t, at(t))
		if _, _, err := other.identity(); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(filepath.Join(other.path, "key"), filepath.Join(f.path, "key")); err != nil {
			t.Fatal(err)
		}
		if _, _, err := f.identity(); err == nil {
			t.Error("it is")
		}
	})
	t.Run("what is no key is not quoted", func(t *testing.T) {
		t.Parallel()
		f := folderFor(t, at(t))
		if err := os.WriteFile(filepath.Join(f.path, "key"), []byte("AGE-SECRET-KEY-1broken"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := f.identity(); err == nil || strings.Contains(err.Error(), "AGE-SECRET") {
			t.Errorf("%v", err)
		}
	})
	t.Run("after a day it is forgotten, and nothing else is", func(t *testing.T) {
		t.Parallel()
		o := at(t)
		f := folderFor(t, o)
		if err := os.Mkdir(filepath.Join(o.Cache, "not-a-grant"), 0o700); err != nil {
			t.Fatal(err)
		}
		o.forget()
		if _, err := os.Stat(f.path); err != nil {
			t.Fatal("too early")
		}
		o.Now = func() time.Time { return time.Now().Add(keep + time.Minute) }
		o.forget()
		if _, err := os.Stat(f.path); !errors.Is(err, fs.ErrNotExist) {
			t.Error("it is still there")
		}
		if _, err := os.Stat(filepath.Join(o.Cache, "not-a-grant")); err != nil {
			t.Error(err)
		}
	})
}

func TestAddressesOfBots(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"https://bcn.example.com":        "https://bcn.example.com",
		"https://bcn.example.com/bcn/":   "https://bcn.example.com/bcn",
		"http://127.0.0.1:8080":          "http://127.0.0.1:8080",
		"http://localhost:8080/":         "http://localhost:8080",
		"http://[::1]:8080":              "http://[::1]:8080",
		"http://bcn.example.com":         "",
		"http://127.0.0.1.example.com":   "",
		"http://localhost.example.com":   "",
		"ftp://127.0.0.1":                "",
		"bcn.example.com":                "",
		"https://":                       "",
		"https://dana:x@bcn.example.com": "",
		"https://bcn.example.com/?a=b":   "",
		"%":                              "",
	} {
		t.Run(address, func(t *testing.T) {
			t.Parallel()
			got, err := base(address)
			if got != want || (err == nil) != (want != "") {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

func TestVersionsOfThePlugin(t *testing.T) {
	t.Parallel()
	for text, ok := range map[string]bool{
		"1.2.536.0\n": true, "1.2.792.0\n": true, "1.3.0.0": true, "2.0.0.0": true, "1.10.0.0": true,
		"1.2.497.0\n": false, "1.1.999.0": false, "0.9.9.9": false, "1.2.536": false, "": false, "v1.2.792.0": false, "1.2.536.0.1": false,
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "plugin")
			if err := os.WriteFile(path, []byte("#!/bin/sh\nprintf '"+strings.TrimSpace(text)+"\\n'\n"), 0o700); err != nil {
				t.Fatal(err)
			}
			if got, err := findPlugin(t.Context(), path); (err == nil) != ok {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

func TestThePluginSeesNothingOfTheMachinesAWS(t *testing.T) {
	t.Parallel()
	got := strings.Join(pluginEnvironment([]string{
		"HOME=/h", "AWS_PROFILE=own", "AWS_ACCESS_KEY_ID=AKID", "AWS_CA_BUNDLE=/ca", "BCN_TOKEN=t", "AWS_ENDPOINT_URL=x", "AWS_CONFIG_FILE=/c", "HTTPS_PROXY=p",
	}), " ")
	const want = "HOME=/h AWS_CA_BUNDLE=/ca HTTPS_PROXY=p AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null AWS_EC2_METADATA_DISABLED=true"
	if got != want {
		t.Errorf("%s", got)
	}
}
