package sessions

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// defaultDocument is the account's own preferences, which exist without anyone
// making them: a shell without a cap.
const defaultDocument = "SSM-SessionManagerRunShell"

var (
	documentName = regexp.MustCompile(`^[a-zA-Z0-9_\-.]{3,128}$`)
	// reserved are the prefixes that only AWS's documents have.
	reserved = regexp.MustCompile(`(?i)^(aws|amazon|amzn)`)
)

// document is a session document with all its versions.
type document struct {
	name     string
	author   string
	tags     map[string]string
	versions []version // the first is "1"
	def      int       // the default version's number
}

type version struct {
	text, format, label string
	doc                 map[string]any
	created             time.Time
}

func (s *Service) documentActions() wire.Actions {
	return wire.Actions{
		"CreateDocument":               accepts(s.createDocument, "Name", "Content", "DocumentType", "DocumentFormat", "VersionName", "Tags"),
		"UpdateDocument":               accepts(s.updateDocument, "Name", "Content", "DocumentVersion", "DocumentFormat", "VersionName"),
		"UpdateDocumentDefaultVersion": accepts(s.updateDefault, "Name", "DocumentVersion"),
		"DescribeDocument":             accepts(s.describeDocument, "Name", "DocumentVersion"),
		"GetDocument":                  accepts(s.getDocument, "Name", "DocumentVersion", "DocumentFormat"),
		"DeleteDocument":               accepts(s.deleteDocument, "Name"),
		"ListDocuments":                accepts(s.listDocuments, "Filters", "MaxResults", "NextToken"),
	}
}

// documentARN is a document's ARN; those that AWS owns are in no account.
func documentARN(region, account, name string) string {
	if strings.HasPrefix(name, "arn:") {
		return name
	}
	if reserved.MatchString(name) {
		account = ""
	}
	return "arn:aws:ssm:" + region + ":" + account + ":document/" + name
}

// onDocument asks whether the caller may do the action on a document, by its
// tags.
func (s *Service) onDocument(c *wire.Call, action, name string, extra map[string][]string) error {
	s.mu.Lock()
	keys := map[string][]string{}
	if d, ok := s.documents[c.Region+"/"+plainName(name)]; ok {
		keys = tagKeys(d.tags)
	}
	s.mu.Unlock()
	for k, v := range extra {
		keys[k] = v
	}
	return c.Authorize(action, documentARN(c.Region, c.Account, name), keys)
}

// plainName lets a document be named by its ARN.
func plainName(name string) string {
	if _, rest, ok := strings.Cut(name, ":document/"); ok && strings.HasPrefix(name, "arn:") {
		return rest
	}
	return name
}

func noDocument(name string) error {
	return wire.Errorf("InvalidDocument", "Document with name %s does not exist.", name)
}

