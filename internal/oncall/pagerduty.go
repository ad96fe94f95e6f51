package oncall

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// PagerDutyAPI is where PagerDuty's REST API is, for accounts in its US region.
const PagerDutyAPI = "https://api.pagerduty.com/"

// Patience is how long one answer may take: who does not get one asks for
// approval, as without an on-call.
const Patience = 3 * time.Second

// Bounds of what is read. A page holds 100 at most (PagerDuty, Pagination).
const (
	pageSize = 100
	maxPages = 10
	maxBody  = 4 << 20
)

// PagerDuty reads who is on call (PagerDuty REST API v2, "List all of the
// on-calls"). Its token needs to read only. There is no other call, which is why
// there is no library.
type PagerDuty struct {
	url, token string
	http       *http.Client
	now        func() time.Time
}

// PagerDutyOptions is what a PagerDuty needs.
type PagerDutyOptions struct {
	URL   string // with a slash at its end; default PagerDutyAPI
	Token string
	Now   func() time.Time // default time.Now
}

// NewPagerDuty makes a client; it asks nobody.
func NewPagerDuty(o PagerDutyOptions) *PagerDuty {
	if o.URL == "" {
		o.URL = PagerDutyAPI
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &PagerDuty{url: o.URL, token: o.Token, now: o.Now, http: &http.Client{
		Timeout: Patience,
		// The token goes nowhere else.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// page is one page of the answer. Users are whole, with their address, because
// include[]=users asks for that.
type page struct {
	Oncalls []entry `json:"oncalls"`
	More    bool    `json:"more"`
}

type entry struct {
	Level int `json:"escalation_level"`
	User  struct {
		Email string `json:"email"`
	} `json:"user"`
	Schedule *struct {
		ID string `json:"id"`
	} `json:"schedule"`
	Start *time.Time `json:"start"` // null: always
	End   *time.Time `json:"end"`   // null: without an end
}

// primary says that an entry is of somebody who is on call now at the first
// level of the schedule.
func (e entry) primary(schedule string, now time.Time) bool {
	return e.Level == 1 && e.Schedule != nil && e.Schedule.ID == schedule && e.User.Email != "" &&
		(e.Start == nil || !now.Before(*e.Start)) && (e.End == nil || now.Before(*e.End))
}

// Primary answers the e-mail addresses of who is on call now at the first level
// of a schedule. Who is of another level is not asked first, and so is not on
// call.
func (p *PagerDuty) Primary(ctx context.Context, schedule string) ([]string, error) {
	var out []string
	for n := range maxPages {
		got, err := p.page(ctx, schedule, n*pageSize)
		if err != nil {
			return nil, fmt.Errorf("ask PagerDuty who is on call by %s: %w", schedule, err)
		}
		now := p.now()
		for _, e := range got.Oncalls {
			if e.primary(schedule, now) {
				out = append(out, strings.ToLower(e.User.Email))
			}
		}
		if !got.More {
			return out, nil
		}
	}
	return nil, fmt.Errorf("ask PagerDuty who is on call by %s: more than %d entries", schedule, maxPages*pageSize)
}

func (p *PagerDuty) page(ctx context.Context, schedule string, offset int) (page, error) {
	q := url.Values{
		"schedule_ids[]": {schedule}, "include[]": {"users"}, "earliest": {"true"},
		"limit": {strconv.Itoa(pageSize)}, "offset": {strconv.Itoa(offset)},
	}
	var out page
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+"oncalls?"+q.Encode(), http.NoBody)
	if err != nil {
		return out, err
	}
	req.Header.Set("Accept", "application/vnd.pagerduty+json;version=2")
	req.Header.Set("Authorization", "Token token="+p.token)
	res, err := p.http.Do(req)
	if err != nil {
		return out, err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxBody))
	if err != nil {
		return out, err
	}
	if res.StatusCode != http.StatusOK {
		return out, refusal(res.StatusCode, body)
	}
	if err := json.Unmarshal(body, &out); err != nil {
		return out, fmt.Errorf("read its answer: %w", err)
	}
	if out.Oncalls == nil {
		return out, errors.New("its answer holds no on-calls")
	}
	return out, nil
}

// refusal is what PagerDuty says went wrong, for the log.
func refusal(status int, body []byte) error {
	var said struct {
		Error struct {
			Message string `json:"message"`
			Code    int    `json:"code"`
		} `json:"error"`
	}
	_ = json.Unmarshal(body, &said) // also a proxy may have answered
	return fmt.Errorf("status %d, code %d %q", status, said.Error.Code, said.Error.Message)
}
