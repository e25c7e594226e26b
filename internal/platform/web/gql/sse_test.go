package gql_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/stream"
	"github.com/cobuild/cobuild/internal/platform/web/gql"
)

// reader reads server-sent events as a browser does.
type reader struct {
	t    *testing.T
	resp *http.Response
	in   *bufio.Scanner
}

type event struct {
	name, id, data string
	hasData        bool
	comment        string
	retry          string
}

func (s *station) listen(t *testing.T, method, query string, headers ...string) *reader {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	url, body := s.URL, io.Reader(http.NoBody)
	if method == http.MethodGet {
		url += "?" + query
	} else {
		body = strings.NewReader(query)
	}
	r, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/event-stream")
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	return &reader{t: t, resp: resp, in: bufio.NewScanner(resp.Body)}
}

// one reads the next block; ok is false at the end of the stream.
func (r *reader) one() (e event, ok bool) {
	var data []string
	for r.in.Scan() {
		line := r.in.Text()
		if line == "" {
			e.data = strings.Join(data, "\n")
			return e, true
		}
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch name {
		case "":
			e.comment = ":" + value
		case "event":
			e.name = value
		case "id":
			e.id = value
		case "retry":
			e.retry = value
		case "data":
			e.hasData = true
			data = append(data, value)
		default:
			r.t.Fatalf("what is %q?", line)
		}
	}
	return e, false
}

// hear reads the next event, comments left out.
func (r *reader) hear(name string) event {
	r.t.Helper()
	for {
		e, ok := r.one()
		if !ok {
			r.t.Fatalf("the stream ended before %s", name)
		}
		if e.name == "" {
			continue
		}
		if e.name != name || !e.hasData {
			r.t.Fatalf("got %+v, want %s with data", e, name)
		}
		return e
	}
}

// rest is what comes until the end, comments and all.
func (r *reader) rest() []event {
	var all []event
	for {
		e, ok := r.one()
		if !ok {
			return all
		}
		all = append(all, e)
	}
}

func TestQueriesAndMutationsAreAnsweredAsEvents(t *testing.T) {
	s := newStation(t, gql.Live{})
	for _, r := range []*reader{
		s.listen(t, "POST", `{"query":"{ hello }"}`),
		s.listen(t, "POST", `{"query":"mutation { change }"}`),
		s.listen(t, "GET", "query=%7Bhello%7D"),
	} {
		if r.resp.StatusCode != 200 || r.resp.Header.Get("Content-Type") != "text/event-stream; charset=utf-8" || r.resp.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("got %d %v", r.resp.StatusCode, r.resp.Header)
		}
		if e := r.hear("next"); !strings.Contains(e.data, `"data":{"hello":"world"}`) {
			t.Errorf("got %q", e.data)
		}
		if e := r.hear("complete"); e.data != "" {
			t.Errorf("complete says %q", e.data)
		}
		if more := r.rest(); len(more) > 0 {
			t.Errorf("after the end: %v", more)
		}
	}
}

func TestWhatIsWrongWithAnOperationIsToldAsAnEvent(t *testing.T) {
	s := newStation(t, gql.Live{})
	for query, code := range map[string]fault.Code{
		`{"query":"{ nothing }"}`: gql.CodeValidationFailed,
		`{"query":"{"}`:           gql.CodeParseFailed,
		`{"query":"query A { hello }","operationName":"B"}`: gql.CodeNoOperation,
		`{"query":"query($n: Int!) { hello(count: $n) }"}`:  gql.CodeBadUserInput,
	} {
		r := s.listen(t, "POST", query)
		if r.resp.StatusCode != 200 {
			t.Errorf("%s: %d", query, r.resp.StatusCode)
		}
		if e := r.hear("next"); !strings.Contains(e.data, string(code)) || strings.Contains(e.data, `"data"`) {
			t.Errorf("%s: %s", query, e.data)
		}
		r.hear("complete")
	}
}

