package category

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

// What comes with the program: the categories of what real communities and units lack and offer.
//
//go:embed categories.json
var shipped []byte

// sapling is a category of the shipped tree with those below it.
type sapling struct {
	Code     string
	Name     string
	NameEn   string
	Synonyms []string
	Children []sapling
}

// plant puts the shipped tree into a store that has none. It may be repeated and done by several nodes at once; what
// administrators have made of the tree since stays.
func (s *Service) plant(ctx context.Context) error {
	ctx = authz.AsSystem(ctx)
	_, err := s.trees.Get(ctx, string(theTree()))
	if !fault.Is(err, fault.CodeNotFound) {
		return err
	}
	t, err := s.seed()
	if err != nil {
		return err
	}
	if _, err = s.trees.Add(ctx, access.CategorySeed, t); fault.Is(err, fault.CodeTaken) {
		return nil // another node was faster
	}
	return err
}

// seed is the shipped tree.
func (s *Service) seed() (*Tree, error) {
	var top []sapling
	d := json.NewDecoder(bytes.NewReader(shipped))
	d.DisallowUnknownFields()
	if err := d.Decode(&top); err != nil {
		return nil, fmt.Errorf("categories.json: %w", err)
	}
	t := &Tree{}
	t.ID = theTree()
	t.settle()
	if err := s.grow(t, "", top); err != nil {
		return nil, fmt.Errorf("categories.json: %w", err)
	}
	t.Outbox = nil // planted as one
	return t, t.Tell(ToldSeeded, nil)
}

func (s *Service) grow(t *Tree, parent string, all []sapling) error {
	at := s.now()
	for _, x := range all {
		c := &Category{Code: x.Code, Parent: parent, Name: x.Name, NameEn: x.NameEn, Synonyms: x.Synonyms, Version: 1, CreatedAt: at, UpdatedAt: at}
		if err := t.add(c); err != nil {
			return fmt.Errorf("%s: %w", x.Code, err)
		}
		if err := s.grow(t, x.Code, x.Children); err != nil {
			return err
		}
	}
	return nil
}
