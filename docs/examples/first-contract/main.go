// Command first-contract takes one real agreement through its life over GraphQL: the secretary of a community drafts it,
// the liaison of a resident unit agrees, both sign, it takes effect, the unit reports what it did and the community
// accepts. It needs a server that runs with --demo:
//
//	go run ./docs/examples/first-contract --tokens data/demo-tokens.json --export contract.json
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/cobuild/cobuild/docs/examples/ask"
)

func main() {
	url := flag.String("url", "http://127.0.0.1:8080", "where the server is")
	tokens := flag.String("tokens", "data/demo-tokens.json", "the demo's tokens")
	export := flag.String("export", "", "file to write the signed contract to, for `cobuild verify`")
	flag.Parse()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	err := tell(ctx, *url, *tokens, *export, os.Stdout)
	cancel()
	if err != nil {
		fmt.Fprintln(os.Stderr, "first-contract:", err)
		os.Exit(1)
	}
}

// contract is what the story reads of a contract.
type contract struct {
	ID, Title, Status, TextHash, Export string
	Version                             int
	Parties                             []struct {
		Part         string
		Organisation struct{ ID, Name string }
	}
	Commitments []struct {
		Action, Quantity, Unit string
		Provider               struct{ ID string }
	}
	Fulfilments struct{ Nodes []fulfilment }
}

type fulfilment struct {
	ID, Status, DueOn string
	Version           int
}

const facts = `id title status version textHash parties { part organisation { id name } }
	commitments { action quantity unit provider { id } } fulfilments(first: 10) { nodes { id status dueOn version } }`

// story is one run.
type story struct {
	out                io.Writer
	secretary, liaison ask.Client
	contract           contract
}

func tell(ctx context.Context, url, tokens, export string, out io.Writer) error {
	raw, err := os.ReadFile(tokens)
	if err != nil {
		return err
	}
	var who struct{ Secretary, Liaison string }
	if err := json.Unmarshal(raw, &who); err != nil {
		return err
	}
	s := &story{out: out, secretary: ask.Client{URL: url, Token: who.Secretary}, liaison: ask.Client{URL: url, Token: who.Liaison}}
	for _, step := range []func(context.Context) error{s.draft, s.negotiate, s.sign, s.waitUntilActive, s.fulfil} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	if export == "" {
		return nil
	}
	return s.save(ctx, export)
}

// draft takes the words of a real agreement between the two and makes a new one of them, from today on.
func (s *story) draft(ctx context.Context) error {
	model, host, unit, err := s.model(ctx)
	if err != nil {
		return err
	}
	today := time.Now().In(time.FixedZone("Asia/Shanghai", 8*60*60))
	commitment := map[string]any{"provider": unit, "receivers": []string{host}, "action": model.Action, "dueOn": today.Format(time.DateOnly), "evidenceRequired": []string{"PHOTO"}}
	if model.Quantity != "" {
		commitment["quantity"], commitment["unit"] = model.Quantity, model.Unit
	}
	err = s.secretary.Change(ctx, "draftContract", "Contract", map[string]any{
		"party": host, "title": "共建协议:" + model.Action,
		"parties":     []any{map[string]any{"organisation": host, "part": "HOST"}, map[string]any{"organisation": unit, "part": "PARTNER"}},
		"clauses":     []any{map[string]any{"heading": "目的", "body": "双方就近共建,互通需求与资源。"}},
		"commitments": []any{commitment},
		"effectiveOn": today.Format(time.DateOnly), "endsOn": today.AddDate(1, 0, 0).Format(time.DateOnly),
	}, facts, &s.contract)
	return s.said("drafted by the community", err)
}

// model finds a real agreement to which both are parties, and what the unit promised in it.
func (s *story) model(ctx context.Context) (promise struct{ Action, Quantity, Unit string }, host, unit string, err error) {
	var mine struct{ Contracts struct{ Nodes []contract } }
	if err := s.liaison.Ask(ctx, `{ contracts(first: 50) { nodes { `+facts+` } } }`, nil, &mine); err != nil {
		return promise, "", "", err
	}
	var theirs struct{ Contracts struct{ Nodes []contract } }
	if err := s.secretary.Ask(ctx, `{ contracts(first: 50) { nodes { id } } }`, nil, &theirs); err != nil {
		return promise, "", "", err
	}
	shared := map[string]bool{}
	for _, c := range theirs.Contracts.Nodes {
		shared[c.ID] = true
	}
	own, err := s.ownUnit(ctx)
	if err != nil {
		return promise, "", "", err
	}
	for _, c := range mine.Contracts.Nodes {
		for _, m := range c.Commitments {
			if shared[c.ID] && m.Provider.ID == own {
				promise.Action, promise.Quantity, promise.Unit = m.Action, m.Quantity, m.Unit
				for _, p := range c.Parties {
					if p.Part == "HOST" {
						return promise, p.Organisation.ID, own, nil
					}
				}
			}
		}
	}
	return promise, "", "", errors.New("the demo has no agreement between the two")
}

