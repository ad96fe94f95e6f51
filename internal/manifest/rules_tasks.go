package manifest

import (
	"fmt"
	"strings"
	"time"
)

// Bounds of before_deploy's timeout.
const (
	leastTimeout = time.Minute
	mostTimeout  = 6 * time.Hour
)

// checkBeforeDeploy checks the command, and a timeout that is written as text.
func (p *parser) checkBeforeDeploy(n *node, path string) {
	if n == nil {
		return
	}
	if n.fields == nil {
		p.checkWords(n, path)
		p.checkOverrides(n, path, wordsOf(n), nil)
		return
	}
	if command := n.get("command"); command != nil {
		p.checkWords(command, path+".command")
		p.checkOverrides(command, path+".command", wordsOf(command), nil)
	}
	timeout := n.get("timeout")
	if timeout.str() == "" {
		return
	}
	d, err := duration(timeout.str())
	if err != nil {
		return // the schema says so
	}
	if d < leastTimeout || d > mostTimeout {
		p.at(timeout, path+".timeout", "timeout must be between 1m and 6h, not "+quote(timeout.str()), "")
	}
}

// checkTasks checks scheduled tasks, and that no two have the same name.
func (p *parser) checkTasks(list *node, path string) {
	names := map[string]int{}
	for i, t := range list.list() {
		here := fmt.Sprintf("%s[%d]", path, i)
		if command := t.get("command"); command != nil {
			p.checkWords(command, here+".command")
			p.checkOverrides(command, here+".command", wordsOf(command), nil)
		}
		p.checkSchedule(t, here)
		name, at := taskNameOf(t)
		id := strings.ToLower(strings.ReplaceAll(name, "-", ""))
		if id == "" {
			continue
		}
		if first, taken := names[id]; taken {
			p.at(at, here, fmt.Sprintf("the scheduled tasks %d and %d have the same name %s", first+1, i+1, quote(name)), "give one another name")
			continue
		}
		names[id] = i
	}
}

// taskNameOf answers the name that a task gets, and where it comes from.
func taskNameOf(t *node) (string, *node) {
	if at := t.get("name"); at != nil {
		name := at.str()
		return name, at
	}
	command := t.get("command")
	if command == nil {
		return "", t
	}
	if words := wordsOf(command); len(words) > 0 {
		return taskName(words), t
	}
	return "", t
}

func (p *parser) checkSchedule(t *node, path string) {
	schedule, zone := t.get("schedule"), t.get("timezone")
	if schedule.str() != "" {
		if message, hint := scheduleProblem(schedule.str()); message != "" {
			p.at(schedule, path+".schedule", message, hint)
		}
	}
	if zone.str() == "" {
		return
	}
	if !knownZone(zone.str()) {
		p.at(zone, path+".timezone", "there is no time zone "+quote(zone.str()), "a name of the tz database, such as Asia/Tokyo")
	}
	if strings.HasPrefix(schedule.str(), "rate(") {
		p.warn(zone, path+".timezone", "a rate has no time zone", "use cron(...)")
	}
}

// knownZone says whether Go, which has the tz database with it, and with that
// EventBridge Scheduler knows a time zone.
func knownZone(name string) bool {
	switch name {
	case "Local", "localtime", "posixrules": // of the machine
		return false
	case "Factory": // says that nobody has chosen one
		return false
	}
	if strings.HasPrefix(name, "posix/") || strings.HasPrefix(name, "right/") {
		return false // other forms of the same database
	}
	_, err := time.LoadLocation(name)
	return err == nil
}

// checkRights checks what the app and ECS are given access to.
func (p *parser) checkRights(h *node, path string) {
	if key := h.get("kms_key"); strings.Contains(key.str(), "alias/aws/") {
		p.at(key, path+".kms_key", "kms_key is a key of AWS's own", "leave it out, and Parameter Store uses its own")
	}
	for i, permission := range h.get("task_role").list() {
		for j, a := range permission.get("actions").list() {
			if bcnsOwn(a.str()) {
				p.at(a, fmt.Sprintf("%s.task_role[%d].actions[%d]", path, i, j), quote(a.str())+" would reach what is other apps' in the district",
					"bcn gives each app its own logs, images and volumes")
			}
		}
		for j, r := range permission.get("resources").list() {
			if parts := strings.SplitN(r.str(), ":", 6); parts[len(parts)-1] == "*" {
				p.add(Problem{
					Line: r.at.Line, Column: r.at.Column, Path: fmt.Sprintf("%s.task_role[%d].resources[%d]", path, i, j), Warning: true,
					Message: quote(r.str()) + " is everything that the district's boundary lets the app reach",
					Hint:    "name what it needs, unless the actions know no resource",
				})
			}
		}
	}
	p.checkRepositories(h, path+".repositories")
}

// bcnsOwn says whether the district's boundary lets an action through for what
// bcn gives by itself: the logs, image and volumes of each heritage. In
// task_role it would be for those of all. IAM does not tell cases apart.
func bcnsOwn(action string) bool {
	service, name, _ := strings.Cut(strings.ToLower(action), ":")
	switch service {
	case "ecr", "ssmmessages":
		return true
	case "elasticfilesystem":
		return strings.HasPrefix(name, "client")
	case "logs":
		return contains([]string{"createlogstream", "putlogevents", "describeloggroups", "describelogstreams"}, name)
	}
	return false
}

func (p *parser) checkRepositories(h *node, path string) {
	seen := map[string]bool{}
	for i, r := range h.get("repositories").list() {
		name, here := r.get("name"), fmt.Sprintf("%s[%d].name", path, i)
		if name.str() == "" {
			continue
		}
		if seen[name.str()] {
			p.at(name, here, "the repository "+quote(name.str())+" is there twice", "")
		}
		seen[name.str()] = true
		if image := h.get("image_name").str(); image != "" && !(Repository{Name: name.str()}).Of(image) {
			p.add(Problem{
				Line: name.at.Line, Column: name.at.Column, Path: here, Warning: true,
				Message: "image_name does not begin with " + quote(name.str()), Hint: "the repository is not used",
			})
		}
	}
}
