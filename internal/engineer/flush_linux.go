package engineer

import "golang.org/x/sys/unix"

// flush throws away what was typed into a terminal and not read yet.
func flush(fd int) error { return unix.IoctlSetInt(fd, unix.TCFLSH, unix.TCIFLUSH) }
