//go:build !unix

package engineer

import "os"

// keyboard are the signals that keys send to all programs in a terminal.
func keyboard() []os.Signal { return []os.Signal{os.Interrupt} }
