//go:build unix

package engineer

import (
	"os"
	"syscall"
)

// keyboard are the signals that keys send to all programs in a terminal.
func keyboard() []os.Signal {
	return []os.Signal{os.Interrupt, syscall.SIGQUIT, syscall.SIGTSTP}
}
