package slack

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"
)

//go:embed web
var web embed.FS

// webPage is the page to type and click in.
type webPage struct {
	w    *Workspace
	tmpl *template.Template
}

func newPage(w *Workspace) (*webPage, error) {
	tmpl, err := template.ParseFS(web, "web/*.html")
	if err != nil {
		return nil, fmt.Errorf("reading the page's templates: %w", err)
	}
	return &webPage{w: w, tmpl: tmpl}, nil
}

func (p *webPage) mount(mux *http.ServeMux) {
	mux.HandleFunc("GET /{$}", p.show)
	mux.HandleFunc("GET /archives/{channel}/{message}", p.permalink)
	mux.HandleFunc("GET /stream", p.stream)
	mux.HandleFunc("GET /static/{file}", func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("X-Content-Type-Options", "nosniff")
		rw.Header().Set("Cache-Control", "no-cache")
		http.ServeFileFS(rw, r, web, "web/"+r.PathValue("file")) //nolint:gosec // of the files that are built in
	})
	mux.HandleFunc("POST /say", p.act(p.say))
	mux.HandleFunc("POST /click", p.act(p.click))
	mux.HandleFunc("POST /view", p.act(p.submit))
	mux.HandleFunc("POST /home", p.act(func(r *http.Request) (string, error) { return "", p.w.OpenHome(r.Form.Get("u")) }))
	mux.HandleFunc("POST /control", p.act(p.control))
}

// policy lets the page use what it brought itself, and nothing else.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

func (p *webPage) show(rw http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	p.w.mu.Lock()
	user, channel := q.Get("u"), q.Get("c")
	if u := p.w.user(user); u == nil || u.Bot {
		user = p.w.users[0].ID
	}
	if channel == "" && !q.Has("nav") {
		channel = p.w.sameOrFirst(p.w.user(user), "")
	}
	model := p.w.look(user, channel, q.Get("t"), q.Has("nav"))
	p.w.mu.Unlock()
	var buf bytes.Buffer
	if err := p.tmpl.ExecuteTemplate(&buf, "page.html", model); err != nil {
		p.w.opts.Log.Error("page", "error", err)
		http.Error(rw, "the page could not be made", http.StatusInternalServerError)
		return
	}
	h := rw.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	_, _ = buf.WriteTo(rw)
}

// permalink leads to the page, at the message's thread.
func (p *webPage) permalink(rw http.ResponseWriter, r *http.Request) {
	digits := strings.TrimPrefix(r.PathValue("message"), "p")
	ts := r.URL.Query().Get("thread_ts")
	if ts == "" && len(digits) > 6 {
		ts = digits[:len(digits)-6] + "." + digits[len(digits)-6:]
	}
	http.Redirect(rw, r, place(r.URL.Query().Get("u"), r.PathValue("channel"), ts), http.StatusSeeOther)
}

// stream tells the page that something changed; the page then asks for itself.
func (p *webPage) stream(rw http.ResponseWriter, r *http.Request) {
	p.w.mu.Lock()
	open := p.w.track()
	p.w.mu.Unlock()
	if !open {
		http.Error(rw, "closing", http.StatusServiceUnavailable)
		return
	}
	defer p.w.work.Done()
	rw.Header().Set("Content-Type", "text/event-stream")
	rw.Header().Set("Cache-Control", "no-store")
	rc := http.NewResponseController(rw)
	for {
		p.w.mu.Lock()
		changed := p.w.changed
		p.w.mu.Unlock()
		if _, err := fmt.Fprint(rw, "data: changed\n\n"); err != nil || rc.Flush() != nil {
			return
		}
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		case <-p.w.closing:
			return
		}
	}
}

// act runs what a form asks for. A script gets a status and a sentence; a plain
// form is led back to where it was.
func (p *webPage) act(do func(r *http.Request) (string, error)) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(rw, r.Body, 1<<20)
		if err := r.ParseForm(); err != nil {
			http.Error(rw, "the form could not be read", http.StatusBadRequest)
			return
		}
		note, err := do(r)
		scripted := r.Header.Get("X-Scripted") != ""
		switch {
		case err != nil && !errors.Is(err, context.Canceled):
			http.Error(rw, err.Error(), http.StatusUnprocessableEntity)
		case scripted:
			_, _ = fmt.Fprint(rw, note)
		default:
			http.Redirect(rw, r, place(r.Form.Get("u"), r.Form.Get("c"), r.Form.Get("t")), http.StatusSeeOther)
		}
	}
}

// say takes what was typed: a command, or a message.
func (p *webPage) say(r *http.Request) (string, error) {
	user, channel, thread := r.Form.Get("u"), r.Form.Get("c"), r.Form.Get("t")
	text := strings.TrimSpace(strings.ReplaceAll(r.Form.Get("text"), "\r\n", "\n"))
	if !strings.HasPrefix(text, "/") {
		_, err := p.w.Say(r.Context(), user, channel, thread, text)
		return "", err
	}
	command, rest, _ := strings.Cut(text, " ")
	p.w.mu.Lock()
	_, _, err := p.w.present(user, channel)
	p.w.mu.Unlock()
	switch {
	case err != nil:
		return "", err
	case command != p.w.opts.Command:
		p.w.tell(user, channel, thread, escaper.Replace(command)+" is not a valid command.", "invalid_command")
		return "", nil
	case thread != "":
		p.w.tell(user, channel, thread, command+" is not supported in threads. Sorry! Mention <@"+BotUserID+"> instead.", "not_in_threads")
		return "", nil
	}
	_, err = p.w.Slash(r.Context(), user, channel, strings.TrimSpace(rest))
	return "", err // Slack's own words on a failure are in the channel
}

func (p *webPage) click(r *http.Request) (string, error) {
	if r.Form.Has("home") {
		_, err := p.w.ClickHome(r.Context(), r.Form.Get("u"), r.Form.Get("press"))
		return "", err
	}
	m, ok := p.w.Message(r.Form.Get("c"), r.Form.Get("ts"))
	if !ok {
		return "", errors.New("the message is gone")
	}
	_, err := p.w.Click(r.Context(), r.Form.Get("u"), m, r.Form.Get("press"))
	return "", err
}

// submit sends or closes a modal; its fields are named v/{block}/{action}.
func (p *webPage) submit(r *http.Request) (string, error) {
	user, id := r.Form.Get("u"), r.Form.Get("view")
	if r.Form.Has("close") {
		p.w.CloseView(user, id)
		return "", nil
	}
	values := map[string]map[string]string{}
	for key := range r.PostForm {
		parts := strings.SplitN(key, "/", 3)
		if len(parts) == 3 && parts[0] == "v" {
			values[parts[1]] = map[string]string{parts[2]: strings.ReplaceAll(r.PostForm.Get(key), "\r\n", "\n")}
		}
	}
	faults, err := p.w.Submit(r.Context(), user, id, values)
	if err != nil {
		return "", err
	}
	for _, text := range faults {
		return "", errors.New(text)
	}
	return "", nil
}

func (p *webPage) control(r *http.Request) (string, error) {
	i := slices.IndexFunc(p.w.opts.Controls, func(c Control) bool { return c.ID == r.Form.Get("id") })
	if i < 0 {
		return "", errors.New("no such control")
	}
	return p.w.opts.Controls[i].Do(r)
}
