package backup

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/platform/store"
)

// box is what a document says of its events.
type box struct {
	Rev    int64         `bson:"rev"`
	Outbox []store.Event `bson:"outbox"`
	Since  *time.Time    `bson:"outboxSince"`
}

// takeBack puts those of a document's events back into its outbox that the document shows and that are in the journal
// behind the copy's place. The document is then as it was before the relay had come for them.
func takeBack(doc bson.Raw, behind []bson.Raw) (bson.Raw, error) {
	if len(behind) == 0 {
		return doc, nil
	}
	var b box
	if err := bson.Unmarshal(doc, &b); err != nil {
		return nil, err
	}
	var back []store.Event
	for _, raw := range behind {
		var e store.Event
		if err := bson.Unmarshal(raw, &e); err != nil {
			return nil, err
		}
		rev, err := revOf(e)
		if err != nil {
			return nil, err
		}
		waits := slices.ContainsFunc(b.Outbox, func(o store.Event) bool { return o.ID == e.ID })
		if rev <= b.Rev && !waits {
			back = append(back, e)
		}
	}
	if len(back) == 0 {
		return doc, nil
	}
	return withOutbox(doc, append(back, b.Outbox...))
}

// revOf is the write of its subject by which an event was told.
func revOf(e store.Event) (int64, error) {
	rest, ok := strings.CutPrefix(e.ID, e.Subject+":")
	rev, _, ok2 := strings.Cut(rest, ":")
	n, err := strconv.ParseInt(rev, 10, 64)
	if !ok || !ok2 || err != nil {
		return 0, fmt.Errorf("event %s does not say by which write it was told", e.ID)
	}
	return n, nil
}

// withOutbox is a document with another outbox.
func withOutbox(doc bson.Raw, events []store.Event) (bson.Raw, error) {
	var d bson.D
	if err := bson.Unmarshal(doc, &d); err != nil {
		return nil, err
	}
	since := events[0].At
	d = slices.DeleteFunc(d, func(e bson.E) bool { return e.Key == "outbox" || e.Key == "outboxSince" })
	return bson.Marshal(append(d, bson.E{Key: "outbox", Value: events}, bson.E{Key: "outboxSince", Value: since}))
}
