package manifest_test

import (
	"os"
	"testing"

	"github.com/bcn-bot/bcn/internal/manifest"
)

func BenchmarkParse(b *testing.B) {
	data, err := os.ReadFile("../../examples/hello/barcelona.yml")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if file, problems := manifest.Parse("barcelona.yml", data); file == nil {
			b.Fatal(problems)
		}
	}
}
