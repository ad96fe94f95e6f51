package text

import (
	"fmt"
	"strings"
	"text/template"
	"time"

	i18ntemplate "github.com/nicksnyder/go-i18n/v2/i18n/template"

	"github.com/bcn-bot/bcn/internal/chat"
)

// raw is text that people may have written; it is escaped when it is shown.
// It stays a string, so that a sentence can ask {{if .x}} and {{eq .x "y"}}.
type raw string

// String escapes.
func (r raw) String() string { return string(chat.Escape(string(r))) }

// plain is text for places without markup.
type plain string

// String cleans.
func (p plain) String() string { return chat.Clean(string(p)) }

// value makes an argument safe for a sentence.
func value(lang string, v any, wrap func(string) any) any {
	switch v := v.(type) {
	case chat.Markup:
		return string(v)
	case string:
		return wrap(v)
	case int, int64, float64, bool:
		return v
	case time.Time:
		return string(When(v))
	case time.Duration:
		return Duration(lang, v)
	default:
		return wrap(fmt.Sprint(v))
	}
}

// parser is go-i18n's template parser with our functions. Its templates are
// kept: the functions are the same for every sentence of a catalogue.
type parser struct{ *i18ntemplate.TextParser }

// Cacheable says that a parsed sentence may be kept.
func (parser) Cacheable() bool { return true }

func newParser(command string) parser {
	return parser{&i18ntemplate.TextParser{Funcs: template.FuncMap{
		"code":   code,
		"lines":  lines,
		"number": number,
		"bcn":    func() string { return command },
	}}}
}

func code(v any) string {
	switch v := v.(type) {
	case raw:
		return string(chat.Code(string(v)))
	case plain:
		return v.String()
	default:
		return fmt.Sprint(v)
	}
}

// number shows a change's number without its #, which begins a comment in a shell.
func number(v any) string { return strings.TrimPrefix(fmt.Sprint(v), "#") }

// maxLines bounds a list within a sentence; more would not fit a message.
const maxLines = 20

// lines shows text of several lines as a list, each line escaped.
func lines(v any) string {
	var text string
	switch v := v.(type) {
	case raw:
		text = string(v)
	case plain:
		return v.String()
	default:
		return fmt.Sprint(v)
	}
	text = strings.TrimSpace(text)
	if text == "" {
		return ""
	}
	all := strings.Split(text, "\n")
	var b strings.Builder
	for i, line := range all {
		if i == maxLines {
			fmt.Fprintf(&b, "\n• … +%d", len(all)-maxLines)
			break
		}
		b.WriteString("\n• ")
		b.WriteString(string(chat.Escape(chat.Truncate(line, 300))))
	}
	return b.String()
}

// When shows a moment in the reader's own time zone, as Slack's date token;
// clients that cannot read it show UTC.
func When(t time.Time) chat.Markup {
	if t.IsZero() {
		return "–"
	}
	return chat.Markup(fmt.Sprintf("<!date^%d^{date_short_pretty} {time}|%s UTC>", t.Unix(), t.UTC().Format("2006-01-02 15:04")))
}

// Clock shows the time of day of a moment, to the second, in the reader's own
// time zone.
func Clock(t time.Time) chat.Markup {
	if t.IsZero() {
		return "–"
	}
	return chat.Markup(fmt.Sprintf("<!date^%d^{time_secs}|%s UTC>", t.Unix(), t.UTC().Format(time.TimeOnly)))
}

// Duration shows a length of time with its two largest units: 1 h 5 min.
func Duration(lang string, d time.Duration) string {
	units := [4]string{" d", " h", " min", " s"}
	sep := " "
	if Lang(lang) == Japanese {
		units, sep = [4]string{"日", "時間", "分", "秒"}, ""
	}
	seconds := int64(d.Round(time.Second) / time.Second)
	sizes := [4]int64{86400, 3600, 60, 1}
	var parts []string
	for i, size := range sizes {
		if n := seconds / size; n > 0 && len(parts) < 2 {
			parts = append(parts, fmt.Sprintf("%d%s", n, units[i]))
			seconds -= n * size
		} else if len(parts) > 0 {
			break
		}
	}
	if len(parts) == 0 {
		return "0" + units[3]
	}
	return strings.Join(parts, sep)
}
