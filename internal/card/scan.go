package card

import (
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/chat"
	"github.com/bcn-bot/bcn/internal/text"
)

// scan says what a scan of the image found that what runs does not have, or that
// nothing is known. A change that ended needs it no more.
func (p *Presenter) scan(v View) chat.Markup {
	if v.Plan == nil || v.Plan.Scan == nil || v.Change.State.Ended() {
		return ""
	}
	s := v.Plan.Scan
	if s.State != bcn.ScanComplete {
		return p.say(text.CardScanNone, text.Args{"state": string(s.State)})
	}
	var counts []string
	for _, c := range s.New {
		counts = append(counts, string(p.say(text.CardScanCount, text.Args{"n": c.Count, "severity": string(c.Severity)})))
	}
	out := []string{string(p.say(text.CardScan, text.Args{"counts": chat.Markup(strings.Join(counts, ", ")), "fixed": s.Fixed}))}
	for _, one := range s.Worst {
		out = append(out, string(p.say(text.CardScanOne, text.Args{
			"id": chat.Truncate(one.ID, 60), "package": chat.Truncate(one.Package, 60), "version": chat.Truncate(one.Version, 40),
			"fixed": chat.Truncate(one.FixedIn, 40), "severity": string(one.Severity),
		})))
	}
	named := len(s.Worst)
	if more := s.AtLeast(bcn.SeverityUndefined) - named; more > 0 {
		out = append(out, string(p.say(text.CardScanMore, text.Args{"n": more})))
	}
	if s.Before != "" && s.Before != bcn.ScanComplete {
		out = append(out, string(p.say(text.CardScanBefore, text.Args{"state": string(s.Before)})))
	}
	return chat.Markup(strings.Join(out, "\n"))
}
