package app_test

import (
	"fmt"
	"slices"

	"github.com/99designs/gqlgen/graphql"

	"github.com/cobuild/cobuild/internal/community"
	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/district"
	"github.com/cobuild/cobuild/internal/fulfilment"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/person"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/signingkey"
	"github.com/cobuild/cobuild/internal/unit"
)

// town is a district with two sub-districts, a community in the northern one, the units that report to it, and their
// people. Secretary and liaisons have the signing right; keys are held for all.
type town struct {
	district, north, south id.Organisation
	community              id.Organisation
	units                  []id.Organisation
	secretary              id.Person
	liaisons               []id.Person // of the units, in their order
	chief                  id.Person   // supervisor of the district
	northern, southern     id.Person   // supervisors of the sub-districts
	auditor                id.Person   // of the district
}

func (h *house) town(units int) *town {
	h.t.Helper()
	w := &town{district: h.district("惠山区")}
	w.north, w.south = h.subDistrict(w.district, "堰桥街道"), h.subDistrict(w.district, "长安街道")
	w.community = h.community(w.north, "花园社区")
	w.secretary = h.enrol("secretary", authz.Secretary, w.community, true)
	w.chief = h.enrol("chief", authz.Supervisor, w.district, false)
	w.northern = h.enrol("northern", authz.Supervisor, w.north, false)
	w.southern = h.enrol("southern", authz.Supervisor, w.south, false)
	w.auditor = h.enrol("auditor", authz.Auditor, w.district, false)
	h.key(w.community)
	w.units, w.liaisons = make([]id.Organisation, units), make([]id.Person, units)
	for i := range units {
		w.units[i] = h.unit(i+1, w.community)
		w.liaisons[i] = h.enrol(fmt.Sprintf("liaison%d", i+1), authz.Liaison, w.units[i], true)
		h.key(w.units[i])
	}
	return w
}

func (h *house) district(name string) id.Organisation {
	h.t.Helper()
	d, err := h.Districts.RegisterDistrict(h.system(), district.RegisterDistrictInput{Name: name})
	must(h.t, err)
	return d.ID
}

func (h *house) subDistrict(in id.Organisation, name string) id.Organisation {
	h.t.Helper()
	s, err := h.Districts.RegisterSubDistrict(h.system(), district.RegisterSubDistrictInput{District: in, Kind: district.Street, Name: name})
	must(h.t, err)
	return s.ID
}

func (h *house) community(in id.Organisation, name string) id.Organisation {
	h.t.Helper()
	c, err := h.Communities.Register(h.system(), community.RegisterCommunityInput{Type: community.Commercial, Name: name, SubDistrict: in})
	must(h.t, err)
	return c.Common().ID
}

func (h *house) unit(number int, communities ...id.Organisation) id.Organisation {
	h.t.Helper()
	in := unit.RegisterResidentUnitInput{
		Kind: unit.School, Name: fmt.Sprintf("第%d小学", number),
		Details: unit.Details{CreditCode: graphql.OmittableOf(new(unit.ExampleCode(number)))},
	}
	for _, c := range communities {
		in.Registrations = append(in.Registrations, unit.DualRegistrationInput{Community: c})
	}
	u, err := h.Units.Register(h.system(), in)
	must(h.t, err)
	return u.ID
}

func (h *house) enrol(login string, role authz.Role, in id.Organisation, signing bool) id.Person {
	h.t.Helper()
	p, err := h.People.Enrol(h.system(), person.Enrolment{
		LoginName: login, Name: login, Roles: []person.Standing{{Role: role, Organisation: in, Signing: signing}},
	})
	must(h.t, err)
	return p.ID
}

func (h *house) key(of id.Organisation) {
	h.t.Helper()
	_, err := h.Keys.Register(h.system(), signingkey.RegisterInput{Organisation: of})
	must(h.t, err)
}

// text is a contract of the whole town.
func (w *town) text(from, until scalar.Date, commitments ...contract.CommitmentInput) contract.TextInput {
	in := contract.TextInput{
		Title: "共建协议", EffectiveOn: from, EndsOn: until, Commitments: commitments,
		Parties: []contract.PartyInput{{Organisation: w.community, Part: contract.Host}},
		Clauses: []contract.ClauseInput{{Heading: "总则", Body: "双方共建。"}},
	}
	for _, u := range w.units {
		in.Parties = append(in.Parties, contract.PartyInput{Organisation: u, Part: contract.Partner})
	}
	return in
}