func TestWhatIsWrongWithARequestIsToldByHTTP(t *testing.T) {
	s := newStation(t, gql.Live{})
	for name, c := range map[string]struct {
		method, query string
		headers       []string
		status        int
	}{
		"a mutation by GET":    {"GET", "query=mutation%7Bchange%7D", nil, 405},
		"no JSON":              {"POST", `{`, nil, 400},
		"no query":             {"POST", `{}`, nil, 400},
		"another content type": {"POST", `query=x`, []string{"Content-Type", "application/x-www-form-urlencoded"}, 415},
		"another method":       {"PUT", `{"query":"{ hello }"}`, nil, 405},
		"a token that is none": {"POST", `{"query":"{ hello }"}`, []string{"Authorization", "Bearer bad"}, 401},
	} {
		t.Run(name, func(t *testing.T) {
			r := s.listen(t, c.method, c.query, c.headers...)
			if r.resp.StatusCode != c.status {
				t.Errorf("got %d", r.resp.StatusCode)
			}
			if kind := r.resp.Header.Get("Content-Type"); strings.Contains(kind, "event-stream") {
				t.Errorf("as %s", kind)
			}
		})
	}
}

func TestTheFormOfAnAnswerIsNegotiated(t *testing.T) {
	s := newStation(t, gql.Live{})
	for accept, want := range map[string]string{
		"text/event-stream":                               "text/event-stream",
		"text/event-stream, */*;q=0.1":                    "text/event-stream",
		"text/event-stream;q=0.9, application/json;q=0.8": "text/event-stream",
		"application/json, text/event-stream":             "application/json",
		"application/graphql-response+json, application/json, text/event-stream, multipart/mixed": "application/graphql-response+json",
		"*/*":                               "application/json",
		"text/*":                            "",
		"text/event-stream;q=0":             "",
		"text/event-stream;charset=latin-1": "",
	} {
		r := s.listen(t, "POST", `{"query":"{ hello }"}`, "Accept", accept)
		got, _, _ := strings.Cut(r.resp.Header.Get("Content-Type"), ";")
		if want == "" && r.resp.StatusCode != 406 || want != "" && got != want {
			t.Errorf("%s: %d %s", accept, r.resp.StatusCode, got)
		}
	}
	// a subscription has one form alone, and is given it wherever it is accepted at all
	s.taps.tell(1, "one")
	s.listen(t, "POST", changesQuery, "Accept", "application/json, text/event-stream;q=0.1").hear("next")
	r := s.listen(t, "POST", changesQuery, "Accept", "application/json")
	if body, _ := io.ReadAll(r.resp.Body); !strings.Contains(string(body), "SUBSCRIPTION_TRANSPORT") {
		t.Errorf("got %s", body)
	}
}

func TestASubscriptionIsToldAsEventsWithTheirPlaces(t *testing.T) {
	for _, method := range []string{"POST", "GET"} {
		s := newStation(t, gql.Live{})
		query := changesQuery
		if method == "GET" {
			query = "query=subscription%7Bchanges%7D"
		}
		r := s.listen(t, method, query)
		s.taps.tell(7, "seven")
		s.taps.tell(9, "nine")
		for _, want := range [][2]string{{"7", "seven"}, {"9", "nine"}} {
			if e := r.hear("next"); e.id != want[0] || e.data != `{"data":{"changes":"`+want[1]+`"}}` {
				t.Errorf("got %+v", e)
			}
		}
		s.taps.come <- io.EOF
		r.hear("complete")
		soon(t, "the source is let go", s.taps.closed)
	}
}

func TestAStreamResumesBehindTheLastEventOfTheClient(t *testing.T) {
	s := newStation(t, gql.Live{})
	r := s.listen(t, "POST", changesQuery, "Last-Event-ID", "41")
	s.taps.tell(42, "next")
	r.hear("next")
	if after := s.taps.resumed(); after == nil || *after != 41 {
		t.Errorf("resumed after %v", after)
	}
	for sent, code := range map[string]string{"x": "BAD_REQUEST", "-1": "BAD_REQUEST", "5000": "OUT_OF_RANGE"} {
		r := s.listen(t, "POST", changesQuery, "Last-Event-ID", sent)
		if e := r.hear("next"); !strings.Contains(e.data, code) {
			t.Errorf("%s: %s", sent, e.data)
		}
		r.hear("complete")
	}
}

