package render

// OneoffTaskOutput is the base stack's output with the task definition of
// one-off tasks: before_deploy and run.
const OneoffTaskOutput = oneoffTaskOutput

// TaskSize answers the smallest task of Fargate that has at least the CPU units
// (0: any) and memory in MiB, and false where there is none.
func TaskSize(cpu, memory int) (gotCPU, gotMemory int, ok bool) { return fargate(cpu, memory) }