// once and rhythm are what the first unit promises the community.
func (w *town) once(on scalar.Date, weight int) contract.CommitmentInput {
	return contract.CommitmentInput{
		Provider: w.units[0], Receivers: []id.Organisation{w.community}, Action: "开放操场", DueOn: &on, Weight: &weight,
	}
}

func (w *town) rhythm(rule string) contract.CommitmentInput {
	return contract.CommitmentInput{
		Provider: w.units[0], Receivers: []id.Organisation{w.community}, Action: "开放操场", Recurrence: &rule,
	}
}

func step(c *contract.Contract) contract.StepInput {
	return contract.StepInput{Change: command.Change{ExpectedVersion: c.Version}, ID: c.ID}
}

// opened takes a text to where it lies open for signing, agreed to by all whom it names.
func (h *house) opened(w *town, in contract.TextInput) *contract.Contract {
	h.t.Helper()
	c, err := h.Contracts.Draft(h.as(w.secretary), contract.DraftInput{TextInput: in})
	must(h.t, err)
	return h.laidOpen(w, c)
}

// laidOpen takes a draft to where it lies open for signing.
func (h *house) laidOpen(w *town, c *contract.Contract) *contract.Contract {
	h.t.Helper()
	c, err := h.Contracts.Propose(h.as(w.secretary), contract.ProposeInput{StepInput: step(c)})
	must(h.t, err)
	for i, u := range w.units {
		if !slices.Contains(c.Current, u) {
			continue
		}
		c, err = h.Contracts.Agree(h.as(w.liaisons[i]), contract.AgreeInput{StepInput: step(c)})
		must(h.t, err)
	}
	c, err = h.Contracts.OpenForSigning(h.as(w.secretary), contract.OpenInput{StepInput: step(c)})
	must(h.t, err)
	return c
}

// signed takes a text to where all have signed it.
func (h *house) signed(w *town, in contract.TextInput) *contract.Contract {
	h.t.Helper()
	return h.signedByAll(w, h.opened(w, in))
}

// signedByAll has everybody sign what lies open for it.
func (h *house) signedByAll(w *town, c *contract.Contract) *contract.Contract {
	h.t.Helper()
	sign := contract.SignInput{ID: c.ID, TextHash: c.Frozen.Hash}
	c, err := h.Contracts.Sign(h.as(w.secretary), sign)
	must(h.t, err)
	for i, u := range w.units {
		if slices.Contains(c.Current, u) {
			c, err = h.Contracts.Sign(h.as(w.liaisons[i]), sign)
			must(h.t, err)
		}
	}
	equal(h.t, "state", c.Status, contract.Signed)
	return c
}

// active takes a text that begins today to where it is in force.
func (h *house) active(w *town, in contract.TextInput) *contract.Contract {
	h.t.Helper()
	c := h.signed(w, in)
	h.settle()
	c = h.contract(c.ID)
	equal(h.t, "state", c.Status, contract.Active)
	return c
}

// report, accept, dispute and resolve say something to a fulfilment as it is now.
func (h *house) report(who id.Person, f id.Fulfilment) (*fulfilment.Fulfilment, error) {
	return h.Fulfilments.Report(h.as(who), fulfilment.ReportInput{Change: h.now(f), ID: f, Note: "来了一百二十人"})
}

func (h *house) accept(who id.Person, f id.Fulfilment) (*fulfilment.Fulfilment, error) {
	return h.Fulfilments.Accept(h.as(who), fulfilment.AcceptInput{Change: h.now(f), ID: f})
}

func (h *house) dispute(who id.Person, f id.Fulfilment) (*fulfilment.Fulfilment, error) {
	return h.Fulfilments.Dispute(h.as(who), fulfilment.DisputeInput{Change: h.now(f), ID: f, Reason: "大门锁着"})
}

func (h *house) resolve(who id.Person, f id.Fulfilment, o fulfilment.Outcome, reason *string) (*fulfilment.Fulfilment, error) {
	return h.Fulfilments.Resolve(h.as(who), fulfilment.ResolveInput{Change: h.now(f), ID: f, Outcome: o, Reason: reason})
}

func (h *house) now(f id.Fulfilment) command.Change {
	h.t.Helper()
	return command.Change{ExpectedVersion: h.fulfilment(f).Version}
}

// does checks that something was not refused.
func (h *house) does(f *fulfilment.Fulfilment, err error) *fulfilment.Fulfilment {
	h.t.Helper()
	must(h.t, err)
	return f
}
