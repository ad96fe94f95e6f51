// Package ticket looks up the ticket that a reason names, in whatever system
// answers with JSON under an address that bot.yaml gives. A system that does not
// answer clearly is never taken for a yes.
package ticket

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/config"
)

const (
	patience  = 3 * time.Second // for one look-up, redirects included
	maxAnswer = 1 << 20         // bytes of an answer
	maxHops   = 3               // redirects, all on the host that was asked
	maxTicket = 100             // characters of a ticket's number
)

// Options is what a Client needs.
type Options struct {
	// Token is sent to the system: as Basic where it holds a colon
	// (user:password, as Jira Cloud takes mail:token), else as Bearer. It may be
	// unset.
	Token     config.Secret
	People    []config.Person
	Transport http.RoundTripper // nil: Go's own
	Log       *slog.Logger
}

// Client looks tickets up.
type Client struct {
	o    Options
	http *http.Client
}

// New makes a Client.
func New(o Options) *Client {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Client{o: o, http: &http.Client{Transport: o.Transport, Timeout: patience, CheckRedirect: stayHere}}
}

var errElsewhere = errors.New("the ticket system sends elsewhere")

// stayHere follows redirects within the scheme and host that were asked: the
// token is for no other, and no other may say that a ticket is open.
func stayHere(next *http.Request, via []*http.Request) error {
	first := via[0].URL
	if len(via) > maxHops || next.URL.Scheme != first.Scheme || next.URL.Host != first.Host {
		return errElsewhere
	}
	return nil
}

// Check looks the ticket of a reason up. person is the requester's Slack user
// id. Errors: no_ticket, ticket_unknown, ticket_closed, ticket_assignee,
// could_not_check.
func (c *Client) Check(ctx context.Context, t config.Ticket, reason, person string) error {
	id := t.Find(reason)
	if !plain(id) {
		return bcn.E(bcn.CodeNoTicket, "wants", t.Pattern)
	}
	answer, found, err := c.get(ctx, address(t.URL, id))
	if err != nil {
		// The address of a failed call may hold what is not for people.
		c.o.Log.Warn("look up a ticket", "ticket", id, "error", bare(err))
		return bcn.E(bcn.CodeCouldNotCheck, "what", "ticket "+id).Wrap(bare(err))
	}
	if !found {
		return bcn.E(bcn.CodeTicketUnknown, "ticket", id)
	}
	status := at(answer, t.Status)
	if len(status) != 1 || !slices.ContainsFunc(t.Open, func(open string) bool { return strings.EqualFold(open, status[0]) }) {
		return bcn.E(bcn.CodeTicketClosed, "ticket", id, "status", clip(strings.Join(status, ", ")), "open", strings.Join(t.Open, ", "))
	}
	if t.Assignee != "" && !c.isOne(at(answer, t.Assignee), person) {
		return bcn.E(bcn.CodeTicketAssignee, "ticket", id)
	}
	return nil
}

// plain says that what the pattern found can be part of an address without
// leading to another place.
func plain(id string) bool {
	return id != "" && len(id) <= maxTicket && !strings.Contains(id, "..") && id != "." &&
		!strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '/' || r == '\\' })
}

// address puts the ticket into its place, quoted for where that is.
func address(template, id string) string {
	path, query, _ := strings.Cut(template, "?")
	out := strings.ReplaceAll(path, config.TicketPlace, url.PathEscape(id))
	if query != "" {
		out += "?" + strings.ReplaceAll(query, config.TicketPlace, url.QueryEscape(id))
	}
	return out
}

// get reads a JSON document; false: the system says that there is none.
func (c *Client) get(ctx context.Context, at string) (any, bool, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, http.NoBody)
	if err != nil {
		return nil, false, err
	}
	req.Header.Set("Accept", "application/json")
	if c.o.Token.Set() {
		if user, password, ok := strings.Cut(c.o.Token.Reveal(), ":"); ok {
			req.SetBasicAuth(user, password)
		} else {
			req.Header.Set("Authorization", "Bearer "+c.o.Token.Reveal())
		}
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, false, err
	}
	defer func() { _ = res.Body.Close() }()
	switch res.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound, http.StatusGone:
		return nil, false, nil
	default:
		return nil, false, fmt.Errorf("the ticket system answers %d", res.StatusCode)
	}
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil {
		return nil, false, err
	}
	if len(raw) > maxAnswer {
		return nil, false, fmt.Errorf("the answer is longer than %d bytes", maxAnswer)
	}
	var answer any
	if err := json.Unmarshal(raw, &answer); err != nil {
		return nil, false, errors.New("the answer is not JSON")
	}
	return answer, true, nil
}

// bare drops the address from a failed call's error.
func bare(err error) error {
	var e *url.Error
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}

// isOne says whether one of the accounts is the person's: as bot.yaml's people
// say, never a profile that they may edit themselves.
func (c *Client) isOne(accounts []string, person string) bool {
	known := []string{person}
	for _, p := range c.o.People {
		if p.Slack == person {
			known = append(known, p.Email, p.GitHub)
		}
	}
	return slices.ContainsFunc(accounts, func(a string) bool {
		return a != "" && slices.ContainsFunc(known, func(k string) bool { return strings.EqualFold(a, k) })
	})
}

// at answers the texts and numbers at a place in the answer: of lists those of
// every item.
func at(v any, path string) []string {
	switch x := v.(type) {
	case []any:
		var out []string
		for _, item := range x {
			out = append(out, at(item, path)...)
		}
		return out
	case map[string]any:
		if path == "" {
			return nil
		}
		key, rest, _ := strings.Cut(path, ".")
		return at(x[key], rest)
	}
	if path != "" {
		return nil
	}
	switch x := v.(type) {
	case string:
		return []string{x}
	case float64, bool:
		return []string{fmt.Sprint(x)}
	}
	return nil
}

func clip(s string) string {
	const limit = 80
	if r := []rune(s); len(r) > limit {
		return string(r[:limit]) + "..."
	}
	return s
}
