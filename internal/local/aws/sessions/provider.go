package sessions

import (
	"context"
	"encoding/json"
	"maps"
	"strconv"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// Providers are the resource types that the service gives to CloudFormation.
func (s *Service) Providers() map[string]wire.Resource {
	return map[string]wire.Resource{
		"AWS::SSM::Document":       documentProvider{s},
		"AWS::Scheduler::Schedule": scheduleProvider{s},
	}
}

// documentProvider is AWS::SSM::Document. With UpdateMethod NewVersion a change
// of the content makes a new default version; without it the engine replaces
// the document, which under a name of one's own fails because it is there.
type documentProvider struct{ s *Service }

var _ wire.Resource = documentProvider{}

func (p documentProvider) Create(_ context.Context, r wire.Request) (string, map[string]string, error) {
	in, err := p.members(r)
	if err != nil {
		return "", nil, err
	}
	if str(in, "Name") == "" {
		in["Name"] = r.StackName + "-" + r.LogicalID + "-" + random(12)
	}
	name := str(in, "Name")
	arn := documentARN(r.Region, r.Account, name)
	if err := r.Authorize("ssm:CreateDocument", arn, requestTags(map[string][]string{}, r.Tags)); err != nil {
		return "", nil, err
	}
	if len(r.Tags) > 0 {
		if err := r.Authorize("ssm:AddTagsToResource", arn, requestTags(map[string][]string{}, r.Tags)); err != nil {
			return "", nil, err
		}
	}
	if _, err := p.s.addDocument(r.Region, "arn:aws:iam::"+r.Account+":root", in, maps.Clone(r.Tags)); err != nil {
		return "", nil, err
	}
	return name, map[string]string{}, nil
}

// members are the properties as CreateDocument's members: the content may be
// written as an object.
func (p documentProvider) members(r wire.Request) (map[string]any, error) {
	in := maps.Clone(r.Properties)
	if in["DocumentType"] == nil {
		in["DocumentType"] = "Command"
	}
	if _, ok := in["Content"].(string); ok {
		return in, nil
	}
	text, err := json.Marshal(in["Content"])
	in["Content"] = string(text)
	return in, err
}

func (p documentProvider) Update(_ context.Context, id string, r wire.Request) (map[string]string, error) {
	in, err := p.members(r)
	if err != nil {
		return nil, err
	}
	old, err := p.members(wire.Request{Properties: r.Old})
	if err != nil {
		return nil, err
	}
	arn := documentARN(r.Region, r.Account, id)
	if err := p.retag(r, id, arn); err != nil {
		return nil, err
	}
	if in["Content"] == old["Content"] && in["DocumentFormat"] == old["DocumentFormat"] {
		return map[string]string{}, nil
	}
	for _, action := range []string{"ssm:UpdateDocument", "ssm:UpdateDocumentDefaultVersion"} {
		if err := r.Authorize(action, arn, nil); err != nil {
			return nil, err
		}
	}
	in["Name"], in["DocumentVersion"] = id, latest
	n, err := p.s.addVersion(r.Region, in)
	if err != nil {
		return nil, err
	}
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	if d, _, err := p.s.numbered(r.Region, id, strconv.Itoa(n)); err == nil {
		d.def = n
	}
	return map[string]string{}, nil
}

func (p documentProvider) retag(r wire.Request, id, arn string) error {
	p.s.mu.Lock()
	d, ok := p.s.documents[r.Region+"/"+id]
	same := ok && maps.Equal(d.tags, r.Tags)
	p.s.mu.Unlock()
	if !ok {
		return noDocument(id)
	}
	if same {
		return nil
	}
	if err := r.Authorize("ssm:AddTagsToResource", arn, requestTags(tagKeys(d.tags), r.Tags)); err != nil {
		return err
	}
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	d.tags = maps.Clone(r.Tags)
	return nil
}

func (p documentProvider) Delete(_ context.Context, id string, r wire.Request) error {
	if err := r.Authorize("ssm:DeleteDocument", documentARN(r.Region, r.Account, id), nil); err != nil {
		return err
	}
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	delete(p.s.documents, r.Region+"/"+id)
	return nil
}

func (p documentProvider) Ready(_ context.Context, id string, r wire.Request) (bool, error) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	if _, ok := p.s.documents[r.Region+"/"+id]; !ok {
		return false, noDocument(id)
	}
	return true, nil
}
