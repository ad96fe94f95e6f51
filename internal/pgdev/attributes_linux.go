package pgdev

import "syscall"

// attributes makes the child run as owner and die with us, even by kill -9.
func attributes(owner *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: owner, Pdeathsig: syscall.SIGQUIT, Setpgid: true}
}
