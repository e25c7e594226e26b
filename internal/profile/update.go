package profile

import (
	"context"
	"net/mail"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/text"
)

// CodeUnfit refuses a profile of a body that is no party to co-building.
const CodeUnfit fault.Code = "PROFILE_UNFIT" // kind: neither a community nor a resident unit

// UpdateInput changes what an organisation tells. What is absent stays, null takes it away. Where nothing was told before,
// the expected version is 0.
type UpdateInput struct {
	command.Change
	Organisation  id.Organisation
	DutyPhone     graphql.Omittable[*string]
	OfficeEmail   graphql.Omittable[*string]
	OpeningHours  graphql.Omittable[*string]
	Facilities    graphql.Omittable[[]FacilityInput]
	SharedParking graphql.Omittable[*int]
	Volunteers    graphql.Omittable[*int]
	YearlyBudget  graphql.Omittable[*BudgetInput]
}

// FacilityInput is a hall, a room or a yard.
type FacilityInput struct {
	Name     string
	Capacity *int
	Note     *string
}

// BudgetInput is an amount of a currency.
type BudgetInput struct {
	Amount   scalar.Decimal
	Currency *string // CNY where absent
}

// Update changes what an organisation tells; the first change makes its profile.
func (s *Service) Update(ctx context.Context, in UpdateInput) (*Profile, error) {
	facts, err := s.Organisations(ctx, []id.Organisation{in.Organisation})
	if err != nil {
		return nil, err
	}
	fresh := &Profile{Organisation: in.Organisation, Above: facts[0].Above}
	fresh.ID = IDOf(in.Organisation)
	if a := authz.From(ctx); !s.table.Allows(a, access.ProfileUpdate, fresh) {
		return nil, s.table.Refusal(a, access.ProfileUpdate)
	}
	if f := facts[0]; !f.CanHost() && !f.CanPartner() {
		return nil, fault.New(fault.Refused, CodeUnfit, "kind", f.Kind).At("organisation")
	}
	if err := in.apply(&Profile{}); err != nil {
		return nil, err
	}
	return s.update(ctx, in, fresh)
}

func (s *Service) update(ctx context.Context, in UpdateInput, fresh *Profile) (*Profile, error) {
	changed, err := s.profiles.Change(ctx, access.ProfileUpdate, string(fresh.ID), func(p *Profile) error {
		if err := in.Expect(p.Version); err != nil {
			return err
		}
		return in.told(p)
	})
	if !fault.Is(err, fault.CodeNotFound) {
		return changed, err
	}
	if err := in.Expect(0); err != nil {
		return nil, err
	}
	p := *fresh
	if err := in.told(&p); err != nil {
		return nil, err
	}
	made, err := s.profiles.Add(ctx, access.ProfileUpdate, &p)
	if fault.Is(err, fault.CodeTaken) { // it was made in this moment
		return s.update(ctx, in, fresh)
	}
	return made, err
}

// told lays the input over the profile and tells which fields that changes.
func (in UpdateInput) told(p *Profile) error {
	was := *p
	if err := in.apply(p); err != nil {
		return err
	}
	h := Happened{Organisation: p.Organisation, Changed: []Fact{}}
	for _, f := range Facts() {
		if !reflect.DeepEqual(was.value(f), p.value(f)) {
			h.Changed = append(h.Changed, f)
		}
	}
	return p.Tell(EventUpdated, h)
}

func (p *Profile) value(f Fact) any {
	return map[Fact]any{
		DutyPhone: p.DutyPhone, OfficeEmail: p.OfficeEmail, OpeningHours: p.OpeningHours, Facilities: p.Facilities,
		SharedParking: p.SharedParking, Volunteers: p.Volunteers, YearlyBudget: p.YearlyBudget,
	}[f]
}

// apply lays the input over a profile, or says all that is wrong with it.
func (in UpdateInput) apply(p *Profile) error {
	var f fault.List
	organisation.SetPhone(&f, "dutyPhone", in.DutyPhone, &p.DutyPhone)
	organisation.SetLine(&f, "officeEmail", in.OfficeEmail, 254, &p.OfficeEmail)
	if in.OfficeEmail.IsSet() && p.OfficeEmail != nil && !address(*p.OfficeEmail) {
		f.Add(fault.New(fault.Invalid, fault.CodeMalformed, "want", "office@example.org"), "officeEmail")
	}
	organisation.SetBlock(&f, "openingHours", in.OpeningHours, MaxHours, &p.OpeningHours)
	organisation.SetNumber(&f, "sharedParking", in.SharedParking, 0, MaxCount, &p.SharedParking)
	organisation.SetNumber(&f, "volunteers", in.Volunteers, 0, MaxCount, &p.Volunteers)
	if all, given := in.Facilities.ValueOK(); given {
		p.Facilities = facilities(&f, all)
	}
	if b, given := in.YearlyBudget.ValueOK(); given {
		p.YearlyBudget = budget(&f, b)
	}
	return f.Err()
}

// address says whether a text is one plain mail address and nothing else.
func address(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s && strings.Contains(s[strings.LastIndex(s, "@"):], ".")
}

func facilities(f *fault.List, in []FacilityInput) []*Facility {
	if len(in) > MaxFacilities {
		f.Add(fault.New(fault.Invalid, fault.CodeTooMany, "max", MaxFacilities), "facilities")
		return nil
	}
	var out []*Facility
	for i, x := range in {
		var own fault.List
		v := &Facility{Name: text.Line(&own, "name", x.Name, 1, MaxName), Note: text.Optional(&own, "note", x.Note, MaxNote)}
		organisation.SetNumber(&own, "capacity", graphql.OmittableOf(x.Capacity), 1, MaxCount, &v.Capacity)
		if slices.ContainsFunc(out, func(o *Facility) bool { return o.Name == v.Name }) {
			own.Add(fault.New(fault.Invalid, fault.CodeDuplicate, "value", v.Name), "name")
		}
		f.Add(own.Err(), "facilities", strconv.Itoa(i))
		out = append(out, v)
	}
	return out
}

var currency = regexp.MustCompile(`^[A-Z]{3}$`)

func budget(f *fault.List, in *BudgetInput) *Budget {
	if in == nil {
		return nil
	}
	b := &Budget{Currency: "CNY"}
	if in.Currency != nil {
		b.Currency = *in.Currency
	}
	if !currency.MatchString(b.Currency) {
		f.Add(fault.New(fault.Invalid, fault.CodeMalformed, "want", "CNY"), "yearlyBudget", "currency")
	}
	var amount *scalar.Decimal
	var own fault.List
	organisation.SetAmount(&own, "amount", graphql.OmittableOf(&in.Amount), MaxBudget, &amount)
	f.Add(own.Err(), "yearlyBudget")
	if amount != nil {
		b.Amount = *amount
	}
	return b
}
