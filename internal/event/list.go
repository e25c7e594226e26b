package event

import (
	"context"
	"strconv"
	"strings"

	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/feed"
	"github.com/cobuild/cobuild/internal/platform/journal"
	"github.com/cobuild/cobuild/internal/platform/page"
)

// Bounds of reading.
const (
	mostLooked = 2000 // entries that are looked at for one page
	mostTypes  = 100  // types that a filter names
	askedAbout = 100  // subjects that are looked for at once
)

// These are the names under which the API binds pages.
type (
	// Connection is a page of events.
	Connection = page.Connection[*Event]
	// Edge is an event of a page, with its cursor.
	Edge = page.Edge[*Event]
)

// Filter chooses among events. What it names must all hold.
type Filter struct {
	Types   []string // as "contract.signed", or "contract.*" for all that begin so
	Subject *string
}

func (f *Filter) check() error {
	if f == nil {
		return nil
	}
	if len(f.Types) > mostTypes {
		return page.InFilter(fault.New(fault.Invalid, fault.CodeTooMany, "max", mostTypes).At("types"))
	}
	for i, t := range f.Types {
		if t == "" || len(t) > 100 || strings.Contains(strings.TrimSuffix(t, ".*"), "*") {
			return page.InFilter(fault.New(fault.Invalid, fault.CodeMalformed, "want", "contract.signed, contract.*").At("types", strconv.Itoa(i)))
		}
	}
	return nil
}

// matches says whether an entry is among the chosen ones.
func (f *Filter) matches(e *journal.Entry) bool {
	return f == nil || (f.Subject == nil || e.Subject == *f.Subject) && (f.Types == nil || len(f.Types) > 0 && journal.Matches(f.Types, e.Type))
}

// List shows a page of the events that concern the caller, in their order. The cursor of an event is its place and holds
// for every filter. Where few of many are chosen, a page may be short, even empty, and lead on.
func (s *Service) List(ctx context.Context, f *Filter, first *int, after *string) (*Connection, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	n := page.Default
	if first != nil {
		n = *first
	}
	if n < 0 || n > page.Most {
		return nil, fault.New(fault.Invalid, fault.CodeBadPage, "max", page.Most).At("first")
	}
	from, err := s.place(ctx, after)
	if err != nil {
		return nil, err
	}
	r := reading{s: s, f: f, actor: authz.From(ctx), at: from}
	if err := r.read(ctx, n+1); err != nil {
		return nil, err
	}
	return r.page(n, after)
}

// place reads a cursor. One that lies ahead of everything that happened is refused: it is of another server.
func (s *Service) place(ctx context.Context, after *string) (int64, error) {
	if after == nil {
		return 0, nil
	}
	seq, err := strconv.ParseInt(*after, 10, 64)
	if err != nil || seq < 0 || strconv.FormatInt(seq, 10) != *after {
		return 0, fault.New(fault.Invalid, fault.CodeBadCursor).At("after")
	}
	last, err := s.Journal.Last(ctx)
	if err == nil && seq > last {
		err = fault.New(fault.Invalid, feed.CodeFuture, "last", last).At("after")
	}
	return seq, err
}

// reading gathers a page.
type reading struct {
	s     *Service
	f     *Filter
	actor authz.Actor

	at     int64            // the last place that was looked at
	looked int              // entries
	found  []*journal.Entry // that the caller may know of
	asked  []*journal.Entry // that the caller may know of if they may read the subjects
	more   bool             // whether it was cut short
}

// read gathers entries up to a number.
func (r *reading) read(ctx context.Context, most int) error {
	for e, err := range r.s.Journal.Find(ctx, r.search(), most) {
		if err != nil {
			return err
		}
		if r.looked >= mostLooked {
			r.more = true
			break
		}
		r.looked, r.at = r.looked+1, e.Seq
		if r.f.matches(&e) && r.s.couldRead(r.actor, &e) {
			r.asked = append(r.asked, &e)
		}
		if len(r.found)+len(r.asked) < most && len(r.asked) < askedAbout {
			continue
		}
		if err := r.ask(ctx); err != nil {
			return err
		}
		if len(r.found) >= most {
			break
		}
	}
	return r.ask(ctx)
}

// search is how the journal finds what may be shown.
func (r *reading) search() journal.Search {
	search := journal.Search{After: r.at}
	if r.f != nil && r.f.Subject != nil {
		search.Subject = *r.f.Subject
		return search
	}
	if who, all := audience(r.actor); !all {
		search.Audience = who
	}
	return search
}

// ask keeps, of the entries that wait, those whose subjects the caller may read now.
func (r *reading) ask(ctx context.Context) error {
	kept, err := r.s.readable(ctx, r.asked)
	r.found, r.asked = append(r.found, kept...), nil
	return err
}

// page makes the page of what was gathered, one entry more than it shows.
func (r *reading) page(n int, after *string) (*Connection, error) {
	c := &Connection{Edges: []*Edge{}, PageInfo: &page.Info{HasNextPage: r.more || len(r.found) > n, HasPreviousPage: after != nil}}
	end := r.at
	if len(r.found) > n {
		r.found = r.found[:n]
		if end = 0; n > 0 {
			end = r.found[n-1].Seq
		}
	}
	for _, entry := range r.found {
		e, err := of(entry)
		if err != nil {
			return nil, err
		}
		c.Edges = append(c.Edges, &Edge{Cursor: strconv.FormatInt(e.Seq, 10), Node: e})
	}
	if len(c.Edges) > 0 {
		c.PageInfo.StartCursor = &c.Edges[0].Cursor
	}
	if end > 0 {
		c.PageInfo.EndCursor = new(strconv.FormatInt(end, 10))
	}
	return c, nil
}
