package render_test

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/bcn-bot/bcn/internal/render"
)

func TestHoldUntil(t *testing.T) {
	t.Parallel()
	end := time.Date(2025, 11, 22, 9, 50, 0, 999_000_000, time.FixedZone("JST", 9*3600))
	t.Run("is the one line that others read", func(t *testing.T) {
		t.Parallel()
		const want = `trap 'exit 0' TERM INT; while [ "$(date +%s)" -lt 1763772600 ]; do sleep 1 & wait $!; done`
		if got := render.HoldUntil(end); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
	t.Run("tells its end, never later than what was asked", func(t *testing.T) {
		t.Parallel()
		pattern := regexp.MustCompile(render.HoldPattern)
		rapid.Check(t, func(t *rapid.T) {
			at := time.Unix(rapid.Int64Range(-1, 1<<40).Draw(t, "second"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanosecond"))
			script := render.HoldUntil(at)
			found := pattern.FindAllStringSubmatch(script, -1)
			if len(found) != 1 {
				t.Fatalf("%d ends in %s", len(found), script)
			}
			second, err := strconv.ParseInt(found[0][1], 10, 64)
			if err != nil || at.Sub(time.Unix(second, 0)) < 0 || at.Sub(time.Unix(second, 0)) >= time.Second {
				t.Fatalf("%v: %d, %v", at, second, err)
			}
		})
	})
	// The clock is a file that the shell's sleep moves on.
	t.Run("ends with 0 at its second by the clock that it reads", func(t *testing.T) {
		t.Parallel()
		c := newClock(t, end.Unix()-3, `echo $(($(cat "$CLOCK") + 1)) > "$CLOCK"`)
		c.run(t, end)
		if got := c.now(t); got != end.Unix() {
			t.Errorf("it ended at %d, %d s after its end", got, got-end.Unix())
		}
	})
	t.Run("ends when a paused host goes on", func(t *testing.T) {
		t.Parallel()
		c := newClock(t, end.Unix()-600, `echo $(($(cat "$CLOCK") + 7200)) > "$CLOCK"`)
		c.run(t, end)
		if got, want := c.now(t), end.Unix()+6600; got != want {
			t.Errorf("it ended at %d, not at %d, when the clock was first read", got, want)
		}
	})
	t.Run("does not begin to hold after its end", func(t *testing.T) {
		t.Parallel()
		c := newClock(t, end.Unix(), "exit 1")
		c.run(t, end)
	})
	t.Run("ends at once where the image has no clock", func(t *testing.T) {
		t.Parallel()
		c := newClock(t, 0, "exit 1")
		c.tool(t, "date", "exit 1")
		c.run(t, end)
	})
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run("ends with 0 on "+signal.String(), func(t *testing.T) {
			t.Parallel()
			c := newClock(t, end.Unix()-600, "echo holding; exec 1>&-; exec /bin/sleep 600")
			cmd := c.command(t, end)
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }) // the sleep
			if line, err := bufio.NewReader(out).ReadString('\n'); line != "holding\n" {
				t.Fatalf("%q, %v", line, err)
			}
			if err := cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Wait(); err != nil {
				t.Errorf("it ended with %v", err)
			}
		})
	}
}

// clock is a folder with the only programs that a script of HoldUntil finds.
type clock struct{ folder string }

func newClock(t *testing.T, now int64, sleep string) clock {
	t.Helper()
	c := clock{t.TempDir()}
	c.write(t, "clock", strconv.FormatInt(now, 10), 0o644)
	c.tool(t, "date", `test "$*" = +%s && cat "$CLOCK"`)
	c.tool(t, "sleep", `test "$*" = 1 || exit 2; `+sleep)
	cat, err := exec.LookPath("cat")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(cat, filepath.Join(c.folder, "cat")); err != nil {
		t.Fatal(err)
	}
	return c
}

func (c clock) tool(t *testing.T, name, script string) {
	t.Helper()
	c.write(t, name, "#!/bin/sh\n"+script+"\n", 0o755)
}

func (c clock) write(t *testing.T, name, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(c.folder, name), []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

func (c clock) now(t *testing.T) int64 {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(c.folder, "clock"))
	if err != nil {
		t.Fatal(err)
	}
	now, err := strconv.ParseInt(strings.TrimSpace(string(data)), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return now
}

func (c clock) command(t *testing.T, end time.Time) *exec.Cmd {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(stop)
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", render.HoldUntil(end))
	cmd.Env = []string{"PATH=" + c.folder, "CLOCK=" + filepath.Join(c.folder, "clock")}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

func (c clock) run(t *testing.T, end time.Time) {
	t.Helper()
	if err := c.command(t, end).Run(); err != nil {
		t.Errorf("it ended with %v", err)
	}
}

// definition is what the properties below read of a task definition.
type definition struct {
	Family                        string
	Cpu, Memory, NetworkMode      string
	ExecutionRoleArn, TaskRoleArn any
	ContainerDefinitions          []map[string]any
	EnableExecuteCommand          bool
}

// resources reads one stack of a heritage, by logical id.
func resources(t *rapid.T, in render.Input, stack int) map[string]definition {
	stacks, _, err := render.Heritage(in)
	if err != nil {
		t.Fatal(err)
	}
	var template struct {
		Resources map[string]struct{ Properties json.RawMessage }
		Outputs   map[string]struct{ Value map[string]string }
	}
	if err := json.Unmarshal(stacks[stack].Template, &template); err != nil {
		t.Fatal(err)
	}
	if got := template.Outputs[render.AccessTaskOutput].Value["Ref"]; stack == 0 && got != render.AccessTaskOutput {
		t.Fatalf("the output is %q", got)
	}
	out := map[string]definition{}
	for id, r := range template.Resources {
		var d definition
		if err := json.Unmarshal(r.Properties, &d); err != nil {
			t.Fatal(err)
		}
		out[id] = d
	}
	return out
}

func TestTheTaskOfAGrantIsTheOneOffs(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		h, base := in.Heritage, resources(t, in, 0)
		access, oneoff := base[render.AccessTaskOutput], base["OneoffTaskDefinition"]
		if access.Family != h.Name+"-access" || len(access.ContainerDefinitions) != 1 {
			t.Fatalf("%+v", access)
		}
		// Whatever the heritage is, nothing of it is in what is run: the bot
		// alone says that, and without it the task ends.
		own := map[string]any{
			"Name": "access", "EntryPoint": []any{"/bin/sh", "-c"}, "Command": []any{"exit 0"},
			"LinuxParameters": map[string]any{"InitProcessEnabled": true}, "StopTimeout": float64(2),
		}
		for key, want := range own {
			if got := access.ContainerDefinitions[0][key]; !cmp.Equal(want, got) {
				t.Fatalf("%s is %v", key, got)
			}
			delete(access.ContainerDefinitions[0], key)
		}
		access.Family = oneoff.Family
		if h.BeforeDeploy != nil { // it says how large the one-off is
			access.Cpu, access.Memory = oneoff.Cpu, oneoff.Memory
		}
		delete(oneoff.ContainerDefinitions[0], "Name")
		if diff := cmp.Diff(oneoff, access); diff != "" {
			t.Fatalf("beyond that it is the one-off's (-oneoff +access):\n%s", diff)
		}
	})
}

func TestOnlyServicesThatSaySoCanBeEntered(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		h, services := in.Heritage, resources(t, in, 1)
		for _, s := range h.Services {
			id := render.LogicalID(s.Name)
			_, init := services[id+"TaskDefinition"].ContainerDefinitions[0]["LinuxParameters"]
			if services[id].EnableExecuteCommand != s.Exec || init != s.Exec {
				t.Fatalf("%s: exec %t, the service %t, an init process %t", s.Name, s.Exec, services[id].EnableExecuteCommand, init)
			}
		}
	})
}
