package cluster

import (
	"strconv"
	"strings"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// fargateSize is one value of cpu with the memory that Fargate has for it
// (Amazon ECS Developer Guide, "Task CPU and memory", Fargate): from least to
// most MiB in steps.
type fargateSize struct{ cpu, least, most, step int }

var fargateSizes = [...]fargateSize{
	{256, 512, 1024, 512}, // and 2048, below
	{512, 1024, 4096, 1024},
	{1024, 2048, 8192, 1024},
	{2048, 4096, 16384, 1024},
	{4096, 8192, 30720, 1024},
	{8192, 16384, 61440, 4096},
	{16384, 32768, 122880, 8192},
}

// fargateOK tells whether Fargate has the pair.
func fargateOK(cpu, memory int) bool {
	if cpu == 256 && memory == 2048 {
		return true
	}
	for _, s := range fargateSizes {
		if s.cpu == cpu {
			return memory >= s.least && memory <= s.most && (memory-s.least)%s.step == 0
		}
	}
	return false
}

// unit reads "1 vCPU", "0.5 vcpu", "2 GB" or a bare number of CPU units or MiB.
func unit(text, suffix string) int {
	t := strings.ToLower(strings.ReplaceAll(text, " ", ""))
	if rest, found := strings.CutSuffix(t, suffix); found {
		f, err := strconv.ParseFloat(rest, 64)
		if err != nil {
			return 0
		}
		return int(f * 1024)
	}
	n, _ := strconv.Atoi(t)
	return n
}

// checkFargate refuses a task definition that asks for Fargate and that
// Fargate would not run.
func checkFargate(td tree) error {
	if td.str("networkMode") != "awsvpc" {
		return wire.Errorf("ClientException", "Fargate only supports network mode ‘awsvpc’.")
	}
	if !td.has("cpu") || !td.has("memory") {
		return wire.Errorf("ClientException", "Fargate requires that 'cpu' and 'memory' be defined at the task level.")
	}
	cpu, memory := unit(td.str("cpu"), "vcpu"), unit(td.str("memory"), "gb")
	if !fargateOK(cpu, memory) {
		return wire.Errorf("ClientException", "No Fargate configuration exists for given values: %d CPU, %d memory. See the Amazon ECS documentation for valid values.", cpu, memory)
	}
	needsRole := false
	for _, cd := range td.items("containerDefinitions") {
		if cd.flag("privileged", false) {
			return wire.Errorf("ClientException", "Fargate does not support privileged containers.")
		}
		if cd.num("stopTimeout", 0) > maxStopTimeout {
			return wire.Errorf("ClientException", "Stop timeout must be at most %d seconds on Fargate.", maxStopTimeout)
		}
		driver := cd.node("logConfiguration").str("logDriver")
		if len(cd.items("secrets")) > 0 || driver == "awslogs" {
			needsRole = true
		}
		for _, p := range cd.items("portMappings") {
			if h := p.num("hostPort", 0); h != 0 && h != p.num("containerPort", 0) {
				return wire.Errorf("ClientException", "When networkMode=awsvpc, the host ports and container ports in port mappings must match.")
			}
		}
		if len(cd.strs("links")) > 0 {
			return wire.Errorf("ClientException", "Links are not supported when networkMode=awsvpc.")
		}
	}
	if needsRole && td.str("executionRoleArn") == "" {
		return wire.Errorf("ClientException", "Fargate requires task definition to have execution role ARN to support log driver awslogs.")
	}
	return nil
}
