package contract

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Version is one version of a contract's text, with what it changed of the one before.
type Version struct {
	Number       int
	Text         *Text
	At           time.Time
	Organisation id.Organisation // the party that made it
	Person       id.Person       // who made it for that party
	Summary      string
	Differences  []*Difference // none for the first
	Amendment    id.Amendment  // that brought it; empty while the contract was negotiated
}

// Pages of versions.
type (
	// Versions are a page of them.
	Versions = page.Connection[*Version]
	// VersionEdge is a version of a page.
	VersionEdge = page.Edge[*Version]
)

// pastText is one version of a text, kept for good: one document each, so that a contract's own stays small.
type pastText struct {
	store.Meta[pastID] `bson:",inline"`
	Contract           id.Contract `bson:"contract"`
	Number             int         `bson:"number"`
	Revision           Revision    `bson:"revision"`
	Text               Text        `bson:"text"`
}

// pastID is made of the contract's identifier and the version's number, so that keeping a version twice keeps it once.
type pastID string

func pastKey(c id.Contract, number int) pastID { return pastID(string(c) + ":" + strconv.Itoa(number)) }

// archive keeps the contract's current text among the versions. It is called with a text that is in the store already,
// before a newer one takes its place.
func (s *Service) archive(ctx context.Context, c *Contract) error {
	if len(c.Revisions) == 0 {
		return nil
	}
	past := &pastText{Contract: c.ID, Number: c.TextVersion, Revision: c.Revisions[len(c.Revisions)-1], Text: c.Text}
	past.ID = pastKey(c.ID, c.TextVersion)
	_, err := s.texts.Add(authz.AsSystem(ctx), access.ContractRevise, past)
	if err == nil || fault.Is(err, fault.CodeTaken) {
		return nil
	}
	return fmt.Errorf("contract %s: keep version %d: %w", c.ID, c.TextVersion, err)
}

// kept archives the text of a change that has just landed. The change stands whatever becomes of this: whoever asks
// for the versions makes up for it.
func (s *Service) kept(ctx context.Context, c *Contract) *Contract {
	_ = s.archive(ctx, c)
	return c
}

// Versions lists the versions of a contract's text, the oldest first, each with what it changed.
func (s *Service) Versions(ctx context.Context, which id.Contract, a page.Args) (*Versions, error) {
	c, err := s.Contract(ctx, which)
	if err != nil {
		return nil, err
	}
	return s.VersionsOf(ctx, c, a)
}

// VersionsOf is Versions of a contract that the caller has found already. It is a list within lists: a needs first or
// last.
func (s *Service) VersionsOf(ctx context.Context, c *Contract, a page.Args) (*Versions, error) {
	if err := a.Bounded(); err != nil {
		return nil, err
	}
	sys := authz.AsSystem(ctx)
	has, err := s.texts.GetMany(sys, []string{string(pastKey(c.ID, c.TextVersion))})
	if err != nil {
		return nil, err
	}
	if has[0] == nil {
		if err := s.archive(ctx, c); err != nil {
			return nil, err
		}
	}
	past, err := page.List(sys, s.texts, s.Cursors, pastContract.Is(c.ID), []store.Order{pastNumber.Asc()}, a)
	if err != nil {
		return nil, err
	}
	return page.Map(past, func(texts []*pastText) ([]*Version, error) { return s.versions(sys, texts) })
}

// versions compares each text with the one before it; those before the page are fetched at once.
func (s *Service) versions(ctx context.Context, texts []*pastText) ([]*Version, error) {
	before := make([]string, len(texts))
	for i, t := range texts {
		before[i] = string(pastKey(t.Contract, t.Number-1))
	}
	olds, err := s.texts.GetMany(ctx, before)
	if err != nil {
		return nil, err
	}
	out := make([]*Version, len(texts))
	for i, t := range texts {
		r := t.Revision
		out[i] = &Version{
			Number: t.Number, Text: &t.Text, At: r.At, Organisation: r.Organisation, Person: r.Person,
			Summary: r.Summary, Differences: []*Difference{}, Amendment: r.Amendment,
		}
		if olds[i] != nil {
			out[i].Differences = Differences(&olds[i].Text, &t.Text)
		}
	}
	return out, nil
}
