package file

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/vault"
	"github.com/cobuild/cobuild/internal/platform/web/transfer"
)

// Service keeps what is known of files.
type Service struct {
	Now     func() time.Time
	Random  io.Reader
	Cursors *page.Cursors
	Told    func()         // wakes the relay; may be nil
	Vault   *vault.Vault   // encrypts names
	Door    *transfer.Door // through which the bytes come and go
	Most    int            // bytes of one file; 0 for the usual

	// Readable says which subjects the caller may read at this moment, in their order.
	Readable func(ctx context.Context, subjects []string) ([]bool, error)
	// Names says whether a subject names a file, as a report does its evidence.
	Names func(ctx context.Context, subject string, f id.File) (bool, error)
	// Subject tells of a contract or a project that the caller may read; NOT_FOUND for any other.
	Subject func(ctx context.Context, subject string) (Subject, error)

	table  authz.Table
	files  *store.Collection[*File]
	spent  *store.Collection[*spent]
	sweeps *sweeps
}

// Subject is what this room wants to know of what a file is attached to.
type Subject struct {
	Parties  []id.Organisation // that take part in it
	Audience []string          // who may read it
}

// Shelf is the word for this room's files in addresses.
const Shelf = "f"

// Open makes the room ready on a back end, and puts its files behind the door.
func Open(ctx context.Context, db store.Backend, s Service) (*Service, error) {
	s.table, s.sweeps = access.Table(), &sweeps{}
	if s.Most == 0 {
		s.Most = DefaultMost
	}
	out := &s
	var err error
	if s.files, err = store.Open(ctx, db, store.Options[*File]{
		Schema: schema(), Read: access.FileRead, Now: s.Now, Told: s.Told,
		Sealer: s.Vault.Sealer(vault.Kind{Collection: "files", Fields: []string{"name"}}),
		Policy: out.policy(),
	}); err != nil {
		return nil, fmt.Errorf("files: %w", err)
	}
	if s.spent, err = store.Open(ctx, db, store.Options[*spent]{
		Schema: spentSchema(), Read: access.FileTime, Now: s.Now,
		Policy: authz.PolicyOf[*spent](s.table, access.FileTime, nil, nil, nil),
	}); err != nil {
		return nil, fmt.Errorf("uploads of a day: %w", err)
	}
	s.Door.Shelve(Shelf, transfer.Shelf{Expect: out.expect, Arrived: out.arrived, Find: out.find})
	return out, nil
}

// Outboxes are the collections whose events the relay takes to the journal.
func (s *Service) Outboxes() []store.Outbox { return []store.Outbox{s.files} }

// Sealed are the collections whose texts move from one data key to the next.
func (s *Service) Sealed() []vault.Moving { return []vault.Moving{s.files} }

// policy is the table's; but who reads what is attached is asked of what it is attached to. Its people still take it away
// from there, if they read it.
func (s *Service) policy() store.Policy[*File] {
	p := authz.PolicyOf[*File](s.table, access.FileRead, columns(), nil, nil)
	may := p.May
	p.May = func(ctx context.Context, action string, f *File) error {
		a := authz.From(ctx)
		if f.Attached() && !a.IsSystem() {
			if err := s.reads(ctx, f); err != nil || action == access.FileRead {
				return err
			}
		}
		if action == access.FileRead {
			return may(ctx, action, f)
		}
		if !s.table.Allows(a, action, mine{f}) {
			return s.table.Refusal(a, action)
		}
		return nil
	}
	return p
}

// reads refuses whoever may not read what a file is attached to.
func (s *Service) reads(ctx context.Context, f *File) error {
	read, err := s.Readable(ctx, []string{f.Subject})
	if err == nil && !read[0] {
		err = fault.New(fault.NotFound, fault.CodeNotFound, "id", f.ID)
	}
	return err
}

// The fields by which files are found.
const (
	byOrganisation store.Field[id.Organisation] = "organisation"
	bySubject      store.Field[string]          = "subject"
	byStatus       store.Field[Status]          = "status"
	byCreated      store.Field[time.Time]       = "createdAt"
	byExpiry       store.Field[time.Time]       = "expiresAt"
	byAuthor       store.Field[id.Person]       = "by"
)

