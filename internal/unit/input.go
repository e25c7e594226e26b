package unit

import (
	"slices"
	"strconv"

	"github.com/99designs/gqlgen/graphql"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// The bounds of what a unit tells.
const (
	MaxCommunities = 20 // that one unit reports to
	maxStaff       = 1_000_000
	maxServices    = 50
)

// earliest is the first day on which a unit can have begun to report.
const earliest scalar.Date = "1949-10-01"

// Details are what a unit may tell. Absent keeps what is there, null removes it.
type Details struct {
	NameEn      graphql.Omittable[*string]
	CreditCode  graphql.Omittable[*string]
	Profile     graphql.Omittable[*string]
	Address     graphql.Omittable[*string]
	OfficePhone graphql.Omittable[*string]
	Staff       graphql.Omittable[*int]
	Services    graphql.Omittable[[]string]
}

// DualRegistrationInput says which community a unit reports to, and since when: today where nothing is said, and where
// it reports there already, as before.
type DualRegistrationInput struct {
	Community id.Organisation
	Since     *scalar.Date
}

// RegisterResidentUnitInput is the input of registerResidentUnit.
type RegisterResidentUnitInput struct {
	command.Once
	Kind          Kind
	Name          string
	Registrations []DualRegistrationInput
	Details
}

// UpdateResidentUnitInput is the input of updateResidentUnit. Registrations, if given, are all there are from now on.
type UpdateResidentUnitInput struct {
	command.Change
	ID            id.Organisation
	Kind          *Kind
	Name          *string
	Registrations []DualRegistrationInput
	Details
}

// apply takes up what a unit tells.
func (d Details) apply(f *fault.List, u *ResidentUnit) {
	organisation.SetLine(f, "nameEn", d.NameEn, organisation.MaxName, &u.NameEn)
	organisation.SetBlock(f, "profile", d.Profile, organisation.MaxText, &u.Profile)
	organisation.SetLine(f, "address", d.Address, organisation.MaxPlace, &u.Address)
	organisation.SetPhone(f, "officePhone", d.OfficePhone, &u.OfficePhone)
	organisation.SetNumber(f, "staff", d.Staff, 0, maxStaff, &u.Staff)
	if services, given := d.Services.ValueOK(); given {
		u.Services = organisation.Lines(f, "services", services, maxServices, organisation.MaxName)
	}
	d.applyCreditCode(f, u)
}

// applyCreditCode takes up the credit code, which depends on the kind.
func (d Details) applyCreditCode(f *fault.List, u *ResidentUnit) {
	if v, given := d.CreditCode.ValueOK(); given {
		u.CreditCode = nil
		if v != nil {
			code, err := ParseCreditCode(*v)
			if err != nil {
				f.Add(err, "creditCode")
				return
			}
			u.CreditCode = &code
		}
	}
	if u.CreditCode == nil && u.Kind.NeedsCreditCode() {
		f.Add(fault.New(fault.Invalid, CodeCreditRequired, "kind", u.Kind), "creditCode")
	}
}

// applyKind takes up the kind.
func applyKind(f *fault.List, k Kind, u *ResidentUnit) {
	if !k.Valid() {
		f.Add(fault.New(fault.Invalid, fault.CodeMalformed, "want", "UnitKind"), "kind")
		return
	}
	u.Kind = k
}

// registered makes registrations of an input, with since when from those before or from today. It says at the path of
// each what is wrong with it.
func registered(f *fault.List, in []DualRegistrationInput, before []DualRegistration, today scalar.Date) []DualRegistration {
	const field = "registrations"
	if len(in) == 0 {
		f.Add(fault.New(fault.Invalid, fault.CodeTooFew, "min", 1), field)
		return nil
	}
	if len(in) > MaxCommunities {
		f.Add(fault.New(fault.Invalid, fault.CodeTooMany, "max", MaxCommunities), field)
		return nil
	}
	var out []DualRegistration
	for i, r := range in {
		var own fault.List
		switch {
		case !id.Is(string(r.Community), id.KindCommunity):
			own.Add(fault.New(fault.Invalid, fault.CodeWrongID, "want", "Community"), "community")
		case slices.ContainsFunc(out, func(d DualRegistration) bool { return d.Community == r.Community }):
			own.Add(fault.New(fault.Invalid, fault.CodeDuplicate, "value", r.Community), "community")
		}
		if r.Since != nil && (!r.Since.Valid() || *r.Since < earliest || *r.Since > today) {
			own.Add(fault.New(fault.Invalid, fault.CodeOutOfRange, "min", earliest, "max", today), "since")
		}
		f.Add(own.Err(), field, strconv.Itoa(i))
		out = append(out, DualRegistration{Community: r.Community, Since: since(r, before, today)})
	}
	return out
}

func since(r DualRegistrationInput, before []DualRegistration, today scalar.Date) scalar.Date {
	if r.Since != nil {
		return *r.Since
	}
	for _, b := range before {
		if b.Community == r.Community {
			return b.Since
		}
	}
	return today
}
