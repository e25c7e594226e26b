package webhook

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// When what has failed is tried again.
const (
	// GiveUp is how long an event is tried that fails while others do not; then it is given up, and can be replayed.
	// An endpoint that takes nothing for so long is suspended, and nothing of what waits for it is lost.
	GiveUp = 72 * time.Hour

	firstPause  = 5 * time.Second
	growth      = 3.0
	longPause   = 10 * time.Hour // between two tries of one event
	jitter      = 0.2
	opensAfter  = 5 // failures in a row
	longestRest = 10 * time.Minute
	longestAsk  = 24 * time.Hour // that an endpoint can ask for by Retry-After
)

// pause is how long to wait after so many tries of one event.
func pause(tries int) time.Duration { return nth(tries, firstPause, longPause) }

// nth is a pause of a row that grows, somewhat longer or shorter so that not all endpoints come at once.
func nth(n int, first, most time.Duration) time.Duration {
	b := &backoff.ExponentialBackOff{InitialInterval: first, RandomizationFactor: jitter, Multiplier: growth, MaxInterval: most}
	b.Reset()
	d := b.NextBackOff()
	for range min(n, 30) - 1 {
		d = b.NextBackOff()
	}
	return d
}

// asked is how long an answer asks us to wait, in seconds or until a moment (RFC 9110).
func asked(h http.Header, now time.Time) time.Duration {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if v == "" {
		return 0
	}
	if n, err := strconv.ParseUint(v, 10, 31); err == nil {
		return min(time.Duration(n)*time.Second, longestAsk) //nolint:gosec // 31 bits
	}
	if at, err := http.ParseTime(v); err == nil {
		return min(max(at.Sub(now), 0), longestAsk)
	}
	return 0
}
