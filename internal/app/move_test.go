package app_test

import (
	"context"
	"slices"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/community"
	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/fulfilment"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/person"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// belongings are what a supervising body reads of a community.
type belongings struct {
	contract    id.Contract
	fulfilments []id.Fulfilment
	invitations []id.Invitation // of the community and of its unit
	people      []id.Person     // the community's secretary and the unit's liaison
	units       []id.Organisation
	community   id.Organisation
}

func TestWithACommunityMovesAllThatBelongsToIt(t *testing.T) {
	for name, at := range both() {
		t.Run(name, func(t *testing.T) {
			s := at(t)
			h := open(t, s.node())
			w := h.town(1)
			far := h.district("滨湖区")
			street := h.subDistrict(far, "河埒街道")
			abroad, inspector := h.enrol("abroad", authz.Supervisor, street, false), h.enrol("inspector", authz.Supervisor, far, false)
			c := h.active(w, w.text("2026-03-02", "2026-12-31", w.rhythm("FREQ=WEEKLY"))).ID
			own := belongings{
				contract: c, people: []id.Person{w.secretary, w.liaisons[0]}, units: w.units, community: w.community,
				invitations: []id.Invitation{h.invite(w.secretary, w.community), h.invite(w.liaisons[0], w.units[0])},
			}
			for _, f := range h.fulfilments(c) {
				own.fulfilments = append(own.fulfilments, f.ID)
			}
			disputed := own.fulfilments[0]
			h.does(h.report(w.liaisons[0], disputed))
			h.does(h.dispute(w.secretary, disputed))
			h.settle()
			h.reads(w.northern, own, true)
			h.reads(w.southern, own, false)

			h.move(w.chief, w.community, w.south)
			for _, who := range []id.Person{w.southern, w.chief} {
				h.reads(who, own, true)
			}
			for _, who := range []id.Person{w.northern, abroad, inspector} {
				h.reads(who, own, false)
			}
			_, err := h.resolve(w.northern, disputed, fulfilment.Kept, new("从前的上级"))
			refused(t, err, fault.CodeNotFound)
			equal(t, "resolved by the new body", h.does(h.resolve(w.southern, disputed, fulfilment.Kept, new("如今的上级"))).Status, fulfilment.Resolved)

			h.move("", w.community, street) // into another district
			for _, who := range []id.Person{abroad, inspector} {
				h.reads(who, own, true)
			}
			for _, who := range []id.Person{w.northern, w.southern, w.chief, w.auditor} {
				h.reads(who, own, false)
			}
			got := h.contract(c)
			equal(t, "district", got.District, far)
			if !slices.Equal(got.Readers, []id.Organisation{w.community, w.units[0], street, far}) {
				t.Fatalf("readers %v", got.Readers)
			}
			h.at("2026-03-20T00:00:00+08:00") // what is planned from now on is read by the new bodies alone
			planned := own
			planned.fulfilments, planned.invitations = nil, nil // which have run out
			for _, f := range h.fulfilments(c) {
				planned.fulfilments = append(planned.fulfilments, f.ID)
			}
			if len(planned.fulfilments) <= len(own.fulfilments) {
				t.Fatal("nothing more was planned")
			}
			h.reads(abroad, planned, true)
			h.reads(w.northern, planned, false)
			h.rate(c, w.units[0], 0.3333) // one of three is resolved as kept
		})
	}
}

// invite sends an invitation in an organisation's name.
func (h *house) invite(by id.Person, to id.Organisation) id.Invitation {
	h.t.Helper()
	in, err := h.People.InvitePerson(h.as(by), person.InvitePersonInput{Role: authz.Member, Organisation: &to})
	must(h.t, err)
	return in.Invitation.ID
}

// move brings a community into another sub-district, in the name of somebody or of the program itself.
func (h *house) move(by id.Person, c, to id.Organisation) {
	h.t.Helper()
	ctx := h.system()
	if by != "" {
		ctx = h.as(by)
	}
	now, err := h.Communities.Community(ctx, c)
	must(h.t, err)
	_, err = h.Communities.Update(ctx, community.UpdateCommunityInput{
		ID: c, Change: command.Change{ExpectedVersion: now.Common().Version}, SubDistrict: &to,
	})
	must(h.t, err)
	h.settle()
}

// reads checks that somebody reads all of it, by identifier and in lists, or nothing.
func (h *house) reads(who id.Person, b belongings, want bool) {
	h.t.Helper()
	ctx := h.as(who)
	check := func(what string, got bool) {
		h.t.Helper()
		if got != want {
			h.t.Fatalf("%s reads %s: %v", authz.From(ctx).Name, what, got)
		}
	}
	check("the contract", seen(h.Contracts.Contract(ctx, b.contract)))
	check("the contract in a list", len(all(h.t, func(a page.Args) (*contract.Connection, error) {
		return h.Contracts.Contracts(ctx, &contract.Filter{Host: &organisation.Choice{Eq: &b.community}}, nil, a)
	})) == 1)
	_, err := h.Contracts.Export(ctx, b.contract)
	check("the export", err == nil)
	for _, f := range b.fulfilments {
		check("fulfilment "+string(f), seen(h.Fulfilments.Fulfilment(ctx, f)))
	}
	check("the fulfilments in a list", len(all(h.t, func(a page.Args) (*fulfilment.Connection, error) {
		return h.Fulfilments.Fulfilments(ctx, nil, nil, a)
	})) == len(b.fulfilments))
	check("the commitment in a list", len(all(h.t, func(a page.Args) (*page.Connection[*fulfilment.Plan], error) {
		return h.Fulfilments.Commitments(ctx, nil, nil, a)
	})) == 1)
	for _, v := range b.invitations {
		check("invitation "+string(v), seen(h.People.Invitation(ctx, v)))
	}
	for _, p := range b.people {
		check("person "+string(p), seen(h.People.Person(ctx, p)))
	}
	for _, o := range append(slices.Clone(b.units), b.community) {
		_, err := h.People.People(ctx, o, nil, page.Args{First: new(1)})
		check("the people of "+string(o), err == nil)
	}
}

// seen says whether something was found.
func seen[T any](_ T, err error) bool { return err == nil }

// Somebody drafts a contract in the very moment in which the community moves: what is known of where it lies is old when
// the draft is kept, and who follows the move has not found the draft.
func TestAContractDraftedInTheMomentOfTheMoveIsReadByTheNewBodiesAlone(t *testing.T) {
	for name, at := range both() {
		t.Run(name, func(t *testing.T) {
			s := at(t)
			db := &between{Backend: s.node()}
			h := open(t, db)
			w := h.town(1)
			h.settle()
			ctx, moved := h.as(w.secretary), false
			db.insert = func(coll string) {
				if coll == "contracts" && !moved {
					moved = true
					h.move(w.chief, w.community, w.south)
				}
			}
			c, err := h.Contracts.Draft(ctx, contract.DraftInput{TextInput: w.text("2026-04-01", "2026-12-31")})
			must(t, err)
			h.settle()
			_, err = h.Contracts.Contract(h.as(w.southern), c.ID)
			must(t, err)
			_, err = h.Contracts.Contract(h.as(w.northern), c.ID)
			refused(t, err, fault.CodeNotFound)
		})
	}
}

// between is a store on which something can happen just before a document is inserted.
type between struct {
	store.Backend
	insert func(coll string)
}

func (b *between) Insert(ctx context.Context, coll string, doc bson.Raw) error {
	if b.insert != nil {
		b.insert(coll)
	}
	return b.Backend.Insert(ctx, coll, doc)
}
