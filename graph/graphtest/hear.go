package graphtest

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// Patience is how long a test waits for what must come, however slow the machine is.
const Patience = 2 * time.Minute

// Hearing is a subscription that is open, over server-sent events.
type Hearing struct {
	t    testing.TB
	resp *http.Response
	in   *bufio.Scanner
}

// Serve answers the house on a real socket, and is stopped with the test.
func (h *House) Serve(tb testing.TB) *httptest.Server {
	tb.Helper()
	s := httptest.NewServer(h.Handler)
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), Patience)
		defer cancel()
		h.App.Stopping(ctx)
		s.Close()
	})
	return s
}

// Hear subscribes as the person with the login name; as nobody for "". Variables come in pairs.
func (h *House) Hear(tb testing.TB, on *httptest.Server, who, query string, vars ...any) *Hearing {
	tb.Helper()
	r := h.Request(tb, who, query, vars...)
	ctx, cancel := context.WithTimeout(tb.Context(), Patience)
	tb.Cleanup(cancel)
	out, err := http.NewRequestWithContext(ctx, r.Method, on.URL+"/graphql", r.Body)
	must(tb, err)
	out.Header = r.Header
	out.Header.Set("Accept", "text/event-stream")
	resp, err := http.DefaultClient.Do(out)
	must(tb, err)
	tb.Cleanup(func() { _ = resp.Body.Close() })
	if resp.StatusCode != http.StatusOK {
		tb.Fatalf("subscribing: %s", resp.Status)
	}
	return &Hearing{t: tb, resp: resp, in: bufio.NewScanner(resp.Body)}
}

// Next is the next event's result; nil after the end.
func (l *Hearing) Next() *Answer {
	l.t.Helper()
	var name, data string
	for l.in.Scan() {
		field, value, _ := strings.Cut(l.in.Text(), ": ")
		switch field {
		case "event":
			name = value
		case "data":
			data = value
		case "":
			if name == "next" {
				a := &Answer{t: l.t, Status: http.StatusOK, Text: data}
				must(l.t, json.Unmarshal([]byte(data), a))
				return a
			}
		}
	}
	return nil
}

// Ended fails the test where anything but the end comes.
func (l *Hearing) Ended() {
	l.t.Helper()
	if a := l.Next(); a != nil {
		l.t.Errorf("heard %s instead of the end", a.Text)
	}
}

// Leave closes the connection.
func (l *Hearing) Leave() { _ = l.resp.Body.Close() }
