package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// amendment is what the story reads of one.
type amendment struct {
	ID, Status, TextHash string
	Version              int
}

const amendmentFacts = `id status version textHash`

// amend doubles what the social organisation promises, from the next month on.
func (s *story) amend(ctx context.Context) error {
	var a amendment
	change := func(p *player, verb string, more map[string]any) error {
		in := map[string]any{"id": a.ID, "expectedVersion": a.Version}
		maps.Copy(in, more)
		if verb == "signAmendment" {
			delete(in, "expectedVersion")
		}
		return s.as(p).Change(ctx, verb, "Amendment", in, amendmentFacts, &a)
	}
	terms := s.terms()
	terms[0]["quantity"], terms[1]["recurrence"] = "2", "FREQ=MONTHLY;BYMONTHDAY=25"
	if err := s.as(s.organiser).Change(ctx, "draftAmendment", "Amendment", map[string]any{
		"contract": s.contract.ID, "commitments": terms, "effectiveOn": s.in(8), "summary": "交流改为每月两次,议事会改为每月二十五日",
	}, amendmentFacts, &a); err != nil {
		return err
	}
	if err := change(s.organiser, "proposeAmendment", nil); err != nil {
		return err
	}
	for _, p := range []*player{s.secretary, s.keeper} {
		if err := change(p, "agreeToAmendment", nil); err != nil {
			return err
		}
	}
	if err := change(s.secretary, "openAmendmentForSigning", nil); err != nil {
		return err
	}
	for _, p := range []*player{s.secretary, s.organiser, s.keeper} {
		if err := change(p, "signAmendment", map[string]any{"textHash": a.TextHash}); err != nil {
			return err
		}
	}
	s.said("drafted by the social organisation and signed by all three: %s; until %s the old text stays in force", a.Status, s.in(8))
	if err := s.goTo(ctx, s.in(8)); err != nil {
		return err
	}
	if err := s.wait(ctx, "the amended text", func(c contract) bool { return c.TextVersion == 3 }); err != nil {
		return err
	}
	councils, err := s.due(ctx, "council")
	if err != nil {
		return err
	}
	var days []string
	for _, f := range councils {
		if f.Status != "CLOSED" {
			days = append(days, f.DueOn)
		}
	}
	if !slices.ContainsFunc(days, func(d string) bool { return d[8:] == "25" }) {
		return fmt.Errorf("the councils were not planned anew: %v", days)
	}
	s.said("text version %d is in force; councils are due on %v", s.contract.TextVersion, days)
	return nil
}

// leave lets the social organisation go by notice; what it owed by then stays on record.
func (s *story) leave(ctx context.Context) error {
	if err := s.change(ctx, s.organiser, "giveContractNotice", map[string]any{"reason": "年度任务调整"}); err != nil {
		return err
	}
	s.said("the social organisation gives notice of 30 days")
	if err := s.goTo(ctx, s.in(31)); err != nil {
		return err
	}
	if err := s.wait(ctx, "the exit", func(c contract) bool { return c.Parties[1].State == "EXITED" }); err != nil {
		return err
	}
	left, err := s.due(ctx, "exchange")
	if err != nil {
		return err
	}
	for _, f := range left {
		if f.Status == "DUE" {
			return fmt.Errorf("the exchange of %s is still due of who has left", f.DueOn)
		}
	}
	s.said("%s has left; the contract of the other two is %s", s.society.Name, s.contract.Status)
	return nil
}

// renew lets the property manager renew the contract behind its end, and both sign.
func (s *story) renew(ctx context.Context) error {
	first := s.contract
	if err := s.as(s.keeper).Change(ctx, "renewContract", "Contract", map[string]any{"id": first.ID}, facts, &s.contract); err != nil {
		return err
	}
	if s.contract.ID == first.ID || s.contract.Status != "DRAFT" || len(s.contract.Parties) != 2 {
		return fmt.Errorf("the renewal is %+v", s.contract)
	}
	s.said("renewed by the property manager, from %s to %s, between the two that are left", s.contract.EffectiveOn, s.contract.EndsOn)
	for _, step := range []struct {
		by   *player
		verb string
	}{
		{s.secretary, "proposeContract"}, {s.keeper, "agreeToContract"}, {s.secretary, "openContractForSigning"},
	} {
		if err := s.change(ctx, step.by, step.verb, nil); err != nil {
			return err
		}
	}
	for _, p := range []*player{s.secretary, s.keeper} {
		if err := s.as(p).Change(ctx, "signContract", "Contract", map[string]any{
			"id": s.contract.ID, "textHash": s.contract.TextHash,
		}, facts, &s.contract); err != nil {
			return err
		}
	}
	renewed := s.contract
	if err := s.goTo(ctx, renewed.EffectiveOn); err != nil {
		return err
	}
	if err := s.wait(ctx, "the renewed contract's first day", func(c contract) bool { return c.Status == "ACTIVE" }); err != nil {
		return err
	}
	s.said("the renewed one is %s", s.contract.Status)
	s.contract = first
	if err := s.wait(ctx, "the first contract's end", func(c contract) bool { return c.Status == "EXPIRED" }); err != nil {
		return err
	}
	s.said("the first one is %s", s.contract.Status)
	return nil
}

// appraisal is what the story reads of one.
type appraisal struct {
	ID, Status           string
	Hash, Comment        *string
	Version              int
	Appraiser, Appraised organisation
	Criteria             []struct{ Key string }
}

