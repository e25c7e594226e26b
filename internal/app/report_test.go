package app_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cobuild/cobuild/internal/fulfilment"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/report"
)

// sections are a report's figures in words, as the events have added them up, and as they are counted anew.
func (h *house) sections(who id.Person, of id.Organisation, quarter *int) (told, anew string) {
	h.t.Helper()
	ctx := h.as(who)
	r, err := h.Reports.Report(ctx, report.Scope{Organisation: &of}, report.Period{Year: 2026, Quarter: quarter})
	must(h.t, err)
	s, err := h.Reports.Sections(ctx, r)
	must(h.t, err)
	again, err := h.Reports.Recompile(ctx, r)
	must(h.t, err)
	return inWords(s), inWords(again)
}

// inWords are the figures that count anything.
func inWords(of []*report.Section) string {
	var out strings.Builder
	for _, s := range of {
		for _, f := range s.Figures {
			if f.Value != nil && *f.Value != "0" {
				fmt.Fprint(&out, f.Key, "=", *f.Value, " ")
			}
		}
	}
	return out.String()
}

func TestAReportIsTheSameOnEveryStoreAndCountedAnew(t *testing.T) {
	for name, at := range both() {
		t.Run(name, func(t *testing.T) {
			s := at(t)
			h := open(t, s.node())
			w := h.town(1)
			teacher := w.liaisons[0]
			c := h.active(w, w.text("2026-03-02", "2026-12-31", w.once("2026-03-10", 1), w.once("2026-03-11", 2), w.once("2026-03-12", 3), w.once("2026-04-01", 4))).ID
			f := map[int]id.Fulfilment{} // by weight
			for _, x := range h.fulfilments(c) {
				f[x.Weight] = x.ID
			}
			h.does(h.report(teacher, f[1]))
			h.does(h.accept(w.secretary, f[1]))
			h.does(h.report(teacher, f[2]))
			h.does(h.dispute(w.secretary, f[2]))
			h.at("2026-03-13T00:00:00+08:00")
			h.does(h.resolve(w.northern, f[2], fulfilment.KeptLate, new("门卫可以作证")))
			h.settle()

			const want = "CAME_INTO_FORCE=1 IN_FORCE_AFTER=1 OCCURRENCES=3 KEPT_ON_TIME=1 RESOLVED_KEPT_LATE=1 OVERDUE=1 FULFILMENT_RATE=0.3333 "
			for who, of := range map[id.Person]id.Organisation{w.northern: w.north, w.secretary: w.community, teacher: w.units[0]} {
				told, anew := h.sections(who, of, new(1))
				equal(t, "figures", told, want)
				equal(t, "figures counted anew", anew, want)
			}
			_, err := h.Reports.Report(h.as(w.southern), report.Scope{Organisation: &w.north}, report.Period{Year: 2026})
			refused(t, err, "NOT_FOUND")

			for n, choice := range map[int]fulfilment.Counted{
				3: {Statuses: []fulfilment.Status{fulfilment.Accepted, fulfilment.Resolved, fulfilment.Overdue}},
				1: {Outcomes: []fulfilment.Outcome{fulfilment.KeptLate}},
				2: {Upheld: true},
			} {
				choice.Above, choice.From, choice.To = w.north, "2026-01-01", "2026-03-31"
				got, err := h.Fulfilments.Counted(h.as(w.northern), choice, page.Args{First: new(10)})
				must(t, err)
				equal(t, "listed", len(got.Nodes()), n)
				total, err := got.TotalCount(h.as(w.northern))
				must(t, err)
				equal(t, "counted", *total, n)
			}
		})
	}
}