func TestASilentStreamGivesSignsOfLife(t *testing.T) {
	s := newStation(t, gql.Live{Heartbeat: 10 * time.Millisecond})
	r := s.listen(t, "POST", changesQuery)
	for range 4 {
		if e, ok := r.one(); !ok || e.comment != ":" {
			t.Fatalf("got %+v %v", e, ok)
		}
	}
	s.taps.tell(1, "one")
	r.hear("next")
}

func TestAStreamThatFailsSaysSoAndEnds(t *testing.T) {
	s := newStation(t, gql.Live{})
	r := s.listen(t, "POST", changesQuery)
	s.taps.come <- fault.New(fault.Unavailable, "SLOW_CONSUMER", "seq", int64(12))
	if e := r.hear("next"); !strings.Contains(e.data, "SLOW_CONSUMER") || !strings.Contains(e.data, `"seq":12`) {
		t.Errorf("got %s", e.data)
	}
	r.hear("complete")
	soon(t, "the source is let go", s.taps.closed)
}

func TestAStreamEndsWithItsSession(t *testing.T) {
	s := newStation(t, gql.Live{Heartbeat: 10 * time.Millisecond})
	r := s.listen(t, "POST", changesQuery, "Authorization", "Bearer good")
	s.endSession()
	if e := r.hear("next"); !strings.Contains(e.data, "UNAUTHENTICATED") {
		t.Errorf("got %s", e.data)
	}
	r.hear("complete")
}

func TestAStreamWhoseTokenHasEndedIsNotCompletedSoThatItsClientComesAgain(t *testing.T) {
	s := newStation(t, gql.Live{Heartbeat: 10 * time.Millisecond})
	r := s.listen(t, "POST", changesQuery, "Authorization", "Bearer short")
	s.taps.tell(1, "one")
	r.hear("next")
	s.pass(time.Minute)
	for _, e := range r.rest() {
		if e.name != "" {
			t.Errorf("got %+v", e)
		}
	}
}

// slow is a source that takes its time to find the rights of a subscriber, for an event that it has taken already.
type slow struct {
	*taps
	takes time.Duration
}

func (s slow) Next(ctx context.Context) (*stream.Event, error) {
	ev, err := s.taps.Next(ctx)
	if err != nil {
		return nil, err
	}
	select {
	case <-time.After(s.takes):
		return ev, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func TestNoEventIsLostToAHeartbeatThatFallsIntoIt(t *testing.T) {
	s := newStation(t, gql.Live{Heartbeat: 5 * time.Millisecond})
	s.mute = slow{s.taps, 50 * time.Millisecond}
	r := s.listen(t, "POST", changesQuery)
	for n, v := range []string{"one", "two", "three"} {
		s.taps.tell(int64(n+1), v)
		if e := r.hear("next"); !strings.Contains(e.data, v) {
			t.Fatalf("heard %+v, want %s", e, v)
		}
	}
}

func TestWhenTheServerStopsStreamsAreToldToComeAgain(t *testing.T) {
	s := newStation(t, gql.Live{})
	r := s.listen(t, "POST", changesQuery)
	s.taps.tell(1, "one")
	r.hear("next")
	s.engine.Stop(t.Context())
	rest := r.rest()
	if len(rest) != 1 || rest[0].retry != "1000" || rest[0].name != "" {
		t.Errorf("got %+v", rest)
	}
	soon(t, "the source is let go", s.taps.closed)
	if r := s.listen(t, "POST", changesQuery); r.resp.StatusCode != 429 || r.resp.Header.Get("Retry-After") == "" {
		t.Errorf("who comes later gets %d", r.resp.StatusCode)
	}
}

func TestAClientThatGoesIsNoticed(t *testing.T) {
	s := newStation(t, gql.Live{})
	r := s.listen(t, "POST", changesQuery)
	s.taps.tell(1, "one")
	r.hear("next")
	_ = r.resp.Body.Close()
	soon(t, "the source is let go", s.taps.closed)
}
