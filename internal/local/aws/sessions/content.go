package sessions

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// maxContent is how large a document may be, in bytes.
const maxContent = 64 << 10

// preferences are what a session document says of a session.
type preferences struct {
	name     string
	limit    time.Duration // 0: none
	idle     time.Duration
	user     string // that the shell runs as
	log      string // group that the session is streamed to; "" is none
	template string // of the command that the session runs; "" is a shell
	doc      map[string]any
}

// work is what a session does.
type work struct {
	argv []string     // of a program,
	user string       // who it is told that it is
	to   *destination // or of a port that is forwarded
}

// The inputs of a session document, by the kind of their values (Systems
// Manager User Guide, "Session document schema"). Numbers are texts there.
func sessionInputs() map[string]func(any) bool {
	text := func(v any) bool { _, ok := v.(string); return ok }
	flag := func(v any) bool { _, ok := v.(bool); return ok }
	return map[string]func(any) bool{
		"s3BucketName": text, "s3KeyPrefix": text, "s3EncryptionEnabled": flag,
		"cloudWatchLogGroupName": text, "cloudWatchEncryptionEnabled": flag, "cloudWatchStreamingEnabled": flag,
		"kmsKeyId": text, "runAsEnabled": flag, "runAsDefaultUser": text,
		"idleSessionTimeout": func(v any) bool { return optional(v, 60) },
		"maxSessionDuration": func(v any) bool { return optional(v, 1440) },
		"shellProfile":       func(v any) bool { _, ok := v.(map[string]any); return ok },
	}
}

// optional says whether the value is a number of minutes from 1 to most, or the
// empty text, which leaves it unset.
func optional(v any, most int) bool {
	m, ok := minutes(v)
	return v == "" || ok && m >= time.Minute && m <= time.Duration(most)*time.Minute
}

// minutes reads a duration: the documents hold texts, and numbers are taken too.
func minutes(v any) (time.Duration, bool) {
	switch v := v.(type) {
	case string:
		n, err := strconv.Atoi(v)
		return time.Duration(n) * time.Minute, err == nil
	case float64:
		return time.Duration(v) * time.Minute, v == float64(int(v))
	}
	return 0, false
}

func badContent(format string, args ...any) error {
	return wire.Errorf("InvalidDocumentContent", format, args...)
}

// parseContent reads a session document and refuses what SSM refuses.
func parseContent(text, format string) (map[string]any, error) {
	if text == "" || len(text) > maxContent {
		return nil, wire.Errorf("MaxDocumentSizeExceeded", "The size limit of a document is 64 KB, and it may not be empty.")
	}
	var doc map[string]any
	var err error
	switch format {
	case "", "JSON":
		err = json.Unmarshal([]byte(text), &doc)
	case "YAML":
		err = yaml.Unmarshal([]byte(text), &doc)
	default:
		return nil, badContent("The document format %s is not supported for documents of type Session.", format)
	}
	if err != nil {
		return nil, badContent("%s is not well-formed: %v", map[bool]string{true: "YAML", false: "JSON"}[format == "YAML"], err)
	}
	return doc, checkContent(doc)
}

func checkContent(doc map[string]any) error {
	if str(doc, "schemaVersion") != "1.0" {
		return wire.Errorf("InvalidDocumentSchemaVersion", "The version of the document schema is not supported: %v", doc["schemaVersion"])
	}
	for _, k := range slices.Sorted(maps.Keys(doc)) {
		if !slices.Contains([]string{"schemaVersion", "description", "sessionType", "inputs", "parameters", "properties"}, k) {
			return badContent("The document has a member that session documents do not have: %s", k)
		}
	}
	switch kind := str(doc, "sessionType"); kind {
	case "Standard_Stream":
		return checkInputs(doc)
	case "Port":
		return checkPort(doc)
	default:
		return badContent("The local AWS takes session documents of type Standard_Stream and Port only, not %q", kind)
	}
}

// checkPort checks a document that forwards a port.
func checkPort(doc map[string]any) error {
	properties, _ := doc["properties"].(map[string]any)
	for _, k := range slices.Sorted(maps.Keys(properties)) {
		if _, text := properties[k].(string); !text || !slices.Contains([]string{"host", "portNumber", "type", "localPortNumber"}, k) {
			return badContent("The property %s is not one of session documents of type Port, or not a text.", k)
		}
	}
	if str(properties, "type") != "LocalPortForwarding" || str(properties, "portNumber") == "" {
		return badContent("Documents of type Port need the properties type (LocalPortForwarding) and portNumber.")
	}
	return nil
}

func checkInputs(doc map[string]any) error {
	inputs, ok := doc["inputs"].(map[string]any)
	if !ok && doc["inputs"] != nil {
		return badContent("inputs must be an object")
	}
	known := sessionInputs()
	for _, k := range slices.Sorted(maps.Keys(inputs)) {
		good, ok := known[k]
		if !ok {
			return badContent("The input %s is not one of session documents.", k)
		}
		if !good(inputs[k]) {
			return badContent("The value of the input %s is not valid: %v", k, inputs[k])
		}
	}
	if inputs["runAsEnabled"] == true && str(inputs, "runAsDefaultUser") == "root" {
		return badContent("Sessions cannot run as root.")
	}
	return nil
}

// preferencesOf reads what checkContent let pass.
func preferencesOf(name string, doc map[string]any) preferences {
	inputs, _ := doc["inputs"].(map[string]any)
	p := preferences{name: name, idle: defaultIdle, user: "ssm-user", doc: doc}
	if d, ok := minutes(inputs["idleSessionTimeout"]); ok {
		p.idle = d
	}
	if d, ok := minutes(inputs["maxSessionDuration"]); ok {
		p.limit = d
	}
	if user := str(inputs, "runAsDefaultUser"); inputs["runAsEnabled"] == true && user != "" {
		p.user = user
	}
	if inputs["cloudWatchStreamingEnabled"] == true {
		p.log = str(inputs, "cloudWatchLogGroupName")
	}
	return p
}

// work is what a session of the document does with the parameters given.
func (p preferences) work(parameters any) (work, error) {
	given, _ := parameters.(map[string]any)
	if str(p.doc, "sessionType") == "Port" {
		to, err := destinationOf(p.name, p.doc, given)
		return work{to: to}, err
	}
	if p.template == "" {
		if len(given) > 0 {
			return work{}, wire.Errorf("InvalidParameters", "The document %s has no parameters.", p.name)
		}
		return work{argv: []string{"sh"}, user: p.user}, nil
	}
	command := texts(given, p.template)
	if len(given) != 1 || len(command) != 1 || command[0] == "" {
		return work{}, wire.Errorf("InvalidParameters", "The document %s needs the parameter %s.", p.name, p.template)
	}
	return work{argv: []string{"sh", "-c", command[0]}, user: p.user}, nil
}
