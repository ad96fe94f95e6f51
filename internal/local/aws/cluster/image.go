package cluster

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// Line is something that a container writes, After it started.
type Line struct {
	After time.Duration
	Text  string
}

// Behaviour is what a container of an image does when it runs. The zero value
// runs for ever and is healthy at once.
type Behaviour struct {
	// PullError: the image cannot be pulled; the text follows
	// "CannotPullContainerError: ".
	PullError string
	// PullTime is added to Speed.Pull.
	PullTime time.Duration
	// Stalls: once so many tasks of a deployment have failed, the pull of its next
	// does not end, as from a registry that limits who comes often; 0: never. ECS
	// then waits, and gives up no sooner than the task is stopped.
	Stalls int
	// Start is how long the program needs until it answers health checks.
	Start time.Duration
	// Unhealthy: health checks never pass. They answer HealthCode, or are
	// refused where it is 0.
	Unhealthy  bool
	HealthCode int
	// Exits: the program ends after ExitAfter with ExitCode.
	Exits     bool
	ExitAfter time.Duration
	ExitCode  int
	// Log is written to the container's log stream.
	Log []Line
}

// Healthy runs, writes the lines and passes its health checks.
func Healthy(lines ...string) Behaviour { return Behaviour{Log: atOnce(lines)} }

// Exits ends with code after a while, its lines written before.
func Exits(code int, after time.Duration, lines ...string) Behaviour {
	return Behaviour{Exits: true, ExitAfter: after, ExitCode: code, Log: atOnce(lines)}
}

// NeverHealthy runs but fails each health check with the HTTP status, or, where
// it is 0, refuses the connection.
func NeverHealthy(status int, lines ...string) Behaviour {
	return Behaviour{Unhealthy: true, HealthCode: status, Log: atOnce(lines)}
}

// CannotPull is an image that the registry lists and nobody can pull.
func CannotPull(text string) Behaviour { return Behaviour{PullError: text} }

// SlowStart passes its health checks only after a while.
func SlowStart(d time.Duration, lines ...string) Behaviour {
	return Behaviour{Start: d, Log: atOnce(lines)}
}

// CrashAfter is healthy until it ends with code.
func CrashAfter(d time.Duration, code int, lines ...string) Behaviour {
	return Exits(code, d, lines...)
}

func atOnce(lines []string) []Line {
	out := make([]Line, len(lines))
	for i, l := range lines {
		out[i] = Line{Text: l}
	}
	return out
}

// Image is what a repository holds.
type Image struct {
	// Digest is sha256:...; made from repository, tag and behaviour where empty.
	Digest    string
	Behaviour Behaviour
	Size      int // bytes; 0 means 42 MB
	// Private: the registry, which is not ECR, wants somebody to log in.
	Private bool
}

// repository is one of the registry's, or (with a host in its name) of another.
type repository struct {
	name    string
	created time.Time
	tags    map[string]string // tag to digest
	images  map[string]*storedImage
	labels  map[string]string // the repository's AWS tags
}

type storedImage struct {
	Image
	pushed  time.Time
	scan    *Scan // nil: nobody scanned it
	scanned time.Time
}

// PutImage pushes an image to a repository under a tag, which moves it there
// if the tag exists; the repository is made if need be. An empty tag pushes by
// digest alone. A repository of the account's ECR is named by its path
// ("hello"), any other by registry and path ("docker.io/library/nginx"). It is
// there in all regions. The answer is the digest.
func (c *Cluster) PutImage(repo, tag string, image Image) string {
	unlock, err := c.enter()
	if err != nil {
		return ""
	}
	defer unlock()
	r := c.repository(repo)
	if image.Digest == "" {
		image.Digest = digestOf(repo, tag, image.Behaviour)
	}
	if image.Size == 0 {
		image.Size = 42_000_000
	}
	r.images[image.Digest] = &storedImage{Image: image, pushed: c.now}
	if tag != "" {
		r.tags[tag] = image.Digest
	}
	return image.Digest
}

