package crowd

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/coder/websocket"
)

// roads carries connections whose buffers are as small as what is said on them.
func roads() *http.Transport {
	return &http.Transport{
		DialContext:    (&net.Dialer{Timeout: time.Minute}).DialContext,
		ReadBufferSize: 1 << 10, WriteBufferSize: 1 << 10, DisableCompression: true, DisableKeepAlives: true,
	}
}

// stream is a subscription over server-sent events.
type stream struct {
	body io.ReadCloser
	in   *bufio.Reader
}

func dialStream(ctx context.Context, url, key, ask, after string) (line, error) {
	raw, err := json.Marshal(m{"query": ask, "variables": m{"after": after}})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/graphql", bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "text/event-stream")
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+key)
	resp, err := roads().RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		said, _ := io.ReadAll(io.LimitReader(resp.Body, 500))
		_ = resp.Body.Close()
		return nil, fmt.Errorf("%s: %s", resp.Status, said)
	}
	return &stream{resp.Body, bufio.NewReaderSize(resp.Body, 1<<10)}, nil
}

func (s *stream) close() { _ = s.body.Close() }

func (s *stream) next(context.Context) ([]byte, error) {
	var data []byte
	for {
		text, err := s.in.ReadString('\n')
		if err != nil {
			return nil, err
		}
		text = strings.TrimSuffix(text, "\n")
		switch {
		case text == "event: complete":
			return nil, errEnded
		case text == "" && data != nil:
			return data, nil
		case strings.HasPrefix(text, "data: "):
			data = append(data, text[len("data: "):]...)
		}
	}
}

// socket is a subscription over a socket.
type socket struct{ c *websocket.Conn }

func dialSocket(ctx context.Context, url, key, ask, after string) (line, error) {
	c, resp, err := websocket.Dial(ctx, url+"/graphql", &websocket.DialOptions{
		HTTPClient: &http.Client{Transport: roads()}, Subprotocols: []string{"graphql-transport-ws"},
	})
	if err != nil {
		return nil, err
	}
	if resp.Body != nil {
		_ = resp.Body.Close()
	}
	s := &socket{c}
	c.SetReadLimit(1 << 20)
	if err = s.say(ctx, m{"type": "connection_init", "payload": m{"token": key}}); err == nil {
		_, err = s.hear(ctx, "connection_ack")
	}
	if err == nil {
		err = s.say(ctx, m{"id": "1", "type": "subscribe", "payload": m{"query": ask, "variables": m{"after": after}}})
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *socket) close() { _ = s.c.CloseNow() }

func (s *socket) next(ctx context.Context) ([]byte, error) { return s.hear(ctx, "next") }

func (s *socket) say(ctx context.Context, what m) error {
	raw, err := json.Marshal(what)
	if err != nil {
		return err
	}
	return s.c.Write(ctx, websocket.MessageText, raw)
}

// hear waits for a message of a type, and answers what asks for a sign of life.
func (s *socket) hear(ctx context.Context, want string) ([]byte, error) {
	for {
		_, raw, err := s.c.Read(ctx)
		if err != nil {
			return nil, err
		}
		var got struct {
			Type    string
			Payload json.RawMessage
		}
		if err := json.Unmarshal(raw, &got); err != nil {
			return nil, err
		}
		switch got.Type {
		case want:
			return got.Payload, nil
		case "ping":
			if err := s.say(ctx, m{"type": "pong"}); err != nil {
				return nil, err
			}
		default:
			return nil, fmt.Errorf("%w: %s", errEnded, raw)
		}
	}
}
