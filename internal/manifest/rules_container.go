package manifest

import (
	"fmt"
	"path"
	"strings"
)

// launchOf answers what a service runs on.
func launchOf(h, s *node) string {
	for _, n := range []*node{s, h} {
		if launch := n.get("launch").str(); launch != "" {
			return launch
		}
	}
	return LaunchFargate
}

// leastMemory is the least that Docker takes, in MiB (ECS API,
// ContainerDefinition, memory).
const leastMemory = 6

// checkContainer checks what a service's container is given.
func (p *parser) checkContainer(s *node, where, launch string) {
	if memory := s.get("memory"); launch == LaunchEC2 && memory.number(DefaultMemory) < leastMemory {
		p.at(memory, where+".memory", fmt.Sprintf("memory must be at least %d on EC2", leastMemory), "")
	}
	p.checkWords(s.get("entrypoint"), where+".entrypoint")
	if command := s.get("command"); len(s.get("entrypoint").list()) > 0 || s.get("entrypoint").str() != "" {
		p.checkWords(command, where+".command")
	}
	p.checkUlimits(s.get("ulimits"), where+".ulimits", launch)
	p.checkVolumes(s.get("volumes"), where+".volumes")
}

func (p *parser) checkUlimits(list *node, where, launch string) {
	seen := map[string]bool{}
	for i, u := range list.list() {
		name, here := u.get("name"), fmt.Sprintf("%s[%d]", where, i)
		if seen[name.str()] {
			p.at(name, here+".name", "the ulimit "+name.str()+" is there twice", "")
		}
		seen[name.str()] = name.str() != ""
		// ECS Developer Guide, Fargate task definition considerations.
		if launch == LaunchFargate && name.str() != "" && name.str() != "nofile" {
			p.at(name, here+".name", "Fargate takes the ulimit nofile, not "+quote(name.str()), "launch: ec2 takes it")
		}
		soft, hard := u.get("soft"), u.get("hard")
		if soft == nil || hard == nil {
			continue
		}
		if s, h := soft.number(0), hard.number(0); h != -1 && (s == -1 || s > h) {
			p.at(soft, here+".soft", fmt.Sprintf("the soft limit %d is more than the hard limit %d", s, h), "")
		}
		if name.str() == "nofile" && hard.number(0) == -1 {
			p.at(hard, here+".hard", "the number of open files has a limit", "such as 65535")
		}
	}
}

func (p *parser) checkVolumes(list *node, where string) {
	names, paths := map[string]bool{}, map[string]bool{}
	for i, v := range list.list() {
		here := fmt.Sprintf("%s[%d]", where, i)
		if name := v.get("name"); name.str() != "" {
			if names[name.str()] {
				p.at(name, here+".name", "the volume "+quote(name.str())+" is there twice", "")
			}
			names[name.str()] = true
		}
		if at := v.get("path"); at.str() != "" {
			if hasDots(at.str()) {
				p.at(at, here+".path", "path must not have the steps . or ..", "")
			}
			if paths[path.Clean(at.str())] {
				p.at(at, here+".path", "two volumes are at "+quote(at.str()), "")
			}
			paths[path.Clean(at.str())] = true
		}
		p.checkEFS(v.get("efs"), here+".efs")
	}
}

// checkEFS holds ECS's rule that an access point decides the root (ECS API,
// EFSVolumeConfiguration).
func (p *parser) checkEFS(efs *node, where string) {
	root := efs.get("root")
	if root == nil {
		return
	}
	if hasDots(root.str()) {
		p.at(root, where+".root", "root must not have the steps . or ..", "")
	}
	if efs.get("access_point") != nil && root.str() != "/" {
		p.atKey(root, where+".root", "an access point has a root of its own", "leave root out")
	}
}

// checkWords checks that text can be split into words, and that there are any.
func (p *parser) checkWords(n *node, where string) {
	if n == nil {
		return
	}
	if n.items != nil {
		if n.items[0].text == "" && n.items[0].fields == nil {
			p.at(n.items[0], where+"[0]", "the first word must not be empty", "")
		}
		return
	}
	if n.str() == "" {
		return // the schema says so
	}
	words, err := split(n.str())
	switch {
	case err != nil:
		p.at(n, where, lastOf(strings.Split(where, "."))+"cannot be split into words: a quote or a backslash is left open", "")
	case len(words) == 0 || words[0] == "":
		p.at(n, where, lastOf(strings.Split(where, "."))+"must not be empty", "")
	}
}
