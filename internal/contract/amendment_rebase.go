package contract

import (
	"reflect"
	"slices"

	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// rebased is an amendment's text written for a newer text than the one it was written for: what it had changed stays
// changed, everything else is as the newer text has it. Where both changed the same part, the amendment's word stands;
// its differences show that to everybody, and everybody agrees anew.
func rebased(base, mine, current *Text) TextInput {
	b, m, c := base.input(), mine.input(), current.input()
	c.Title = ours(b.Title, m.Title, c.Title)
	c.EndsOn = ours[scalar.Date](b.EndsOn, m.EndsOn, c.EndsOn)
	c.Purpose = ours(b.Purpose, m.Purpose, c.Purpose)
	c.NoticeDays = ours(b.NoticeDays, m.NoticeDays, c.NoticeDays)
	c.AutoRenew = ours(b.AutoRenew, m.AutoRenew, c.AutoRenew)
	c.Language = ours(b.Language, m.Language, c.Language)
	c.Terms = ours(b.Terms, m.Terms, c.Terms)
	c.SigningOrder = ours(b.SigningOrder, m.SigningOrder, c.SigningOrder)
	c.Parties = merged(b.Parties, m.Parties, c.Parties, func(p *PartyInput) string { return string(p.Organisation) }, nil)
	c.Clauses = merged(b.Clauses, m.Clauses, c.Clauses,
		func(l *ClauseInput) string { return *l.Key }, func(l *ClauseInput) { l.Key = nil })
	c.Commitments = merged(b.Commitments, m.Commitments, c.Commitments,
		func(l *CommitmentInput) string { return *l.Key }, func(l *CommitmentInput) { l.Key = nil })
	c.Sharing = merged(b.Sharing, m.Sharing, c.Sharing,
		func(s *SharingInput) string { return *s.Key }, func(s *SharingInput) { s.Key = nil })
	return c
}

// ours is the amendment's value where it changed it, else the newer one.
func ours[V any](base, mine, current V) V {
	if reflect.DeepEqual(base, mine) {
		return current
	}
	return mine
}

// merged brings what an amendment did to a list into a newer list, member by member. A member that both added under the
// same key are two: the amendment's gets a new key.
func merged[V any](base, mine, current []V, key func(*V) string, anew func(*V)) []V {
	find := func(in []V, k string) *V {
		i := slices.IndexFunc(in, func(v V) bool { return key(&v) == k })
		if i < 0 {
			return nil
		}
		return &in[i]
	}
	var out []V
	for _, v := range current {
		was, is := find(base, key(&v)), find(mine, key(&v))
		switch {
		case was == nil: // new since
			out = append(out, v)
		case is == nil: // taken out by the amendment
		default:
			out = append(out, ours(*was, *is, v))
		}
	}
	for _, v := range mine {
		k := key(&v)
		was, is := find(base, k), find(current, k)
		switch {
		case was == nil && is != nil && !reflect.DeepEqual(v, *is) && anew != nil:
			anew(&v)
			out = append(out, v)
		case was == nil && is == nil, was != nil && is == nil && !reflect.DeepEqual(*was, v):
			out = append(out, v) // added by the amendment, or changed by it and taken out since
		}
	}
	return out
}
