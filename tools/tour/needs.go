package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// packages are what the tour needs of Debian: the browser, and fonts for the
// marks on cards and for Japanese.
var packages = []string{"chromium", "fonts-noto-cjk", "fonts-noto-color-emoji"}

// fonts are families of which the pictures need one each.
var fonts = []string{"Noto Color Emoji", "Noto Sans CJK JP"}

// findBrowser answers the browser's path. What is missing is installed where
// that is possible without asking (Debian, as root); elsewhere the error says
// what to install.
func findBrowser(ctx context.Context, named string) (string, error) {
	path := lookBrowser(named)
	if path != "" && named != "" {
		return path, nil
	}
	if path != "" && haveFonts(ctx) {
		return path, nil
	}
	if err := install(ctx); err != nil {
		if path != "" {
			fmt.Fprintln(os.Stderr, "tour: the pictures will lack fonts:", err)
			return path, nil
		}
		return "", err
	}
	if path = lookBrowser(named); path == "" {
		return "", errors.New("no Chromium on the path; name one with CHROMIUM=/path/to/it")
	}
	return path, nil
}

func lookBrowser(named string) string {
	if named != "" {
		return named
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "headless-shell"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

func haveFonts(ctx context.Context) bool {
	for _, family := range fonts {
		out, err := exec.CommandContext(ctx, "fc-list", family).Output()
		if err != nil || len(out) == 0 {
			return false
		}
	}
	return true
}

func install(ctx context.Context) error {
	apt, err := exec.LookPath("apt-get")
	if err != nil || os.Geteuid() != 0 {
		return fmt.Errorf("install Chromium and fonts first, such as: sudo apt-get install %s", strings.Join(packages, " "))
	}
	fmt.Println("tour: installing", strings.Join(packages, ", "))
	cmd := exec.CommandContext(ctx, apt, append([]string{"install", "-y", "-q"}, packages...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("apt-get install %s: %w\n%s", strings.Join(packages, " "), err, out)
	}
	return nil
}
