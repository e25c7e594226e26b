package main

import (
	"context"

	"github.com/cobuild/cobuild/docs/examples/ask"
)

// contract is what the story reads of a contract.
type contract struct {
	ID, Title, Status, TextHash string
	Version                     int
	Commitments                 []struct {
		ID, Action       string
		EvidenceRequired []string
	}
	Fulfilments struct{ Nodes []fulfilment }
}

type fulfilment struct {
	ID, Status, DueOn string
	Version           int
}

const facts = `id title status version textHash commitments { id action evidenceRequired } fulfilments(first: 1) { nodes { id status dueOn version } }`

// draft makes a contract of the match that people chose.
func (s *story) draft(ctx context.Context) error {
	err := s.secretary.Change(ctx, "draftContractFromMatches", "Contract", map[string]any{
		"matches":     []any{map[string]any{"need": s.need.ID, "resource": s.resource.ID}},
		"effectiveOn": s.day(0), "endsOn": s.day(90),
	}, facts, &s.contract)
	return s.said(err, "drafted from the match:", s.contract.Title)
}

// sign has both agree to the text and sign what is frozen then.
func (s *story) sign(ctx context.Context) error {
	step := func(by ask.Client, verb string) error {
		err := by.Change(ctx, verb, "Contract", map[string]any{"id": s.contract.ID, "expectedVersion": s.contract.Version}, facts, &s.contract)
		return s.said(err, verb+":", s.contract.Status)
	}
	if err := step(s.secretary, "proposeContract"); err != nil {
		return err
	}
	if err := step(s.liaison, "agreeToContract"); err != nil {
		return err
	}
	if err := step(s.secretary, "openContractForSigning"); err != nil {
		return err
	}
	for _, by := range []ask.Client{s.secretary, s.liaison} {
		err := by.Change(ctx, "signContract", "Contract", map[string]any{"id": s.contract.ID, "textHash": s.contract.TextHash}, facts, &s.contract)
		if err = s.said(err, "signContract:", s.contract.Status); err != nil {
			return err
		}
	}
	return nil
}

// waitUntilActive waits until time has made the contract active and the first occurrence of its commitment is there.
func (s *story) waitUntilActive(ctx context.Context) error {
	err := until(ctx, func() (bool, error) {
		var now struct{ Contract contract }
		err := s.liaison.Ask(ctx, `query($id: ID!) { contract(id: $id) { `+facts+` } }`, map[string]any{"id": s.contract.ID}, &now)
		s.contract = now.Contract
		return s.contract.Status == "ACTIVE" && len(s.contract.Fulfilments.Nodes) > 0, err
	})
	if err != nil {
		return err
	}
	s.done = s.contract.Fulfilments.Nodes[0]
	return s.said(nil, "in force; due first on", s.done.DueOn)
}

// fulfil has the unit report what it did, with the evidence that was agreed, and the community accept it.
func (s *story) fulfil(ctx context.Context) error {
	var evidence []any
	for _, kind := range s.contract.Commitments[0].EvidenceRequired {
		evidence = append(evidence, map[string]any{"kind": kind, "description": "晚间巡逻现场"})
	}
	err := s.liaison.Change(ctx, "reportFulfilment", "Fulfilment", map[string]any{
		"id": s.done.ID, "expectedVersion": s.done.Version, "note": "六人分三组巡逻两小时。", "evidence": evidence,
	}, "id status dueOn version", &s.done)
	if err = s.said(err, "reported by the unit:", s.done.Status); err != nil {
		return err
	}
	err = s.secretary.Change(ctx, "acceptFulfilment", "Fulfilment", map[string]any{"id": s.done.ID, "expectedVersion": s.done.Version}, "id status dueOn version", &s.done)
	return s.said(err, "accepted by the community:", s.done.Status)
}

// undertake begins a project of the contract.
func (s *story) undertake(ctx context.Context) error {
	var project struct{ ID, Title, Status string }
	err := s.secretary.Change(ctx, "createProject", "Project", map[string]any{
		"lead": s.community, "title": "平安小区夜间巡逻", "contract": s.contract.ID,
	}, "id title status", &project)
	return s.said(err, "a project of the contract:", project.Title, project.Status)
}
