package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/cobuild/cobuild/internal/seed"
)

// contractOf is an example as a contract between its community and its parties.
func contractOf(e rawExample, host seed.Community, names map[string]name) (seed.Contract, error) {
	first, last, known := yearsOf(e)
	out := seed.Contract{
		Key: e.ID, Host: host.Key, Source: e.ID, Stage: seed.Negotiating, TypeIsDemoChoice: host.TypeIsDemoChoice,
		EffectiveOn: strconv.Itoa(first) + "-01-01", EndsOn: strconv.Itoa(last) + "-12-31",
		OutcomeZh: said(e.OutcomeZh), OutcomeEn: said(e.OutcomeEn),
		Purpose: "各方本着资源共享、优势互补、双向服务的原则,结对共建,共同服务居民。",
		Clauses: []seed.Clause{
			{Key: "cooperation", Heading: "合作方式", Body: "各方按承诺事项逐项履约,履约情况由受益方确认;有争议的,先由双方协商,协商不成的提请上级督导单位协调。"},
			{Key: "origin", Heading: "文本来源", Body: "本文本依据公开报道的共建实例改写,仅供演示;机构与人员名称均为虚构。"},
		},
	}
	if e.AgreementSigned != nil && *e.AgreementSigned {
		out.AgreementStated, out.Stage = true, seed.Signed
	} else {
		out.Notes = append(out.Notes, seed.Note{Code: "AGREEMENT_NOT_STATED"})
	}
	if !known {
		out.Notes = append(out.Notes, seed.Note{Code: "YEAR_NOT_STATED"})
	}
	for _, p := range e.Parties {
		out.Parties = append(out.Parties, seed.Party{Organisation: p.Ref, Part: "PARTNER"})
	}
	out.Title, out.TitleEn = titleOf(e, names)
	for _, c := range e.Commitments {
		if err := promise(&out, e, c); err != nil {
			return seed.Contract{}, err
		}
	}
	if len(out.Commitments) == 0 {
		return seed.Contract{}, errors.New("none of the commitments can be attributed to a party")
	}
	return out, nil
}

// titleOf names the contract by its host and its first partner.
func titleOf(e rawExample, names map[string]name) (zh, en string) {
	host := names[e.Community.Ref]
	n := len(e.Parties)
	if n == 0 {
		return host.zh + "共建协议", "Co-building agreement of " + host.en
	}
	first := names[e.Parties[0].Ref]
	if n == 1 {
		return host.zh + "与" + first.zh + "结对共建协议", "Co-building agreement between " + host.en + " and " + first.en
	}
	zh = fmt.Sprintf("%s与%s等%d家单位共建协议", host.zh, first.zh, n)
	return zh, fmt.Sprintf("Co-building agreement of %s with %s and %d more", host.en, first.en, n-1)
}

// promise adds a reported commitment to the contract: one for each provider that it means.
func promise(out *seed.Contract, e rawExample, c rawCommitment) error {
	providers, err := providersOf(e, c.Provider)
	if err != nil {
		return err
	}
	if len(providers) == 0 {
		out.Notes = append(out.Notes, seed.Note{Code: "PROVIDER_NOT_A_PARTY", Said: c.Provider + ": " + c.ActionZh})
	}
	for _, p := range providers {
		one := seed.Commitment{
			Key: "c" + strconv.Itoa(len(out.Commitments)+1), Provider: p, Receivers: receiversOf(e, p),
			Action: c.ActionZh, ActionEn: c.ActionEn,
		}
		if c.Quantity != nil {
			one.Quantity, one.Unit = c.Quantity.String(), said(c.Unit)
		} else if c.Unit != nil {
			out.Notes = append(out.Notes, seed.Note{Code: "UNIT_WITHOUT_QUANTITY", About: one.Key, Said: *c.Unit})
		}
		out.Notes = append(out.Notes, timeOf(&one, c, e.Year, out.EndsOn)...)
		out.Commitments = append(out.Commitments, one)
	}
	return nil
}

// providersOf are the parties that a provider's word means: a reference itself, COMMUNITY the host, PARTNERS each of
// them, a kind those of that kind; none where no party is of it.
func providersOf(e rawExample, word string) ([]string, error) {
	var all, ofKind []string
	for _, p := range e.Parties {
		all = append(all, p.Ref)
		if p.Kind == word {
			ofKind = append(ofKind, p.Ref)
		}
	}
	switch {
	case word == "COMMUNITY":
		return []string{e.Community.Ref}, nil
	case word == "PARTNERS":
		return all, nil
	case slices.Contains(all, word):
		return []string{word}, nil
	}
	if _, err := number(word); err == nil {
		return nil, fmt.Errorf("the provider %s is no party", word)
	}
	return ofKind, nil
}

// receiversOf are those a promise is made to: the community's goes to all partners, a partner's to the community.
func receiversOf(e rawExample, provider string) []string {
	if provider != e.Community.Ref {
		return []string{e.Community.Ref}
	}
	var all []string
	for _, p := range e.Parties {
		all = append(all, p.Ref)
	}
	return all
}

// timeOf says when a commitment is kept: by a rhythm, all the time, or once until a day. What the source does not say,
// or says in words that cannot be read, is told as notes.
func timeOf(one *seed.Commitment, c rawCommitment, year *int, endsOn string) []seed.Note {
	word, due := said(c.Recurrence), said(c.Due)
	day, read := lastDay(due, year)
	var notes []seed.Note
	note := func(code, words string) {
		notes = append(notes, seed.Note{Code: code, About: one.Key, Said: words})
	}
	if due != "" && !read {
		note("DUE_NOT_PARSED", due)
	}
	rule, rhythm := ruleOf(word, c.ActionZh)
	switch {
	case word == "ONCE" || word == "" && read:
		one.DueOn = day
		if !read {
			one.DueOn = endsOn
			note("DUE_NOT_STATED", "")
		}
		return notes
	case rhythm:
		one.Recurrence = rule
	case word == "ONGOING":
		one.Standing = true
	case word == "":
		one.Standing = true
		note("RECURRENCE_NOT_STATED", "")
	default:
		one.Standing = true
		note("RECURRENCE_NOT_PARSED", word)
	}
	if read {
		note("UNTIL", due)
	}
	return notes
}
