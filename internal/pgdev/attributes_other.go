//go:build !linux

package pgdev

import "syscall"

// attributes makes the child run as owner; only Linux has a death signal.
func attributes(owner *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: owner, Setpgid: true}
}
