package gql_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/web/gql"
)

// wire is a client that speaks the protocol by hand.
type wire struct {
	t   *testing.T
	c   *websocket.Conn
	ctx context.Context
}

type said struct {
	ID      string
	Type    string
	Payload json.RawMessage
}

func (s *station) dial(t *testing.T, protocols []string, headers ...string) *wire {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	h := http.Header{}
	for i := 0; i+1 < len(headers); i += 2 {
		h.Set(headers[i], headers[i+1])
	}
	c, _, err := websocket.Dial(ctx, s.URL, &websocket.DialOptions{Subprotocols: protocols, HTTPHeader: h})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.CloseNow() })
	return &wire{t, c, ctx}
}

func (s *station) open(t *testing.T) *wire {
	t.Helper()
	w := s.dial(t, []string{"graphql-transport-ws"})
	w.send(`{"type":"connection_init","payload":{"Authorization":"Bearer good"}}`)
	w.hear("connection_ack", "")
	return w
}

func (w *wire) send(text string) {
	w.t.Helper()
	if err := w.c.Write(w.ctx, websocket.MessageText, []byte(text)); err != nil {
		w.t.Fatal(err)
	}
}

// hear reads the next message, pings left out.
func (w *wire) hear(kind, id string) said {
	w.t.Helper()
	for {
		_, raw, err := w.c.Read(w.ctx)
		if err != nil {
			w.t.Fatalf("waiting for %s: %v", kind, err)
		}
		var m said
		if err := json.Unmarshal(raw, &m); err != nil {
			w.t.Fatalf("%s: %v", raw, err)
		}
		if m.Type == "ping" && kind != "ping" {
			w.send(`{"type":"pong"}`)
			continue
		}
		if m.Type != kind || m.ID != id {
			w.t.Fatalf("got %s, want %s %q", raw, kind, id)
		}
		return m
	}
}

// closes reads to the end and fails unless that comes with the code.
func (w *wire) closes(code websocket.StatusCode) string {
	w.t.Helper()
	for {
		_, _, err := w.c.Read(w.ctx)
		if err == nil {
			continue
		}
		if got := websocket.CloseStatus(err); got != code {
			w.t.Fatalf("closed with %d, want %d: %v", got, code, err)
		}
		e, _ := errors.AsType[websocket.CloseError](err)
		return e.Reason
	}
}

const changesQuery = `{"query":"subscription { changes }"}`

func subscribe(id string) string {
	return fmt.Sprintf(`{"id":%q,"type":"subscribe","payload":%s}`, id, changesQuery)
}

func ask(id, query string) string {
	return fmt.Sprintf(`{"id":%q,"type":"subscribe","payload":{"query":%q}}`, id, query)
}

func TestASocketThatBreaksTheProtocolIsClosedWithTheCodeForIt(t *testing.T) {
	const hello = `{"type":"connection_init"}`
	for name, c := range map[string]struct {
		send []string
		code websocket.StatusCode
	}{
		"no JSON":                        {[]string{`hello`}, 4400},
		"no object":                      {[]string{`[1]`}, 4400},
		"null":                           {[]string{`null`}, 4400},
		"no type":                        {[]string{`{}`}, 4400},
		"a type that is no text":         {[]string{`{"type":1}`}, 4400},
		"an unknown type":                {[]string{`{"type":"start"}`}, 4400},
		"a message of ours":              {[]string{hello, `{"type":"connection_ack"}`}, 4400},
		"half a character":               {[]string{`{"type":"ping","payload":{"a":"\ud800"}}`}, 4400},
		"a payload that is no object":    {[]string{`{"type":"connection_init","payload":"x"}`}, 4400},
		"a ping whose payload is none":   {[]string{`{"type":"ping","payload":1}`}, 4400},
		"no id":                          {[]string{hello, `{"type":"subscribe","payload":` + changesQuery + `}`}, 4400},
		"an id that is no text":          {[]string{hello, `{"id":1,"type":"subscribe","payload":` + changesQuery + `}`}, 4400},
		"an id without end":              {[]string{hello, subscribe(strings.Repeat("x", 129))}, 4400},
		"a complete without id":          {[]string{hello, `{"type":"complete"}`}, 4400},
		"no query":                       {[]string{hello, `{"id":"1","type":"subscribe","payload":{}}`}, 4400},
		"no payload":                     {[]string{hello, `{"id":"1","type":"subscribe"}`}, 4400},
		"variables that are no object":   {[]string{hello, `{"id":"1","type":"subscribe","payload":{"query":"{ hello }","variables":[]}}`}, 4400},
		"an operation before the init":   {[]string{subscribe("1")}, 4401},
		"a token that is no good":        {[]string{`{"type":"connection_init","payload":{"token":"bad"}}`}, 4403},
		"another scheme":                 {[]string{`{"type":"connection_init","payload":{"authorization":"Basic Z29vZA=="}}`}, 4403},
		"an operation twice":             {[]string{hello, subscribe("1"), subscribe("1")}, 4409},
		"a second init":                  {[]string{hello, hello}, 4429},
		"the store is away":              {[]string{`{"type":"connection_init","payload":{"token":"store-down"}}`}, 1013},
		"a message larger than the most": {[]string{`{"type":"ping","payload":{"a":"` + strings.Repeat("x", 5000) + `"}}`}, 1009},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStation(t, gql.Live{Message: 4096})
			w := s.dial(t, []string{"graphql-transport-ws"})
			for _, m := range c.send {
				w.send(m)
			}
			w.closes(c.code)
		})
	}
}

