package render

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/manifest"
)

// What a district with machines has where nothing was said.
const (
	DefaultInstanceType = "m6i.large"
	DefaultSize         = 2 // one machine in each zone
)

// maxSize keeps a slip of the finger from becoming a bill.
const maxSize = 50

// machine is what tasks find on a type of machine.
type machine struct {
	cpus   int // virtual
	memory int // MiB, those that the machine's own programs need among them
	arm    bool
}

// family is one class of machines: which sizes there are, and how much memory
// goes with a virtual CPU (EC2 instance types, "Specifications").
type family struct {
	sizes  []string
	perCPU int // MiB
	arm    bool
}

var (
	armSizes    = []string{"medium", "large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge"}
	intelSizes  = []string{"large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "24xlarge"}
	olderSizes  = []string{"large", "xlarge", "2xlarge", "4xlarge", "9xlarge", "12xlarge", "18xlarge", "24xlarge"}
	burstMemory = map[string]int{"small": 2, "medium": 4, "large": 8, "xlarge": 16, "2xlarge": 32} // GiB
)

const gib = 1024 // MiB

// families are the classes that `bot iam` lets CloudFormation start and that
// have room for a task: roles.InstanceClasses.
func families() map[string]family {
	out := map[string]family{"t3": {}, "t3a": {}, "t4g": {arm: true}, "c5": {olderSizes, 2 * gib, false}}
	for class, perCPU := range map[string]int{"m": 4 * gib, "c": 2 * gib, "r": 8 * gib} {
		for _, generation := range []string{"6i", "7i"} {
			out[class+generation] = family{intelSizes, perCPU, false}
		}
		for _, generation := range []string{"6g", "7g"} {
			out[class+generation] = family{armSizes, perCPU, true}
		}
	}
	out["m5"], out["r5"] = family{intelSizes, 4 * gib, false}, family{intelSizes, 8 * gib, false}
	return out
}

// InstanceFamilies are the classes of machines that a district can have,
// sorted.
func InstanceFamilies() []string {
	var out []string
	for name := range families() {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// machineOf answers what a type of machine has; false: there is none, or none
// that a district can have.
func machineOf(instanceType string) (machine, bool) {
	class, size, _ := strings.Cut(instanceType, ".")
	f, ok := families()[class]
	if !ok {
		return machine{}, false
	}
	if f.sizes == nil { // burstable: two virtual CPUs, more of them from xlarge on
		memory, ok := burstMemory[size]
		return machine{cpus: max(2, memory/4), memory: memory * gib, arm: f.arm}, ok
	}
	cpus := cpusOf(size)
	return machine{cpus: cpus, memory: cpus * f.perCPU, arm: f.arm}, slices.Contains(f.sizes, size)
}

// cpusOf is how many virtual CPUs a size has: medium 1, large 2, xlarge 4,
// Nxlarge N times that.
func cpusOf(size string) int {
	switch size {
	case "medium":
		return 1
	case "large":
		return 2
	case "xlarge":
		return 4
	}
	n, err := strconv.Atoi(strings.TrimSuffix(size, "xlarge"))
	if err != nil {
		return 0
	}
	return 4 * n
}

// checkMachines holds what was said of a district's machines.
func checkMachines(n bcn.Network) error {
	invalid := func(format string, args ...any) error {
		return bcn.E(bcn.CodeDistrictInvalid, "problems", fmt.Sprintf(format, args...))
	}
	if n.Launch != LaunchEC2 {
		if n.InstanceType != "" || n.Size != 0 {
			return invalid("--instance-type and --size are for --launch ec2")
		}
		return nil
	}
	class, _, _ := strings.Cut(n.InstanceType, ".")
	if _, ok := families()[class]; !ok {
		return invalid("--instance-type: %s is of none of the classes that bot iam allows: %s", n.InstanceType, strings.Join(InstanceFamilies(), ", "))
	}
	if _, ok := machineOf(n.InstanceType); !ok {
		sizes := families()[class].sizes
		if sizes == nil {
			sizes = []string{"small", "medium", "large", "xlarge", "2xlarge"}
		}
		return invalid("--instance-type: %s has none of the sizes %s", n.InstanceType, strings.Join(sizes, ", "))
	}
	if n.Size < 1 || n.Size > maxSize {
		return invalid("--size: %d machines; from 1 to %d", n.Size, maxSize)
	}
	return nil
}

// MostMachines is how many machines a district's group grows to at most: one
// more than twice its size, so that all can be exchanged while tasks move.
func MostMachines(size int) int { return 2*size + 1 }

// placed says where tasks run: on Fargate, on the machines that bcn made, by
// their capacity provider, or on those that an adopted cluster has.
func (s *source) placed(launch string) (launchTypeName string, strategy []capacity) {
	if launch == manifest.LaunchEC2 && s.District.CapacityProvider != "" {
		return "", []capacity{{CapacityProvider: s.District.CapacityProvider, Weight: 1}}
	}
	return launchType(launch), nil
}

// checkLaunch refuses what is to run on machines that are not there, or that
// are too small for it.
func (s *source) checkLaunch() error {
	d := s.District
	if !d.Made() {
		return nil // they are the account owner's: what each has is not known
	}
	return s.launchProblems()
}

// NoMachines is the refusal of a file that wants machines, of which an adopted
// district's cluster has none; nil where it wants none. Errors: manifest.
func NoMachines(h *manifest.Heritage, file string, d bcn.District) error {
	return (&source{Input: Input{Heritage: h, File: file, District: d}}).launchProblems()
}

func (s *source) launchProblems() error {
	d, h := s.District, s.Heritage
	var problems []string
	need := func(at manifest.Position, what string, cpu, memory int) {
		if !d.Made() {
			problems = append(problems, fmt.Sprintf(
				"%s: %s: launch: ec2 needs machines, and the cluster %s of the adopted district %s has none", s.where(at), what, d.Cluster, d.Name))
			return
		}
		if d.CapacityProvider == "" {
			problems = append(problems, fmt.Sprintf(
				"%s: %s: launch: ec2 needs machines, and the district %s has none (district update %s --launch ec2 makes some)", s.where(at), what, d.Name, d.Name))
			return
		}
		m, ok := machineOf(d.Network.InstanceType)
		if ok && (memory > m.memory || cpu > m.cpus*1024) {
			problems = append(problems, fmt.Sprintf(
				"%s: %s: cpu %d and memory %d fit on no machine of the district %s: an %s has %d and %d", s.where(at), what, cpu, memory, d.Name, d.Network.InstanceType, m.cpus*1024, m.memory))
		}
	}
	for _, service := range h.Services {
		if service.Launch == manifest.LaunchEC2 {
			need(service.At, "service "+service.Name, service.CPU, service.Memory)
		}
	}
	for _, task := range h.ScheduledTasks {
		if h.Launch == manifest.LaunchEC2 {
			need(task.At, "scheduled task "+task.Name, task.CPU, task.Memory)
		}
	}
	if len(problems) == 0 {
		return nil
	}
	return bcn.E(bcn.CodeManifest, "file", s.File, "problems", strings.Join(problems, "\n"))
}
