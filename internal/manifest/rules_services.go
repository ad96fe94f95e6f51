package manifest

import (
	"fmt"
	"strings"
)

// checkServices checks services against each other.
func (p *parser) checkServices(h *node, path string) {
	names := map[string]string{}
	claimed := newClaims()
	for i, s := range h.get("services").list() {
		here := fmt.Sprintf("%s.services[%d]", path, i)
		name := s.get("name")
		if id := strings.ToLower(strings.ReplaceAll(name.str(), "-", "")); id != "" {
			if other, taken := names[id]; taken {
				p.at(name, here+".name", fmt.Sprintf("the services %s and %s have the same name without hyphens", quote(other), quote(name.str())), "")
			}
			names[id] = name.str()
		}
		if id := strings.ToLower(name.str()); id == "access" || id == "oneoff" || id == "schedule" {
			p.at(name, here+".name", "the service name "+quote(name.str())+" is taken by bcn's own task definitions", "choose another")
		}
		p.checkListeners(s, here, claimed)
		p.warnPort(h.get("environment"), s, here)
		p.checkCounts(s, here)
		p.checkDeployment(s, here)
		p.checkContainer(s, here, launchOf(h, s))
	}
}

// warnPort warns where a PORT of the file's own is not the port that the load
// balancer asks: it wins, as in Barcelona, and the service would seem dead.
func (p *parser) warnPort(env, s *node, path string) {
	given := env.get("PORT").get("value")
	for _, v := range env.list() {
		if v.get("name").str() == "PORT" {
			given = v.get("value")
		}
	}
	port := fmt.Sprint(s.get("web_container_port").number(DefaultPort))
	if given == nil || s.get("service_type").str() != TypeWeb || given.text == port {
		return
	}
	p.add(Problem{
		Line: given.at.Line, Column: given.at.Column, Path: path, Warning: true,
		Message: "PORT is " + quote(given.text) + ", but " + quote(s.get("name").str()) + " is asked on port " + port,
		Hint:    "set web_container_port instead",
	})
}
