package plugin

import (
	"slices"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// Plugin is one that districts can set.
type Plugin struct {
	Name     string
	Image    string // NAME:TAG of its container, where the setting image says nothing
	Settings []Setting
	// More takes settings that Settings does not list; nil: there are none.
	More func(name string) (Setting, bool)
	// Task says what a task gets. It is pure.
	Task func(Task, Values) Change
	// Machines says what the machines of a district get, and is pure, too; nil:
	// the plugin has nothing to do with them. With it a plugin can be set only
	// for a district that has some.
	Machines func(Machines, Values) Fleet
}

// Setting is what a plugin can be told.
type Setting struct {
	Name     string
	Required bool
	Secret   bool              // a reference to where the value is, never the value
	Valid    func(string) bool // of one that is no secret
	Form     string            // an example of what is valid
}

// Task is what a plugin sees of a task definition.
type Task struct {
	District, Region, App, Env, Heritage string
	Name                                 string // of the service or scheduled task
	Scheduled                            bool
	Fargate                              bool
}

// Change is what a plugin wants of a task definition; the zero value: nothing.
type Change struct {
	Sidecars []Sidecar
	Route    *Route
}

// Sidecar is a container beside the app's. It writes its lines where the
// heritage's do, and its memory comes on top of the task's.
type Sidecar struct {
	Name        string
	Essential   bool // the task ends when it does
	Memory      int  // MiB that it may use at most
	Environment map[string]string
	Secrets     map[string]string // references, by variable
	Router      bool              // it is the FireLens log router (Fluent Bit)
}

// Machines is what a plugin sees of a district's machines.
type Machines struct {
	District, Region string
	Server           string // the name under which they find the plugin's server
}

// Fleet is what a plugin wants for the machines of a district.
type Fleet struct {
	// Boot is a part of the script that a machine starts with, as root, before it
	// joins the cluster; should it fail, the machine does not join. What bcn
	// itself sets comes after it.
	Boot   string
	Server *Server
}

// Server is one task in the cluster, on Fargate, that the machines alone reach.
// It has no role of its own, and its lines are kept in CloudWatch.
type Server struct {
	CPU, Memory int // CPU units and MiB: a pair that Fargate has
	Ports       []int
	EntryPoint  []string
}

// Route sends the lines of the app's container to the log router: options of
// its output, and those whose values are references.
type Route struct {
	Options map[string]string
	Secrets map[string]string
}

// Values are a plugin's settings, by name.
type Values map[string]string

// Table is a list of plugins.
type Table []Plugin

// Names are those of the plugins, in the order of the table.
func (t Table) Names() []string {
	var out []string
	for _, p := range t {
		out = append(out, p.Name)
	}
	return out
}

// Find answers the plugin of a name. Errors: unknown_name.
func (t Table) Find(name string) (Plugin, error) {
	i := slices.IndexFunc(t, func(p Plugin) bool { return p.Name == name })
	if i < 0 {
		return Plugin{}, bcn.E(bcn.CodeUnknownName, "what", "plugin", "name", name)
	}
	return t[i], nil
}

// setting answers what a plugin takes by that name.
func (p Plugin) setting(name string) (Setting, bool) {
	if name == imageSetting {
		return Setting{Name: imageSetting, Valid: validImage, Form: p.Image}, true
	}
	for _, s := range p.Settings {
		if s.Name == name {
			return s, true
		}
	}
	if p.More != nil {
		return p.More(name)
	}
	return Setting{}, false
}

// Secret says whether a setting is a reference to a secret.
func (p Plugin) Secret(name string) bool {
	s, ok := p.setting(name)
	return ok && s.Secret
}

// imageSetting puts another image in the place of the plugin's own, such as a
// copy of it in a registry of one's own.
const imageSetting = "image"

// Wanted is the image that a plugin's container runs, as name and tag or
// digest. It has to be pinned before it is stored.
func (p Plugin) Wanted(settings map[string]string) (name, tag string) {
	image := p.Image
	if other := settings[imageSetting]; other != "" {
		image = other
	}
	if name, digest, ok := strings.Cut(image, "@"); ok {
		return name, digest
	}
	at := strings.LastIndex(image, ":")
	return image[:at], image[at+1:]
}

// References are what the settings refer to, by the settings' names.
func (p Plugin) References(settings map[string]string) []bcn.SecretRef {
	var out []bcn.SecretRef
	for _, name := range sorted(settings) {
		if p.Secret(name) {
			out = append(out, bcn.SecretRef{Name: "plugin " + p.Name + " " + name, From: settings[name]})
		}
	}
	return out
}

// References are what all plugins of a district refer to. A plugin that this
// bcn does not have refers to nothing, and is not rendered.
func (t Table) References(d bcn.District) []bcn.SecretRef {
	var out []bcn.SecretRef
	for _, set := range d.Plugins {
		if p, err := t.Find(set.Name); err == nil {
			out = append(out, p.References(set.Settings)...)
		}
	}
	return out
}
