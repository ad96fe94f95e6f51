package roles

import (
	"fmt"
	"sort"
	"strings"
)

// Table answers every statement with its reason, as Markdown for
// docs/security.md.
func Table(in Input) (string, error) {
	in = in.defaults()
	if err := in.check(); err != nil {
		return "", err
	}
	var b strings.Builder
	for _, part := range []struct {
		title string
		list  []statement
	}{
		{"Who may assume the bot's role", trust(in)},
		{"The bot's role", bot(in)},
		{"The bot's role, what it reads", readStatements(in)},
		{"Who may assume CloudFormation's role", cfnTrust()},
		{"CloudFormation's role", cfn(in)},
		{"CloudFormation's role, for districts that bcn makes", network(in)},
		{"CloudFormation's role, for districts with machines", machines(in)},
		{"Who may assume the Scheduler's role", schedulerTrust(in)},
		{"The Scheduler's role", scheduler(in)},
		{"The permissions boundary", boundary(in)},
	} {
		fmt.Fprintf(&b, "### %s\n\n| statement | may | on | if | why |\n|---|---|---|---|---|\n", part.title)
		for _, s := range part.list {
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", s.Sid, codes(s.Action), codes(s.Resource), s.conditions(), s.Why)
		}
		b.WriteString("\n")
	}
	return b.String(), nil
}

func codes(list []string) string {
	quoted := make([]string, len(list))
	for i, s := range list {
		quoted[i] = "`" + s + "`"
	}
	return strings.Join(quoted, "<br>")
}

func (s statement) conditions() string {
	var list []string
	for operator, keys := range s.Condition {
		for key, value := range keys {
			list = append(list, key+" "+operator+" "+strings.Trim(fmt.Sprint(value), "[]"))
		}
	}
	sort.Strings(list)
	return codes(list)
}
