package gql

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// The two forms of an answer that is told once. The older one says 200 even to a query that does not validate, because its readers take
// any other status for a broken server.
const (
	jsonType    = "application/json"
	graphqlType = "application/graphql-response+json"
)

// negotiate chooses the form of an answer that is told once; ok is false where the caller accepts none.
func negotiate(h http.Header) (form string, ok bool) {
	if len(h.Values("Accept")) == 0 {
		return jsonType, true
	}
	w := wishesOf(h)
	once := max(w.older.q, w.newer.q)
	switch {
	case w.events.q > once, once <= 0 && w.events.q > 0:
		return eventType, true
	case once <= 0:
		return jsonType, false
	case w.newer.q > w.older.q, w.newer.q == w.older.q && w.newer.named == 3:
		return graphqlType, true
	}
	return jsonType, true
}

// wishes are how much a caller wants each form.
type wishes struct{ older, newer, events wish }

// wishesOf reads the Accept headers. Whoever takes anything takes no events: they would wait for the end of them.
func wishesOf(h http.Header) wishes {
	var w wishes
	for part := range strings.SplitSeq(strings.Join(h.Values("Accept"), ","), ",") {
		media, params, err := mime.ParseMediaType(strings.TrimSpace(part))
		if err != nil || params["charset"] != "" && !strings.EqualFold(params["charset"], "utf-8") {
			continue
		}
		q := quality(params["q"])
		switch media {
		case jsonType:
			w.older.hear(3, q)
		case graphqlType:
			w.newer.hear(3, q)
		case eventType:
			w.events.hear(3, q)
		case "application/*":
			w.older.hear(2, q)
			w.newer.hear(2, q)
		case "*/*":
			w.older.hear(1, q)
			w.newer.hear(1, q)
		}
	}
	return w
}

// wish is how much a caller wants a form; the most exact name of it counts.
type wish struct {
	named int // 3 by its name, 2 by application/*, 1 by */*
	q     float64
}

func (w *wish) hear(named int, q float64) {
	if named > w.named || named == w.named && q > w.q {
		w.named, w.q = named, q
	}
}

func quality(s string) float64 {
	if s == "" {
		return 1
	}
	q, err := strconv.ParseFloat(s, 64)
	if err != nil || q < 0 || q > 1 {
		return 0
	}
	return q
}
