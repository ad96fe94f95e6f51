package commands

import "testing"

func TestWords(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ in, want string }{
		"curly double quotes become straight":        {"a “b c” „d‟", `a "b c" "d"`},
		"curly single quotes become straight":        {"‘a b’", "'a b'"},
		"an em dash at a word's start is two":        {"deploy —reason", "deploy --reason"},
		"an en dash at a word's start is two":        {"deploy –reason", "deploy --reason"},
		"dashes inside a word are kept as one":       {"a–b", "a-b"},
		"two dashes stay two":                        {"deploy --reason", "deploy --reason"},
		"a no-break space separates":                 {"deploy\u00a0hello", "deploy hello"},
		"an ideographic space separates":             {"deploy\u3000hello", "deploy hello"},
		"full-width letters are folded":              {"ｄｅｐｌｏｙ　ｈｅｌｌｏ", "deploy hello"},
		"entities are undone once":                   {"a &amp;lt; b &lt;c&gt; &amp;", "a &lt; b <c> &"},
		"a user is its id":                           {"<@U1ABC|dana> x", "U1ABC x"},
		"a user without a label is its id":           {"<@U1ABC>", "U1ABC"},
		"a channel is its id":                        {"<#C1|deploys>", "C1"},
		"a channel without a label is its id":        {"<#C1>", "C1"},
		"a link is what was typed":                   {"<http://x.example|x.example>", "x.example"},
		"a bare link is its address":                 {"<https://x.example/a?b=c>", "https://x.example/a?b=c"},
		"a mail address is what was typed":           {"<mailto:a@x.example|a@x.example>", "a@x.example"},
		"a mail address without a label":             {"<mailto:a@x.example>", "a@x.example"},
		"a special mention is a word":                {"<!channel> <!here|here>", "@channel @here"},
		"a group is its label":                       {"<!subteam^S1|@leads>", "@leads"},
		"a group without a label is no id":           {"<!subteam^S1>", "@subteam"},
		"what cannot be seen is dropped":             {"de\u200bploy\u2060 he\u202ello\u0000", "deploy hello"},
		"angle brackets around other text are kept":  {`<"> <1> <a b> < > <>`, `<"> <1> <a b> < > <>`},
		"escaped angle brackets are no mark":         {"&lt;@U1&gt;", "<@U1>"},
		"line breaks separate":                       {"deploy\nhello\tprod", "deploy hello prod"},
		"nothing is nothing":                         {" \u3000 ", ""},
		"a mark that is not closed is left as it is": {"<@U1 x", "<@U1 x"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := words(c.in); got != c.want {
				t.Errorf("words(%q) = %q, want %q", c.in, got, c.want)
			}
		})
	}
}

func TestProse(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ in, want string }{
		"quotes and dashes stay":            {"it’s “so” — really --no", "it’s “so” — really --no"},
		"full-width letters stay":           {"カートを修正　ＯＫ", "カートを修正　ＯＫ"},
		"a person is read by name":          {"ask <@U1|dana>", "ask @dana"},
		"a channel is read by name":         {"see <#C1|deploys>", "see #deploys"},
		"nobody is called":                  {"<!channel> <!here>", "@channel @here"},
		"a link is what was typed":          {"<http://x.example|x.example>", "x.example"},
		"entities are undone once":          {"a &amp;amp; b &lt;!channel&gt;", "a &amp; b <!channel>"},
		"direction marks are dropped":       {"abc\u202edef\u2066", "abcdef"},
		"several lines become one":          {"a\nb\r\nc", "a b  c"},
		"space around is dropped":           {"  a ", "a"},
		"formatting is kept for the escape": {"*b* _i_ `c`", "*b* _i_ `c`"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := prose(c.in); got != c.want {
				t.Errorf("prose(%q) = %q, want %q", c.in, got, c.want)
			}
		})
	}
}

func TestAddress(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"<@U0BOT> deploy x": "deploy x", "<@U0BOT|bcn bot>  help": "help", "/bcn help": "help", "/BCN help": "help",
		"<@U0BOT>": "", "`/bcn help`": "help", "<@U0BOT> ```\nhelp\n```": "help", "`a` `b`": "`a` `b`", "`": "", "  ": "", "deploy <@U1>": "deploy <@U1>",
	} {
		if got := address(in, "/bcn"); got != want {
			t.Errorf("address(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestRewriteFor(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"hello production for 10m":          "hello production --for=10m",
		"hello for 10m --live":              "hello --for=10m --live",
		"hello production -- sleep for 10m": "hello production -- sleep for 10m",
		"hello for 10m -- wait for 5s":      "hello --for=10m -- wait for 5s",
		"for production":                    "for production",
		"web --for production":              "web --for production",
		"platform 10":                       "platform 10",
	} {
		if got := rewriteFor(in); got != want {
			t.Errorf("rewriteFor(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	names := []string{"hello", "shop", "production", "staging", "main", "west", "hello-admin"}
	for word, want := range map[string]string{
		"helo": "hello", "hell": "hello", "hlelo": "hello", "HELLO": "hello", "prod": "production", "prd": "production",
		"productoin": "production", "stg": "staging", "stag": "staging", "mian": "main", "mani": "main", "shpo": "shop", "shops": "shop",
		"xyzzy": "", "": "", "z": "", "pre": "", "helloadmin": "hello-admin", "wset": "west", "日本": "",
	} {
		if got := nearest(word, names); got != want {
			t.Errorf("nearest(%q) = %q, want %q", word, got, want)
		}
	}
	for word, want := range map[string]string{
		"depoly": "deploy", "dploy": "deploy", "deplyo": "deploy", "deploi": "deploy", "staus": "status", "stat": "status",
		"aprove": "approve", "approv": "approve", "rejct": "reject", "relases": "releases", "hlep": "help", "whomai": "whoami",
		"cancle": "cancel", "paln": "plan", "lsit": "", "rolback": "rollback", "scheduel": "schedule",
	} {
		if got := nearest(word, firstWords()); got != want {
			t.Errorf("nearest verb of %q = %q, want %q", word, got, want)
		}
	}
}
