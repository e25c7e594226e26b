package bulk

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/blob"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/sheet"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/web/transfer"
)

// The times and bounds of jobs.
const (
	KeptFor    = 7 * 24 * time.Hour  // files after the end of their job, and how long a job may take
	Remembered = 30 * 24 * time.Hour // jobs after their beginning
	ComeFor    = time.Hour           // a file may come after its job was started
	Seats      = 3                   // jobs under way of one caller
	Benches    = 10                  // and of one organisation
	MaxQuery   = 20_000              // characters
	MaxColumns = 500
	MaxFile    = 256 << 20 // bytes
)

// Outcome is what became of an operation that was run for a job.
type Outcome struct {
	Data   json.RawMessage
	Errors []Refusal
	Wait   time.Duration // after how long to try again, where it was not run; 0 where it was
}

// Refusal is one error of an operation.
type Refusal struct {
	Code    fault.Code
	Message string   // in the language of the context
	Path    []string // into the input
}

// Form is how the lines of a file become inputs of a mutation.
type Form struct {
	Query  string // takes $input, and answers `it` with `replayed`, `errors` and what was made
	Object string // the field of `it` that is what was made; empty where there is none
	// Columns finds what the columns of a table fill; nil for JSON lines.
	Columns func(header []string, mapped map[string]string) (*Filler, error)
}

// Filler makes inputs of lines. Faults name their columns.
type Filler struct {
	Cells  func(cells []string) (map[string]any, error)
	Object func(raw json.RawMessage) (map[string]any, error)
	Column func(path []string) string // the column that a place in the input came from
}

// Service keeps jobs and works them off. Told may be nil.
type Service struct {
	Now     func() time.Time
	Random  io.Reader
	Cursors *page.Cursors
	Told    func() // wakes the relay
	Blobs   *blob.Bucket
	Door    *transfer.Door // through which files come and go

	// Again finds who started a job as they are now; UNAUTHENTICATED where what they came with has ended.
	Again func(ctx context.Context, who id.Person, session id.Session) (authz.Actor, error)
	// Rights finds those of the actor in ctx at this moment.
	Rights func(ctx context.Context) (authz.Actor, error)
	// Plan checks a query for the actor in ctx, and says how its list is read page by page. Wrong ones are told with
	// their line and column.
	Plan func(ctx context.Context, query string, variables map[string]any) (*Plan, error)
	// Form finds the form of a mutation, if lines of files can become that.
	Form func(mutation string) (*Form, error)
	// Perform runs an operation in the name of the actor in ctx.
	Perform func(ctx context.Context, query string, variables map[string]any) Outcome
	// Enter lets many operations of one job through the server's gate as one, so that they can wait for the disk together.
	// It is not ok while there is no room; who has entered calls leave.
	Enter func(ctx context.Context) (in context.Context, leave func(), ok bool)
	// Speak is a context in which sentences are in a language.
	Speak func(ctx context.Context, l Language) context.Context
	// Wake has the work looked at now; may be nil.
	Wake func()

	Bounds sheet.Bounds // of files that come; zero for the usual ones
	// Alone says that no other node works on this store: what an earlier program left under way is taken up at once.
	Alone bool

	jobs   *store.Collection[*Job]
	lines  *store.Collection[*Line]
	worker string

	mu     sync.Mutex
	trials map[id.BulkJob]*trial
	took   bool // whether what an earlier program left was taken up
}

// Open makes the room ready on a back end.
func Open(ctx context.Context, db store.Backend, s *Service) (*Service, error) {
	if s.Wake == nil {
		s.Wake = func() {}
	}
	if s.Bounds == (sheet.Bounds{}) {
		s.Bounds = sheet.Usual()
	}
	s.worker, s.trials = rand.Text(), map[id.BulkJob]*trial{}
	var err error
	if s.jobs, err = store.Open(ctx, db, store.Options[*Job]{
		Schema: schema(), Read: access.BulkRead, Now: s.Now, Told: s.Told,
		Policy: authz.PolicyOf[*Job](access.Table(), access.BulkRead, authz.Columns{authz.Own: byPrograms.In},
			byPerson.Is, nil),
	}); err != nil {
		return nil, fmt.Errorf("bulk jobs: %w", err)
	}
	if s.lines, err = store.Open(ctx, db, store.Options[*Line]{
		Schema: linesSchema(), Read: access.BulkKeep, Now: s.Now,
		Policy: authz.PolicyOf[*Line](access.Table(), access.BulkKeep, nil, nil, nil),
	}); err != nil {
		return nil, fmt.Errorf("lines of imports: %w", err)
	}
	s.shelve()
	return s, nil
}

// Outboxes are the collections whose events the relay takes to the journal.
func (s *Service) Outboxes() []store.Outbox { return []store.Outbox{s.jobs} }

// The fields by which jobs are found.
const (
	byPerson   store.Field[id.Person]       = "person"
	byPrograms store.Field[id.Organisation] = "programs"
	byKind     store.Field[Kind]            = "kind"
	byState    store.Field[State]           = "state"
	byCreated  store.Field[time.Time]       = "createdAt"
	byDue      store.Field[time.Time]       = "dueAt"
	byAuthor   store.Field[string]          = "author"
	bySeat     store.Field[int]             = "seat"
	byBench    store.Field[int]             = "bench"
	byOf       store.Field[id.Organisation] = "organisation"
)

// schema keeps so many jobs of a caller and of an organisation under way as there are places: two in one place cannot be.
func schema() store.Schema {
	return store.Schema{Name: "bulkJobs", Expire: string(byCreated), Indexes: []store.Index{
		store.Lookup(byPerson.Asc(), byKind.Asc(), byCreated.Desc()),
		store.Lookup(byPrograms.Asc(), byKind.Asc(), byCreated.Desc()),
		store.Lookup(byKind.Asc(), byCreated.Desc()),
		store.Lookup(byCreated.Asc()),
		store.Sparse(byDue.Asc()),
		store.Unique(byAuthor.Asc(), bySeat.Asc()),
		store.Unique(byOf.Asc(), byBench.Asc()),
	}, Narrow: []store.Order{byState.Asc()}}
}

// Line is what is wrong with one line of an import.
type Line struct {
	store.Meta[id.BulkLine] `bson:",inline"`

	Job      id.BulkJob `bson:"job"`
	Number   int        `bson:"number"`
	Problems []*Problem `bson:"problems"`
}

const (
	byJob    store.Field[id.BulkJob] = "job"
	byNumber store.Field[int]        = "number"
)

func linesSchema() store.Schema {
	return store.Schema{Name: "bulkLines", Indexes: []store.Index{store.Lookup(byJob.Asc(), byNumber.Asc())}}
}

// now is the moment as the store keeps it: UTC, to the millisecond.
func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Millisecond) }
