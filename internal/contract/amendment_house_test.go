package contract

import (
	"context"
	"strings"
	"testing"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
)

// amend drafts an amendment of a contract.
func (h *house) amend(c *Contract, a authz.Actor, alter ...func(*DraftAmendmentInput)) *Amendment {
	h.t.Helper()
	in := DraftAmendmentInput{Contract: c.ID, Summary: new("改个名字"), AmendedText: AmendedText{Title: new("新共建协议")}}
	for _, f := range alter {
		f(&in)
	}
	got, err := h.DraftAmendment(h.as(a), in)
	if err != nil {
		h.t.Fatalf("draft an amendment: %v", err)
	}
	return got
}

func titled(s string) func(*DraftAmendmentInput) {
	return func(in *DraftAmendmentInput) { in.Title = &s }
}

func from(day string) func(*DraftAmendmentInput) {
	return func(in *DraftAmendmentInput) { in.EffectiveOn = date(day) }
}

// alters carries out a verb as an actor, with what input it needs, on the amendment as it is now.
func (h *house) alters(a *Amendment, v AmendmentVerb, who authz.Actor) (*Amendment, error) {
	a = h.again(a)
	in := AmendStepInput{Change: command.Change{ExpectedVersion: a.Version}, ID: a.ID}
	ctx := h.as(who)
	switch v {
	case AmendRevise:
		return h.ReviseAmendment(ctx, ReviseAmendmentInput{Change: in.Change, ID: a.ID, AmendedText: AmendedText{Title: new(a.Text.Title + "·")}})
	case AmendPropose:
		return h.ProposeAmendment(ctx, ProposeAmendmentInput{in})
	case AmendRequestChanges:
		return h.RequestAmendmentChanges(ctx, RequestAmendmentChangesInput{in, []RemarkInput{{Body: "请修改"}}})
	case AmendAgree:
		return h.AgreeToAmendment(ctx, AgreeToAmendmentInput{in})
	case AmendDecline:
		return h.DeclineAmendment(ctx, DeclineAmendmentInput{in, nil})
	case AmendCancel:
		return h.CancelAmendment(ctx, CancelAmendmentInput{in, nil})
	case AmendOpen:
		return h.OpenAmendmentForSigning(ctx, OpenAmendmentInput{in})
	case AmendReopen:
		return h.ReopenAmendment(ctx, ReopenAmendmentInput{in, nil})
	default:
		hash := "sha256:" + strings.Repeat("0", 64)
		if a.Frozen != nil {
			hash = a.Frozen.Hash
		}
		return h.SignAmendment(ctx, SignAmendmentInput{ID: a.ID, TextHash: hash})
	}
}

func (h *house) altered(a *Amendment, v AmendmentVerb, by ...authz.Actor) *Amendment {
	h.t.Helper()
	for _, who := range by {
		next, err := h.alters(a, v, who)
		if err != nil {
			h.t.Fatalf("%s by %s: %v", v, who.Name, err)
		}
		a = next
	}
	return a
}

// again is the amendment as it is now.
func (h *house) again(a *Amendment) *Amendment {
	h.t.Helper()
	got, err := h.Amendment(authz.AsSystem(h.t.Context()), a.ID)
	if err != nil {
		h.t.Fatal(err)
	}
	return got
}

// toSign and toApply take an amendment that the community drafted so far.
func (h *house) toSign(a *Amendment) *Amendment {
	h.t.Helper()
	a = h.altered(a, AmendPropose, secretary)
	a = h.altered(a, AmendAgree, teacher, banker)
	return h.altered(a, AmendOpen, secretary)
}

func (h *house) signedByAll(a *Amendment) *Amendment {
	h.t.Helper()
	return h.altered(h.toSign(a), AmendSign, secretary, teacher, banker)
}

// applies lets time put amendments in force.
func (h *house) applies() int {
	h.t.Helper()
	n, err := h.TickAmendments(h.t.Context(), h.now())
	if err != nil {
		h.t.Fatal(err)
	}
	return n
}

// followed lets amendments follow what became of their contract.
func (h *house) followed(c *Contract) {
	h.t.Helper()
	if err := h.ContractTurned(h.t.Context(), c.ID); err != nil {
		h.t.Fatal(err)
	}
}

// forceAmendment alters an amendment beside its verbs.
func (h *house) forceAmendment(a *Amendment, alter func(*Amendment)) *Amendment {
	h.t.Helper()
	got, err := h.amendments.Touch(authz.AsSystem(h.t.Context()), "amendment.time", string(a.ID), func(a *Amendment) error {
		alter(a)
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return got
}

func (h *house) amendedWith(c *Contract, alter ...func(*DraftAmendmentInput)) *Contract {
	h.t.Helper()
	h.signedByAll(h.amend(c, secretary, alter...))
	h.applies()
	return h.read(c)
}

func ids(as []*Amendment) []id.Amendment {
	var out []id.Amendment
	for _, a := range as {
		out = append(out, a.ID)
	}
	return out
}

func system(t testing.TB) context.Context {
	t.Helper()
	return authz.AsSystem(t.Context())
}