func TestASocketSpeaksTextAlone(t *testing.T) {
	w := newStation(t, gql.Live{}).dial(t, []string{"graphql-transport-ws"})
	if err := w.c.Write(w.ctx, websocket.MessageBinary, []byte(`{"type":"connection_init"}`)); err != nil {
		t.Fatal(err)
	}
	w.closes(4400)
}

func TestAnotherSubprotocolIsNotAcceptable(t *testing.T) {
	s := newStation(t, gql.Live{})
	s.dial(t, []string{"graphql-ws"}).closes(4406)
	s.dial(t, nil).closes(4406)
	if w := s.dial(t, []string{"graphql-ws", "graphql-transport-ws"}); w.c.Subprotocol() != "graphql-transport-ws" {
		t.Errorf("got %q", w.c.Subprotocol())
	}
}

func TestASocketWithoutAFirstMessageIsClosed(t *testing.T) {
	newStation(t, gql.Live{Init: time.Millisecond}).dial(t, []string{"graphql-transport-ws"}).closes(4408)
}

func TestASocketWithoutSignsOfLifeIsClosed(t *testing.T) {
	s := newStation(t, gql.Live{Heartbeat: time.Millisecond})
	w := s.dial(t, []string{"graphql-transport-ws"})
	w.send(`{"type":"connection_init"}`)
	w.closes(1001)
}

func TestPingsAreAnsweredBothWays(t *testing.T) {
	w := newStation(t, gql.Live{}).dial(t, []string{"graphql-transport-ws"})
	w.send(`{"type":"ping","payload":{"n":1}}`) // also before the init
	if m := w.hear("pong", ""); string(m.Payload) != `{"n":1}` {
		t.Errorf("payload %s", m.Payload)
	}
	w.send(`{"type":"pong"}`)
	w.send(`{"type":"connection_init"}`)
	w.hear("connection_ack", "")
	s := newStation(t, gql.Live{Heartbeat: 50 * time.Millisecond})
	w = s.open(t)
	w.hear("ping", "")
}

func TestQueriesAndMutationsGoOverASocketToo(t *testing.T) {
	s := newStation(t, gql.Live{})
	w := s.open(t)
	for _, q := range []string{"{ hello }", "mutation { change }", "{ hello }"} { // an id is free again when it is done
		w.send(ask("a", q))
		if m := w.hear("next", "a"); !strings.Contains(string(m.Payload), `"data":{"hello":"world"}`) {
			t.Errorf("%s: %s", q, m.Payload)
		}
		w.hear("complete", "a")
	}
}

func TestAfterAnErrorThereIsNoComplete(t *testing.T) {
	s := newStation(t, gql.Live{})
	w := s.open(t)
	for query, code := range map[string]fault.Code{
		"{ nothing }":                        gql.CodeValidationFailed,
		"{":                                  gql.CodeParseFailed,
		"{ panics }":                         fault.CodeInternal,
		"query($c: Int) { hello(count: $c }": gql.CodeParseFailed,
	} {
		w.send(ask("e", query))
		m := w.hear("error", "e")
		var errs []struct {
			Extensions struct {
				Code      fault.Code
				RequestID string
			}
		}
		if err := json.Unmarshal(m.Payload, &errs); err != nil || errs[0].Extensions.Code != code {
			t.Errorf("%s: %s", query, m.Payload)
		}
		if !strings.HasPrefix(errs[0].Extensions.RequestID, "r1-") {
			t.Errorf("the operation has no request id of its own: %s", m.Payload)
		}
		w.send(ask("after", "{ hello }"))
		w.hear("next", "after") // so nothing came between
		w.hear("complete", "after")
	}
	if !strings.Contains(s.log.String(), "the secret") {
		t.Error("the panic is not in the log")
	}
}

