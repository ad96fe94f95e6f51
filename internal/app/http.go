package app

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/bcn-bot/bcn/internal/audit"
)

// socketGrace is how long bcn may be without a socket and still be ready:
// Slack renews connections every few hours.
const socketGrace = 2 * time.Minute

// serveHTTP listens for health checks and metrics.
func (a *App) serveHTTP() error {
	if a.o.Process.HTTPAddr == "" {
		return nil
	}
	l, err := net.Listen("tcp", a.o.Process.HTTPAddr) //nolint:noctx // listening does not wait
	if err != nil {
		return fmt.Errorf("listen on BCN_HTTP_ADDR: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", a.ready)
	mux.Handle("GET /metrics", promhttp.HandlerFor(a.metrics.registry, promhttp.HandlerOpts{}))
	if a.o.Config.Access.URL != "" {
		x := exchange(a.grant, audit.Key(a.o.Process.Key.Reveal()), a.log)
		mux.Handle("/v1/access", x)
		mux.Handle("/v1/access/", x)
	}
	deploys := a.deploys()
	mux.Handle("/v1/token", deploys)
	mux.Handle("/v1/heritages/", deploys)
	streams, end := context.WithCancel(context.Background())
	srv := &http.Server{
		Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		BaseContext: func(net.Listener) context.Context { return streams },
	}
	srv.RegisterOnShutdown(end)      // a stream lasts as long as its deploy; who reads it asks again
	go func() { _ = srv.Serve(l) }() // ends with ErrServerClosed when it is shut down
	a.onStop("http", srv.Shutdown)
	a.httpAddr = l.Addr().String()
	a.log.Info("listening", "addr", a.httpAddr)
	return nil
}

// ready says whether commands would be run now.
func (a *App) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	if err := a.store.Ping(ctx); err != nil {
		answer(w, http.StatusServiceUnavailable, "the database does not answer")
		return
	}
	if err := a.bot.Ready(socketGrace); err != nil {
		answer(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	answer(w, http.StatusOK, "ready")
}

func answer(w http.ResponseWriter, status int, word string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"status": word}) //nolint:errchkjson // the client may have gone
}
