package match

import (
	"context"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/exchange"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/resource"
)

// BenchmarkMatches answers questions among as many needs as resources, 100,000 of each unless COBUILD_MATCH_SIZE says
// otherwise, spread over forty districts, on the embedded store: cards, books and the documents themselves, which are
// read and decoded as their rooms do it.
func BenchmarkMatches(b *testing.B) {
	size := 100_000
	if s := os.Getenv("COBUILD_MATCH_SIZE"); s != "" {
		size, _ = strconv.Atoi(s)
	}
	w := open(b)
	w.Categories = townTree
	town := townOf(3, 40, w.at)
	docs := w.documents(b)
	type listing struct {
		id  string
		who id.Organisation
	}
	var needs, resources []listing
	for range size {
		for _, side := range []Side{NeedSide, ResourceSide} {
			i := town.item(side, town.choose(), themes(), nil)
			i.Audience = append([]string{"public", string(i.Organisation)}, plainly(i.Above)...)
			w.items[i.ID] = i
			if side == NeedSide {
				needs = append(needs, listing{i.ID, i.Organisation})
			} else {
				resources = append(resources, listing{i.ID, i.Organisation})
			}
		}
	}
	w.file(b)
	docs.fill(b, w)
	clear(w.items)
	for name, question := range map[string]func(n int) (Question, id.Organisation){
		"need": func(n int) (Question, id.Organisation) {
			of := needs[n*7919%size]
			return ofNeed(of.id), of.who
		},
		"resource": func(n int) (Question, id.Organisation) {
			of := resources[n*7919%size]
			return ofResource(of.id), of.who
		},
		"community": func(n int) (Question, id.Organisation) {
			c := needs[n*7919%size].who
			return Question{Community: &c}, c
		},
		"near misses": func(n int) (Question, id.Organisation) {
			of := needs[n*7919%size]
			q := ofNeed(of.id)
			q.NearMisses = true
			return q, of.who
		},
	} {
		b.Run(name, func(b *testing.B) {
			var took []time.Duration
			found := 0
			for n := 0; b.Loop(); n++ {
				q, who := question(n)
				ctx := as(b, who)
				from := time.Now()
				got, err := w.Matches(ctx, q, page.Args{First: new(20)})
				if err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(from))
				found += len(got.Nodes())
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
			b.ReportMetric(float64(found)/float64(len(took)), "matches/op")
		})
	}
}

// documents are resources as their room keeps them; needs are of the same size and are kept so too.
type documents struct {
	*store.Collection[*resource.Resource]
}

func (w *world) documents(b testing.TB) documents {
	b.Helper()
	c, err := store.Open(b.Context(), w.db, store.Options[*resource.Resource]{
		Schema: store.Schema{Name: "listings"}, Read: access.MatchKeep, Now: w.Now,
		Policy: authz.PolicyOf[*resource.Resource](w.table, access.MatchKeep, nil, nil, nil),
	})
	if err != nil {
		b.Fatal(err)
	}
	d := documents{c}
	w.Needs = func(ctx context.Context, ids []id.Need) ([]*Item, error) { return d.read(ctx, NeedSide, plainly(ids)) }
	w.Resources = func(ctx context.Context, ids []id.Resource) ([]*Item, error) {
		return d.read(ctx, ResourceSide, plainly(ids))
	}
	return d
}

func (d documents) fill(b testing.TB, w *world) {
	b.Helper()
	var all []*resource.Resource
	for _, i := range w.items {
		r := &resource.Resource{Status: resource.Offered}
		r.ID = id.Resource(i.ID)
		r.Listing = listed(i)
		all = append(all, r)
	}
	for chunk := range slices.Chunk(all, 2000) {
		if err := d.AddMany(authz.AsSystem(b.Context()), access.MatchKeep, chunk); err != nil {
			b.Fatal(err)
		}
	}
}

func listed(i *Item) exchange.Listing {
	l := exchange.Listing{
		Publisher: i.Organisation, CommunityType: (*exchange.CommunityType)(new(string(i.Type))), UnitKind: (*exchange.UnitKind)(new(i.Kind)), SubDistricts: i.Above[:1], Districts: i.Above[1:],
		Category: i.Category, Title: i.Title, Text: "每周固定时间上门，由志愿者两人一组完成，事先电话联系，所需物品由提供方自带。", Unit: i.Unit, Quantity: 1,
		Audiences: []exchange.Audience{exchange.Elders, exchange.Residents}, Visibility: exchange.ToAll, Seers: i.Audience,
	}
	if i.Left != nil {
		l.Quantity = *i.Left
	}
	for _, w := range i.Windows {
		l.Windows = append(l.Windows, &exchange.Window{StartsOn: "2026-01-01", EndsOn: "2026-12-31", Recurrence: &w.Recurrence})
	}
	if i.Place != nil {
		l.Place = &exchange.Place{Point: &exchange.Point{Type: "Point", Coordinates: []float64{i.Place.Lon, i.Place.Lat}}}
	}
	if i.ValidUntil != nil {
		l.ValidUntil = scalar.DateOf(*i.ValidUntil, zone())
	}
	return l
}

// read reads and decodes documents, and lets through what the caller sees.
func (d documents) read(ctx context.Context, side Side, ids []string) ([]*Item, error) {
	found, err := d.GetMany(authz.AsSystem(ctx), ids)
	if err != nil {
		return nil, err
	}
	keys, all := keysOf(authz.From(ctx))
	out := make([]*Item, len(ids))
	for n, r := range found {
		if r == nil || !all && !slices.ContainsFunc(r.Seers, func(k string) bool { return slices.Contains(keys, k) }) {
			continue
		}
		i := &Item{
			ID: string(r.ID), Side: side, Standing: Free, Organisation: r.Publisher, Kind: string(*r.UnitKind), Type: CommunityType(*r.CommunityType),
			Above: r.Above(), Category: r.Category, Title: r.Title, Left: new(r.Left()), Unit: r.Unit, Audience: r.Seers,
		}
		for _, w := range r.Windows {
			i.Windows = append(i.Windows, Window{Recurrence: or(w.Recurrence, ""), From: w.StartsOn, Until: w.EndsOn})
		}
		if r.Place != nil {
			i.Place = &Point{r.Place.Point.Longitude(), r.Place.Point.Latitude()}
		}
		if r.ValidUntil != "" {
			i.ValidUntil = new(r.ValidUntil.End(zone()))
		}
		out[n] = i
	}
	return out, nil
}