func TestASubscriptionTellsUntilItsSourceEnds(t *testing.T) {
	s := newStation(t, gql.Live{})
	w := s.open(t)
	w.send(subscribe("s"))
	s.taps.tell(1, "one")
	s.taps.tell(2, "two")
	for _, want := range []string{"one", "two"} {
		if m := w.hear("next", "s"); string(m.Payload) != `{"data":{"changes":"`+want+`"}}` {
			t.Errorf("got %s", m.Payload)
		}
	}
	s.taps.come <- io.EOF
	w.hear("complete", "s")
	soon(t, "the source is let go", s.taps.closed)
}

func TestASubscriptionThatFailsIsToldAndEnds(t *testing.T) {
	s := newStation(t, gql.Live{})
	w := s.open(t)
	w.send(subscribe("s"))
	s.taps.come <- fault.New(fault.NotFound, fault.CodeNotFound, "id", "x")
	if m := w.hear("error", "s"); !strings.Contains(string(m.Payload), "NOT_FOUND") {
		t.Errorf("got %s", m.Payload)
	}
	soon(t, "the source is let go", s.taps.closed)
	w.send(ask("after", "{ hello }"))
	w.hear("next", "after")
}

func TestAClientThatHasHeardEnoughIsToldNoMore(t *testing.T) {
	s := newStation(t, gql.Live{})
	w := s.open(t)
	w.send(subscribe("s"))
	s.taps.tell(1, "one")
	w.hear("next", "s")
	w.send(`{"id":"s","type":"complete"}`)
	soon(t, "the source is let go", s.taps.closed)
	s.taps.tell(2, "two")
	w.send(`{"id":"never there","type":"complete"}`)
	w.send(ask("s", "{ hello }")) // the id is free again
	w.hear("next", "s")
	w.hear("complete", "s")
}

func TestOperationsOnASocketAreCounted(t *testing.T) {
	s := newStation(t, gql.Live{Operations: 2})
	w := s.open(t)
	w.send(subscribe("1"))
	w.send(subscribe("2"))
	w.send(subscribe("3"))
	if m := w.hear("error", "3"); !strings.Contains(string(m.Payload), "TOO_MANY_OPERATIONS") {
		t.Errorf("got %s", m.Payload)
	}
	w.send(`{"id":"1","type":"complete"}`)
	w.send(ask("3", "{ hello }"))
	w.hear("next", "3")
}

func TestConnectionsOfOneCallerAreCounted(t *testing.T) {
	s := newStation(t, gql.Live{PerCaller: 2})
	first := s.open(t)
	s.open(t)
	third := s.dial(t, []string{"graphql-transport-ws"})
	third.send(`{"type":"connection_init","payload":{"token":"good"}}`)
	third.closes(1013)
	nobody := s.dial(t, []string{"graphql-transport-ws"})
	nobody.send(`{"type":"connection_init"}`)
	nobody.hear("connection_ack", "") // is somebody else
	_ = first.c.Close(websocket.StatusNormalClosure, "")
	for { // until the server has noticed
		w := s.dial(t, []string{"graphql-transport-ws"})
		w.send(`{"type":"connection_init","payload":{"token":"good"}}`)
		if _, raw, err := w.c.Read(w.ctx); err == nil && strings.Contains(string(raw), "connection_ack") {
			return
		}
	}
}

func TestATokenMayComeByTheHeader(t *testing.T) {
	s := newStation(t, gql.Live{PerCaller: 1})
	w := s.dial(t, []string{"graphql-transport-ws"}, "Authorization", "Bearer good")
	w.send(`{"type":"connection_init"}`)
	w.hear("connection_ack", "")
	again := s.dial(t, []string{"graphql-transport-ws"})
	again.send(`{"type":"connection_init","payload":{"token":"good"}}`)
	again.closes(1013) // so the first one is the same caller's
}

