package contract

import (
	"slices"
	"strconv"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/text"
)

func (w *composer) parties() {
	f := &w.faults
	if !count(f, len(w.in.Parties), 2, MaxParties, "parties") {
		return
	}
	hosts, partners := 0, 0
	for i, p := range w.in.Parties {
		var own fault.List
		n := Named{
			Organisation: p.Organisation, Part: p.Part,
			ResponsibleHead: text.Line(&own, "responsibleHead", or(p.ResponsibleHead, ""), 0, 100),
			Liaison:         text.Line(&own, "liaison", or(p.Liaison, ""), 0, 100),
		}
		own.Add(w.fits(&n))
		if slices.ContainsFunc(w.text.Named, func(o Named) bool { return o.Organisation == n.Organisation }) {
			own.Add(fault.New(fault.Invalid, fault.CodeDuplicate, "value", n.Organisation), "organisation")
		}
		switch p.Part {
		case Host:
			hosts++
		case Partner:
			partners++
		}
		f.Add(own.Err(), "parties", strconv.Itoa(i))
		w.text.Named = append(w.text.Named, n)
	}
	if hosts != 1 {
		f.Add(fault.New(fault.Invalid, CodeOneHost, "count", hosts), "parties")
	}
	if partners == 0 {
		f.Add(fault.New(fault.Invalid, CodeNeedsPartner), "parties")
	}
}

// fits says whether an organisation can have its part, and takes its name and credit code from the register.
func (w *composer) fits(n *Named) error {
	o := n.Organisation
	facts, err := w.known(o)
	if err != nil {
		return fault.Of(err).At("organisation")
	}
	n.Name, n.CreditCode = facts.Name, facts.CreditCode
	switch {
	case n.Part != Host && n.Part != Partner && n.Part != Witness:
		return fault.New(fault.Invalid, fault.CodeMalformed, "want", "HOST, PARTNER, WITNESS").At("part")
	case n.Part == Host && !facts.CanHost():
		return fault.New(fault.Invalid, CodeHostKind, "organisation", o).At("organisation")
	case n.Part == Partner && !facts.CanPartner():
		return fault.New(fault.Invalid, CodePartnerKind, "organisation", o).At("organisation")
	}
	return nil
}

func (w *composer) known(o id.Organisation) (organisation.Facts, error) {
	if !organisationID(o) {
		return organisation.Facts{}, fault.New(fault.Invalid, fault.CodeWrongID, "want", "organisation")
	}
	facts, ok := w.facts[o]
	if !ok || !facts.Exists() {
		return organisation.Facts{}, fault.New(fault.Invalid, CodeNoOrganisation, "organisation", o)
	}
	return facts, nil
}

// order checks that an order of signing names every host and partner once, and nobody else.
func (w *composer) order() {
	w.text.SigningOrder = slices.Clone(w.in.SigningOrder)
	if len(w.in.SigningOrder) == 0 {
		w.text.SigningOrder = nil
		return
	}
	var must []id.Organisation
	for _, n := range w.text.Named {
		if n.Part != Witness {
			must = append(must, n.Organisation)
		}
	}
	for i, o := range w.in.SigningOrder {
		if !slices.Contains(must, o) || slices.Contains(w.in.SigningOrder[:i], o) {
			w.faults.Add(fault.New(fault.Invalid, CodeSigningOrder, "organisation", o), "signingOrder", strconv.Itoa(i))
			return
		}
	}
	for _, o := range must {
		if !slices.Contains(w.in.SigningOrder, o) {
			w.faults.Add(fault.New(fault.Invalid, CodeSigningOrder, "organisation", o), "signingOrder")
			return
		}
	}
}

func organisationID(o id.Organisation) bool {
	k, ok := id.KindOf(string(o))
	return ok && slices.Contains([]id.Kind{id.KindDistrict, id.KindSubDistrict, id.KindCommunity, id.KindUnit}, k)
}
