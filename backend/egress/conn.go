package egress

import (
	"context"
	"io"
	"net"
)

// conn sends a request body that lies in memory in one write. The standard
// library copies it through a buffer of 32 KB that it makes for every request.
type conn struct{ *net.TCPConn }

// ReadFrom implements io.ReaderFrom for http.Transport.
func (c conn) ReadFrom(r io.Reader) (int64, error) {
	limited, ok := r.(*io.LimitedReader)
	if !ok {
		return c.TCPConn.ReadFrom(r)
	}
	memory, ok := limited.R.(interface {
		io.WriterTo
		Len() int
	})
	if !ok || int64(memory.Len()) > limited.N {
		return c.TCPConn.ReadFrom(r)
	}
	n, err := memory.WriteTo(c.TCPConn)
	limited.N -= n
	return n, err
}

// dialer wraps what it dials.
type dialer struct{ net.Dialer }

func (d *dialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := d.DialContext(ctx, network, address)
	if tcp, ok := c.(*net.TCPConn); ok && err == nil {
		return conn{tcp}, nil
	}
	return c, err
}
