package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// glance is how long the visitor waits for something to appear: a deploy on
// the local AWS takes some seconds, its rollback some more. spell is how long
// for what comes at its time: access of four minutes ends.
const glance, spell = 2 * time.Minute, 5 * time.Minute

// gesture bounds one click or key press.
const gesture = 20 * time.Second

// visitor is somebody in front of the page. After the first thing that is not
// as it should be, err says what, and all else does nothing: steps read as what
// a person does.
type visitor struct {
	tab      context.Context //nolint:containedctx // chromedp's tab is a context
	cancels  []context.CancelFunc
	base     string
	out      string
	profile  string
	pictures int
	err      error

	patience time.Duration // glance, or spell for a while
	engineer *engineer     // with terminals beside the browser

	shell, two, four, more *terminal // of access, by the name under which it was asked for

	ahead time.Duration // how far the clocks were moved

	user, channel string
	asked         map[string]string // what a step remembers for later ones: numbers, timestamps
}

// Users and channels of the local workspace.
const (
	dana, lee, olu, yuki, ada   = "U0DEV", "U0LEAD", "U0ONCALL", "U0YUKI", "U0ADMIN"
	deploys, announce, security = "C0DEPLOYS", "C0DEPLOY", "C0SEC"
)

func openBrowser(ctx context.Context, path, base, out string) (*visitor, error) {
	profile, err := os.MkdirTemp("", "bcn-tour-profile-")
	if err != nil {
		return nil, err
	}
	w := &visitor{base: base, out: out, profile: profile, patience: glance, asked: map[string]string{}}
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path), chromedp.UserDataDir(profile), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.Flag("disable-quic", true), chromedp.Flag("hide-scrollbars", true),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.Flag("force-color-profile", "srgb"), chromedp.Env("TZ=UTC"),
	}
	browser, cancel := chromedp.NewExecAllocator(ctx, options...)
	tab, cancelTab := chromedp.NewContext(browser)
	w.tab, w.cancels = tab, []context.CancelFunc{cancel, cancelTab}
	if w.err = chromedp.Do(tab); w.err == nil { // starts the browser, without a deadline
		w.desk()
	}
	if w.err != nil {
		w.close()
		return nil, fmt.Errorf("start %s: %w", path, w.err)
	}
	return w, nil
}

func (w *visitor) close() {
	for i := len(w.cancels) - 1; i >= 0; i-- {
		w.cancels[i]()
	}
	_ = os.RemoveAll(w.profile)
}

// do runs gestures in the browser, unless something was wrong before.
func (w *visitor) do(what string, actions ...chromedp.Action[chromedp.Void]) {
	if w.err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(w.tab, gesture)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		w.err = fmt.Errorf("%s: %w", what, err)
	}
}

// desk and phone are the sizes of what the visitor looks at.
func (w *visitor) desk() {
	w.do("resize", chromedp.EmulateViewport(1280, 900))
}

func (w *visitor) phone() {
	w.do("resize", chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile))
}

// as opens a channel as a person, with a thread beside it where one is named.
func (w *visitor) as(user, channel, thread string) {
	w.user, w.channel = user, channel
	q := url.Values{"u": {user}, "c": {channel}}
	if thread != "" {
		q.Set("t", thread)
	}
	w.do("open the page", chromedp.Navigate(w.base+"?"+q.Encode()))
	w.until("the page", func() bool { return w.text("#messages") != "" })
}

// type1 types into the box below the channel and presses Enter, and answers the
// timestamp of the bot's next message there.
func (w *visitor) type1(text string) string {
	last := w.lastFromBot()
	w.click(`#composer`)
	w.do("type", insert(text), enter)
	var ts string
	w.until(`something new from bcn in the channel`, func() bool {
		ts = w.lastFromBot()
		return ts != "" && ts != last
	})
	return ts
}

func (w *visitor) lastFromBot() string {
	return w.script(`[...document.querySelectorAll('#messages article[data-author=U0BCN]')].at(-1)?.dataset.ts ?? ''`)
}

// lastPosted is the newest message of the bot that everybody sees.
func (w *visitor) lastPosted() string {
	return w.script(`[...document.querySelectorAll('#messages article[data-author=U0BCN]:not([data-ephemeral])')].at(-1)?.dataset.ts ?? ''`)
}

// script answers what a JavaScript expression says.
func (w *visitor) script(js string) string {
	if w.err != nil {
		return ""
	}
	var s string
	s, w.err = chromedp.Run(w.tab, chromedp.Evaluate[string](js))
	return s
}

// run runs JavaScript whose value does not matter.
func (w *visitor) run(js string) { w.do(js, chromedp.Evaluate[chromedp.Void](js)) }

// text is what a reader sees of the first element that fits, or "".
func (w *visitor) text(selector string) string {
	name, _ := json.Marshal(selector)
	return strings.NewReplacer("\u00a0", " ", "\u2060", "").Replace(w.script(`document.querySelector(` + string(name) + `)?.innerText ?? ''`))
}

// until looks again and again until ok says yes.
func (w *visitor) until(what string, ok func() bool) {
	if w.err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(w.tab, w.patience)
	defer cancel()
	again := time.NewTicker(40 * time.Millisecond)
	defer again.Stop()
	for w.err == nil && !ok() {
		select {
		case <-again.C:
		case <-ctx.Done():
			w.err = fmt.Errorf("waited %s for %s", w.patience, what)
		}
	}
}

// inTime is what is worth waiting for.
func (w *visitor) inTime(do func()) {
	w.patience = spell
	do()
	w.patience = glance
}

