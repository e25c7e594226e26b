package web_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/platform/web"
)

// attacked is a server on a real connection.
func attacked(t *testing.T, alter ...func(*web.Server)) net.Addr {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	s := &web.Server{Handler: newEdge(t).Handler, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	for _, a := range alter {
		a(s)
	}
	go func() { ended <- s.Serve(ctx, l) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return l.Addr()
}

// talk opens a connection, says something and gives back the status line of the answer; "" where the server hung up.
func talk(t *testing.T, to net.Addr, say string) string {
	t.Helper()
	c, err := new(net.Dialer).DialContext(t.Context(), "tcp", to.String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if err := c.SetDeadline(time.Now().Add(5 * time.Minute)); err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(c, say) // the server may hang up while it is spoken to
	line, _ := bufio.NewReader(c).ReadString('\n')
	return strings.TrimSpace(line)
}

func TestAttackSlowLoris(t *testing.T) {
	to := attacked(t, func(s *web.Server) { s.HeaderTimeout = 50 * time.Millisecond })
	// Half a header, and then nothing more: the server hangs up by itself, long before this test gives up.
	for _, half := range []string{"", "GET / HT", "POST /graphql HTTP/1.1\r\nHost: x\r\nX-Slow: "} {
		if got := talk(t, to, half); got != "" && !strings.Contains(got, "408") && !strings.Contains(got, "400") {
			t.Errorf("%q: %s", half, got)
		}
	}
	for range 1000 { // this machine may itself be slower than the server waits
		if strings.Contains(talk(t, to, "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), "200") {
			return
		}
	}
	t.Error("nobody is quick enough")
}

func TestAttackOversizedHeaders(t *testing.T) {
	to := attacked(t)
	for name, header := range map[string]string{
		"one large":  "X-Large: " + strings.Repeat("a", 64<<10) + "\r\n",
		"many small": strings.Repeat("X-Small: aaaaaaaaaaaaaaaaaaaaaaaa\r\n", 4000),
	} {
		if got := talk(t, to, "GET /healthz HTTP/1.1\r\nHost: x\r\n"+header+"\r\n"); !strings.Contains(got, "431") {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got := talk(t, to, "GET /"+strings.Repeat("a", 64<<10)+" HTTP/1.1\r\nHost: x\r\n\r\n"); !strings.Contains(got, "431") && !strings.Contains(got, "414") {
		t.Errorf("a large address: %q", got)
	}
}

func TestAttackSmuggledRequests(t *testing.T) {
	to := attacked(t)
	for name, head := range map[string]string{
		"two lengths":         "Content-Length: 2\r\nContent-Length: 30\r\n",
		"a negative length":   "Content-Length: -1\r\n",
		"an unknown encoding": "Transfer-Encoding: chunked, gzip\r\n",
		"a space in a name":   "Content-Length : 2\r\n",
	} {
		got := talk(t, to, fmt.Sprintf("POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n%s\r\n{}", head))
		if !strings.Contains(got, "400") && !strings.Contains(got, "501") {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestAttackForgedHeadersAreNotEchoed(t *testing.T) {
	e := newEdge(t)
	w := e.ask("GET", "/healthz", "X-Request-Id", "a\r\nSet-Cookie: x=1", "Host", "evil.example", "X-Forwarded-Host", "evil.example", "Forwarded", "host=evil.example")
	if w.Code != http.StatusOK || strings.Contains(fmt.Sprint(w.Header(), w.Body), "evil.example") || w.Header().Get("Set-Cookie") != "" {
		t.Errorf("got %v %s", w.Header(), w.Body)
	}
}
