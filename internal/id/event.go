package id

import (
	"encoding/binary"
	"strings"

	"github.com/oklog/ulid/v2"
)

// Event is something that happened, by its place in the one order of everything that did.
type Event string

// KindEvent is the kind of events.
const KindEvent Kind = "evt"

// Placed makes the identifier of the event at a place, from 1.
func Placed(seq int64) Event {
	var u ulid.ULID
	binary.BigEndian.PutUint64(u[8:], uint64(seq)) //nolint:gosec // places are positive
	return Event(string(KindEvent) + form + "_" + strings.ToLower(u.String()))
}

// Place is the place of an event; ok is false where e is no event's identifier.
func Place(e Event) (seq int64, ok bool) {
	_, tail, _ := strings.Cut(string(e), "_")
	u, err := ulid.ParseStrict(strings.ToUpper(tail))
	if err != nil {
		return 0, false
	}
	seq = int64(binary.BigEndian.Uint64(u[8:])) //nolint:gosec // compared below
	return seq, seq > 0 && Placed(seq) == e
}
