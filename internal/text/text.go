package text

import (
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
	"gopkg.in/yaml.v3"

	"github.com/bcn-bot/bcn/internal/chat"
)

//go:embed locales
var locales embed.FS

// ID names a sentence.
type ID string

// Args are what a sentence is filled with: strings (escaped), chat.Markup
// (taken as it is), numbers, bcn.ID, time.Time and time.Duration. "Count"
// chooses the plural form.
type Args map[string]any

// The languages.
const (
	English  = "en"
	Japanese = "ja"
)

// Languages lists what the catalogue speaks.
func Languages() []string { return []string{English, Japanese} }

// Lang answers the language for a locale of Slack's: ja for ja-JP, en for all
// that is not spoken here.
func Lang(locale string) string {
	base, _, _ := strings.Cut(strings.ReplaceAll(strings.ToLower(locale), "_", "-"), "-")
	if base == Japanese {
		return Japanese
	}
	return English
}

// Catalogue holds the sentences. It is safe for concurrent use.
type Catalogue struct {
	command    string
	localizers map[string]*i18n.Localizer
	parser     parser
	messages   map[string]map[ID]*i18n.Message // by language
	holes      map[ID][]string                 // the arguments that an id's sentences mention
}

// Option changes a Catalogue when it is made.
type Option func(*Catalogue)

// WithCommand sets the slash command that sentences tell people to type;
// the default is /bcn.
func WithCommand(command string) Option {
	return func(c *Catalogue) {
		if command != "" {
			c.command = command
		}
	}
}

// New reads the embedded sentences. It fails where a file does not parse or an
// id stands twice.
func New(options ...Option) (*Catalogue, error) {
	c := &Catalogue{
		command:    "/bcn",
		localizers: map[string]*i18n.Localizer{},
		messages:   map[string]map[ID]*i18n.Message{},
		holes:      map[ID][]string{},
	}
	for _, o := range options {
		o(c)
	}
	c.parser = newParser(c.command)
	bundle := i18n.NewBundle(language.English)
	bundle.RegisterUnmarshalFunc("yaml", yaml.Unmarshal)
	for _, lang := range Languages() {
		if err := c.load(bundle, lang); err != nil {
			return nil, err
		}
		c.localizers[lang] = i18n.NewLocalizer(bundle, lang)
	}
	return c, nil
}

func (c *Catalogue) load(bundle *i18n.Bundle, lang string) error {
	c.messages[lang] = map[ID]*i18n.Message{}
	files, err := fs.Glob(locales, "locales/"+lang+"/*.yaml")
	if err != nil {
		return fmt.Errorf("list sentences: %w", err)
	}
	for _, name := range files {
		raw, err := locales.ReadFile(name)
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		family := strings.TrimSuffix(path.Base(name), ".yaml")
		// go-i18n takes the language from the name: errors.en.yaml.
		file, err := bundle.ParseMessageFileBytes(raw, family+"."+lang+".yaml")
		if err != nil {
			return fmt.Errorf("parse %s: %w", name, err)
		}
		for _, m := range file.Messages {
			id := ID(m.ID)
			if _, twice := c.messages[lang][id]; twice {
				return fmt.Errorf("%s: id %q stands twice", name, id)
			}
			c.messages[lang][id] = m
			c.holes[id] = append(c.holes[id], holes(m)...)
		}
	}
	return nil
}

// Has says whether the catalogue holds the sentence.
func (c *Catalogue) Has(id ID) bool {
	_, ok := c.messages[English][id]
	return ok
}

// Say answers the sentence as markup, ready to be shown: string arguments are
// escaped, chat.Markup arguments are taken as they are. An id that is missing
// answers itself, so that nothing is ever silent.
func (c *Catalogue) Say(lang string, id ID, args Args) chat.Markup {
	return chat.Markup(c.fill(lang, id, args, func(s string) any { return raw(s) }))
}

// Plain answers the sentence as plain text, for labels, headers and other
// places where Slack reads no markup: arguments are cleaned, not escaped.
func (c *Catalogue) Plain(lang string, id ID, args Args) string {
	return chat.Clean(c.fill(lang, id, args, func(s string) any { return plain(s) }))
}

func (c *Catalogue) fill(lang string, id ID, args Args, wrap func(string) any) string {
	lang = Lang(lang)
	data := make(map[string]any, len(args)+len(c.holes[id]))
	for _, hole := range c.holes[id] {
		data[hole] = wrap("")
	}
	for k, v := range args {
		data[k] = value(lang, v, wrap)
	}
	said, err := c.localizers[lang].Localize(&i18n.LocalizeConfig{
		MessageID: string(id), TemplateData: data, PluralCount: args["Count"], TemplateParser: c.parser,
	})
	if err != nil && said == "" {
		return string(id)
	}
	return said
}

var (
	action = regexp.MustCompile(`{{.*?}}`)
	field  = regexp.MustCompile(`\.(\w+)`)
)

// holes lists the arguments that a message mentions.
func holes(m *i18n.Message) []string {
	var found []string
	for _, form := range []string{m.Zero, m.One, m.Two, m.Few, m.Many, m.Other} {
		for _, a := range action.FindAllString(form, -1) {
			for _, f := range field.FindAllStringSubmatch(a, -1) {
				found = append(found, f[1])
			}
		}
	}
	return found
}

// IDs lists what is said in a language, in order.
func (c *Catalogue) IDs(lang string) []ID {
	return slices.Sorted(maps.Keys(c.messages[lang]))
}

// Placeholders lists the arguments that a sentence mentions, in order.
func (c *Catalogue) Placeholders(lang string, id ID) []string {
	m, ok := c.messages[lang][id]
	if !ok {
		return nil
	}
	found := holes(m)
	slices.Sort(found)
	return slices.Compact(found)
}
