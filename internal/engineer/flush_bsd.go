//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package engineer

import "golang.org/x/sys/unix"

// fread is FREAD of sys/fcntl.h.
const fread = 1

// flush throws away what was typed into a terminal and not read yet.
func flush(fd int) error { return unix.IoctlSetPointerInt(fd, unix.TIOCFLUSH, fread) }
