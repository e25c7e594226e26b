package search

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"slices"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// all is the way of who reads every thing of a kind by a role that needs no organisation.
const all = "*"

// ReadersOf says by the table of rights who may read a thing, given the action that reads it.
func ReadersOf(t authz.Table, action string, thing authz.Related) Readers {
	var out Readers
	rule, _ := t.Rule(action)
	for _, g := range rule.Who {
		switch {
		case g.As == authz.Anywhere && g.Role == authz.Anyone:
			return Readers{Everyone: true}
		case g.As == authz.Anywhere:
			out.Wide = with(out.Wide, all)
		case g.Role == authz.Itself: // nothing that is one person's is found here
		default:
			for _, o := range thing.Stand(g.As) {
				if o == authz.Everybody {
					return Readers{Everyone: true}
				}
				out.add(g.As, o)
			}
		}
	}
	return out
}

// ReadableBy says by the same table what the caller may read.
func ReadableBy(ctx context.Context, t authz.Table, action string) Readers {
	var out Readers
	columns := authz.Columns{}
	rule, _ := t.Rule(action)
	for _, g := range rule.Who {
		columns[g.As] = func(in ...id.Organisation) store.Filter {
			for _, o := range in {
				if o != authz.Everybody {
					out.add(g.As, o)
				}
			}
			return store.Nothing()
		}
	}
	if t.Filter(authz.From(ctx), action, columns, nil).Op == store.OpAll {
		return Readers{Everyone: true}
	}
	return out
}

// add takes up a way of reading. A body above reads nearly all there is of its area, and so does who is shown what is for
// everybody there; every other way leads to a little.
func (r *Readers) add(as authz.Relation, o id.Organisation) {
	key := string(as) + " " + string(o)
	if id.Is(string(o), id.KindDistrict) || id.Is(string(o), id.KindSubDistrict) {
		r.Wide = with(r.Wide, key)
		return
	}
	r.Narrow = with(r.Narrow, key)
}

func with(all []string, s string) []string {
	if slices.Contains(all, s) {
		return all
	}
	return append(all, s)
}

// The beginning of a posting says of which kind the thing is and who may read it: everybody, or who has come by one of
// the wide ways. So nobody's search ever meets what is none of theirs.
const (
	kindLength = 3
	laneLength = kindLength + 8
	openMark   = '*'
)

// lanes are the beginnings of a thing's postings.
func lanes(kind id.Kind, r Readers) []string {
	if r.Everyone {
		return []string{string(kind) + string(openMark)}
	}
	out := make([]string, len(r.Wide))
	for i, w := range r.Wide {
		out[i] = string(kind) + short(w)
	}
	return out
}

// lanesOf are the beginnings of the postings that a caller may see.
func lanesOf(kind id.Kind, may Readers) []string {
	open := string(kind) + string(openMark)
	if may.Everyone {
		return []string{open, string(kind) + short(all)}
	}
	return append(lanes(kind, Readers{Wide: may.Wide}), open)
}

// narrow are the narrow ways in which things of a kind are read, as cards have them.
func narrow(kind id.Kind, r Readers) []string {
	out := make([]string, len(r.Narrow))
	for i, n := range r.Narrow {
		out[i] = string(kind) + " " + n
	}
	return out
}

// short is a way of reading in eight characters. Two that are alike would cost time and no secret: what is found is asked
// for again with the caller's rights.
func short(way string) string {
	sum := sha256.Sum256([]byte(way))
	return base64.RawURLEncoding.EncodeToString(sum[:6])
}

// word takes a posting's beginning off.
func word(posting []byte) (lane, rest []byte) {
	n := laneLength
	if len(posting) > kindLength && posting[kindLength] == openMark {
		n = kindLength + 1
	}
	if len(posting) <= n {
		return nil, nil
	}
	return posting[:n], posting[n:]
}
