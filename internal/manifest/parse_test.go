package manifest_test

import (
	"os"
	"testing"

	"github.com/bcn-bot/bcn/internal/manifest"
)

func TestSample(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../examples/hello/barcelona.yml")
	if err != nil {
		t.Fatal(err)
	}
	file, problems := manifest.Parse("barcelona.yml", data)
	if len(problems) > 0 {
		t.Fatalf("the sample app has problems: %v", problems)
	}
	if h, problem := file.Environment("production"); problem != nil || h.Name != "hello" || len(h.Services) != 2 {
		t.Errorf("production: %+v, %v", h, problem)
	}
	if _, problem := file.Environment("prodction"); problem == nil || problem.Hint != "did you mean production?" {
		t.Errorf("suggestion: %v", problem)
	}
}
