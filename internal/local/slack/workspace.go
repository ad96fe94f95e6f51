package slack

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/bcn-bot/bcn/internal/local/loopback"
)

// Workspace is one running local Slack. Its methods may be called from any
// goroutine.
type Workspace struct {
	opts     Options
	botToken string
	appToken string
	schema   *blockSchema
	handler  http.Handler
	server   *http.Server
	base     string // http://host:port, once started

	mu        sync.Mutex
	changed   chan struct{} // closed and replaced at every change
	users     []*User
	groups    []*Group
	channels  []*Channel
	lastTS    int64
	serial    int
	replies   map[string]*responseURL // by secret
	triggers  map[string]*trigger
	forgetAt  int // how many triggers and addresses may be there before old ones go
	views     map[string]*View
	files     map[string]*File
	faults    []*activeFault
	limiters  map[string]*limiter
	sockets   []*socket
	turn      int // which socket is next
	linkOff   bool
	revoked   bool
	tickets   map[string]bool
	pending   map[string]*delivery         // by envelope id
	lastRead  map[string]map[string]string // by person and channel
	delivered map[string]int               // deliveries per kind, for tests and the page

	closing chan struct{}
	work    sync.WaitGroup // sockets and streams
}

// New makes a workspace with the people, groups and channels of DESIGN.md,
// section 8. It opens nothing; call Start, or serve Handler.
func New(o Options) (*Workspace, error) {
	schema, err := newBlockSchema()
	if err != nil {
		return nil, err
	}
	w := &Workspace{
		opts:     o.withDefaults(),
		botToken: "xoxb-0LOCAL-" + secret(),
		appToken: "xapp-1-" + AppID + "-" + secret(),
		schema:   schema,
		changed:  make(chan struct{}), closing: make(chan struct{}),
		users: seedUsers(), groups: seedGroups(), channels: seedChannels(),
		replies: map[string]*responseURL{}, triggers: map[string]*trigger{}, views: map[string]*View{},
		files: map[string]*File{}, limiters: map[string]*limiter{}, tickets: map[string]bool{},
		pending: map[string]*delivery{}, lastRead: map[string]map[string]string{}, delivered: map[string]int{},
	}
	if w.handler, err = w.routes(); err != nil {
		return nil, err
	}
	return w, nil
}

// Start listens on addr, which must be loopback (port 0: any), and serves until
// Close or the end of ctx.
func (w *Workspace) Start(ctx context.Context, addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("address of the local Slack: %w", err)
	}
	if !loopback.Is(host) {
		return fmt.Errorf("address of the local Slack: %s is not loopback", addr)
	}
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("listening for the local Slack: %w", err)
	}
	w.Attach("http://" + ln.Addr().String())
	w.server = &http.Server{Handler: w.handler, ReadHeaderTimeout: 10 * time.Second}
	w.work.Go(func() { _ = w.server.Serve(ln) })
	context.AfterFunc(ctx, func() { _ = w.Close() })
	return nil
}

// Attach says under which base address (http://host:port, without a final
// slash) the Handler is served, when something else than Start serves it.
func (w *Workspace) Attach(base string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.base = base
}

// Close ends all sockets and streams and waits for them. It may be called
// again.
func (w *Workspace) Close() error {
	w.mu.Lock()
	select {
	case <-w.closing:
	default:
		close(w.closing)
	}
	sockets := slices.Clone(w.sockets)
	for _, d := range w.pending {
		d.stopTimer()
	}
	w.mu.Unlock()
	for _, s := range sockets {
		s.cut()
	}
	var err error
	if w.server != nil {
		if err = w.server.Close(); errors.Is(err, http.ErrServerClosed) {
			err = nil
		}
	}
	w.work.Wait()
	return err
}

// track counts one more goroutine that Close waits for, unless it has begun;
// the goroutine ends with w.work.Done. The lock is held.
func (w *Workspace) track() bool {
	select {
	case <-w.closing:
		return false
	default:
		w.work.Add(1)
		return true
	}
}

// Handler serves the page, the Web API below /api/, the sockets and the
// response addresses.
func (w *Workspace) Handler() http.Handler { return w.handler }

// URL is the page's address.
func (w *Workspace) URL() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.base + "/"
}

// APIURL is the Web API's address, for SLACK_API_URL; it ends in /api/.
func (w *Workspace) APIURL() string { return w.URL() + "api/" }

// BotToken is the token of the installed app (xoxb-).
func (w *Workspace) BotToken() string { return w.botToken }

// AppToken is the app-level token for Socket Mode (xapp-).
func (w *Workspace) AppToken() string { return w.appToken }

// change wakes everyone who waits for the state to move. The lock is held.
func (w *Workspace) change() {
	close(w.changed)
	w.changed = make(chan struct{})
}

// nextID makes a predictable id. The lock is held.
func (w *Workspace) nextID(prefix string) string {
	w.serial++
	return fmt.Sprintf("%s%08d", prefix, w.serial)
}

// nextTS makes a message's timestamp: seconds and microseconds, never twice.
// The lock is held.
func (w *Workspace) nextTS() string {
	now := w.opts.Clock.Now().UnixMicro()
	w.lastTS = max(w.lastTS+1, now)
	return fmt.Sprintf("%d.%06d", w.lastTS/1e6, w.lastTS%1e6)
}

func (w *Workspace) user(id string) *User {
	i := slices.IndexFunc(w.users, func(u *User) bool { return u.ID == id })
	if i < 0 {
		return nil
	}
	return w.users[i]
}

func (w *Workspace) channel(id string) *Channel {
	i := slices.IndexFunc(w.channels, func(c *Channel) bool { return c.ID == id })
	if i < 0 {
		return nil
	}
	return w.channels[i]
}

// im is a person's direct message with the bot; it is made when first needed.
func (w *Workspace) im(user string) *Channel {
	if c := w.channel(imID(user)); c != nil {
		return c
	}
	c := &Channel{ID: imID(user), IM: user, Members: []string{user, BotUserID}}
	w.channels = append(w.channels, c)
	return c
}

func (c *Channel) has(user string) bool { return slices.Contains(c.Members, user) }

func (c *Channel) find(ts string) *Message {
	i := slices.IndexFunc(c.messages, func(m *Message) bool { return m.TS == ts })
	if i < 0 {
		return nil
	}
	return c.messages[i]
}

func secret() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return hex.EncodeToString(b[:])
}
