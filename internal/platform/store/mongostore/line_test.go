package mongostore_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
)

// line is a TCP line to the server that a test can harm.
type line struct {
	listener net.Listener
	server   string

	mu    sync.Mutex
	conns map[net.Conn]struct{}
	dead  bool   // new connections are closed at once
	prey  string // the name of a command to be struck
	after bool   // strike when the server has done it, else before it hears of it
}

// newLine makes a line to the server of a connection string, and the connection string that goes through it.
func newLine(t *testing.T, uri string) (*line, string) {
	t.Helper()
	u, err := url.Parse(uri)
	if err != nil {
		t.Fatal(err)
	}
	var lc net.ListenConfig
	listener, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &line{listener: listener, server: u.Host, conns: map[net.Conn]struct{}{}}
	u.Host = listener.Addr().String()
	var serving sync.WaitGroup
	serving.Go(func() { l.serve(t.Context(), &serving) })
	t.Cleanup(func() {
		_ = listener.Close()
		l.cut()
		serving.Wait()
	})
	return l, u.String()
}

func (l *line) serve(ctx context.Context, serving *sync.WaitGroup) {
	for {
		near, err := l.listener.Accept()
		if err != nil {
			return
		}
		serving.Go(func() { l.join(ctx, near) })
	}
}

// join passes bytes both ways until either side is closed.
func (l *line) join(ctx context.Context, near net.Conn) {
	var d net.Dialer
	far, err := d.DialContext(ctx, "tcp", l.server)
	if err != nil {
		_ = near.Close()
		return
	}
	l.mu.Lock()
	l.conns[near], l.conns[far] = struct{}{}, struct{}{}
	if l.dead {
		_, _ = near.Close(), far.Close()
	}
	l.mu.Unlock()
	struck := make(chan struct{})
	var both sync.WaitGroup
	both.Go(func() { l.there(near, far, struck) })
	both.Go(func() { l.back(far, near, struck) })
	both.Wait()
	l.mu.Lock()
	delete(l.conns, near)
	delete(l.conns, far)
	l.mu.Unlock()
}

// there passes on what the driver sends, and strikes the command it was told to.
func (l *line) there(near, far net.Conn, struck chan<- struct{}) {
	defer func() { _, _ = near.Close(), far.Close() }()
	buf := make([]byte, 64<<10)
	for {
		n, err := near.Read(buf)
		if err != nil {
			return
		}
		hit, after := l.strikes(buf[:n])
		if hit && !after {
			return
		}
		if hit {
			close(struck)
		}
		if _, err := far.Write(buf[:n]); err != nil || hit && after {
			if err == nil {
				_, _ = io.Copy(io.Discard, near) // until back has closed it
			}
			return
		}
	}
}

// back passes on what the server answers, but not the answer to a command that was struck: it ends the line instead.
func (l *line) back(far, near net.Conn, struck <-chan struct{}) {
	defer func() { _, _ = near.Close(), far.Close() }()
	buf := make([]byte, 64<<10)
	for {
		n, err := far.Read(buf)
		if err != nil {
			return
		}
		select {
		case <-struck:
			return
		default:
		}
		if _, err := near.Write(buf[:n]); err != nil {
			return
		}
	}
}

// strikes says whether a message is the command to be struck. It is struck once.
func (l *line) strikes(message []byte) (hit, after bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.prey == "" || !bytes.Contains(message, []byte("\x02"+l.prey+"\x00")) {
		return false, false
	}
	l.prey = ""
	return true, l.after
}

// strike cuts the line at the next command of a name: before the server hears of it, or after it has done it.
func (l *line) strike(command string, after bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.prey, l.after = command, after
}

// cut ends every connection.
func (l *line) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.conns {
		_ = c.Close()
	}
}

// kill ends every connection and lets no new one live, until heal.
func (l *line) kill() {
	l.mu.Lock()
	l.dead = true
	l.mu.Unlock()
	l.cut()
}

func (l *line) heal() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dead = false
}
