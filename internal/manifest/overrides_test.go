package manifest_test

import (
	"strings"
	"testing"
)

func TestOverridesOfATask(t *testing.T) {
	t.Parallel()
	const problem = "ECS takes at most 8192 characters of overrides with a task, as JSON, and these would be "
	long := strings.Repeat("x", 4000)
	for title, c := range map[string]struct {
		file string
		want string // of each problem, the rest
	}{
		"two long words":                      {ofTasks("{schedule: rate(1 day), command: [" + long + ", " + long + "]}"), ""},
		"three long words":                    {ofTasks("{schedule: rate(1 day), command: [" + long + ", " + long + ", x" + long + "]}"), "12098"},
		"words that take more as JSON":        {one(name, image, service, "before_deploy: '"+strings.Repeat("a ", 2040)+"'"), "8248"},
		"the same as a mapping":               {one(name, image, service, "before_deploy: {command: '"+strings.Repeat("a ", 2040)+"'}"), "8248"},
		"fewer of them":                       {one(name, image, service, "before_deploy: '"+strings.Repeat("a ", 2000)+"'"), ""},
		"variables of run":                    {one(name, image, service, "run_env: {vars: {A: "+long+", B: "+long+", C: "+long+"}}"), "12164"},
		"fewer of them, what remains is free": {one(name, image, service, "run_env: {vars: {A: "+long+", B: "+long+"}}"), ""},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			var want []string
			if c.want != "" {
				want = []string{problem + c.want + " (put it into a script of the image)"}
			}
			compare(t, want, c.file)
		})
	}
}
