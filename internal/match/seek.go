package match

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// How much is looked at for one item: a stated bound, so that an answer takes as long in a city as in a village.
const (
	mostCandidates = 320 // for one item
	mostElsewhere  = 40  // of them, that neither a square nor a district brought
	mostWorded     = 60  // of them, that their words alone brought
	mostOfAWord    = 40  // that are looked at for one word
	mostWords      = 24  // of a title, that are looked for
	mostTaken      = 30  // that are claimed already, for whoever asks what nearly fits
	branches       = 256 // of an index, in one reading
	goodKin        = 600 // from here on a kinship counts as near, in thousandths
)

// search looks for the candidates of one item: by what they are filed under, the nearest kin first; for each kin from
// the item's own square outwards.
type search struct {
	s        *Service
	keys     []string // under which the caller sees
	want     Side
	standing Standing
	found    []string
	seen     map[string]bool
}

// candidates are identifiers of what may go with an item, as the caller may see it, at most most of them.
func (s *Service) candidates(ctx context.Context, j *judge, of *Item, standing Standing, most int) ([]string, error) {
	f := &search{s: s, keys: s.keys(ctx), want: of.Side.other(), standing: standing, seen: map[string]bool{}}
	near, far := parted(j.tree.relatives(&j.w.Category, of.Side, of.Category))
	var worded []string
	if most == mostCandidates { // where many items are asked for at once, their categories must do
		var err error
		if worded, err = f.worded(authz.AsSystem(ctx), of, j.common); err != nil {
			return nil, err
		}
		most -= len(worded)
	}
	if err := f.kin(authz.AsSystem(ctx), near, of, most*3/5); err != nil {
		return nil, err
	}
	for _, group := range far {
		room := min((most-len(f.found)+1)/2, most/5)
		if err := f.kin(authz.AsSystem(ctx), group, of, len(f.found)+room); err != nil {
			return nil, err
		}
	}
	for _, i := range worded {
		if !f.seen[i] {
			f.found = append(f.found, i)
		}
	}
	return f.found, nil
}

// worded are those that share most words with an item's title, whatever they are filed under: people file things in more
// than one way.
func (f *search) worded(ctx context.Context, of *Item, common map[string]bool) ([]string, error) {
	words := of.worded(common)
	shares := map[string]int{}
	for _, w := range words[:min(len(words), mostWords)] {
		l, err := f.s.finds.List(ctx, store.Query{
			Where: store.And(byWord.Is(w), bySide.Is(f.want), byStanding.Is(f.standing), bySpot.In(f.spots([]string{everywhere})...)),
			Sort:  []store.Order{{Path: "_id", Desc: true}},
			Limit: mostOfAWord,
		})
		if err != nil {
			return nil, err
		}
		for _, c := range l.Items {
			shares[string(c.ID)]++
		}
	}
	found := slices.SortedFunc(maps.Keys(shares), func(a, b string) int {
		return cmp.Or(cmp.Compare(shares[b], shares[a]), strings.Compare(b, a))
	})
	return found[:min(len(found), mostWorded)], nil
}

// spots are all keys of the caller with some areas.
func (f *search) spots(areas []string) []string {
	var out []string
	for _, k := range f.keys {
		for _, a := range areas {
			out = append(out, spot(k, a))
		}
	}
	return out
}

// parted parts categories by how near they stand: those that are near, and the others in groups of like value.
func parted(all []related) (near []string, far [][]string) {
	var last int64
	for _, r := range all {
		switch {
		case r.value >= goodKin:
			near = append(near, r.code)
		case r.value == last:
			far[len(far)-1] = append(far[len(far)-1], r.code)
		default:
			far, last = append(far, []string{r.code}), r.value
		}
	}
	return near, far
}

// kin looks under some categories, area by area, until there are most candidates in all.
func (f *search) kin(ctx context.Context, codes []string, of *Item, most int) error {
	if len(codes) == 0 {
		return nil
	}
	for _, area := range areas(of) {
		upTo := most
		if area[0] == everywhere {
			upTo = min(most, len(f.found)+mostElsewhere)
		}
		if err := f.area(ctx, codes, area, upTo); err != nil {
			return err
		}
		if len(f.found) >= most {
			return nil
		}
	}
	return nil
}

// areas are where to look, the nearest first.
func areas(of *Item) [][]string {
	var out [][]string
	if of.Place != nil {
		out = append(out, fine().around(*of.Place), coarse().around(*of.Place))
	}
	for _, k := range []id.Kind{id.KindSubDistrict, id.KindDistrict} {
		if in := of.in(k); len(in) > 0 {
			out = append(out, plainly(in))
		}
	}
	return append(out, []string{everywhere})
}

// area reads what lies in one area under some categories, the newest first, as many branches of the index at once as are
// allowed.
func (f *search) area(ctx context.Context, codes, area []string, most int) error {
	spots := f.spots(area)
	for len(codes) > 0 {
		some := codes[:min(len(codes), branches/8)]
		codes = codes[len(some):]
		for left := spots; len(left) > 0; {
			part := left[:min(len(left), branches/len(some))]
			left = left[len(part):]
			if err := f.read(ctx, some, part, most); err != nil || len(f.found) >= most {
				return err
			}
		}
	}
	return nil
}

func (f *search) read(ctx context.Context, codes, spots []string, most int) error {
	q := store.Query{
		Where: store.And(bySpot.In(spots...), bySide.Is(f.want), byStanding.Is(f.standing), byCategory.In(codes...)),
		Sort:  []store.Order{{Path: "_id", Desc: true}},
		Limit: most + len(f.found), // what was found already may come again
	}
	l, err := f.s.finds.List(ctx, q)
	if err != nil {
		return err
	}
	for _, c := range l.Items {
		if i := string(c.ID); !f.seen[i] && len(f.found) < most {
			f.seen[i] = true
			f.found = append(f.found, i)
		}
	}
	return nil
}

func plainly[I ~string](ids []I) []string {
	out := make([]string, len(ids))
	for n, i := range ids {
		out[n] = string(i)
	}
	return out
}
