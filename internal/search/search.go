// Package search is the room in which things are found by the words in them: organisations, contracts, and whatever else
// has a name.
//
// Of each thing one document is kept, its card, with the words of its texts. The index over those words is what a search
// reads: its entries are the pairs of a word and a thing (postings). A card holds no text that anybody is shown: what is
// found is read anew from its own room, by whoever asks and with their rights of that moment, and the snippet is cut from
// that. So what is hidden is neither found nor counted nor quoted, whatever a card may still say.
package search

import (
	"context"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/page"
)

// Kind is what a thing is that can be found.
type Kind string

// The kinds.
const (
	District    Kind = "DISTRICT"
	SubDistrict Kind = "SUB_DISTRICT"
	Community   Kind = "COMMUNITY"
	Unit        Kind = "RESIDENT_UNIT"
	Contract    Kind = "CONTRACT"
	Need        Kind = "NEED"
	Resource    Kind = "RESOURCE"
	Project     Kind = "PROJECT"
)

// Bounds of a search.
const (
	MaxText  = 200  // characters of what is looked for
	MaxCards = 3000 // cards that one search looks at
	MaxHits  = 1000 // hits that are put in order
	MaxWords = 400  // words kept of one thing, its name's first
)

// Source is where the things of one kind come from: the room that keeps them.
type Source struct {
	Kind Kind
	// Of is how the identifiers of these things begin.
	Of id.Kind
	// Form counts the changes of what is taken up of a thing: with another one, all of them are taken up anew.
	Form int
	// Load finds things in the order of their identifiers, as the caller may see them; nil where there is none or the
	// caller may not read it. All texts that the program itself is given may be read by everybody who may read the thing.
	Load func(ctx context.Context, ids []string) ([]*Thing, error)
	// Behind gives the program the things whose identifiers come after one, in their order, at most so many.
	Behind func(ctx context.Context, after string, most int) ([]*Thing, error)
	// Count is about how many there are.
	Count func(ctx context.Context) (int, error)
	// Readable says which things the caller may read, in the words of Thing.Readers.
	Readable func(ctx context.Context) Readers
}

// Thing is something that can be found.
type Thing struct {
	ID      string
	Rev     int64 // the store's counter: of two states the later one counts
	Object  any   // as the API shows it
	Texts   []Text
	Readers Readers
}

// Text is one of a thing's texts.
type Text struct {
	Of   string // the field, as the API names it
	Text string
	Name bool // whether it is what the thing is called
}

// Readers says who may read a thing; or, of a caller, what they may read.
type Readers struct {
	// Everyone says that everybody may, signed in or not; or that the caller may read all things of the kind.
	Everyone bool
	// Wide are the ways in which somebody reads many things: as a body above, or below one. Each has postings of its own.
	Wide []string
	// Narrow are the ways in which somebody reads a few: the parties.
	Narrow []string
}

// Hit is a thing that was found.
type Hit struct {
	Kind    Kind
	Object  any // as the caller may see it
	Score   int
	Words   []string // of the search, as they were typed
	Snippet *Snippet
}

// Snippet is a piece of a thing's text with what was found in it.
type Snippet struct {
	Of     string // the field
	Pieces []Piece
}

// Piece is a part of a snippet.
type Piece struct {
	Text string
	Hit  bool
}

// The names under which the API binds pages.
type (
	// Edge is a hit of a page.
	Edge = page.Edge[*Hit]
	// Connection is a page of hits.
	Connection struct {
		page.Connection[*Hit]
		Complete bool
		Indexed  int // hundredths
	}
)
