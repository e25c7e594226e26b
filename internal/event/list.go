package event

import (
	"context"
	"slices"
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
func (s *Service) List(ctx context.Context, f *Filter, a page.Args) (*Connection, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	n, last, err := a.Limit()
	if err != nil {
		return nil, err
	}
	r := reading{s: s, f: f, actor: authz.From(ctx), args: a, search: journal.Search{Backward: last}}
	if a.After != nil {
		if r.search.After, err = s.place(ctx, "after", *a.After); err != nil {
			return nil, err
		}
		r.at = r.search.After
	}
	if a.Before != nil {
		before, err := s.place(ctx, "before", *a.Before)
		if err != nil {
			return nil, err
		}
		r.search.Before = &before
		if last {
			r.at = before
		}
	}
	r.among()
	if err := r.read(ctx, n+1); err != nil {
		return nil, err
	}
	return r.page(n)
}

// place reads a cursor. One that lies ahead of everything that happened is refused: it is of another server.
func (s *Service) place(ctx context.Context, arg, cursor string) (int64, error) {
	seq, err := strconv.ParseInt(cursor, 10, 64)
	if err != nil || seq < 0 || strconv.FormatInt(seq, 10) != cursor {
		return 0, fault.New(fault.Invalid, fault.CodeBadCursor).At(arg)
	}
	last, err := s.Journal.Last(ctx)
	if err == nil && seq > last {
		err = fault.New(fault.Invalid, feed.CodeFuture, "last", last).At(arg)
	}
	return seq, err
}

// reading gathers a page.
type reading struct {
	s      *Service
	f      *Filter
	actor  authz.Actor
	args   page.Args
	search journal.Search

	at     int64            // the last place that was looked at
	looked int              // entries
	found  []*journal.Entry // that the caller may know of
	asked  []*journal.Entry // that the caller may know of if they may read the subjects
	more   bool             // whether it was cut short
}

// among says by what the journal finds what may be shown.
func (r *reading) among() {
	if r.f != nil && r.f.Subject != nil {
		r.search.Subject = *r.f.Subject
		return
	}
	if who, all := audience(r.actor); !all {
		r.search.Audience = who
	}
}

// read gathers entries up to a number.
func (r *reading) read(ctx context.Context, most int) error {
	for e, err := range r.s.Journal.Find(ctx, r.search, most) {
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

// ask keeps, of the entries that wait, those whose subjects the caller may read now.
func (r *reading) ask(ctx context.Context) error {
	kept, err := r.s.readable(ctx, r.asked)
	r.found, r.asked = append(r.found, kept...), nil
	return err
}

// page makes the page of what was gathered, one entry more than it shows.
func (r *reading) page(n int) (*Connection, error) {
	more, back := r.more || len(r.found) > n, r.search.Backward
	reached := r.at
	if len(r.found) > n {
		r.found = r.found[:n]
		if reached = 0; n > 0 {
			reached = r.found[n-1].Seq
		}
	}
	if back {
		slices.Reverse(r.found)
	}
	c := &Connection{Edges: []*Edge{}, PageInfo: &page.Info{HasNextPage: more, HasPreviousPage: r.args.After != nil}}
	for _, entry := range r.found {
		e, err := of(entry)
		if err != nil {
			return nil, err
		}
		c.Edges = append(c.Edges, &Edge{Cursor: strconv.FormatInt(e.Seq, 10), Node: e})
	}
	i := c.PageInfo
	if back {
		i.HasNextPage, i.HasPreviousPage = r.args.Before != nil, more
	}
	if len(c.Edges) > 0 {
		i.StartCursor, i.EndCursor = &c.Edges[0].Cursor, &c.Edges[len(c.Edges)-1].Cursor
	}
	switch {
	case reached == 0:
	case back:
		i.StartCursor = new(strconv.FormatInt(reached, 10))
	default:
		i.EndCursor = new(strconv.FormatInt(reached, 10))
	}
	return c, nil
}
