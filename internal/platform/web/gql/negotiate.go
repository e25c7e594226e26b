package gql

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// The two forms of an answer. The older one says 200 even to a query that does not validate, because its readers take
// any other status for a broken server.
const (
	jsonType    = "application/json"
	graphqlType = "application/graphql-response+json"
)

// negotiate chooses the form of the answer; ok is false where the caller accepts neither.
func negotiate(h http.Header) (form string, ok bool) {
	accept := h.Values("Accept")
	if len(accept) == 0 {
		return jsonType, true
	}
	older, newer := wish{}, wish{}
	for part := range strings.SplitSeq(strings.Join(accept, ","), ",") {
		media, params, err := mime.ParseMediaType(strings.TrimSpace(part))
		if err != nil || params["charset"] != "" && !strings.EqualFold(params["charset"], "utf-8") {
			continue
		}
		q := quality(params["q"])
		switch media {
		case jsonType:
			older.hear(3, q)
		case graphqlType:
			newer.hear(3, q)
		case "application/*":
			older.hear(2, q)
			newer.hear(2, q)
		case "*/*":
			older.hear(1, q)
			newer.hear(1, q)
		}
	}
	switch {
	case older.q <= 0 && newer.q <= 0:
		return jsonType, false
	case newer.q > older.q, newer.q == older.q && newer.named == 3:
		return graphqlType, true
	}
	return jsonType, true
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
