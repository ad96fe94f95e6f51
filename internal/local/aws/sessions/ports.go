package sessions

import (
	"errors"
	"fmt"
	"net"
	"regexp"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// destination is the one host and port that a session forwards.
type destination struct{ host, port, local string }

// address is what PutHost knows it by.
func (d destination) address() string { return net.JoinHostPort(d.host, d.port) }

// properties are what the handshake tells the plugin.
func (d destination) properties() map[string]any {
	return map[string]any{"host": d.host, "portNumber": d.port, "localPortNumber": d.local, "type": "LocalPortForwarding"}
}

// PutHost lets sessions that forward the port of a host reach addr in its
// place. name is the host and port as a session document has them
// (db.internal:5432); addr is host:port on loopback. Without it a host is
// reached only if it is loopback itself.
func (s *Service) PutHost(name, addr string) error {
	if _, _, err := net.SplitHostPort(name); err != nil {
		return fmt.Errorf("name of a host: %w", err)
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("address of a host: %w", err)
	}
	if !loopback(host) {
		return fmt.Errorf("the local AWS reaches loopback only, not %q", addr)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hosts[strings.ToLower(name)] = addr
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

var errUnreachable = errors.New("the local AWS knows no such host")

// dialLimit is how long a destination may take, by the machine's clock.
const dialLimit = 5 * time.Second

// dialer reaches a destination.
func (s *Service) dialer(d destination) func() (net.Conn, error) {
	return func() (net.Conn, error) {
		s.mu.Lock()
		addr, known := s.hosts[strings.ToLower(d.address())]
		s.mu.Unlock()
		if !known {
			if !loopback(d.host) {
				return nil, errUnreachable
			}
			addr = d.address()
		}
		return net.DialTimeout("tcp", addr, dialLimit) //nolint:noctx // outlives the call that opened the session; on loopback it is at once
	}
}

var (
	placeholder = regexp.MustCompile(`^\{\{\s*(\w+)\s*\}\}$`)
	hostForm    = regexp.MustCompile(`^[A-Za-z0-9._:-]{1,255}$`) // a name or an address
	portNumber  = regexp.MustCompile(`^([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])$`)
	localPort   = regexp.MustCompile(`^0$|` + portNumber.String())
)

// portDocument is AWS's own document that forwards a port; to another host than
// the target itself, where it has a parameter for that.
func portDocument(remote bool) map[string]any {
	parameters := map[string]any{"portNumber": map[string]any{"default": "80"}, "localPortNumber": map[string]any{"default": "0"}}
	properties := map[string]any{"portNumber": "{{ portNumber }}", "localPortNumber": "{{ localPortNumber }}", "type": "LocalPortForwarding"}
	if remote {
		parameters["host"] = map[string]any{"default": "localhost"}
		properties["host"] = "{{ host }}"
	}
	return map[string]any{"sessionType": "Port", "parameters": parameters, "properties": properties}
}

// destinationOf is what a document of type Port forwards, with the parameters
// that the caller gave in their places.
func destinationOf(name string, doc, given map[string]any) (*destination, error) {
	parameters, _ := doc["parameters"].(map[string]any)
	for k := range given {
		if _, ok := parameters[k]; !ok {
			return nil, wire.Errorf("InvalidParameters", "The document %s has no parameter %s.", name, k)
		}
		if l := texts(given, k); len(l) != 1 || l[0] == "" {
			return nil, wire.Errorf("InvalidParameters", "The parameter %s needs one value.", k)
		}
	}
	properties, _ := doc["properties"].(map[string]any)
	value := func(key, otherwise string) string {
		v := str(properties, key)
		if m := placeholder.FindStringSubmatch(v); m != nil {
			parameter, _ := parameters[m[1]].(map[string]any)
			v = str(parameter, "default")
			if l := texts(given, m[1]); len(l) == 1 {
				v = l[0]
			}
		}
		if v == "" {
			return otherwise
		}
		return v
	}
	d := &destination{host: value("host", "localhost"), port: value("portNumber", ""), local: value("localPortNumber", "0")}
	if !portNumber.MatchString(d.port) || !localPort.MatchString(d.local) || !hostForm.MatchString(d.host) {
		return nil, wire.Errorf("InvalidParameters", "The document %s forwards no port with these parameters.", name)
	}
	return d, nil
}
