// Package loopback serves the local parts: on this machine, to this machine.
package loopback

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// Server serves HTTP on an address of the loopback interface. The zero Server
// is ready to be started, once.
type Server struct {
	http *http.Server
	base string
	done chan struct{}
}

// Start listens on an address of the loopback interface, such as 127.0.0.1:0,
// and refuses any other. what names the part in errors.
func (s *Server) Start(what, addr string, h http.Handler) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if !Is(host) {
		return fmt.Errorf("%s: %s is not a loopback address", what, host)
	}
	listener, err := net.Listen("tcp", addr) //nolint:noctx // listening does not wait
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	s.base = "http://" + listener.Addr().String() + "/"
	s.http = &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	s.done = make(chan struct{})
	go func() {
		defer close(s.done)
		_ = s.http.Serve(listener) // ErrServerClosed, after Close
	}()
	return nil
}

// URL is where it listens, with a slash at its end; "" before Start.
func (s *Server) URL() string { return s.base }

// Close stops listening and cuts what is open.
func (s *Server) Close() error {
	if s.http == nil {
		return nil
	}
	err := s.http.Close()
	<-s.done
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// Is says whether a host, without its port, is this machine.
func Is(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
