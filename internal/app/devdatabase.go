package app

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync"

	localaws "github.com/bcn-bot/bcn/internal/local/aws"
)

// database is what answers at the host of the sample's database, so that a
// forwarded port leads somewhere: it greets and says what it is told.
func (d *Dev) database(ctx context.Context) error {
	var listener net.ListenConfig
	l, err := listener.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("start the sample's database: %w", err)
	}
	var open sync.WaitGroup
	open.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return // closed
			}
			open.Go(func() { greet(ctx, c) })
		}
	})
	d.onStop("database of the sample", func(context.Context) error {
		err := l.Close()
		open.Wait()
		return err
	})
	return d.AWS.Sessions().PutHost(localaws.SampleDatabase, l.Addr().String())
}

// greet answers one connection until it is closed, or ctx ends.
func greet(ctx context.Context, c net.Conn) {
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	defer stop()
	defer func() { _ = c.Close() }()
	if _, err := fmt.Fprintln(c, "orders: connected through bcn"); err == nil {
		_, _ = io.Copy(c, c) // until either side ends it
	}
}
