package app_test

import (
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/profile"
)

// calls says which duty telephone of an organisation somebody reads; empty where none.
func (h *house) calls(who id.Person, of id.Organisation) string {
	h.t.Helper()
	p, err := h.Profiles.Of(h.as(who), of)
	if fault.Is(err, fault.CodeNotFound) || err == nil && p.DutyPhone == nil {
		return ""
	}
	must(h.t, err)
	equal(h.t, "what is not shared", p.OfficeEmail, nil)
	return *p.DutyPhone
}

func TestWhatAContractSharesIsReadAsLongAsItIsInForceOnEitherStore(t *testing.T) {
	for name, at := range both() {
		t.Run(name, func(t *testing.T) {
			s := at(t)
			h := open(t, s.node())
			w := h.town(3)
			unit, phone := w.units[0], "0510-83590000"
			_, err := h.Profiles.Update(h.as(w.liaisons[0]), profile.UpdateInput{
				Organisation: unit, DutyPhone: graphql.OmittableOf(&phone), OfficeEmail: graphql.OmittableOf(new("office@example.org")),
			})
			must(t, err)
			reads := func(when string, host, second, third string) {
				t.Helper()
				equal(t, when+", the host", h.calls(w.secretary, unit), host)
				equal(t, when+", the second unit", h.calls(w.liaisons[1], unit), second)
				equal(t, when+", the third unit", h.calls(w.liaisons[2], unit), third)
			}
			reads("before", "", "", "")
			in := w.text("2026-03-02", "2026-12-31", w.once("2026-03-31", 1))
			in.Sharing = []contract.SharingInput{
				{Subject: unit, Fields: []contract.SharedField{contract.FieldDutyPhone}, With: []id.Organisation{w.community, w.units[1]}, Purpose: "值守"},
				{Subject: unit, Fields: []contract.SharedField{contract.FieldDutyPhone}, With: []id.Organisation{w.units[2]}, Purpose: "布展", Until: new(scalar.Date("2026-03-31"))},
			}
			c := h.active(w, in)
			reads("in force", phone, phone, phone)
			h.at("2026-04-01T00:00:00+08:00")
			reads("after the third one's last day", phone, phone, "")
			order := contract.TogetherInput{StepInput: step(h.contract(c.ID)), Reason: new("整改")}
			_, err = h.Contracts.Suspend(h.as(w.northern), contract.SuspendInput{TogetherInput: order})
			must(t, err)
			reads("at rest", "", "", "")
			order.StepInput = step(h.contract(c.ID))
			_, err = h.Contracts.Resume(h.as(w.northern), contract.ResumeInput{TogetherInput: order})
			must(t, err)
			reads("again", phone, phone, "")
			_, err = h.Contracts.GiveNotice(h.as(w.liaisons[1]), contract.NoticeInput{StepInput: step(h.contract(c.ID)), Reason: "校区搬迁"})
			must(t, err)
			h.clock.set(instant(t, "2026-05-01T00:00:00+08:00")) // and nothing has followed yet
			reads("after the second one's notice", phone, "", "")
			h.settle()
			equal(t, "it has left", h.contract(c.ID).Party(w.units[1]).State, contract.Exited)
			reads("after its exit", phone, "", "")
			listed := all(t, func(a page.Args) (*contract.SharingConnection, error) {
				return h.Contracts.SharedBy(h.as(w.liaisons[0]), unit, nil, a)
			})
			equal(t, "listed", len(listed), 1)
			equal(t, "with the host alone", len(listed[0].Shares[0].With), 1)
			order.StepInput = step(h.contract(c.ID))
			_, err = h.Contracts.Terminate(h.as(w.northern), contract.TerminateInput{TogetherInput: order})
			must(t, err)
			reads("after its end", "", "", "")
			h.settle()
			equal(t, "told", told(h.story(string(profile.IDOf(unit))))[profile.EventUpdated], 1)
		})
	}
}
