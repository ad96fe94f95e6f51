package cfn

import (
	"net/url"
	"slices"
	"strings"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// limits of a template's size in bytes.
// Source: "CloudFormation quotas" in the user guide.
const (
	maxTemplateBody = 51_200
	maxTemplateURL  = 1_048_576
)

// settingsOf reads what a call wants of a stack; what it leaves out stays as
// the stack has it.
func (e *Engine) settingsOf(c *wire.Call, s *stack) (settings, error) {
	set := settings{tags: s.tags, roleARN: s.roleARN, notify: s.notify, capabilities: list(c, "Capabilities")}
	for _, capability := range set.capabilities {
		if err := oneOf("capabilities", capability, "CAPABILITY_AUTO_EXPAND", "CAPABILITY_NAMED_IAM", "CAPABILITY_IAM"); err != nil {
			return set, err
		}
	}
	var err error
	if c.Params["Tags"] != nil {
		if set.tags, err = tagsOf(c); err != nil {
			return set, err
		}
	}
	if role := str(c, "RoleARN"); role != "" {
		set.roleARN = role
	}
	if c.Params["NotificationARNs"] != nil {
		set.notify = list(c, "NotificationARNs")
	}
	if set.template, err = e.templateOf(c, s); err != nil {
		return set, err
	}
	if set.parameters, err = readParametersOf(c, set.template, s.parameters); err != nil {
		return set, err
	}
	return set, e.resolve(c, set)
}

// tagsOf reads a call's tags. Source of the limits: Tag in the API reference.
func tagsOf(c *wire.Call) ([]tag, error) {
	var out []tag
	for _, m := range objects(c, "Tags") {
		t := tag{text(m, "Key"), text(m, "Value")}
		switch {
		case t.key == "" || len(t.key) > 128 || len(t.value) > 256:
			return nil, invalid("1 validation error detected: Value at 'tags' failed to satisfy constraint: a key has 1 to 128 and a value at most 256 characters")
		case strings.HasPrefix(strings.ToLower(t.key), "aws:"):
			return nil, invalid("Tag keys starting with 'aws:' are reserved for system use: %s", t.key)
		case slices.ContainsFunc(out, func(o tag) bool { return o.key == t.key }):
			return nil, invalid("Duplicate tag keys found. Please remove the duplicate tag key: %s", t.key)
		}
		out = append(out, t)
	}
	if len(out) > 50 {
		return nil, invalid("Tag quota per resource exceeded: 50")
	}
	return out, nil
}

// templateOf fetches the template that a call names in one of three ways.
func (e *Engine) templateOf(c *wire.Call, s *stack) (*template, error) {
	body, address := str(c, "TemplateBody"), str(c, "TemplateURL")
	previous, _ := flag(c, "UsePreviousTemplate")
	switch {
	case body != "" && address != "":
		return nil, invalid("Only one of Template URL or Template Body may be specified.")
	case previous && (body != "" || address != ""):
		return nil, invalid("You cannot specify both usePreviousTemplate and Template Body or Template URL.")
	case previous && s.template != nil:
		return s.template, nil
	case body != "":
		if len(body) > maxTemplateBody {
			return nil, invalid("1 validation error detected: Value '<template-body>' at 'templateBody' failed to satisfy constraint: Member must have length less than or equal to %d", maxTemplateBody)
		}
		return parseTemplate(body)
	case address != "":
		return e.fetch(c, address)
	default:
		return nil, invalid("Either Template URL or Template Body must be specified.")
	}
}

// fetch reads a template from S3 in the caller's name.
func (e *Engine) fetch(c *wire.Call, address string) (*template, error) {
	bucket, key, ok := s3Object(address)
	if !ok || e.opt.Template == nil {
		return nil, invalid("TemplateURL must be a supported URL.")
	}
	if err := authorize(c, "s3:GetObject", "arn:aws:s3:::"+bucket+"/"+key, nil); err != nil {
		return nil, invalid("S3 error: Access Denied\nFor more information check http://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html")
	}
	raw, err := e.opt.Template(address)
	switch {
	case err != nil:
		return nil, invalid("S3 error: The specified key does not exist.\nFor more information check http://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html")
	case len(raw) > maxTemplateURL:
		return nil, invalid("Template may not exceed %d bytes in size.", maxTemplateURL)
	}
	return parseTemplate(string(raw))
}

// s3Object reads bucket and key from an address, whose bucket is the first
// label of the host (bucket.s3.region.amazonaws.com) or of the path.
func s3Object(address string) (bucket, key string, ok bool) {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") {
		return "", "", false
	}
	path := strings.TrimPrefix(u.Path, "/")
	if name, rest, found := strings.Cut(u.Hostname(), ".s3"); found && (strings.HasPrefix(rest, ".") || strings.HasPrefix(rest, "-")) {
		return name, path, path != ""
	}
	bucket, key, _ = strings.Cut(path, "/")
	return bucket, key, bucket != "" && key != ""
}

// updatable reports whether a stack in this status takes an update.
func updatable(status string) bool {
	switch status {
	case "CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "CREATE_FAILED", "UPDATE_FAILED":
		return true
	}
	return false
}

func notUpdatable(s *stack) error {
	return invalid("Stack:%s is in %s state and can not be updated.", s.id, s.status)
}

// sameTypes refuses a template that changes a resource's type.
func (s *stack) sameTypes(d *desired) error {
	var changed []string
	for _, logical := range d.active {
		if r := s.resources[logical]; r != nil && r.typ != d.template.resources[logical].typ {
			changed = append(changed, logical)
		}
	}
	if len(changed) == 0 {
		return nil
	}
	slices.Sort(changed)
	return invalid("Update of resource type is not permitted. The new template modifies resource type of the following resources: [%s]", strings.Join(changed, ", "))
}
