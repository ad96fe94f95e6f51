package manifest

// Repository answers the private registry that the image is pulled from with a
// password, false where it needs none: the longest name wins, and of equal ones
// the first.
func (h Heritage) Repository() (Repository, bool) {
	var best Repository
	for _, r := range h.Repositories {
		if r.Of(h.ImageName) && len(r.Name) > len(best.Name) {
			best = r
		}
	}
	return best, best.Name != ""
}
