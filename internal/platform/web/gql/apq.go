package gql

import (
	"container/list"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"sync"

	"github.com/99designs/gqlgen/graphql"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

// The bounds of the memory of registered queries, in bytes.
const (
	registryHolds = 4 << 20           // altogether
	registryShare = registryHolds / 8 // of one caller: nobody can push out what everybody else has registered
	registryEntry = 512               // what an entry takes beside its text
)

// hashOf is the name of a registered query (automatic persisted queries, version 1): the SHA-256 of its text. It is
// empty where the request names none, and ok is false where it names one in a way we do not know.
func hashOf(p *graphql.RawParams) (hash string, ok bool) {
	x, there := p.Extensions["persistedQuery"]
	if !there || x == nil {
		return "", true
	}
	named, _ := x.(map[string]any)
	hash, _ = named["sha256Hash"].(string)
	version, isWhole := whole(named["version"])
	return strings.ToLower(hash), hash != "" && isWhole && version == 1
}

// names says whether a request names its document instead of sending it.
func names(p *graphql.RawParams) bool {
	hash, ok := hashOf(p)
	return !ok || hash != "" || p.Extensions[documentID] != nil
}

// resolve finds the document that a request names, among the trusted and the registered ones.
func (e *Engine) resolve(p *graphql.RawParams) *fault.Fault {
	trusted := e.trusted.Load()
	if id, ok := p.Extensions[documentID].(string); ok {
		text, known := trusted.byName[id]
		if !known || p.Query != "" && p.Query != text {
			return fault.New(fault.Invalid, CodeNoDocument)
		}
		p.Query = text
		return nil
	}
	hash, ok := hashOf(p)
	if text, known := trusted.byName[hash]; known && hash != "" && (p.Query == "" || p.Query == text) {
		p.Query = text
		return nil
	}
	switch {
	case e.c.TrustedOnly && p.Query == "":
		return fault.New(fault.Invalid, CodePersistedOff)
	case e.c.TrustedOnly && !trusted.holds(p.Query):
		return fault.New(fault.Refused, CodeNotTrusted)
	case !ok || hash != "" && p.Query != "" && hash != sum(p.Query):
		return fault.New(fault.Invalid, CodePersistedMismatch)
	case hash == "" || p.Query != "":
		return nil
	}
	text, known := e.registered.get(hash)
	if !known {
		return fault.New(fault.Invalid, CodePersistedNotFound)
	}
	p.Query = text
	return nil
}

// register remembers a query that came with its hash, once it has proved to be valid.
func (e *Engine) register(ctx context.Context, p *graphql.RawParams) {
	hash, ok := hashOf(p)
	if !ok || hash == "" || hash != sum(p.Query) || e.c.TrustedOnly {
		return
	}
	who := ""
	if e.c.Caller != nil {
		who = e.c.Caller(ctx)
	}
	e.registered.put(who, hash, p.Query)
}

func sum(text string) string {
	h := sha256.Sum256([]byte(text))
	return hex.EncodeToString(h[:])
}

// registry remembers registered queries: those asked for last, within its bounds.
type registry struct {
	mu    sync.Mutex
	known map[string]*entry
	used  *list.List // of *entry, the last asked for in front
	of    map[string]*holding
	bytes int
}

type entry struct {
	hash, text, who string
	used, own       *list.Element
}

func (n *entry) size() int { return registryEntry + len(n.hash) + len(n.text) }

// holding is what one caller has registered, in order.
type holding struct {
	entries *list.List // of *entry, the oldest in front
	bytes   int
}

func newRegistry() *registry {
	return &registry{known: map[string]*entry{}, used: list.New(), of: map[string]*holding{}}
}

func (r *registry) get(hash string) (string, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n, ok := r.known[hash]
	if !ok {
		return "", false
	}
	r.used.MoveToFront(n.used)
	return n.text, true
}

// put remembers a query as registered by a caller. A caller with more than its share loses its own oldest ones.
func (r *registry) put(who, hash, text string) {
	n := &entry{hash: hash, text: text, who: who}
	if len(text) > longestKept {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if old, ok := r.known[hash]; ok {
		r.used.MoveToFront(old.used)
		return
	}
	h := r.of[who]
	for h != nil && h.bytes+n.size() > registryShare {
		r.drop(h.entries.Front().Value.(*entry))
		h = r.of[who]
	}
	for r.bytes+n.size() > registryHolds {
		r.drop(r.used.Back().Value.(*entry))
	}
	if h = r.of[who]; h == nil {
		h = &holding{entries: list.New()}
		r.of[who] = h
	}
	n.used, n.own = r.used.PushFront(n), h.entries.PushBack(n)
	r.known[hash] = n
	r.bytes += n.size()
	h.bytes += n.size()
}

func (r *registry) drop(n *entry) {
	h := r.of[n.who]
	r.used.Remove(n.used)
	h.entries.Remove(n.own)
	delete(r.known, n.hash)
	r.bytes -= n.size()
	if h.bytes -= n.size(); h.entries.Len() == 0 {
		delete(r.of, n.who)
	}
}

// Registered is how many bytes the registered queries take.
func (e *Engine) Registered() int {
	e.registered.mu.Lock()
	defer e.registered.mu.Unlock()
	return e.registered.bytes
}
