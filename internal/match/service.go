package match

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/journal"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Config is what the room needs of the house.
type Config struct {
	Now     func() time.Time
	Cursors *page.Cursors
	// Weights are those by which matches are judged; the program's own where nil.
	Weights *Weights

	// Needs and Resources find items in the order of ids, as the caller may read them; nil where there is none or it is
	// hidden.
	Needs     func(context.Context, []id.Need) ([]*Item, error)
	Resources func(context.Context, []id.Resource) ([]*Item, error)
	// Keys are those under which the caller sees needs and resources, as Item.Audience has them; all says that the caller
	// sees whatever there is.
	Keys func(context.Context) (keys []string, all bool)
	// ReadBy are the keys under which the people of an organisation see needs and resources.
	ReadBy func(organisation.Facts) []string
	// Categories are the whole tree.
	Categories func(context.Context) ([]Filed, error)
	// Promised tells what organisations have open in a contract, a need or a resource: all that have anything to do with
	// it, also those with nothing open any more.
	Promised func(ctx context.Context, about string) ([]Promised, error)
	// Fulfilled reads an event of a fulfilment; changed says that what it counts has changed.
	Fulfilled func(journal.Entry) (f Fulfilled, changed bool, err error)
	// Share adds up what of a provider's promises in a contract fell due, and what of it was kept.
	Share func(context.Context, Fulfilled) (due, kept int64, err error)
	// Judged tells how partners have judged organisations, in the order asked.
	Judged func(context.Context, []id.Organisation) ([]Judged, error)
	// Organisations tells the facts of organisations in the order asked; the zero Facts where there is none.
	Organisations func(context.Context, []id.Organisation) ([]organisation.Facts, error)
}

// Service is the room's queries, and what keeps its cards and books.
type Service struct {
	Config
	table authz.Table
	cards *store.Collection[*card]
	finds *store.Collection[*trace] // the cards again
	books *store.Collection[*book]
	words *vocabulary

	mu   sync.Mutex
	tree *tree     // as it was read
	read time.Time // then
}

// Open makes the room ready on a back end.
func Open(ctx context.Context, db store.Backend, c Config) (*Service, error) {
	s := &Service{Config: c, table: access.Table()}
	var err error
	if s.words, err = loadVocabulary(); err != nil {
		return nil, err
	}
	if s.Weights == nil {
		if s.Weights, err = OwnWeights(); err != nil {
			return nil, err
		}
	}
	if s.cards, err = kept[*card](ctx, db, s, cardSchema()); err != nil {
		return nil, err
	}
	if s.finds, err = kept[*trace](ctx, db, s, cardSchema()); err != nil {
		return nil, err
	}
	s.books, err = kept[*book](ctx, db, s, store.Schema{Name: "match_books"})
	return s, err
}

// kept opens a collection that only the room itself reads.
func kept[T store.Object](ctx context.Context, db store.Backend, s *Service, schema store.Schema) (*store.Collection[T], error) {
	c, err := store.Open(ctx, db, store.Options[T]{
		Schema: schema, Read: access.MatchKeep, Now: s.Now,
		Policy: authz.PolicyOf[T](s.table, access.MatchKeep, nil, nil, nil),
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", schema.Name, err)
	}
	return c, nil
}

// treeFor is how long the tree of categories is taken for what it was: it changes a few times a year, and is asked for with
// every match.
const treeFor = 5 * time.Second

// categories is the tree as it is, or was a moment ago.
func (s *Service) categories(ctx context.Context) (*tree, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := s.now(); s.tree == nil || now.Sub(s.read) > treeFor || now.Before(s.read) {
		all, err := s.Categories(ctx)
		if err != nil {
			return nil, err
		}
		s.tree, s.read = treeOf(all), now
	}
	return s.tree, nil
}

// judge is ready to judge at this moment.
func (s *Service) judge(ctx context.Context) (*judge, error) {
	t, err := s.categories(ctx)
	if err != nil {
		return nil, err
	}
	return judgeBy(s.Weights, t, scalar.DateOf(s.now(), zone())), nil
}

func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Millisecond) }
