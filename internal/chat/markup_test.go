package chat_test

import (
	"html"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/bcn-bot/bcn/internal/chat"
)

// joiner is the word joiner that stands behind each formatting character.
const joiner = "\u2060"

func TestEscape(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, in, want string }{
		{"plain text stays", "deploy v2, please", "deploy v2, please"},
		{"another script stays", "本番へ反映", "本番へ反映"},
		{"control characters of mrkdwn become entities", "a < b && c > d", "a &lt; b &amp;&amp; c &gt; d"},
		{"an entity that was typed is shown as it was typed", "&lt;!channel&gt;", "&amp;lt;!channel&amp;gt;"},
		{"a mention calls nobody", "<!channel> <@U0LEAD> <!subteam^S1>", "&lt;!channel&gt; &lt;@U0LEAD&gt; &lt;!subteam^S1&gt;"},
		{"a link leads nowhere", "<https://evil.example|approve>", "&lt;https://evil.example|approve&gt;"},
		{"bold, italic and strike are shown, not read", "*a* _b_ ~c~", "*" + joiner + "a*" + joiner + " _" + joiner + "b_" + joiner + " ~" + joiner + "c~" + joiner},
		{"a backquote opens no code", "`rm -rf`", "'rm -rf'"},
		{"lines become one", "a\r\nb\tc\u2028d\u2029e\u0085f\vg\fh", "a  b c d e f g h"},
		{"control characters go", "a\x00b\x1bc\x7fd", "abcd"},
		{"bidirectional overrides go", "v2\u202e\u2066gnp\u2069\u202c\u200f", "v2gnp"},
		{"what cannot be seen goes", "v\u200b2\ufeff\u00ad\u2060", "v2"},
		{"bytes that are no text are replaced", "a\xffb", "a\ufffdb"},
		{"nothing is nothing", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := chat.Escape(c.in); string(got) != c.want {
				t.Errorf("Escape(%q) = %q, want %q", c.in, got, c.want)
			}
		})
	}
}

func TestCode(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, in, want string }{
		{"text stands between backquotes", "v2", "`v2`"},
		{"formatting characters are safe there", "my_app*", "`my_app*`"},
		{"a backquote cannot close it", "a`<!here>`", "`a'&lt;!here&gt;'`"},
		{"lines become one", "a\nb", "`a b`"},
		{"nothing is nothing", "", ""},
		{"what cannot be seen is nothing", "\u202e\x00", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := chat.Code(c.in); string(got) != c.want {
				t.Errorf("Code(%q) = %q, want %q", c.in, got, c.want)
			}
		})
	}
}

func TestReferences(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		got  chat.Markup
		want string
	}{
		{"a user", chat.Mention("U0LEAD"), "<@U0LEAD>"},
		{"a user's id holds nothing else", chat.Mention("U0LEAD> <!channel"), "<@U0LEAD>"},
		{"a user group", chat.MentionGroup("S0LEADS|x"), "<!subteam^S0LEADS>"},
		{"a channel", chat.Channel("C0DEPLOYS"), "<#C0DEPLOYS>"},
		{"a link", chat.Link("https://example.com/a", "stack hello"), "<https://example.com/a|stack hello>"},
		{"a label cannot end its link", chat.Link("https://example.com", "a> <!channel>|b"), "<https://example.com|a&gt; &lt;!channel&gt;/b>"},
		{"an address cannot end its link", chat.Link("https://example.com/a|b> <!here", "x"), "<https://example.com/a%7Cb !here|x>"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if string(c.got) != c.want {
				t.Errorf("got %q, want %q", c.got, c.want)
			}
		})
	}
}

func TestTruncate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, in string
		limit    int
		want     string
	}{
		{"short text stays", "abc", 3, "abc"},
		{"long text ends in an ellipsis", "abcd", 3, "ab…"},
		{"characters are counted, not bytes", "日本語", 3, "日本語"},
		{"one character is the ellipsis", "abc", 1, "…"},
		{"no room is nothing", "abc", 0, ""},
		{"less than no room is nothing", "abc", -1, ""},
		{"nothing is nothing", "", 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := chat.Truncate(c.in, c.limit); got != c.want {
				t.Errorf("Truncate(%q, %d) = %q, want %q", c.in, c.limit, got, c.want)
			}
		})
	}
}

// faults says what in markup made of anybody's text Slack could read.
func faults(s string) string {
	rest := s
	for _, e := range []string{"&amp;", "&lt;", "&gt;"} {
		rest = strings.ReplaceAll(rest, e, "")
	}
	switch {
	case !utf8.ValidString(s):
		return "bytes that are no text"
	case strings.ContainsAny(rest, "<>&"):
		return "an unescaped control character: a mention or a link"
	case strings.Contains(rest, "`"):
		return "a backquote"
	case strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp) }):
		return "a control character"
	case strings.ContainsFunc(strings.ReplaceAll(s, joiner, ""), func(r rune) bool { return unicode.In(r, unicode.Cf, unicode.Bidi_Control) }):
		return "a character that cannot be seen"
	}
	for i, r := range s {
		if strings.ContainsRune("*_~", r) && !strings.HasPrefix(s[i+1:], joiner) {
			return "a formatting character that is read"
		}
	}
	return ""
}

func FuzzEscape(f *testing.F) {
	for _, s := range []string{"", "v2", "<!channel>", "&lt;", "*_~`", "a\u202eb", "<https://x|y>", "\xff<", "\u2028"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		out := string(chat.Escape(s))
		if fault := faults(out); fault != "" {
			t.Fatalf("Escape(%q) = %q: %s", s, out, fault)
		}
		// Nothing that can be seen is lost.
		if got, want := html.UnescapeString(strings.ReplaceAll(out, joiner, "")), strings.ReplaceAll(chat.Clean(s), "`", "'"); !strings.Contains(s, "&") && got != want {
			t.Fatalf("Escape(%q) shows %q, want %q", s, got, want)
		}
		if code := string(chat.Code(s)); strings.Count(code, "`") != 0 && strings.Count(code, "`") != 2 {
			t.Fatalf("Code(%q) = %q", s, code)
		}
	})
}

func TestNothingTypedIsRead(t *testing.T) {
	t.Parallel()
	pieces := []string{
		"<", ">", "&", "@", "!", "|", "*", "_", "~", "`", "#", "^", "channel", "U0LEAD", "https://evil.example", "\u202e",
		"\u2066", "\u200b", "\n", "\r", "\x00", "\u2028", "\U000e0041", "amp;", "lt;", "本", "\xff",
	}
	rapid.Check(t, func(t *rapid.T) {
		typed := strings.Join(rapid.SliceOf(rapid.OneOf(rapid.SampledFrom(pieces), rapid.String())).Draw(t, "typed"), "")
		if fault := faults(string(chat.Escape(typed))); fault != "" {
			t.Fatalf("%q: %s", chat.Escape(typed), fault)
		}
		if clean := chat.Clean(typed); chat.Clean(clean) != clean {
			t.Fatalf("cleaning %q twice is not cleaning it once", clean)
		}
		limit := rapid.IntRange(-1, 40).Draw(t, "limit")
		if got := []rune(chat.Truncate(typed, limit)); len(got) > max(limit, 0) {
			t.Fatalf("%q has more than %d characters", string(got), limit)
		}
	})
}
