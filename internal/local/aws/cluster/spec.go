package cluster

import "strconv"

// specMembers are the members of a task definition that are kept as given.
var specMembers = [...]string{
	"family", "taskRoleArn", "executionRoleArn", "networkMode", "containerDefinitions", "volumes",
	"placementConstraints", "requiresCompatibilities", "cpu", "memory", "pidMode", "ipcMode",
	"proxyConfiguration", "ephemeralStorage", "runtimePlatform", "enableFaultInjection",
}

// specNumbers and specFlags are members below a task definition that the API
// answers as numbers and booleans, however a template spelled them.
var (
	specNumbers = map[string]bool{
		"cpu": true, "memory": true, "memoryReservation": true, "containerPort": true, "hostPort": true,
		"startTimeout": true, "stopTimeout": true, "interval": true, "retries": true, "timeout": true,
		"startPeriod": true, "softLimit": true, "hardLimit": true, "size": true, "sizeInGiB": true,
		"sharedMemorySize": true, "maxSwap": true, "swappiness": true,
	}
	specFlags = map[string]bool{
		"essential": true, "privileged": true, "readonlyRootFilesystem": true, "interactive": true,
		"pseudoTerminal": true, "disableNetworking": true, "initProcessEnabled": true, "readOnly": true,
	}
)

// normalSpec is what RegisterTaskDefinition keeps of its input: cpu and memory
// of the task are texts, those of a container numbers; essential is true
// unless said otherwise; in awsvpc the host port is the container port.
func normalSpec(in tree) tree {
	out := tree{}
	for _, m := range specMembers {
		if in.has(m) {
			out[m] = normal(in[m])
		}
	}
	for _, m := range []string{"cpu", "memory"} {
		if in.has(m) {
			out[m] = in.str(m)
		}
	}
	for _, cd := range out.items("containerDefinitions") {
		if cd == nil {
			continue
		}
		cd["essential"] = cd.flag("essential", true)
		if !cd.has("cpu") {
			cd["cpu"] = 0
		}
		for _, p := range cd.items("portMappings") {
			if p != nil && out.str("networkMode") == "awsvpc" && !p.has("hostPort") {
				p["hostPort"] = p.num("containerPort", 0)
			}
			if p != nil && !p.has("protocol") {
				p["protocol"] = "tcp"
			}
		}
		for _, list := range []string{"environment", "mountPoints", "volumesFrom", "portMappings"} {
			if !cd.has(list) {
				cd[list] = []any{}
			}
		}
	}
	return out
}

// normal copies a value, with numbers and flags in the API's types.
func normal(v any) any {
	switch x := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(x))
		for k, e := range x {
			switch {
			case freeMaps[k]:
				out[k] = texts(e)
			case specNumbers[k]:
				out[k] = tree(x).num(k, 0)
			case specFlags[k]:
				out[k] = tree(x).flag(k, false)
			default:
				out[k] = normal(e)
			}
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = normal(e)
		}
		return out
	case float64:
		return strconv.FormatFloat(x, 'f', -1, 64)
	}
	return v
}

// texts are the values of a free map, which are all text.
func texts(v any) any {
	m := asTree(v)
	out := make(map[string]any, len(m))
	for k, e := range m {
		out[k] = asText(e)
	}
	return out
}
