package guard

import (
	"fmt"
	"strings"
)

const taskDefinitionType = "AWS::ECS::TaskDefinition"

// containers calls f for each container of each task definition; what is not
// a list of mappings is not known and denied.
func containers(t tree, report deny, f func(where string, c map[string]any)) {
	for _, r := range t.resources {
		if r.kind != taskDefinitionType {
			continue
		}
		list, ok := r.properties["ContainerDefinitions"].([]any)
		if !ok {
			report(Unresolved, r.id, "what", "ContainerDefinitions")
			continue
		}
		for i, one := range list {
			where := fmt.Sprintf("%s.ContainerDefinitions[%d]", r.id, i)
			c, ok := one.(map[string]any)
			if !ok || intrinsic(c) {
				report(Unresolved, where, "what", "container")
				continue
			}
			f(where, c)
		}
	}
}

// imagesPinned: a tag can be moved after the approval, a digest cannot.
func imagesPinned(t tree, report deny) {
	containers(t, report, func(where string, c map[string]any) {
		image, ok := c["Image"].(string)
		if !ok {
			report(Unresolved, where, "what", "Image")
			return
		}
		name, digest, found := strings.Cut(image, "@sha256:")
		if !found || name == "" || len(digest) != 64 || strings.Trim(digest, "0123456789abcdef") != "" {
			report(ImageNotPinned, where, "image", image)
		}
	})
}

// nothingPrivileged: no container has the rights of the machine it runs on.
func nothingPrivileged(t tree, report deny) {
	containers(t, report, func(where string, c map[string]any) {
		privilegedFlag(report, where, c["Privileged"])
		linux, there := c["LinuxParameters"]
		if !there {
			return
		}
		if m, ok := linux.(map[string]any); !ok || intrinsic(m) || m["Capabilities"] != nil && !noneAdded(m["Capabilities"]) || m["Devices"] != nil {
			report(Privileged, where, "what", "LinuxParameters")
		}
	})
	for _, r := range t.resources {
		for _, key := range []string{"PidMode", "IpcMode"} {
			if v, there := r.properties[key]; there && r.kind == taskDefinitionType && v != "task" {
				report(Privileged, r.id, "what", key)
			}
		}
		if v, there := r.properties["NetworkMode"]; r.kind == taskDefinitionType && there && v != "awsvpc" {
			report(Privileged, r.id, "what", "NetworkMode")
		}
		if r.kind == taskDefinitionType {
			noHostPaths(r, report)
		}
	}
}

// noHostPaths: a folder of the machine can hold the keys of all that runs there.
func noHostPaths(r resource, report deny) {
	v, there := r.properties["Volumes"]
	list, ok := v.([]any)
	if there && !ok {
		report(Unresolved, r.id, "what", "Volumes")
	}
	for i, one := range list {
		where := fmt.Sprintf("%s.Volumes[%d]", r.id, i)
		m, ok := one.(map[string]any)
		if !ok || intrinsic(m) {
			report(Unresolved, where, "what", "Volumes")
			continue
		}
		host, there := m["Host"]
		if h, ok := host.(map[string]any); there && (!ok || len(h) > 0) {
			report(Privileged, where, "what", "Host")
		}
	}
}

func privilegedFlag(report deny, where string, flag any) {
	switch p := flag.(type) {
	case nil:
	case bool:
		if p {
			report(Privileged, where, "what", "Privileged")
		}
	case string: // CloudFormation takes "true" for true
		if !strings.EqualFold(p, "false") {
			report(Privileged, where, "what", "Privileged")
		}
	default:
		report(Unresolved, where, "what", "Privileged")
	}
}

// noneAdded says that capabilities are only dropped.
func noneAdded(v any) bool {
	m, ok := v.(map[string]any)
	if !ok || intrinsic(m) {
		return false
	}
	list, ok := m["Add"].([]any)
	return m["Add"] == nil || ok && len(list) == 0
}