// PutRepository makes a repository, without images where it is new.
func (c *Cluster) PutRepository(repo string) {
	if unlock, err := c.enter(); err == nil {
		defer unlock()
		c.repository(repo)
	}
}

// Digest answers what a tag or a digest is in a repository, named as for
// PutImage. What nobody may see without logging in is not there.
func (c *Cluster) Digest(repo, reference string) (string, bool) {
	unlock, err := c.enter()
	if err != nil {
		return "", false
	}
	defer unlock()
	r := c.registry[repo]
	if r == nil {
		return "", false
	}
	if digest, ok := r.tags[reference]; ok {
		reference = digest
	}
	image := r.images[reference]
	return reference, image != nil && !image.Private
}

// Tags answers the tags of a repository, in order.
func (c *Cluster) Tags(repo string) []string {
	unlock, err := c.enter()
	if err != nil {
		return nil
	}
	defer unlock()
	if r := c.registry[repo]; r != nil {
		return slices.Sorted(maps.Keys(r.tags))
	}
	return nil
}

func (c *Cluster) repository(name string) *repository {
	r := c.registry[name]
	if r == nil {
		r = &repository{
			name: name, created: c.now, tags: map[string]string{},
			images: map[string]*storedImage{}, labels: map[string]string{},
		}
		c.registry[name] = r
	}
	return r
}

func digestOf(repo, tag string, b Behaviour) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%v", repo, tag, b))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// tagsOf are the tags of a digest, in order.
func (r *repository) tagsOf(digest string) []string {
	var out []string
	for _, tag := range slices.Sorted(maps.Keys(r.tags)) {
		if r.tags[tag] == digest {
			out = append(out, tag)
		}
	}
	return out
}

// reference is an image's name in a task definition.
type reference struct {
	text    string
	account string // of an ECR registry
	region  string
	repo    string
	tag     string
	digest  string
}

func parseReference(text string) reference {
	ref := reference{text: text}
	name, digest, _ := strings.Cut(text, "@")
	ref.digest = digest
	if i := strings.LastIndex(name, ":"); i > strings.LastIndex(name, "/") {
		name, ref.tag = name[:i], name[i+1:]
	}
	if ref.tag == "" && digest == "" {
		ref.tag = "latest"
	}
	host, path, found := strings.Cut(name, "/")
	part := strings.Split(host, ".")
	switch {
	case found && len(part) >= 6 && part[1] == "dkr" && part[2] == "ecr":
		ref.account, ref.region, ref.repo = part[0], part[3], path
	case found && (strings.ContainsAny(host, ".:") || host == "localhost"):
		ref.repo = name
	case found:
		ref.repo = "docker.io/" + name
	default:
		ref.repo = "docker.io/library/" + name
	}
	return ref
}

// find is the image that a reference names now, or the text of the pull's error.
func (c *Cluster) find(ref reference, account string) (*storedImage, string) {
	const retried = "pull image manifest has been retried 1 time(s): failed to resolve ref "
	r := c.registry[ref.repo]
	if r == nil || ref.account != "" && ref.account != account {
		return nil, retried + ref.text + ": pull access denied, repository does not exist or may require authorization: " +
			"server message: insufficient_scope: authorization failed"
	}
	digest := ref.digest
	if digest == "" {
		digest = r.tags[ref.tag]
	}
	image := r.images[digest]
	if image == nil {
		return nil, retried + ref.text + ": " + ref.text + ": not found"
	}
	return image, image.Behaviour.PullError
}

// anonymous is the pull's error where a registry wants somebody to log in.
func anonymous(image string) string {
	return "pull image manifest has been retried 1 time(s): failed to resolve ref " + image +
		": failed to authorize: failed to fetch anonymous token: unexpected status: 401 Unauthorized"
}

// registryOf refuses a registry that is not the account's.
func registryOf(at site, in tree) error {
	if id := in.str("registryId"); id != "" && id != at.account {
		return wire.Errorf("RepositoryNotFoundException",
			"The repository with name '%s' does not exist in the registry with id '%s'", in.str("repositoryName"), id)
	}
	return nil
}