func schema() store.Schema {
	return store.Schema{Name: "files", Indexes: []store.Index{
		store.Lookup(byOrganisation.Asc(), bySubject.Asc(), byCreated.Desc()),
		store.Lookup(bySubject.Asc(), byStatus.Asc(), byCreated.Asc()),
		store.Sparse(byExpiry.Asc()),
		store.Sparse(byAuthor.Asc()),
	}}
}

// columns say which of an organisation's files its people list: those that are attached to nothing.
func columns() authz.Columns {
	return authz.Columns{authz.Own: func(all ...id.Organisation) store.Filter {
		return store.And(byOrganisation.In(all...), bySubject.Is(""))
	}}
}

// File finds a file that the caller may read.
func (s *Service) File(ctx context.Context, f id.File) (*File, error) {
	return s.files.Get(ctx, string(f))
}

// Many finds files in the order of ids; nil where there is none or the caller may not read it. What they are attached to
// is asked once for all.
func (s *Service) Many(ctx context.Context, ids []id.File) ([]*File, error) {
	plain := make([]string, len(ids))
	for i, f := range ids {
		plain[i] = string(f)
	}
	found, err := s.files.GetMany(authz.AsSystem(ctx), plain)
	if err != nil || authz.From(ctx).IsSystem() {
		return found, err
	}
	var subjects []string
	for _, f := range found {
		if f != nil && f.Attached() {
			subjects = append(subjects, f.Subject)
		}
	}
	read := map[string]bool{}
	if len(subjects) > 0 {
		may, err := s.readable(ctx, subjects)
		if err != nil {
			return nil, err
		}
		read = may
	}
	for i, f := range found {
		if f != nil && (f.Attached() && !read[f.Subject] || !f.Attached() && !s.table.Allows(authz.From(ctx), access.FileRead, f)) {
			found[i] = nil
		}
	}
	return found, nil
}

// readable asks for subjects, each once and not too many at a time.
func (s *Service) readable(ctx context.Context, subjects []string) (map[string]bool, error) {
	out := map[string]bool{}
	var ask []string
	for _, one := range subjects {
		if _, known := out[one]; !known {
			out[one] = false
			ask = append(ask, one)
		}
	}
	for len(ask) > 0 {
		n := min(len(ask), 100)
		may, err := s.Readable(ctx, ask[:n])
		if err != nil {
			return nil, err
		}
		for i, ok := range may {
			out[ask[i]] = ok
		}
		ask = ask[n:]
	}
	return out, nil
}

// These are the names under which the API binds pages of files.
type (
	// Connection is a page of files.
	Connection = page.Connection[*File]
	// Edge is a file of a page, with its cursor.
	Edge = page.Edge[*File]
)

// Waiting lists an organisation's files that are attached to nothing, the latest first.
func (s *Service) Waiting(ctx context.Context, of id.Organisation, a page.Args) (*Connection, error) {
	return page.List(ctx, s.files, s.Cursors, store.And(byOrganisation.Is(of), bySubject.Is("")), []store.Order{byCreated.Desc()}, a)
}

// Attachments lists what is attached to each of several contracts or projects that the caller reads, the oldest first.
func (s *Service) Attachments(ctx context.Context, of []string, a page.Args) ([]*Connection, error) {
	if err := a.Bounded(); err != nil {
		return nil, err
	}
	out := make([]*Connection, len(of))
	for i, c := range of {
		var err error
		where := store.And(bySubject.Is(c), byStatus.Is(Attached))
		if out[i], err = page.List(authz.AsSystem(ctx), s.files, s.Cursors, where, []store.Order{byCreated.Asc()}, a); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Address gives the caller, who reads the file, the address of its bytes; nil where there are none.
func (s *Service) Address(ctx context.Context, f *File) (*transfer.Address, error) {
	var none *transfer.Address
	if f.Blob == "" || s.Door.Ready() != nil {
		return none, nil
	}
	a, err := s.Door.Download(ctx, Shelf, string(f.ID))
	return &a, err
}

func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Millisecond) }

// sweeps is how far this node has come in looking for bytes that nothing names.
type sweeps struct {
	mu    sync.Mutex
	after string    // the last key looked at
	rest  time.Time // until when there is nothing to look for
}
