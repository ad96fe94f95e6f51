package schema

import (
	"fmt"
	"iter"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Rules answers the faults across properties that a schema cannot tell and
// that the service behind the type refuses, in its words. A rule whose values
// are not known yet (intrinsic functions) stays silent.
// Source: the ECS API reference, RegisterTaskDefinition and CreateService, and
// "Fargate task definition differences" in the ECS developer guide.
func Rules(resourceType string, properties map[string]any) []Problem {
	switch resourceType {
	case "AWS::ECS::TaskDefinition":
		return taskDefinitionRules(properties)
	case "AWS::ECS::Service":
		return serviceRules(properties)
	default:
		return nil
	}
}

func taskDefinitionRules(p map[string]any) []Problem {
	var out []Problem
	awsvpc := p["NetworkMode"] == "awsvpc"
	for i, c := range objects(p["ContainerDefinitions"]) {
		out = append(out, containerRules(fmt.Sprintf("/ContainerDefinitions/%d", i), c, awsvpc)...)
		if p["Memory"] == nil && c["Memory"] == nil && c["MemoryReservation"] == nil {
			out = append(out, Problem{"/ContainerDefinitions/" + strconv.Itoa(i), "Invalid setting for container '" + text(c["Name"]) + "'. At least one of 'memory' or 'memoryReservation' must be specified."})
		}
	}
	if list, ok := p["ContainerDefinitions"].([]any); ok && !anyEssential(list) {
		out = append(out, Problem{"/ContainerDefinitions", "TaskDefinition does not contain any essential containers."})
	}
	if needs, ok := p["RequiresCompatibilities"].([]any); ok && slices.Contains(needs, any("FARGATE")) {
		out = append(out, fargateRules(p)...)
	}
	return out
}

// anyEssential: a container is essential unless it says otherwise.
func anyEssential(containers []any) bool {
	return slices.ContainsFunc(containers, func(v any) bool {
		c, ok := v.(map[string]any)
		return !ok || (c["Essential"] != false && c["Essential"] != "false")
	})
}

func containerRules(path string, c map[string]any, awsvpc bool) []Problem {
	var out []Problem
	for i, m := range objects(c["PortMappings"]) {
		host, container := m["HostPort"], m["ContainerPort"]
		if awsvpc && literal(host) && literal(container) && text(host) != text(container) && text(host) != "0" {
			out = append(out, Problem{fmt.Sprintf("%s/PortMappings/%d", path, i), "When networkMode=awsvpc, the host ports and container ports in port mappings must match."})
		}
	}
	return out
}

func fargateRules(p map[string]any) []Problem {
	var out []Problem
	if mode, ok := p["NetworkMode"]; !ok || (literal(mode) && mode != "awsvpc") {
		out = append(out, Problem{"/NetworkMode", "Fargate only supports network mode ‘awsvpc’."})
	}
	cpu, memory := p["Cpu"], p["Memory"]
	if cpu == nil {
		out = append(out, Problem{"/Cpu", "Fargate requires that 'cpu' be defined at the task level."})
	}
	if memory == nil {
		out = append(out, Problem{"/Memory", "Fargate requires that 'memory' be defined at the task level."})
	}
	if literal(cpu) && literal(memory) && !FargateSize(text(cpu), text(memory)) {
		out = append(out, Problem{"/Cpu", fmt.Sprintf("No Fargate configuration exists for given values: %s CPU, %s memory. See the Amazon ECS documentation for the valid values.", text(cpu), text(memory))})
	}
	for i, c := range objects(p["ContainerDefinitions"]) {
		out = append(out, fargateContainer(fmt.Sprintf("/ContainerDefinitions/%d", i), c, p["ExecutionRoleArn"] != nil)...)
	}
	return out
}

func fargateContainer(path string, c map[string]any, hasRole bool) []Problem {
	var out []Problem
	if c["Privileged"] == true || c["Privileged"] == "true" {
		out = append(out, Problem{path + "/Privileged", "Fargate does not support privileged containers."})
	}
	logs, _ := c["LogConfiguration"].(map[string]any)
	if !hasRole && logs["LogDriver"] == "awslogs" {
		out = append(out, Problem{path + "/LogConfiguration", "Fargate requires task definition to have execution role ARN to support log driver awslogs."})
	}
	if secrets, _ := c["Secrets"].([]any); !hasRole && len(secrets) > 0 {
		out = append(out, Problem{path + "/Secrets", "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'."})
	}
	if image, _ := c["Image"].(string); !hasRole && strings.Contains(image, ".dkr.ecr.") {
		out = append(out, Problem{path + "/Image", "Fargate requires task definition to have execution role ARN to support ECR images."})
	}
	return out
}

func serviceRules(p map[string]any) []Problem {
	var out []Problem
	if p["LaunchType"] == "FARGATE" && !hasSubnets(p["NetworkConfiguration"]) {
		out = append(out, Problem{"/NetworkConfiguration", "Network Configuration must be provided when networkMode 'awsvpc' is specified."})
	}
	if p["LaunchType"] != nil && p["CapacityProviderStrategy"] != nil {
		out = append(out, Problem{"/CapacityProviderStrategy", "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again."})
	}
	if balancers, ok := p["LoadBalancers"].([]any); p["HealthCheckGracePeriodSeconds"] != nil && (p["LoadBalancers"] == nil || (ok && len(balancers) == 0)) {
		out = append(out, Problem{"/HealthCheckGracePeriodSeconds", "Health check grace period is only valid for services configured to use load balancers"})
	}
	for i, lb := range objects(p["LoadBalancers"]) {
		if lb["ContainerPort"] == nil || lb["ContainerName"] == nil || (lb["TargetGroupArn"] == nil && lb["LoadBalancerName"] == nil) {
			out = append(out, Problem{fmt.Sprintf("/LoadBalancers/%d", i), "Container name, container port and target group must be specified for load balancers."})
		}
	}
	return out
}

// hasSubnets answers true also where they are not known yet.
func hasSubnets(v any) bool {
	if _, ok := intrinsic(v); ok {
		return true
	}
	n, _ := v.(map[string]any)
	if _, ok := intrinsic(n["AwsvpcConfiguration"]); ok {
		return true
	}
	vpc, _ := n["AwsvpcConfiguration"].(map[string]any)
	list, isList := vpc["Subnets"].([]any)
	return vpc["Subnets"] != nil && (!isList || len(list) > 0)
}

var (
	cpuUnits    = regexp.MustCompile(`^(\d+)$|^(\d*\.?\d+) *(?i:vcpu)$`)
	memoryUnits = regexp.MustCompile(`^(\d+)$|^(\d*\.?\d+) *(?i:gb)$`)
)

// FargateSize reports whether Fargate has the pair; cpu is in CPU units (256)
// or vCPU (".25 vCPU"), memory in MiB (512) or GB ("0.5 GB").
// Source: "Task CPU and memory" in the ECS developer guide for Fargate.
func FargateSize(cpu, memory string) bool {
	c, m := units(cpuUnits, cpu), units(memoryUnits, memory)
	const gb = 1024
	between := func(low, high, step int) bool { return m >= low && m <= high && (m-low)%step == 0 }
	switch c {
	case 256:
		return m == gb/2 || m == gb || m == 2*gb
	case 512:
		return between(gb, 4*gb, gb)
	case 1024:
		return between(2*gb, 8*gb, gb)
	case 2048:
		return between(4*gb, 16*gb, gb)
	case 4096:
		return between(8*gb, 30*gb, gb)
	case 8192:
		return between(16*gb, 60*gb, 4*gb)
	case 16384:
		return between(32*gb, 120*gb, 8*gb)
	default:
		return false
	}
}

// units reads a plain number, or one of 1,024 units; anything else is -1.
func units(form *regexp.Regexp, s string) int {
	m := form.FindStringSubmatch(strings.TrimSpace(s))
	switch {
	case m == nil:
		return -1
	case m[1] != "":
		n, err := strconv.Atoi(m[1])
		if err != nil {
			return -1
		}
		return n
	default:
		f, err := strconv.ParseFloat(m[2], 64)
		if err != nil {
			return -1
		}
		return int(f * 1024)
	}
}

// literal reports whether the value is there and known.
func literal(v any) bool {
	_, fn := intrinsic(v)
	return v != nil && !fn
}

// objects are the elements of a list that are maps and no intrinsic function,
// with their places in it.
func objects(v any) iter.Seq2[int, map[string]any] {
	list, _ := v.([]any)
	return func(yield func(int, map[string]any) bool) {
		for i, e := range list {
			if m, ok := e.(map[string]any); ok && literal(e) && !yield(i, m) {
				return
			}
		}
	}
}