// preferences finds the document that a session is to be opened with, at its
// default version.
func (s *Service) preferences(c *wire.Call, name string) (preferences, error) {
	if name == "" {
		name = defaultDocument
	}
	if strings.HasPrefix(name, "arn:") && name != documentARN(c.Region, c.Account, plainName(name)) {
		return preferences{}, noDocument(name)
	}
	name = plainName(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	if d, ok := s.documents[c.Region+"/"+name]; ok {
		return preferencesOf(name, d.versions[d.def-1].doc), nil
	}
	switch name {
	case defaultDocument:
		return preferencesOf(name, nil), nil
	case "AWS-StartInteractiveCommand", "AWS-StartNonInteractiveCommand":
		p := preferencesOf(name, nil)
		p.template = "command"
		return p, nil
	case "AWS-StartPortForwardingSession", "AWS-StartPortForwardingSessionToRemoteHost":
		return preferencesOf(name, portDocument(strings.HasSuffix(name, "ToRemoteHost"))), nil
	case "AWS-StartSSHSession":
		return preferences{}, wire.Errorf("UnsupportedOperation", "the local AWS has no SSH")
	}
	return preferences{}, noDocument(name)
}

func (s *Service) createDocument(_ context.Context, c *wire.Call) (any, error) {
	name, tags := str(c.Params, "Name"), tagsIn(items(c.Params, "Tags"))
	if err := s.onDocument(c, "ssm:CreateDocument", name, requestTags(map[string][]string{"ssm:DocumentType": {str(c.Params, "DocumentType")}}, tags)); err != nil {
		return nil, err
	}
	if len(tags) > 0 {
		if err := s.onDocument(c, "ssm:AddTagsToResource", name, requestTags(map[string][]string{}, tags)); err != nil {
			return nil, err
		}
	}
	d, err := s.addDocument(c.Region, c.Principal.ARN, c.Params, tags)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return map[string]any{"DocumentDescription": d.describe(1)}, nil
}

// addDocument makes a document of the members of CreateDocument.
func (s *Service) addDocument(region, author string, in map[string]any, tags map[string]string) (*document, error) {
	name := str(in, "Name")
	switch {
	case !documentName.MatchString(name):
		return nil, constraint(name, "name", `Member must satisfy regular expression pattern: ^[a-zA-Z0-9_\-.]{3,128}$`)
	case reserved.MatchString(name):
		return nil, invalid("Document name %s is not valid: the prefix is reserved.", name)
	case str(in, "DocumentType") != "Session":
		return nil, wire.Errorf("InvalidDocumentType", "the local AWS has documents of type Session only, not %q", str(in, "DocumentType"))
	}
	v, err := newVersion(in, s.clock.Now())
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, there := s.documents[region+"/"+name]; there {
		return nil, wire.Errorf("DocumentAlreadyExists", "Document with same name %s already exists", name)
	}
	d := &document{name: name, author: author, tags: tags, versions: []version{v}, def: 1}
	s.documents[region+"/"+name] = d
	return d, nil
}

func newVersion(in map[string]any, now time.Time) (version, error) {
	format := str(in, "DocumentFormat")
	if format == "" {
		format = "JSON"
	}
	doc, err := parseContent(str(in, "Content"), format)
	return version{text: str(in, "Content"), format: format, label: str(in, "VersionName"), doc: doc, created: now}, err
}

// latest is how a caller names the newest version, and how UpdateDocument must
// be told which one it replaces.
const latest = "$LATEST"

func (s *Service) updateDocument(_ context.Context, c *wire.Call) (any, error) {
	name := str(c.Params, "Name")
	if err := s.onDocument(c, "ssm:UpdateDocument", name, nil); err != nil {
		return nil, err
	}
	n, err := s.addVersion(c.Region, c.Params)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	d, ok := s.documents[c.Region+"/"+plainName(name)]
	if !ok {
		return nil, noDocument(name)
	}
	return map[string]any{"DocumentDescription": d.describe(n)}, nil
}

// addVersion adds a version and answers its number; sessions go on with the
// default version until that is moved.
func (s *Service) addVersion(region string, in map[string]any) (int, error) {
	v, err := newVersion(in, s.clock.Now())
	if err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	d, ok := s.documents[region+"/"+plainName(str(in, "Name"))]
	if !ok {
		return 0, noDocument(str(in, "Name"))
	}
	last := d.versions[len(d.versions)-1]
	switch asked := str(in, "DocumentVersion"); {
	case asked != latest && asked != strconv.Itoa(len(d.versions)):
		return 0, wire.Errorf("InvalidDocumentVersion", "The document version is not valid or does not exist: %q", asked)
	case last.text == v.text && last.format == v.format:
		return 0, wire.Errorf("DuplicateDocumentContent", "The content of the association document matches another document. Change the content of the document and try again.")
	case v.label != "" && slices.ContainsFunc(d.versions, func(o version) bool { return o.label == v.label }):
		return 0, wire.Errorf("DuplicateDocumentVersionName", "The version name has already been used in this document. Specify a different version name, and then try again.")
	}
	d.versions = append(d.versions, v)
	return len(d.versions), nil
}

// numbered finds a document and the number of one of its versions; the caller
// holds mu.
func (s *Service) numbered(region, name, asked string) (*document, int, error) {
	d, ok := s.documents[region+"/"+plainName(name)]
	if !ok {
		return nil, 0, noDocument(name)
	}
	switch asked {
	case "", "$DEFAULT":
		return d, d.def, nil
	case latest:
		return d, len(d.versions), nil
	}
	n, err := strconv.Atoi(asked)
	if err != nil || n < 1 || n > len(d.versions) {
		return nil, 0, wire.Errorf("InvalidDocumentVersion", "The document version is not valid or does not exist: %q", asked)
	}
	return d, n, nil
}

func (s *Service) updateDefault(_ context.Context, c *wire.Call) (any, error) {
	name := str(c.Params, "Name")
	if err := s.onDocument(c, "ssm:UpdateDocumentDefaultVersion", name, nil); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	d, n, err := s.numbered(c.Region, name, str(c.Params, "DocumentVersion"))
	if err != nil {
		return nil, err
	}
	d.def = n
	return map[string]any{"Description": map[string]any{"Name": d.name, "DefaultVersion": strconv.Itoa(n)}}, nil
}

func (s *Service) describeDocument(_ context.Context, c *wire.Call) (any, error) {
	name := str(c.Params, "Name")
	if err := s.onDocument(c, "ssm:DescribeDocument", name, nil); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	d, n, err := s.numbered(c.Region, name, str(c.Params, "DocumentVersion"))
	if err != nil {
		return nil, err
	}
	return map[string]any{"Document": d.describe(n)}, nil
}

func (d *document) describe(n int) map[string]any {
	v := d.versions[n-1]
	sum := sha256.Sum256([]byte(v.text))
	out := map[string]any{
		"Name": d.name, "Owner": ownerOf(d.author), "Author": ownerOf(d.author), "CreatedDate": v.created, "Status": "Active",
		"DocumentVersion": strconv.Itoa(n), "DefaultVersion": strconv.Itoa(d.def), "LatestVersion": strconv.Itoa(len(d.versions)),
		"DocumentType": "Session", "DocumentFormat": v.format, "SchemaVersion": "1.0", "Hash": hex.EncodeToString(sum[:]), "HashType": "Sha256",
		"PlatformTypes": []any{"Windows", "Linux", "MacOS"}, "Tags": tagsOut(d.tags),
	}
	if text := str(v.doc, "description"); text != "" {
		out["Description"] = text
	}
	if v.label != "" {
		out["VersionName"] = v.label
	}
	return out
}

// ownerOf is the account in an ARN.
func ownerOf(arn string) string {
	if parts := strings.Split(arn, ":"); len(parts) > 4 {
		return parts[4]
	}
	return arn
}

func (s *Service) getDocument(_ context.Context, c *wire.Call) (any, error) {
	name := str(c.Params, "Name")
	if err := s.onDocument(c, "ssm:GetDocument", name, nil); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	d, n, err := s.numbered(c.Region, name, str(c.Params, "DocumentVersion"))
	if err != nil {
		return nil, err
	}
	v := d.versions[n-1]
	if want := str(c.Params, "DocumentFormat"); want != "" && want != v.format {
		return nil, wire.Errorf("UnsupportedParameter", "the local AWS answers a document in its own format only: %s", v.format)
	}
	return map[string]any{
		"Name": d.name, "Content": v.text, "DocumentType": "Session", "DocumentFormat": v.format, "Status": "Active",
		"DocumentVersion": strconv.Itoa(n), "CreatedDate": v.created,
	}, nil
}

func (s *Service) deleteDocument(_ context.Context, c *wire.Call) (any, error) {
	name := str(c.Params, "Name")
	if err := s.onDocument(c, "ssm:DeleteDocument", name, nil); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.documents[c.Region+"/"+plainName(name)]; !ok {
		return nil, noDocument(name)
	}
	delete(s.documents, c.Region+"/"+plainName(name))
	return map[string]any{}, nil
}