func TestASocketEndsWithItsToken(t *testing.T) {
	s := newStation(t, gql.Live{Heartbeat: 50 * time.Millisecond})
	w := s.dial(t, []string{"graphql-transport-ws"})
	w.send(`{"type":"connection_init","payload":{"token":"short"}}`)
	w.hear("connection_ack", "")
	s.pass(time.Minute)
	for { // answering pings all the while
		_, _, err := w.c.Read(w.ctx)
		if err == nil {
			w.send(`{"type":"pong"}`)
			continue
		}
		if websocket.CloseStatus(err) != 4403 {
			t.Fatal(err)
		}
		return
	}
}

func TestASilentSocketEndsWhenItsTokenDoesAndNotAtTheNextHeartbeat(t *testing.T) {
	s := newStation(t, gql.Live{Heartbeat: time.Hour})
	w := s.dial(t, []string{"graphql-transport-ws"})
	w.send(`{"type":"connection_init","payload":{"token":"brief"}}`)
	w.hear("connection_ack", "")
	s.pass(time.Second)
	if why := w.closes(4403); why != "The token has ended" {
		t.Errorf("why: %q", why)
	}
}

func TestNothingIsToldAfterTheTokenHasEnded(t *testing.T) {
	s := newStation(t, gql.Live{})
	w := s.dial(t, []string{"graphql-transport-ws"})
	w.send(`{"type":"connection_init","payload":{"token":"short"}}`)
	w.hear("connection_ack", "")
	w.send(subscribe("s"))
	s.taps.tell(1, "one")
	w.hear("next", "s")
	s.pass(time.Minute)
	s.taps.tell(2, "two")
	if why := w.closes(4403); why != "The token has ended" {
		t.Errorf("why: %q", why)
	}
}

func TestASocketEndsWithItsSessionAtOnce(t *testing.T) {
	s := newStation(t, gql.Live{})
	w := s.open(t)
	s.endSession()
	w.closes(4403)
}

func TestWhenTheServerStopsSocketsAreToldToComeAgain(t *testing.T) {
	s := newStation(t, gql.Live{})
	w := s.open(t)
	w.send(subscribe("s"))
	s.taps.tell(1, "one")
	w.hear("next", "s")
	stopped := make(chan struct{})
	go func() {
		s.engine.Stop(t.Context())
		close(stopped)
	}()
	w.closes(1012)
	soon(t, "the engine has stopped", stopped)
	soon(t, "the source is let go", s.taps.closed)
	resp, err := http.DefaultClient.Do(upgradeRequest(t, s.URL))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("who comes later gets %d", resp.StatusCode)
	}
}

func upgradeRequest(t *testing.T, url string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range map[string]string{
		"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
		"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol": "graphql-transport-ws",
	} {
		r.Header.Set(k, v)
	}
	return r
}

func TestTheLogHasALineForEachOperationAndNothingOfTheCaller(t *testing.T) {
	s := newStation(t, gql.Live{})
	w := s.open(t)
	w.send(ask("personal words", "{ hello(name: \"secret\") }"))
	w.hear("next", "personal words")
	w.hear("complete", "personal words")
	w.send(subscribe("s"))
	s.taps.come <- io.EOF
	w.hear("complete", "s")
	_ = w.c.Close(websocket.StatusNormalClosure, "")
	s.engine.Stop(t.Context())
	for {
		log := s.log.String()
		if strings.Count(log, "msg=operation") == 2 {
			for _, word := range []string{"secret", "personal", "good", "per1"} {
				if strings.Contains(log, word) {
					t.Errorf("%s is in the log: %s", word, log)
				}
			}
			return
		}
		time.Sleep(time.Millisecond)
	}
}

func TestAHouseThatIsFullTurnsNewConnectionsAway(t *testing.T) {
	s := newStation(t, gql.Live{Everybody: 2})
	first := s.open(t)
	s.open(t)
	for range 2 { // and goes on answering whatever does not stay
		r := s.listen(t, "POST", changesQuery)
		if r.resp.StatusCode != 503 || r.resp.Header.Get("Retry-After") == "" {
			t.Errorf("an event stream: %s", r.resp.Status)
		}
		_, resp, err := websocket.Dial(t.Context(), s.URL, &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}})
		if err == nil || resp == nil || resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" {
			t.Errorf("a socket: %v %v", resp, err)
		}
	}
	_ = first.c.Close(websocket.StatusNormalClosure, "")
	for { // until the server has noticed
		if r := s.listen(t, "POST", changesQuery); r.resp.StatusCode == 200 {
			return
		}
	}
}
