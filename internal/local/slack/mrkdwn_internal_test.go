package slack

import (
	"regexp"
	"strings"
	"testing"
)

type fewNames struct{}

func (fewNames) nameOf(id string) (string, bool) {
	name, ok := map[string]string{"U0DEV": "dana", "C0DEPLOYS": "deploys", "S0DEVELOPERS": "developers"}[id]
	return name, ok
}

func TestMrkdwn(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, in, want string }{
		{"bold, italic, struck", "*a* _b_ ~c~", "<strong>a</strong> <em>b</em> <del>c</del>"},
		{"marks within words stay", "a*b*c my_file_name 2*3*4", "a*b*c my_file_name 2*3*4"},
		{"marks with a space inside stay", "* a * _ b_", "* a * _ b_"},
		{"a mark behind a word joiner's guard stays", "*\u2060a*\u2060", "*\u2060a*\u2060"},
		{"code is verbatim", "`*a* <@U0DEV> &lt;b&gt;`", "<code>*a* @U0DEV &lt;b&gt;</code>"},
		{"a fence is verbatim", "x\n```\n*a*\n  b\n```\ny", "x<pre>*a*\n  b</pre>y"},
		{"an open fence is text", "```a", "```a"},
		{"entities are shown as what they stand for", "&lt;b&gt; &amp;amp;", "&lt;b&gt; &amp;amp;"},
		{"a link with a label", "<https://example.com/?a=1&amp;b=2|the &lt;log&gt;>", `<a href="https://example.com/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer">the &lt;log&gt;</a>`},
		{"a link that runs something is text", "<javascript:alert(1)|x>", "&lt;x&gt;"},
		{"a person", "<@U0DEV>", `<span class="mention" data-mention="U0DEV">@dana</span>`},
		{"the reader", "<@U0ME>", `<span class="mention me" data-mention="U0ME">@U0ME</span>`},
		{"a group and a channel", "<!subteam^S0DEVELOPERS> <#C0DEPLOYS>", `<span class="mention" data-mention="S0DEVELOPERS">@developers</span> <span class="mention">#deploys</span>`},
		{"a quote", "&gt; a\n&gt; b\nc", "<blockquote>a<br>b</blockquote>c"},
		{"an emoji, and one that is not known", ":rocket: :nonsense:", "🚀 :nonsense:"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := string(mrkdwn{names: fewNames{}, me: "U0ME"}.render(tc.in)); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

// allowed is every element that rendering may write.
var allowed = regexp.MustCompile(`</?(?:strong|em|del|code|pre|blockquote)>|<br>|</a>|</span>|<span class="mention(?: me)?"(?: data-mention="[^"<>]*")?>|<a href="(?:https?://|mailto:)[^"<>]*" target="_blank" rel="noopener noreferrer">`)

func FuzzMrkdwn(f *testing.F) {
	for _, s := range []string{"*a* <@U0DEV> `x`", "<https://a|b>", "```<script>```", `<https://"onload=x|y>`, "&lt;", "> q\n<", "*_~`", "<!here>", "\xff<*\xfe*"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := string(mrkdwn{names: fewNames{}, me: "U0ME"}.render(s))
		if rest := allowed.ReplaceAllString(got, ""); strings.ContainsAny(rest, `<>"`) {
			t.Errorf("%q became %s", s, got)
		}
	})
}

func FuzzTyped(f *testing.F) {
	for _, s := range []string{"@dana #deploys https://a.b/<x>", "<@U0DEV>", "<!channel> & <b>", "a@dana", "@channel"} {
		f.Add(s)
	}
	w, err := New(Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, withNames := range []bool{true, false} {
			got := w.typed(s, withNames)
			if rest := references.ReplaceAllString(got, ""); strings.ContainsAny(rest, "<>") {
				t.Errorf("%q became %q", s, got)
			}
		}
	})
}