const appraisalFacts = `id status hash comment version appraiser { id name } appraised { id name } criteria { key }`

// appraise lets the community and the property manager judge each other at the contract's end. Until both have, neither
// sees what the other has said, though both see that it is there.
func (s *story) appraise(ctx context.Context) error {
	byHost, err := s.appraisal(ctx, s.secretary, s.community, s.manager)
	if err != nil {
		return err
	}
	if err := s.judge(ctx, s.secretary, byHost, 4, "议事会按期召开,答复有待加强。"); err != nil {
		return err
	}
	peek, err := s.appraisal(ctx, s.keeper, s.community, s.manager)
	if err != nil {
		return err
	}
	if peek.Hash == nil || peek.Comment != nil {
		return fmt.Errorf("what the community says is not under seal: %+v", peek)
	}
	s.said("the community has spoken; the property manager sees %s and nothing more", *peek.Hash)
	byPartner, err := s.appraisal(ctx, s.keeper, s.manager, s.community)
	if err != nil {
		return err
	}
	if err := s.judge(ctx, s.keeper, byPartner, 5, "场地保障到位。"); err != nil {
		return err
	}
	for peek.Status != "OPENED" {
		if err := pause(ctx); err != nil {
			return fmt.Errorf("the seal is not opened: %w", err)
		}
		if peek, err = s.appraisal(ctx, s.keeper, s.community, s.manager); err != nil {
			return err
		}
	}
	s.said("both have spoken, and the seal is open: %s", *peek.Comment)
	if err := s.as(s.keeper).Change(ctx, "answerAppraisal", "Appraisal", map[string]any{
		"id": peek.ID, "expectedVersion": peek.Version, "body": "诉求将逐条公示答复。",
	}, appraisalFacts, peek); err != nil {
		return err
	}
	s.said("the property manager answers it")
	return nil
}

// appraisal finds what one organisation says of another at the contract's end, as somebody sees it.
func (s *story) appraisal(ctx context.Context, by *player, of, on organisation) (*appraisal, error) {
	for {
		var found struct{ Appraisals struct{ Nodes []*appraisal } }
		err := s.as(by).Ask(ctx, `query($c: ID!, $of: ID!, $on: ID!) { appraisals(first: 1, filter: {
			contract: {eq: $c}, occasion: {eq: END}, appraiser: {eq: $of}, appraised: {eq: $on} }) { nodes { `+appraisalFacts+` } } }`,
			map[string]any{"c": s.contract.ID, "of": of.ID, "on": on.ID}, &found)
		if err != nil {
			return nil, err
		}
		if len(found.Appraisals.Nodes) > 0 {
			return found.Appraisals.Nodes[0], nil
		}
		if err := pause(ctx); err != nil {
			return nil, fmt.Errorf("%s is not invited to appraise %s: %w", of.Name, on.Name, err)
		}
	}
}

func (s *story) judge(ctx context.Context, by *player, a *appraisal, score int, comment string) error {
	var ratings []map[string]any
	for _, c := range a.Criteria {
		ratings = append(ratings, map[string]any{"key": c.Key, "score": score})
	}
	return s.as(by).Change(ctx, "submitAppraisal", "Appraisal", map[string]any{
		"id": a.ID, "expectedVersion": a.Version, "ratings": ratings, "comment": comment,
	}, appraisalFacts, a)
}

// figure is a number of a report, with what it counts.
type figure struct {
	Key, Title, Value string
	Count             int
	Fulfilments       *struct{ TotalCount int }
}

// report adds up each calendar year of the contract and saves it as a document; what a figure counts can be counted.
func (s *story) report(ctx context.Context) error {
	for year := s.contract.EffectiveOn[:4]; year <= s.contract.EndsOn[:4]; {
		n, err := strconv.Atoi(year)
		if err != nil {
			return err
		}
		if err := s.reportOn(ctx, n); err != nil {
			return err
		}
		year = strconv.Itoa(n + 1)
	}
	return nil
}

func (s *story) reportOn(ctx context.Context, year int) error {
	var got struct {
		Report struct {
			Sections []struct{ Figures []figure }
			Document struct{ URL string }
		}
	}
	if err := s.as(s.secretary).Ask(ctx, `query($of: ID!, $year: Int!) { report(scope: {contract: $of}, period: {year: $year}) {
		sections { figures { key title value count fulfilments(first: 100) { totalCount } } }
		document(format: PDF, language: ZH_CN) { url } } }`, map[string]any{"of": s.contract.ID, "year": year}, &got); err != nil {
		return err
	}
	s.said("%d", year)
	for _, section := range got.Report.Sections {
		for _, f := range section.Figures {
			if f.Fulfilments != nil && f.Fulfilments.TotalCount != f.Count {
				return fmt.Errorf("%s counts %d fulfilments and names %d", f.Key, f.Count, f.Fulfilments.TotalCount)
			}
			if f.Value != "" && f.Value != "0" {
				s.said("  %-22s %s", f.Key, f.Value)
			}
		}
	}
	return s.fetch(ctx, got.Report.Document.URL, fmt.Sprintf("report-%d.pdf", year))
}

// fetch saves a document from a signed address.
func (s *story) fetch(ctx context.Context, path, name string) error {
	if s.folder == "" {
		return nil
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+path, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	f, err := os.Create(filepath.Join(s.folder, name))
	if err != nil {
		return err
	}
	_, err = f.ReadFrom(resp.Body)
	return errors.Join(err, f.Close())
}
