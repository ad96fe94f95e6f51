package render

import (
	"fmt"
	"sort"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/manifest"
	"github.com/bcn-bot/bcn/internal/plugin"
)

// The tags that bcn puts on everything; bot.yaml's cannot override them.
const (
	TagInstallation = "bcn:installation"
	TagApp          = "bcn:app"
	TagEnvironment  = "bcn:environment"
	TagEndpoint     = "bcn:endpoint"
	TagDistrict     = "bcn:district"
)

// Input is all that the stacks of a heritage are made of.
type Input struct {
	Heritage     *manifest.Heritage
	File         string // name of the manifest, for findings
	App, Env     string
	District     bcn.District
	Endpoints    map[string]bcn.Endpoint // by name; those of other districts are left out
	Digest       string                  // sha256:... of Heritage.ImageName
	Installation string
	Tags         map[string]string // of bot.yaml
	// Parameters are the full names of what lies below each ssm_prefix, by the
	// full name of the prefix (ParameterName), sorted; planning reads them.
	Parameters map[string][]string
	// Keys are the ARNs of the KMS keys that the referenced secrets are
	// encrypted with; the heritage's roles may decrypt with these alone.
	Keys []string
	// Overlay is what chat changed on top of the file.
	Overlay bcn.Overlay
	// Traffic is how the rules of the services stack stand by which ECS shifts
	// traffic, by logical id; planning reads it.
	Traffic map[string]Traffic
	// Plugins are those that the district's may be of; nil: Plugins().
	Plugins plugin.Table
}

// source is the input with what follows from it.
type source struct {
	Input
	image    string // name@sha256:..., or name:tag offline
	env      environment
	tags     []tag
	findings []bcn.Finding
	plugged  plugged
}

func newSource(in Input) (*source, error) {
	if in.Heritage == nil {
		return nil, bcn.E(bcn.CodeInternal).Wrap(fmt.Errorf("render: no heritage"))
	}
	if !ValidDigest(in.Digest) {
		return nil, bcn.E(bcn.CodeInternal).Wrap(fmt.Errorf("render: digest %q is not sha256", in.Digest))
	}
	if err := checkPrefixes(in); err != nil {
		return nil, err
	}
	return newUnpinned(in, in.Heritage.ImageName+"@"+in.Digest)
}

// checkKeys refuses what would make a policy mean other keys than one each.
func checkKeys(keys []string) error {
	for _, k := range keys {
		if !strings.HasPrefix(k, "arn:") || !strings.Contains(k, ":kms:") || !strings.Contains(k, ":key/") || strings.ContainsAny(k, wildcards) {
			return bcn.E(bcn.CodeInternal).Wrap(fmt.Errorf("render: %q is no key", k))
		}
	}
	return nil
}

// newUnpinned takes the image as it is. Only what is never applied may come
// here directly.
func newUnpinned(in Input, image string) (*source, error) {
	if err := checkNames(in.District, in.Heritage); err != nil {
		return nil, err
	}
	if n := len(in.District.SecurityGroups); n >= maxTaskGroup {
		return nil, bcn.E(bcn.CodeDistrictInvalid, "problems",
			fmt.Sprintf("%d security groups: a task takes %d, one of them its own", n, maxTaskGroup))
	}
	if err := checkKeys(in.Keys); err != nil {
		return nil, err
	}
	s := &source{Input: in, image: image}
	if err := s.checkLaunch(); err != nil {
		return nil, err
	}
	var err error
	if s.env, err = s.environment(); err != nil {
		return nil, err
	}
	s.tags = tags(in.Tags, map[string]string{
		TagInstallation: in.Installation, TagApp: in.App, TagEnvironment: in.Env,
	})
	return s, nil
}

// ValidDigest says whether s is sha256: and 64 lower-case hexadecimal digits.
func ValidDigest(s string) bool {
	digits, ok := strings.CutPrefix(s, "sha256:")
	return ok && len(digits) == 64 && strings.Trim(digits, "0123456789abcdef") == ""
}

// tags joins bot.yaml's tags and ours, which win, sorted by key.
func tags(configured, ours map[string]string) []tag {
	var out []tag
	for k, v := range configured {
		if _, mine := ours[k]; !mine {
			out = append(out, tag{k, v})
		}
	}
	for k, v := range ours {
		out = append(out, tag{k, v})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Key < out[j].Key })
	return out
}
