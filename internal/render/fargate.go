package render

// size is one row of what Fargate offers: for so many CPU units, memory from
// Min to Max in steps, in MiB.
type size struct {
	CPU, Min, Max, Step int
}

// fargateSizes is the table "Task CPU and memory" of the Amazon ECS developer
// guide, for Linux on Fargate.
func fargateSizes() []size {
	return []size{
		{256, 512, 2048, 512}, // 512, 1024, 2048: 1536 is not one of them
		{512, 1024, 4096, 1024},
		{1024, 2048, 8192, 1024},
		{2048, 4096, 16384, 1024},
		{4096, 8192, 30720, 1024},
		{8192, 16384, 61440, 4096},
		{16384, 32768, 122880, 8192},
	}
}

// fargate answers the smallest size that has at least the CPU units (0: any)
// and memory asked for, and false where there is none.
func fargate(cpu, memory int) (gotCPU, gotMemory int, ok bool) {
	for _, s := range fargateSizes() {
		if s.CPU < cpu || s.Max < memory {
			continue
		}
		steps := (max(memory, s.Min) - s.Min + s.Step - 1) / s.Step
		got := s.Min + steps*s.Step
		if s.CPU == 256 && got == 1536 {
			got = 2048
		}
		return s.CPU, got, true
	}
	return 0, 0, false
}
