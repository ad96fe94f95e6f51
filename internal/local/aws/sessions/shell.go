package sessions

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/creack/pty"
)

// searchPath is where programs are looked for.
const searchPath = "/usr/local/bin:/usr/bin:/bin"

// nobody is the user and group that root lets the shell be.
const nobody = 65534

// shell is a program on a terminal of its own, in a directory of its own.
type shell struct {
	cmd *exec.Cmd
	tty *os.File
	dir string
}

// startShell starts the program. user is only what it is told about who it is.
func startShell(argv []string, user string, size pty.Winsize) (*shell, error) {
	path, err := program(argv[0])
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "bcn-session-")
	if err != nil {
		return nil, fmt.Errorf("home of a session: %w", err)
	}
	attributes := &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if os.Geteuid() == 0 {
		attributes.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
		if err := os.Chown(dir, nobody, nobody); err != nil {
			return nil, errors.Join(err, os.RemoveAll(dir))
		}
	}
	cmd := &exec.Cmd{
		Path: path, Args: argv, Dir: dir,
		Env: []string{
			"PATH=" + searchPath, "HOME=" + dir, "PWD=" + dir, "TERM=xterm-256color", "LANG=C.UTF-8",
			"USER=" + user, "LOGNAME=" + user, "PS1=$ ",
		},
	}
	tty, err := pty.StartWithAttrs(cmd, &size, attributes)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("starting %s: %w", argv[0], err), os.RemoveAll(dir))
	}
	return &shell{cmd: cmd, tty: tty, dir: dir}, nil
}

// program finds a program without looking at this process's environment.
func program(name string) (string, error) {
	if strings.Contains(name, "/") {
		return name, nil
	}
	for _, dir := range filepath.SplitList(searchPath) {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return path, nil
		}
	}
	return "", fmt.Errorf("exec: %q: executable file not found in $PATH", name)
}

// kill ends the program and what it started on its terminal. What has made
// itself independent of it (setsid) lives on, as it does on a real machine.
func (sh *shell) kill() {
	for _, pid := range sessionMembers(sh.cmd.Process.Pid) {
		_ = syscall.Kill(pid, syscall.SIGKILL) // may have ended by itself
	}
	_ = sh.cmd.Process.Kill()
	_ = sh.tty.Close()
}

// wait waits for the program's end and cleans up after it.
func (sh *shell) wait() {
	_ = sh.cmd.Wait() // how it ended is the session's own affair
	_ = sh.tty.Close()
	_ = os.RemoveAll(sh.dir)
}

// sessionMembers are the processes whose terminal session (man 7 credentials)
// is the leader's, where /proc tells; elsewhere the leader's death has to do.
func sessionMembers(leader int) []int {
	const proc = "/proc"
	entries, err := os.ReadDir(proc)
	if err != nil {
		return nil
	}
	var out []int
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		stat, err := os.ReadFile(proc + "/" + e.Name() + "/stat")
		if err != nil {
			continue
		}
		// pid (name) state ppid pgrp session ...; the name may hold anything.
		fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
		if len(fields) > 3 && fields[3] == strconv.Itoa(leader) {
			out = append(out, pid)
		}
	}
	return out
}
