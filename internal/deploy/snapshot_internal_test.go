package deploy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/manifest"
)

// standingOf is a heritage with a service of each kind of count.
func standingOf(o bcn.Overlay) deployment {
	two := 2
	return deployment{
		last: bcn.Release{Number: 3, Overlay: o},
		before: &manifest.Heritage{
			Services: []manifest.Service{
				{Name: "web", DesiredCount: &two},
				{Name: "worker"},
				{Name: "elastic", AutoScaling: &manifest.AutoScaling{Min: 2, Max: 8}},
			},
		},
	}
}

func TestScaled(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before  map[string]int
		service string
		count   int
		after   map[string]int
		code    bcn.Code
	}{
		"a count is set":                                {nil, "worker", 3, map[string]int{"worker": 3}, ""},
		"none is a count too":                           {nil, "worker", 0, map[string]int{"worker": 0}, ""},
		"another count takes its place":                 {map[string]int{"worker": 3}, "worker", 1, map[string]int{"worker": 1}, ""},
		"the file's count is left to the file":          {map[string]int{"web": 5, "worker": 1}, "web", 2, map[string]int{"worker": 1}, ""},
		"a service that scales by itself refuses":       {nil, "elastic", 3, nil, bcn.CodeAutoScaled},
		"a service that is not there is an error":       {nil, "cron", 3, nil, bcn.CodeUnknownName},
		"a count of a service with one in the file too": {nil, "web", 3, map[string]int{"web": 3}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := scaled(standingOf(bcn.Overlay{Counts: c.before}), c.service, c.count)
			if bcn.CodeOf(err) != c.code {
				t.Fatalf("%v, want %q", err, c.code)
			}
			if err == nil && !got.Equal(bcn.Overlay{Counts: c.after}) {
				t.Errorf("%v, want %v", got.Counts, c.after)
			}
		})
	}
}

func TestVariablesOnTop(t *testing.T) {
	t.Parallel()
	d := standingOf(bcn.Overlay{Env: map[string]string{"A": "1", "B": "2"}})
	t.Run("some are set and others unset at once", func(t *testing.T) {
		t.Parallel()
		got, err := withVariables(d, Wish{Set: map[string]string{"B": "3", "C": "4"}, Unset: []string{"A"}})
		if err != nil || !got.Equal(bcn.Overlay{Env: map[string]string{"B": "3", "C": "4"}}) {
			t.Errorf("%v, %v", got, err)
		}
	})
	t.Run("what was never set cannot be unset", func(t *testing.T) {
		t.Parallel()
		_, err := withVariables(d, Wish{Unset: []string{"A", "X", "Y"}})
		if bcn.CodeOf(err) != bcn.CodeNotSet || !strings.Contains(fmt.Sprint(paramsIn(err)), "X, Y") {
			t.Errorf("%v", err)
		}
	})
	t.Run("there is a most", func(t *testing.T) {
		t.Parallel()
		many := map[string]string{}
		for i := range MaxVariables - 2 {
			many[fmt.Sprintf("V%d", i)] = ""
		}
		if _, err := withVariables(d, Wish{Set: many}); err != nil {
			t.Errorf("%d are refused: %v", MaxVariables, err)
		}
		many["ONE_MORE"] = ""
		if _, err := withVariables(d, Wish{Set: many}); bcn.CodeOf(err) != bcn.CodeTooManyVariables {
			t.Errorf("%d are taken: %v", MaxVariables+1, err)
		}
	})
}

func paramsIn(err error) map[string]string {
	e, ok := err.(*bcn.Error) //nolint:errorlint // it is not wrapped
	if !ok {
		return nil
	}
	return e.Params
}

func TestLaidOverTellsNamesAndCountsOnly(t *testing.T) {
	t.Parallel()
	value := "file"
	h := &manifest.Heritage{
		Services:    []manifest.Service{{Name: "web"}, {Name: "worker"}},
		Environment: manifest.Variables{{Name: "A", Value: &value}, {Name: "S", SSMPath: "app/s"}},
	}
	got := laidOver(h, bcn.Overlay{Env: map[string]string{"A": "chat", "S": "chat", "N": "chat"}, Counts: map[string]int{"worker": 4}})
	if len(got.Environment) != 3 || *got.Environment[0].Value != "chat" || got.Environment[1].SSMPath != "" || got.Environment[2].Name != "N" {
		t.Errorf("environment %+v", got.Environment)
	}
	if got.Services[0].DesiredCount != nil || *got.Services[1].DesiredCount != 4 {
		t.Errorf("services %+v", got.Services)
	}
	if *h.Environment[0].Value != "file" || h.Environment[1].SSMPath != "app/s" || h.Services[1].DesiredCount != nil {
		t.Error("the file itself was changed")
	}
}
