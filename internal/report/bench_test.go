package report

import (
	"fmt"
	"strconv"
	"sync"
	"testing"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// city is a sub-district with 2,000 contracts, each with twenty-four promises over four quarters by two parties.
func city(b *testing.B) *world {
	b.Helper()
	w := open(b)
	ctx := authz.AsSystem(b.Context())
	var g sync.WaitGroup
	for first := range 16 {
		g.Go(func() {
			for i := first; i < 2000; i += 16 {
				f := &folio{Title: fmt.Sprintf("第%d号共建契约", i), Status: contractActive, Zone: defaultZone, Host: community(), Seen: 1}
				f.ID = contractOf(strconv.Itoa(i))
				f.Parties, f.Above = []id.Organisation{community(), school()}, []id.Organisation{street()}
				f.From = new(scalar.Date("2026-01-05"))
				f.settle()
				x := &sheet{}
				x.ID = sheetOf(f.ID, 2026)
				for m := range 3 {
					var es []entry
					for q := range 8 {
						done := fact(scalar.Date("2026-01-15").AddDays(45*q), accepted, func(f *Fact) {
							f.Is, f.Late, f.Quantity, f.Unit = Share{2, 2}, q == 3, new(scalar.Decimal("1.5")), "场"
							f.Evidence = []Proven{{"PHOTO", 2}}
							if m == 2 {
								f.Provider = community()
							}
						})
						es = append(es, entry{Seq: 1, Fact: done})
					}
					c := id.Within[id.Commitment](id.KindCommitment, string(f.ID), strconv.Itoa(m))
					if _, err := x.enter(part{Commitment: c, Seen: 1, Totals: totals(es)}); err != nil {
						b.Error(err)
					}
				}
				if _, err := w.folios.Add(ctx, access.ReportKeep, f); err != nil {
					b.Error(err)
				}
				if _, err := w.sheets.Add(ctx, access.ReportKeep, x); err != nil {
					b.Error(err)
				}
			}
		})
	}
	g.Wait()
	return w
}

// BenchmarkReport compiles the annual report of a sub-district with 2,000 contracts; BenchmarkListing only lists what this
// room knows of the same contracts, for comparison.
func BenchmarkReport(b *testing.B) {
	w := city(b)
	ctx, of := officer(authz.Supervisor, street()), street()
	b.Run("annual", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			r, err := w.Report(ctx, Scope{Organisation: &of}, Period{Year: 2026})
			must(b, err)
			s, err := w.Sections(ctx, r)
			must(b, err)
			if n := flat(s)[Occurrences].Count; n != 48_000 {
				b.Fatal(n)
			}
		}
	})
	b.Run("listing", func(b *testing.B) {
		for b.Loop() {
			n := 0
			for _, err := range w.folios.Walk(ctx, byAbove.Is(of), bySince.Asc()) {
				must(b, err)
				n++
			}
			if n != 2000 {
				b.Fatal(n)
			}
		}
	})
	b.Run("pdf", func(b *testing.B) {
		for b.Loop() {
			_, err := w.Render(ctx, Paper{Scope{Organisation: &of}, Period{Year: 2026}, PDF, Chinese})
			must(b, err)
		}
	})
}

// BenchmarkFollow hears one event of a fulfilment, in a contract with thirty promises that are due each week.
func BenchmarkFollow(b *testing.B) {
	w := open(b)
	must(b, w.FollowContract(b.Context(), w.contractEvent(b, "c", contractActive, "2026-01-05")))
	n := 0
	for b.Loop() {
		on := scalar.Date("2026-01-07").AddDays(7 * (n / 30 % 50))
		must(b, w.FollowFulfilment(b.Context(), w.dueEvent(b, "c", fmt.Sprint("m", n%30), fact(on, due))))
		n++
	}
}