// see waits until an element says all of these.
func (w *visitor) see(selector string, words ...string) {
	if w.err != nil {
		return
	}
	var missing, got string
	w.until(selector, func() bool {
		got = w.text(selector)
		missing = lacking(got, words)
		return got != "" && missing == ""
	})
	if w.err != nil && w.tab.Err() == nil {
		w.err = fmt.Errorf("%w to say %q; it says:\n%s", w.err, missing, got)
	}
}

// lacking is the first of the words that a text does not have, in any case.
func lacking(text string, words []string) string {
	for _, word := range words {
		if !strings.Contains(strings.ToLower(text), strings.ToLower(word)) {
			return word
		}
	}
	return ""
}

// unseen checks that an element says none of these now.
func (w *visitor) unseen(selector string, words ...string) {
	got := w.text(selector)
	for _, word := range words {
		if w.err == nil && strings.Contains(strings.ToLower(got), strings.ToLower(word)) {
			w.err = fmt.Errorf("%s says %q:\n%s", selector, word, got)
		}
	}
}

// message is the selector of a message in the channel, reply of one in the
// thread.
func message(ts string) string { return `#messages article[data-ts="` + ts + `"]` }

// latest is the newest message that only this person sees.
const latest = `#messages article[data-ephemeral]:last-of-type`

// press clicks a card's button.
func (w *visitor) press(ts, action string) {
	w.click(message(ts) + ` [data-action-id^="bcn:` + action + `:"]`)
}

func (w *visitor) yes() {
	w.click(`#confirm button[value=yes]`)
}

// leeApproves approves a card as the lead, and is lee from then on.
func (w *visitor) leeApproves(ts string) {
	w.as(lee, deploys, "")
	w.press(ts, "approve")
	w.yes()
}

// click moves the mouse to the middle of an element and clicks there. The page
// renders its cards anew as they change, so the element is looked for by what
// it is at that moment.
func (w *visitor) click(selector string) {
	name, _ := json.Marshal(selector)
	var x, y float64
	w.until(selector+" to click on", func() bool {
		at := w.script(`(e => {
			if (!e) { return '' }
			e.scrollIntoView({block: 'nearest'});
			const r = e.getBoundingClientRect();
			return r.width ? (r.x + r.width / 2) + ' ' + (r.y + r.height / 2) : '' })(document.querySelector(` + string(name) + `))`)
		n, _ := fmt.Sscan(at, &x, &y)
		return n == 2
	})
	w.do("click on "+selector, chromedp.MouseClickXY(x, y))
}

// insert writes text where the cursor is, and enter presses Enter, as one event
// that the page may keep from making a line.
func insert(text string) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, t *chromedp.Target) (none chromedp.Void, err error) {
		_, err = cdp.Call(ctx, t, input.InsertText, input.InsertTextParams{Text: text})
		return none, err
	}
}

func enter(ctx context.Context, t *chromedp.Target) (none chromedp.Void, err error) {
	key := input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyDown, Key: "Enter", Code: "Enter", Text: "\r", WindowsVirtualKeyCode: 13}
	if _, err = cdp.Call(ctx, t, input.DispatchKeyEvent, key); err != nil {
		return none, err
	}
	key.Type, key.Text = input.DispatchKeyEventTypeKeyUp, ""
	_, err = cdp.Call(ctx, t, input.DispatchKeyEvent, key)
	return none, err
}

// bottom shows the end of a region, as a reader who scrolls down.
func (w *visitor) bottom(selector string) {
	name, _ := json.Marshal(selector)
	w.run(`(e => { e.scrollTop = e.scrollHeight })(document.querySelector(` + string(name) + `))`)
}

// top shows an element at the upper edge of the region that holds it, and looks
// again whether it stays there: the page may just be showing something new.
func (w *visitor) top(selector string) {
	name, _ := json.Marshal(selector)
	w.until(selector+" at the top", func() bool {
		return w.script(`(e => {
			if (!e) { return 'none' }
			const before = e.getBoundingClientRect().top;
			e.scrollIntoView({block: 'start'});
			return before === e.getBoundingClientRect().top ? 'still' : 'moved' })(document.querySelector(`+string(name)+`))`) == "still"
	})
}

// keep takes a picture.
func (w *visitor) keep(name string) {
	w.keepAs(fmt.Sprintf("tour-%02d-%s.png", w.pictures+1, name))
	w.pictures++
}

func (w *visitor) keepAs(file string) {
	w.run(`document.activeElement?.blur(); (e => { if (e) { e.hidden = true } })(document.querySelector('#notice'))`)
	w.run(cutSealed)
	if w.err != nil {
		return
	}
	raw, err := chromedp.Run(w.tab, chromedp.CaptureScreenshot())
	if err == nil {
		raw, err = shrink(raw)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(w.out, file), raw, 0o644) //nolint:gosec // a picture for everyone
	}
	w.err = err
}

// cutSealed leaves the beginning of what is sealed, also when the page shows it
// anew: no picture needs more.
const cutSealed = `(() => {
	const most = 20;
	const cut = () => {
		let inside = false;
		for (const e of document.querySelectorAll('article[data-ephemeral] pre')) {
			if (!e.innerText.startsWith('bcn-sealed-')) { if (inside) { e.remove() }; continue }
			inside = true;
			if (e.innerText.length > most + 1) { e.innerText = e.innerText.slice(0, most) + '…' }
		}
	};
	cut();
	window.sealed ??= new MutationObserver(cut);
	window.sealed.observe(document.body, {childList: true, subtree: true, characterData: true})
})()`

// keepFailure takes a picture of where the tour stopped.
func (w *visitor) keepFailure() {
	err := w.err
	w.err = nil
	w.keepAs("tour-failed.png")
	w.err = errors.Join(err, w.err)
}
