package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/cobuild/cobuild/internal/platform/outbound"
)

// letter is what is sent, by the Standard Webhooks.
type letter struct {
	Type      string          `json:"type"`
	Timestamp time.Time       `json:"timestamp"`
	Data      json.RawMessage `json:"data"`
}

// sent is what came of one sending.
type sent struct {
	*Attempt

	gone bool          // the endpoint is no more
	wait time.Duration // that the endpoint asks for; 0 where it asks for none
}

// fine says whether the endpoint has taken it.
func (r sent) fine() bool { return r.Error == nil }

// send posts a letter under a name, which stays the same however often it is sent.
func (s *Service) send(ctx context.Context, w *Webhook, name string, l letter) sent {
	began, stamp := s.now(), s.Wall()
	a := &Attempt{At: began}
	out := sent{Attempt: a}
	body, err := json.Marshal(l)
	var signature string
	if err == nil {
		signature, err = s.sign(w, name, began, stamp, body)
	}
	if err != nil {
		s.Log.ErrorContext(ctx, "webhook", "webhook", w.ID, "error", err)
		a.Error = new(ErrorShape)
		return out
	}
	s.slots <- struct{}{}
	defer func() { <-s.slots }()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), outbound.Whole) // what is under way is finished
	defer cancel()
	if _, err := s.Guard.Parse(w.URL); err != nil { // what is allowed may have become less
		a.Error = new(ErrorAddress)
		return out
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL, bytes.NewReader(body))
	if err != nil {
		a.Error = new(ErrorAddress)
		return out
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "Cobuild-Webhooks")
	r.Header.Set("webhook-id", name)
	r.Header.Set("webhook-timestamp", strconv.FormatInt(stamp.Unix(), 10))
	r.Header.Set("webhook-signature", signature)
	s.post(r, &out)
	a.Duration = int(s.now().Sub(began).Milliseconds())
	return out
}

// post sends a request, and reads no more of the answer than is of use.
func (s *Service) post(r *http.Request, out *sent) {
	answer, err := s.Client.Do(r)
	if err != nil {
		out.Error = new(failure(err))
		return
	}
	defer func() { _ = answer.Body.Close() }()
	out.Status = new(answer.StatusCode)
	head, err := io.ReadAll(io.LimitReader(answer.Body, 4<<10))
	if len(head) > 0 {
		out.Answer = new(beginning(head))
	}
	switch code := answer.StatusCode; {
	case err != nil:
		out.Error = new(ErrorCut)
		if failure(err) == ErrorTimeout {
			out.Error = new(ErrorTimeout)
		}
	case code >= 200 && code < 300:
	case code >= 300 && code < 400:
		out.Error = new(ErrorRedirect)
	default:
		out.Error = new(ErrorStatus)
		out.gone = code == http.StatusGone
		if code == http.StatusTooManyRequests || code == http.StatusServiceUnavailable {
			out.wait = asked(answer.Header, s.now())
		}
	}
}

// beginning is how an answer begins, as a text.
func beginning(head []byte) string {
	head = head[:min(len(head), keptAnswer)]
	return strings.ReplaceAll(strings.ToValidUTF8(string(head), "�"), "\x00", "�")
}

// failure sorts what went wrong with a request.
func failure(err error) AttemptError {
	timeout, ok := errors.AsType[net.Error](err)
	switch {
	case errors.Is(err, outbound.ErrPrivate), errors.Is(err, outbound.ErrPort):
		return ErrorAddress
	case errors.Is(err, context.DeadlineExceeded), ok && timeout.Timeout():
		return ErrorTimeout
	}
	return ErrorConnection
}
