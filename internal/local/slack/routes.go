package slack

import (
	"net"
	"net/http"

	"github.com/bcn-bot/bcn/internal/local/loopback"
)

// routes are all addresses of the workspace.
func (w *Workspace) routes() (http.Handler, error) {
	p, err := newPage(w)
	if err != nil {
		return nil, err
	}
	all := methods()
	mux := http.NewServeMux()
	mux.HandleFunc("/api/{method}", func(rw http.ResponseWriter, r *http.Request) { w.serveAPI(all, rw, r) })
	mux.HandleFunc("GET /link/", w.serveSocket)
	mux.HandleFunc("POST /commands/{team}/{key}", w.serveResponse)
	mux.HandleFunc("POST /actions/{team}/{key}", w.serveResponse)
	mux.HandleFunc("POST /upload/v1/{key}", w.serveUpload)
	mux.HandleFunc("GET /files/{id}/{key}", w.serveFile)
	p.mount(mux)
	// Web pages of others must not act here, with whatever they guess: the Host
	// check stops names that were pointed at loopback.
	return loopbackOnly(http.NewCrossOriginProtection().Handler(mux)), nil
}

// loopbackOnly refuses a request whose Host is not loopback.
func loopbackOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if !loopback.Is(host) {
			http.Error(rw, "this local Slack answers on loopback only", http.StatusForbidden)
			return
		}
		next.ServeHTTP(rw, r)
	})
}
