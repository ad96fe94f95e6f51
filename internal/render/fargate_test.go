package render

import (
	"testing"

	"pgregory.net/rapid"
)

func TestFargate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		title                          string
		cpu, memory, wantCPU, wantSize int
	}{
		{"the smallest", 0, 1, 256, 512},
		{"a pair that exists", 256, 1024, 256, 1024},
		{"the smallest CPU has no 1536", 256, 1536, 256, 2048},
		{"memory raises CPU", 256, 2049, 512, 3072},
		{"CPU raises memory", 1024, 512, 1024, 2048},
		{"CPU between two", 257, 512, 512, 1024},
		{"without CPU the smallest that has the memory", 0, 9000, 2048, 9216},
		{"steps of four", 8192, 16385, 8192, 20480},
		{"the largest", 16384, 122880, 16384, 122880},
		{"memory alone may ask for the largest", 0, 122880, 16384, 122880},
	} {
		t.Run(c.title, func(t *testing.T) {
			t.Parallel()
			if cpu, memory, ok := fargate(c.cpu, c.memory); !ok || cpu != c.wantCPU || memory != c.wantSize {
				t.Errorf("%d, %d, %v", cpu, memory, ok)
			}
		})
	}
	t.Run("nothing is ever less than asked for, and asking again changes nothing", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(t *rapid.T) {
			cpu, memory := rapid.IntRange(0, 16384).Draw(t, "cpu"), rapid.IntRange(1, 122880).Draw(t, "memory")
			gotCPU, gotMemory, ok := fargate(cpu, memory)
			if !ok || gotCPU < cpu || gotMemory < memory {
				t.Fatalf("%d, %d, %v", gotCPU, gotMemory, ok)
			}
			if c, m, _ := fargate(gotCPU, gotMemory); c != gotCPU || m != gotMemory {
				t.Fatalf("%d, %d becomes %d, %d", gotCPU, gotMemory, c, m)
			}
		})
	})
	t.Run("more than there is", func(t *testing.T) {
		t.Parallel()
		if _, _, ok := fargate(16385, 1); ok {
			t.Error("16385 units")
		}
	})
}
