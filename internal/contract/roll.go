package contract

import (
	"slices"
	"strings"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

// roll is the parties that negotiate and sign a text, a contract's or an amendment's. Both go by the same rules.
type roll []*Party

// names are parties' names for a sentence to people.
func (r roll) names(parties []id.Organisation) string {
	names := make([]string, 0, len(parties))
	for _, o := range parties {
		if p := find(r, o); p != nil {
			names = append(names, p.Name)
		}
	}
	return strings.Join(names, ", ")
}

// silent are those that a text waits for and that have not agreed to this version of it.
func (r roll) silent(version int) []id.Organisation {
	var out []id.Organisation
	for _, p := range r {
		if p.Required() && p.AgreedTo != version {
			out = append(out, p.Organisation)
		}
	}
	return out
}

// waits says whether a required signature is missing.
func (r roll) waits() bool {
	return slices.ContainsFunc(r, func(p *Party) bool { return p.Required() && p.Signature == nil })
}

// inTurn keeps to an order of signing. A witness signs at any time.
func (r roll) inTurn(order []id.Organisation, p *Party) error {
	if p.Part == Witness {
		return nil
	}
	for _, o := range order {
		if o == p.Organisation {
			return nil
		}
		if before := find(r, o); before != nil && before.Required() && before.Signature == nil {
			return fault.New(fault.Refused, CodeOutOfOrder, "next", o, "names", before.Name)
		}
	}
	return nil
}

// signedBy is the party for which a person has signed already: nobody closes a bargain with themselves.
func (r roll) signedBy(person id.Person) *Party {
	i := slices.IndexFunc(r, func(p *Party) bool {
		return person != "" && p.Signature != nil && p.Signature.Person == person
	})
	if i < 0 {
		return nil
	}
	return r[i]
}

// void takes the signatures off a text that goes back into negotiation. They are kept in the history.
func (r roll) void(version int, at time.Time) []VoidSignature {
	var out []VoidSignature
	for _, p := range r {
		if p.Signature == nil {
			continue
		}
		out = append(out, VoidSignature{Signature: *p.Signature, TextVersion: version, VoidAt: at})
		p.Signature = nil
		p.State = Invited
		if p.AgreedTo == version {
			p.State = Agreed
		}
	}
	return out
}
