package config

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"slices"
	"sort"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// maxFile is the size in bytes above which a file is not a bot.yaml.
const maxFile = 1 << 20

// yamlLine finds the line in the parser's own sentence: the parser has no
// typed error for what is not YAML at all.
const yamlLine = "yaml: line "

// Load reads a bot.yaml. path is for messages only. It answers every problem
// at once, in the order of the file; where there is one, the Config is nil.
func Load(path string, data []byte, o Options) (*Config, []Problem) {
	if o.Verbs == nil {
		o.Verbs = DefaultVerbs()
	}
	l := &loader{reader: reader{file: path}, verbs: o.Verbs, teamAt: map[string]*yaml.Node{}}
	root := l.parse(data)
	if root != nil {
		l.document(root)
	}
	if len(l.problems) > 0 {
		slices.SortStableFunc(l.problems, func(a, b Problem) int {
			if a.Line != b.Line {
				return a.Line - b.Line
			}
			return a.Column - b.Column
		})
		return nil, l.problems
	}
	sum := sha256.Sum256(data)
	l.c.Hash = hex.EncodeToString(sum[:])
	return &l.c, nil
}

// loader reads the top level, and keeps what is checked once all is read.
type loader struct {
	reader
	c      Config
	verbs  []string
	lines  []string // of the file
	teamAt map[string]*yaml.Node
	uses   []use // of teams

	scheduleAt []scheduleNodes // of c.Schedules, one each
}

// use is a place that names a team.
type use struct {
	at   *yaml.Node
	path string
	team string
}

func (l *loader) parse(data []byte) *yaml.Node {
	if len(data) > maxFile {
		l.fault(nil, "the file has %d bytes, more than %d", len(data), maxFile)
		return nil
	}
	l.lines = strings.Split(string(data), "\n")
	d := yaml.NewDecoder(bytes.NewReader(data))
	var doc, second yaml.Node
	if err := d.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			l.fault(nil, "the file is empty")
			return nil
		}
		l.notYAML(err)
		return nil
	}
	if err := d.Decode(&second); !errors.Is(err, io.EOF) {
		l.fault(&second, "the file holds more than one document")
	}
	if len(doc.Content) == 0 {
		l.fault(nil, "the file is empty")
		return nil
	}
	return doc.Content[0]
}

func (l *loader) notYAML(err error) {
	text := err.Error()
	at := &yaml.Node{Line: 1, Column: 1}
	if rest, ok := strings.CutPrefix(text, yamlLine); ok {
		number, message, _ := strings.Cut(rest, ":")
		if n, err := strconv.Atoi(number); err == nil {
			at.Line, text = n, message
		}
	}
	l.fault(at, "not YAML: %s", strings.TrimSpace(strings.TrimPrefix(text, "yaml:")))
}

func (l *loader) document(root *yaml.Node) {
	l.c.Language = "en"
	l.c.Slack = Slack{Command: "/bcn", Sockets: 2}
	l.c.Access = defaultAccess()
	l.c.Drift = Drift{Watch: "0 3 * * *"}
	l.c.Audit = defaultAudit()
	l.c.Teams = map[string]Team{}
	ok := l.object("", root,
		field{"sources", l.sources},
		field{"language", l.checked(&l.c.Language, isLanguage)},
		field{"tags", l.tags},
		field{"slack", l.slack},
		field{"people", l.people},
		field{"teams", l.teams},
		field{"rules", l.rules},
		field{"guardrails", l.guardrails},
		field{"secrets", l.secrets},
		field{"volumes", l.volumes},
		field{"access", l.access},
		field{"schedules", l.schedules},
		field{"drift", l.drift},
		field{"audit", l.audit},
	)
	if !ok {
		return
	}
	if l.c.Slack.Channels.Security == "" {
		l.c.Slack.Channels.Security = l.c.Slack.Channels.Approvals
	}
	l.anchorChannel()
	l.finish(root)
}

// finish checks what needs the whole file.
func (l *loader) finish(root *yaml.Node) {
	names := make([]string, 0, len(l.teamAt))
	for name := range l.teamAt {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, u := range l.uses {
		if _, ok := l.teamAt[u.team]; !ok {
			l.fault(u.at, "%s: there is no team %q%s", u.path, u.team, suggest(u.team, names))
		}
	}
	if _, ok := l.teamAt["admins"]; !ok {
		l.fault(root, "the team admins is missing: its members administer bcn")
	}
	if !has(root, "rules") {
		l.fault(root, "rules are missing: without them everything is refused")
	}
	l.quorums()
	l.glasses()
	l.chains()
	l.schedulesReport()
}

func has(root *yaml.Node, key string) bool {
	for i := 0; i+1 < len(root.Content); i += 2 {
		if root.Content[i].Value == key {
			return true
		}
	}
	return false
}

func (l *loader) sources(path string, n *yaml.Node) {
	l.object(path, n,
		field{"root", l.checked(&l.c.Sources.Root, anything)},
		field{"github", func(path string, n *yaml.Node) { l.c.Sources.GitHub = l.strings(path, n, isRepositories) }},
	)
}

func (l *loader) tags(path string, n *yaml.Node) {
	l.pairs(path, n, func(key, value *yaml.Node) {
		var v string
		l.checked(&v, isTagValue)(join(path, key.Value), value)
		if wrong := isTagKey(key.Value); wrong != "" {
			l.fault(key, "%s: %s", path, wrong)
			return
		}
		l.c.Tags = append(l.c.Tags, bcn.Tag{Key: key.Value, Value: v})
	})
	if len(l.c.Tags) > maxTags {
		l.fault(resolve(n), "%s has %d, at most %d fit beside bcn's own", path, len(l.c.Tags), maxTags)
	}
	slices.SortFunc(l.c.Tags, func(a, b bcn.Tag) int { return strings.Compare(a.Key, b.Key) })
}

func (l *loader) slack(path string, n *yaml.Node) {
	s := &l.c.Slack
	l.object(path, n,
		field{"command", l.checked(&s.Command, isCommand)},
		field{"sockets", l.number(&s.Sockets, 1, 10)},
		field{"channels", func(path string, n *yaml.Node) {
			l.object(path, n,
				field{"approvals", l.checked(&s.Channels.Approvals, isChannel)},
				field{"announce", l.checked(&s.Channels.Announce, isChannel)},
				field{"security", l.checked(&s.Channels.Security, isChannel)},
			)
		}},
	)
}

func (l *loader) secrets(path string, n *yaml.Node) {
	l.list(path, n, func(path string, n *yaml.Node) {
		var g SecretGrant
		before := len(l.problems)
		ok := l.object(path, n,
			field{"app", l.checked(&g.App, isNameOrAll)},
			field{"path", l.checked(&g.Path, isSecretPath)},
		)
		if ok && len(l.problems) == before && (g.App == "" || g.Path == "") {
			l.fault(resolve(n), "%s needs both app and path", path)
		}
		l.c.Secrets = append(l.c.Secrets, g)
	})
}

func (l *loader) volumes(path string, n *yaml.Node) {
	l.list(path, n, func(path string, n *yaml.Node) {
		var g VolumeGrant
		before := len(l.problems)
		ok := l.object(path, n,
			field{"app", l.checked(&g.App, isNameOrAll)},
			field{"file_system", l.checked(&g.FileSystem, isFileSystem)},
		)
		if ok && len(l.problems) == before && (g.App == "" || g.FileSystem == "") {
			l.fault(resolve(n), "%s needs both app and file_system", path)
		}
		l.c.Volumes = append(l.c.Volumes, g)
	})
}
