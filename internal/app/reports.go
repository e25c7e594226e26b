package app

import (
	"context"
	"iter"
	"net/http"
	"strconv"

	"github.com/cobuild/cobuild/internal/fulfilment"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/web/gql"
	"github.com/cobuild/cobuild/internal/report"
)

func (a *App) reports(ctx context.Context) error {
	var err error
	a.Reports, err = report.Open(ctx, a.Backend, report.Service{
		Now: a.Now, Cursors: a.Cursors, Organisations: a.Directory.Facts, Occurrences: a.occurrences,
		Appraisals: a.appraised,
		Secrets:    a.cursorSecrets,
	})
	return err
}

// occurrences are a contract's fulfilments as reports count them.
func (a *App) occurrences(ctx context.Context, c id.Contract) iter.Seq2[report.Occurrence, error] {
	return func(yield func(report.Occurrence, error) bool) {
		for h, err := range a.Fulfilments.Recite(ctx, c) {
			if !yield(occurrence(h), err) {
				return
			}
		}
	}
}

// occurrence is what an event says of a fulfilment, in the words of reports.
func occurrence(h fulfilment.Happened) report.Occurrence {
	o := report.Occurrence{Contract: h.Contract, Commitment: h.Commitment, Fact: report.Fact{
		DueOn: h.DueOn, Provider: h.Provider, Status: string(h.Status), Late: h.Late, Silent: h.Silent,
		Outcome: string(h.Outcome), Quantity: h.Quantity, Unit: h.Unit, Is: report.Share(h.Is),
	}}
	for _, p := range h.Evidence {
		o.Evidence = append(o.Evidence, report.Proven{Kind: string(p.Kind), Pieces: int64(p.Pieces)})
	}
	return o
}

// paper hands out reports as documents: to whoever has an address that still holds, in the name of the person it was
// given to, and to callers with a token in their own. Either way it is what that person may read at this moment.
func (a *App) paper() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d, err := a.printed(r)
		if err != nil {
			refusePaper(w, r, fault.Of(err))
			return
		}
		h := w.Header()
		h.Set("Content-Type", d.Type)
		h.Set("Content-Security-Policy", d.Policy)
		h.Set("Content-Disposition", `inline; filename="`+d.Name+`"`)
		h.Set("Cache-Control", "no-store")
		h.Set("X-Robots-Tag", "noindex")
		h.Set("Content-Length", strconv.Itoa(len(d.Body)))
		_, _ = w.Write(d.Body) // a caller who has gone is no error of ours
	})
}

func (a *App) printed(r *http.Request) (*report.Document, error) {
	ctx, q := r.Context(), r.URL.Query()
	if q.Has("mac") {
		b, err := a.Reports.Bearer(r.URL.Path, q)
		if err != nil {
			return nil, err
		}
		who, err := a.again(ctx, b.Person, b.Session)
		if err != nil {
			return nil, fault.New(fault.Forbidden, report.CodeBadAddress).Because(err)
		}
		ctx = authz.With(ctx, who)
	}
	if !authz.From(ctx).Known() {
		return nil, fault.New(fault.Unauthenticated, fault.CodeUnauthenticated)
	}
	p, err := report.PaperAt(r.URL.Path, q.Get("lang"))
	if err != nil {
		return nil, err
	}
	return a.Reports.Render(ctx, p)
}

// Print makes the document at a path in the program's own name: for operators, who have the whole store.
func (a *App) Print(ctx context.Context, path, language string) (*report.Document, error) {
	p, err := report.PaperAt(path, language)
	if err != nil {
		return nil, err
	}
	return a.Reports.Render(authz.AsSystem(ctx), p)
}

// refusePaper answers in the same form as GraphQL does.
func refusePaper(w http.ResponseWriter, r *http.Request, f *fault.Fault) {
	status := map[fault.Kind]int{
		fault.Invalid: http.StatusBadRequest, fault.Refused: http.StatusBadRequest, fault.NotFound: http.StatusNotFound,
		fault.Forbidden: http.StatusForbidden, fault.Unauthenticated: http.StatusUnauthorized,
		fault.Unavailable: http.StatusServiceUnavailable,
	}[f.Kind]
	if status == 0 {
		status = http.StatusInternalServerError
	}
	gql.Refuse(r.Context(), w, status, f)
}
