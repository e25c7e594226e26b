// Command whole-life takes one real three-party agreement of a commercial community through its whole life over GraphQL:
// it is negotiated and signed, a fulfilment is disputed and resolved, the text is amended, one partner leaves, the others
// renew, both sides appraise each other under seal, and the annual report adds it all up. It needs a demonstration
// server, whose clock it sets ahead:
//
//	go run ./docs/examples/whole-life --tokens data/demo-tokens.json --clock 'bin/cobuild demo clock --data data --to'
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"time"

	"github.com/cobuild/cobuild/docs/examples/ask"
)

func main() {
	url := flag.String("url", "http://127.0.0.1:8080", "where the server is")
	tokens := flag.String("tokens", "data/demo-tokens.json", "the demo's tokens")
	clock := flag.String("clock", "bin/cobuild demo clock --data data --to", "the command that sets the server's clock to a day")
	folder := flag.String("out", "", "folder to write the signed contract and the annual report to")
	flag.Parse()
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	err := tell(ctx, *url, *tokens, *clock, *folder, os.Stdout)
	cancel()
	if err != nil {
		fmt.Fprintln(os.Stderr, "whole-life:", err)
		os.Exit(1)
	}
}

// story is one run. Its organisations are the demo's three that signed such an agreement; its people are new.
type story struct {
	town
	out      io.Writer
	folder   string
	contract contract
}

// tell is the life, chapter by chapter.
func tell(ctx context.Context, url, tokens, clock, folder string, out io.Writer) error {
	s := &story{town: town{url: url, tokens: tokens, clock: clock}, out: out, folder: folder}
	for _, chapter := range []struct {
		title string
		live  func(context.Context) error
	}{
		{"The three parties", s.meet},
		{"Negotiation", s.negotiate},
		{"Signing", s.sign},
		{"A disputed fulfilment", s.dispute},
		{"An amendment", s.amend},
		{"One partner leaves", s.leave},
		{"Renewal", s.renew},
		{"Sealed appraisals", s.appraise},
		{"The annual report", s.report},
	} {
		fmt.Fprintf(out, "\n%s\n", chapter.title)
		if err := chapter.live(ctx); err != nil {
			return fmt.Errorf("%s: %w", chapter.title, err)
		}
	}
	return nil
}

func (s *story) said(format string, a ...any) { fmt.Fprintf(s.out, "  "+format+"\n", a...) }

// contract is what the story reads of a contract.
type contract struct {
	ID, Title, Status, TextHash, EffectiveOn, EndsOn, Export string
	Version, TextVersion                                     int
	Parties                                                  []struct {
		Part, State    string
		FulfilmentRate *float64
		Organisation   organisation
	}
	Fulfilments struct{ Nodes []fulfilment }
}

type organisation struct{ ID, Name string }

type fulfilment struct {
	ID, Status, DueOn string
	Version           int
	Commitment        struct{ Key string }
}

const facts = `id title status version textVersion textHash effectiveOn endsOn
	parties { part state fulfilmentRate organisation { id name } }`

// change is a mutation of the contract by one of the people, at the version that was read last.
func (s *story) change(ctx context.Context, by *player, verb string, more map[string]any) error {
	in := map[string]any{"id": s.contract.ID, "expectedVersion": s.contract.Version}
	maps.Copy(in, more)
	return s.as(by).Change(ctx, verb, "Contract", in, facts, &s.contract)
}

// read reads the contract again.
func (s *story) read(ctx context.Context) error {
	var now struct{ Contract contract }
	err := s.as(s.secretary).Ask(ctx, `query($id: ID!) { contract(id: $id) { `+facts+` } }`, map[string]any{"id": s.contract.ID}, &now)
	s.contract = now.Contract
	return err
}

// wait reads the contract until time and events have made of it what the story expects.
func (s *story) wait(ctx context.Context, what string, done func(contract) bool) error {
	for {
		if err := s.read(ctx); err != nil {
			return err
		}
		if done(s.contract) {
			return nil
		}
		if err := pause(ctx); err != nil {
			return fmt.Errorf("still waiting for %s: the contract is %s: %w", what, s.contract.Status, err)
		}
	}
}

// pause waits a moment for what the server does by itself.
func pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(100 * time.Millisecond):
		return nil
	}
}

// due finds the fulfilments of one commitment, the earliest first.
func (s *story) due(ctx context.Context, key string) ([]fulfilment, error) {
	var now struct{ Contract contract }
	err := s.as(s.secretary).Ask(ctx, `query($id: ID!) { contract(id: $id) { fulfilments(first: 100) {
		nodes { id status dueOn version commitment { key } } } } }`, map[string]any{"id": s.contract.ID}, &now)
	var out []fulfilment
	for _, f := range now.Contract.Fulfilments.Nodes {
		if f.Commitment.Key == key {
			out = append(out, f)
		}
	}
	return out, err
}

// answer is a mutation of a fulfilment.
func answer(ctx context.Context, c ask.Client, verb string, f *fulfilment, more map[string]any) error {
	in := map[string]any{"id": f.ID, "expectedVersion": f.Version}
	maps.Copy(in, more)
	return c.Change(ctx, verb, "Fulfilment", in, "id status dueOn version", f)
}
