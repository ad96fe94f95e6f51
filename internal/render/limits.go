package render

import (
	"fmt"
	"maps"
	"slices"
	"unicode"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// The limits of AWS that a rendered stack must keep. What is over one is
// refused: nothing is ever left out to fit.
const (
	maxResources = 500       // CloudFormation: resources of a template
	maxOutputs   = 200       // CloudFormation: outputs of a template
	maxTemplate  = 1_000_000 // CloudFormation: bytes of a template in S3 (1 MB, as the smaller of what that may mean)
	maxPolicies  = 10_240    // IAM: characters of a role's inline policies, without white space
	maxTask      = 64 << 10  // ECS: bytes of a task definition (64 KB)
	maxTags      = 50        // CloudFormation, IAM, ECS, ELB: tags of a resource
)

// propose makes a stack of a template.
func propose(name string, t *template, capabilities []string, tags []tag) (bcn.Proposal, error) {
	if err := t.fits(name, len(tags)); err != nil {
		return bcn.Proposal{}, err
	}
	body, err := canonical(t)
	if err != nil {
		return bcn.Proposal{}, bcn.E(bcn.CodeInternal).Wrap(err)
	}
	if n := len(body); n > maxTemplate {
		return bcn.Proposal{}, tooLarge(name, "the stack's template would have %d bytes, at most %d", n, maxTemplate)
	}
	p := bcn.Proposal{Name: name, Template: body, Capabilities: capabilities}
	for _, t := range tags {
		p.Tags = append(p.Tags, bcn.Tag(t))
	}
	return p, nil
}

// fits refuses a stack of which AWS would refuse a part.
func (t *template) fits(name string, tags int) error {
	if n := len(t.Resources); n > maxResources {
		return tooLarge(name, "the stack would have %d resources, at most %d", n, maxResources)
	}
	if n := len(t.Outputs); n > maxOutputs {
		return tooLarge(name, "the stack would have %d outputs, at most %d: it has one for each scheduled task", n, maxOutputs)
	}
	if tags > maxTags {
		return tooLarge(name, "the stack would have %d tags, at most %d", tags, maxTags)
	}
	for _, id := range slices.Sorted(maps.Keys(t.Resources)) {
		switch p := t.Resources[id].Properties.(type) {
		case role:
			if n, err := policySize(p); err != nil || n > maxPolicies {
				return tooLarge("role "+p.RoleName, "its policies would have %d characters, at most %d: name fewer secrets and permissions", n, maxPolicies)
			}
		case taskDefinition:
			if n, err := taskSize(p); err != nil || n > maxTask {
				return tooLarge("task definition "+p.Family, "it would have %d bytes, at most %d: its environment is too large", n, maxTask)
			}
		}
	}
	return nil
}

func tooLarge(what, why string, args ...any) error {
	return bcn.E(bcn.CodeAWSRefused, "what", what, "why", fmt.Sprintf(why, args...))
}

// policySize counts as IAM does.
func policySize(r role) (int, error) {
	n := 0
	for _, p := range r.Policies {
		body, err := canonical(p.PolicyDocument)
		if err != nil {
			return 0, err
		}
		for _, c := range string(body) {
			if !unicode.IsSpace(c) {
				n++
			}
		}
	}
	return n, nil
}

func taskSize(d taskDefinition) (int, error) {
	body, err := canonical(d)
	return len(body), err
}
