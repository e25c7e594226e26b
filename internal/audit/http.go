package audit

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/ledger"
)

// Prefix is where the log is served in the layout of C2SP's tlog-tiles: checkpoint, tile/L/N[.p/W] and, for auditors,
// tile/entries/N[.p/W]. Beside them are keys, witnessed and witness.
const Prefix = "/audit/"

// mostNote bounds a checkpoint that a witness sends.
const mostNote = 64 << 10

// Handler serves the log. Refuse answers a fault.
func (s *Service) Handler(refuse func(http.ResponseWriter, *http.Request, error)) http.Handler {
	mux := http.NewServeMux()
	serve := func(pattern string, do func(w http.ResponseWriter, r *http.Request) error) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if err := do(w, r); err != nil {
				refuse(w, r, err)
			}
		})
	}
	serve("GET "+Prefix+"checkpoint", s.serveCheckpoint)
	serve("GET "+Prefix+"keys", s.serveKeys)
	serve("GET "+Prefix+"witnessed", s.serveWitnessed)
	serve("GET "+Prefix+"tile/{path...}", s.serveTile)
	serve("POST "+Prefix+"witness", s.takeWitness)
	serve("/", func(http.ResponseWriter, *http.Request) error { return notHere() })
	return mux
}

func notHere() error { return fault.New(fault.NotFound, "ROUTE_NOT_FOUND") }

func (s *Service) serveCheckpoint(w http.ResponseWriter, r *http.Request) error {
	h, err := s.ready(r.Context())
	if err != nil {
		return err
	}
	return text(w, h.Note, "no-cache")
}

func (s *Service) serveKeys(w http.ResponseWriter, r *http.Request) error {
	keys, err := s.LogKeys(r.Context())
	if err != nil {
		return err
	}
	var b strings.Builder
	for _, k := range keys {
		b.WriteString(k.String() + "\n")
	}
	return text(w, []byte(b.String()), "no-cache")
}

// serveWitnessed gives the newest checkpoint that a witness has counter-signed.
func (s *Service) serveWitnessed(w http.ResponseWriter, r *http.Request) error {
	all, err := s.WitnessedBy(r.Context())
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return notHere()
	}
	return text(w, []byte(all[0].Note), "no-cache")
}

func (s *Service) takeWitness(w http.ResponseWriter, r *http.Request) error {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mostNote))
	if err != nil {
		return fault.New(fault.Invalid, CodeNotOurs).Because(err)
	}
	if err := s.Countersign(r.Context(), raw); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Service) serveTile(w http.ResponseWriter, r *http.Request) error {
	level, n, width, ok := parseTile(r.PathValue("path"))
	if !ok {
		return notHere()
	}
	h, err := s.head(r.Context())
	if err != nil {
		return err
	}
	if level < 0 {
		return s.serveEntries(w, r, h, n, width)
	}
	t := h.tree()
	data, err := t.TileAt(level, n, width, s.tile(r.Context()))
	if errors.Is(err, ledger.ErrNoTile) {
		return notHere()
	}
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	_, err = w.Write(data)
	return err
}

// serveEntries gives the canonical bytes of entries, each behind its length. They tell what happened to which identifier
// and when, and of all else only commitments; yet they are for auditors.
func (s *Service) serveEntries(w http.ResponseWriter, r *http.Request, h *head, n int64, width int) error {
	actor := authz.From(r.Context())
	if !s.table.Allows(actor, access.AuditEntries, nil) {
		return s.table.Refusal(actor, access.AuditEntries)
	}
	first := n << ledger.Height
	if first+int64(width) > h.Size {
		return notHere()
	}
	docs, err := s.Journal.Documents(r.Context(), first, width)
	if err != nil {
		return err
	}
	var out []byte
	for _, doc := range docs {
		var e ledger.Event
		if err := e.Read(doc); err != nil {
			return err
		}
		_, leaf, err := e.Digest()
		if err != nil {
			return err
		}
		out = append(append(out, byte(len(leaf)>>8), byte(len(leaf))), leaf...)
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Cache-Control", "private, no-store")
	_, err = w.Write(out)
	return err
}

// parseTile reads L/N or L/N.p/W, N in groups of three digits; level -1 stands for entries.
func parseTile(path string) (level int, n int64, width int, ok bool) {
	kind, rest, found := strings.Cut(path, "/")
	if !found {
		return 0, 0, 0, false
	}
	width = 1 << ledger.Height
	place, partial, cut := strings.Cut(rest, ".p/")
	if cut {
		w, err := strconv.Atoi(partial)
		if err != nil || w < 1 || w >= width || strconv.Itoa(w) != partial {
			return 0, 0, 0, false
		}
		width = w
	}
	if level = -1; kind != "entries" {
		l, err := strconv.Atoi(kind)
		if err != nil || l < 0 || l > 63 || strconv.Itoa(l) != kind {
			return 0, 0, 0, false
		}
		level = l
	}
	groups := strings.Split(place, "/")
	for i, g := range groups {
		last := i == len(groups)-1
		digits, marked := strings.CutPrefix(g, "x")
		v, err := strconv.ParseUint(digits, 10, 10)
		if err != nil || len(digits) != 3 || v > 999 || marked == last || n > 1<<40 {
			return 0, 0, 0, false
		}
		n = n*1000 + int64(v)
	}
	if len(groups) > 1 && groups[0] == "x000" {
		return 0, 0, 0, false
	}
	return level, n, width, true
}

func text(w http.ResponseWriter, body []byte, cache string) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", cache)
	_, err := w.Write(body)
	return err
}
