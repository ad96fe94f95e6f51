package guard

import (
	"slices"
	"strings"
)

// imagesKnown: images come only from registries that bot.yaml lists.
func (s *Set) imagesKnown(t tree, report deny) {
	if len(s.settings.Registries) == 0 {
		return
	}
	containers(t, report, func(where string, c map[string]any) {
		image, ok := c["Image"].(string)
		if !ok {
			report(Unresolved, where, "what", "Image")
			return
		}
		if !slices.ContainsFunc(s.settings.Registries, func(r string) bool { return from(image, r) }) {
			report(ImageRegistry, where, "image", image)
		}
	})
}

// from says whether an image lies in a registry, or below a path of one: whole
// words only, so that ghcr.io/acme does not stand for ghcr.io/acme-evil.
func from(image, registry string) bool {
	name, want := repository(image), strings.TrimSuffix(registry, "/")
	return name == want || strings.HasPrefix(name, want+"/")
}

// repository is an image's name with its registry written out and without tag
// and digest. Docker reads acme/hello as docker.io/acme/hello and redis as
// docker.io/library/redis (distribution/reference, familiar names).
func repository(image string) string {
	name, _, _ := strings.Cut(image, "@")
	host, rest, found := strings.Cut(name, "/")
	if found && (strings.ContainsAny(host, ".:") || host == "localhost") {
		rest, _, _ = strings.Cut(rest, ":")
		return host + "/" + rest
	}
	name, _, _ = strings.Cut(name, ":")
	if !found {
		name = "library/" + name
	}
	return "docker.io/" + name
}
