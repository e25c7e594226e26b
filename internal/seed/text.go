package seed

import (
	"strconv"

	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// words is what the text of a contract takes from elsewhere in the file.
type words struct {
	organisation func(key string) id.Organisation // empty for a key that is no organisation's
	actor        func(key string) string          // name of who acts for it; empty for nobody
	source       *Source
	host         *Community
	file         string
}

// textOf is a contract of the file as the room takes it.
func textOf(c Contract, w words) (contract.TextInput, error) {
	in := contract.TextInput{
		Title: c.Title, Purpose: given(c.Purpose), EffectiveOn: scalar.Date(c.EffectiveOn), EndsOn: scalar.Date(c.EndsOn),
		Parties: []contract.PartyInput{{
			Organisation: w.organisation(c.Host), Part: contract.Host, ResponsibleHead: given(w.actor(c.Host)),
		}},
	}
	for _, p := range c.Parties {
		in.Parties = append(in.Parties, contract.PartyInput{
			Organisation: w.organisation(p.Organisation), Part: contract.Part(p.Part), Liaison: given(w.actor(p.Organisation)),
		})
	}
	for _, l := range c.Clauses {
		in.Clauses = append(in.Clauses, contract.ClauseInput{Key: given(l.Key), Heading: l.Heading, Body: l.Body})
	}
	for _, m := range c.Commitments {
		in.Commitments = append(in.Commitments, commitmentOf(m, w))
	}
	for _, s := range c.Sharing {
		in.Sharing = append(in.Sharing, sharingOf(s, w))
	}
	terms, err := scalar.JSONOf(termsOf(c, w))
	if err != nil {
		return in, fault.Of(err).At("terms")
	}
	in.Terms = &terms
	return in, nil
}

func commitmentOf(m Commitment, w words) contract.CommitmentInput {
	in := contract.CommitmentInput{
		Key: given(m.Key), Provider: w.organisation(m.Provider), Action: m.Action, Unit: given(m.Unit),
		Recurrence: given(m.Recurrence), Standing: &m.Standing,
	}
	for _, r := range m.Receivers {
		in.Receivers = append(in.Receivers, w.organisation(r))
	}
	if m.Quantity != "" {
		q := scalar.Decimal(m.Quantity)
		in.Quantity = &q
	}
	in.DueOn, in.StartsOn = dateOf(m.DueOn), dateOf(m.StartsOn)
	for _, e := range m.Evidence {
		in.EvidenceRequired = append(in.EvidenceRequired, contract.EvidenceKind(e))
	}
	if m.Weight != 0 {
		in.Weight = &m.Weight
	}
	return in
}

func sharingOf(s Sharing, w words) contract.SharingInput {
	in := contract.SharingInput{Subject: w.organisation(s.Subject), Purpose: s.Purpose, Until: dateOf(s.Until)}
	for _, f := range s.Fields {
		in.Fields = append(in.Fields, contract.SharedField(f))
	}
	for _, o := range s.With {
		in.With = append(in.With, w.organisation(o))
	}
	return in
}

// dateOf is a date that may be absent: nil for the empty text.
func dateOf(s string) *scalar.Date {
	d := scalar.Date(s)
	if d == "" {
		return nil
	}
	return &d
}

// termsOf is what the file tells of a contract beyond its text: where it comes from, what was chosen for it, and its
// words in English.
func termsOf(c Contract, w words) map[string]any {
	english := map[string]any{}
	for _, m := range c.Commitments {
		if m.ActionEn != "" {
			english[m.Key] = m.ActionEn
		}
	}
	seeded := map[string]any{"file": w.file, "key": c.Key, "agreementStated": c.AgreementStated}
	notes, typed, placed := notesOf("", c.Notes), c.TypeIsDemoChoice, false
	if h := w.host; h != nil { // a community's document has no place for it
		notes = append(notes, notesOf("host", h.Notes)...)
		typed, placed = typed || h.TypeIsDemoChoice, h.PlaceIsDemoChoice
	}
	for name, chosen := range map[string]bool{"typeIsDemoChoice": typed, "placeIsDemoChoice": placed, "demoChoice": c.DemoChoice} {
		if chosen {
			seeded[name] = true
		}
	}
	if len(notes) > 0 {
		seeded["notes"] = notes
	}
	terms := map[string]any{"seed": seeded}
	put(terms, "english", some(map[string]any{"title": c.TitleEn}, "commitments", english))
	put(terms, "outcome", some(map[string]any{"zh": c.OutcomeZh, "en": c.OutcomeEn}, "", nil))
	if s := w.source; s != nil {
		told := some(map[string]any{"key": s.Key, "quality": s.Quality, "address": s.Address}, "", nil)
		if s.Year != 0 {
			told["year"] = strconv.Itoa(s.Year)
		}
		put(terms, "source", told)
	}
	return terms
}

// notesOf are notes as terms hold them; about is what those are about that name no part of the record.
func notesOf(about string, notes []Note) []any {
	var out []any
	for _, n := range notes {
		if n.About == "" {
			n.About = about
		}
		out = append(out, some(map[string]any{"code": n.Code, "about": n.About, "said": n.Said}, "", nil))
	}
	return out
}

// some is an object without its empty texts, and with a part of its own unless that is empty.
func some(all map[string]any, name string, part map[string]any) map[string]any {
	for k, v := range all {
		if v == "" {
			delete(all, k)
		}
	}
	if len(part) > 0 {
		all[name] = part
	}
	return all
}

func put(into map[string]any, name string, part map[string]any) {
	if len(part) > 0 {
		into[name] = part
	}
}

// given is a text that may be absent: nil for the empty one.
func given(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