// ownUnit is the unit that the liaison speaks for.
func (s *story) ownUnit(ctx context.Context) (string, error) {
	var me struct {
		Viewer struct {
			Roles []struct {
				Role         string
				Organisation struct{ ID string }
			}
		}
	}
	if err := s.liaison.Ask(ctx, `{ viewer { roles { role organisation { id } } } }`, nil, &me); err != nil {
		return "", err
	}
	for _, r := range me.Viewer.Roles {
		if r.Role == "LIAISON" {
			return r.Organisation.ID, nil
		}
	}
	return "", errors.New("the liaison speaks for no unit")
}

func (s *story) negotiate(ctx context.Context) error {
	err := s.step(ctx, s.secretary, "proposeContract")
	if err = s.said("proposed", err); err != nil {
		return err
	}
	err = s.step(ctx, s.liaison, "agreeToContract")
	return s.said("agreed to by the unit", err)
}

func (s *story) sign(ctx context.Context) error {
	err := s.step(ctx, s.secretary, "openContractForSigning")
	if err = s.said("frozen as "+s.contract.TextHash, err); err != nil {
		return err
	}
	for _, by := range []struct {
		ask.Client
		name string
	}{{s.secretary, "community"}, {s.liaison, "unit"}} {
		err := by.Change(ctx, "signContract", "Contract", map[string]any{"id": s.contract.ID, "textHash": s.contract.TextHash}, facts, &s.contract)
		if err = s.said("signed by the "+by.name, err); err != nil {
			return err
		}
	}
	return nil
}

// step is one of the verbs that need no more than the contract and the version that was read.
func (s *story) step(ctx context.Context, by ask.Client, verb string) error {
	return by.Change(ctx, verb, "Contract", map[string]any{"id": s.contract.ID, "expectedVersion": s.contract.Version}, facts, &s.contract)
}

// waitUntilActive waits until time has made the contract active and today's occurrence of its commitment is there.
func (s *story) waitUntilActive(ctx context.Context) error {
	for {
		var now struct{ Contract contract }
		if err := s.liaison.Ask(ctx, `query($id: ID!) { contract(id: $id) { `+facts+` } }`, map[string]any{"id": s.contract.ID}, &now); err != nil {
			return err
		}
		s.contract = now.Contract
		if s.contract.Status == "ACTIVE" && len(s.contract.Fulfilments.Nodes) > 0 {
			return s.said("in force; due on "+s.contract.Fulfilments.Nodes[0].DueOn, nil)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the contract is still %s: %w", s.contract.Status, ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (s *story) fulfil(ctx context.Context) error {
	f := s.contract.Fulfilments.Nodes[0]
	err := s.liaison.Change(ctx, "reportFulfilment", "Fulfilment", map[string]any{
		"id": f.ID, "expectedVersion": f.Version, "note": "已按约完成。",
		"evidence": []any{map[string]any{"kind": "PHOTO", "description": "现场照片"}},
	}, "id status dueOn version", &f)
	if err = s.said("reported by the unit: "+f.Status, err); err != nil {
		return err
	}
	err = s.secretary.Change(ctx, "acceptFulfilment", "Fulfilment", map[string]any{"id": f.ID, "expectedVersion": f.Version}, "id status dueOn version", &f)
	return s.said("accepted by the community: "+f.Status, err)
}

// save writes the signed contract for `cobuild verify`.
func (s *story) save(ctx context.Context, path string) error {
	var now struct{ Contract contract }
	if err := s.secretary.Ask(ctx, `query($id: ID!) { contract(id: $id) { export } }`, map[string]any{"id": s.contract.ID}, &now); err != nil {
		return err
	}
	return s.said("exported to "+path, os.WriteFile(path, []byte(now.Contract.Export), 0o600))
}

func (s *story) said(what string, err error) error {
	if err == nil {
		fmt.Fprintf(s.out, "%-9s %s\n", s.contract.Status, what)
	}
	return err
}
