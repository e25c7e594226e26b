package seed

import (
	"slices"
	"strconv"
	"strings"

	"github.com/cobuild/cobuild/internal/community"
	"github.com/cobuild/cobuild/internal/district"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/person"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/text"
	"github.com/cobuild/cobuild/internal/unit"
)

// names checks what every organisation has, and that its key is no other organisation's.
func (c *checker) names(f *fault.List, key, zh, en string, all []Note) {
	text.Line(f, "name", zh, 1, organisation.MaxName)
	text.Line(f, "nameEn", en, 0, organisation.MaxName)
	notes(f, all)
	if _, twice := c.organisations[key]; twice && len(*f) == 0 {
		f.Add(fault.New(fault.Invalid, fault.CodeDuplicate, "value", key), "key")
	}
}

// settle notes an organisation that is in order, for those that refer to it.
func (c *checker) settle(f *fault.List, in Section, key string, facts organisation.Facts) {
	if len(*f) > 0 {
		return
	}
	facts.ID = c.file.Organisation(in, key)
	c.organisations[key] = in
	c.facts[facts.ID] = facts
}

// id is the identifier of an organisation by its key; empty where there is none in order.
func (c *checker) id(key string) id.Organisation {
	in, ok := c.organisations[key]
	if !ok {
		return ""
	}
	return c.file.Organisation(in, key)
}

func (c *checker) district(d *District, f *fault.List) {
	c.names(f, d.Key, d.Name, d.NameEn, d.Notes)
	if d.Code != "" {
		f.Add(district.CheckCode(d.Code), "code")
	}
	c.only(f, "district", d.Name, d.Key, "name")
	c.only(f, "code", d.Code, d.Key, "code")
	c.codes[d.Key] = d.Code
	c.settle(f, InDistricts, d.Key, organisation.Facts{Kind: organisation.KindDistrict, Name: d.Name})
}

func (c *checker) subDistrict(s *SubDistrict, f *fault.List) {
	c.names(f, s.Key, s.Name, s.NameEn, s.Notes)
	if !district.SubDistrictKind(s.Kind).Valid() {
		f.Add(fault.New(fault.Invalid, fault.CodeMalformed, "want", "STREET, TOWN, ZONE"), "kind")
	}
	c.refers(f, s.District, []Section{InDistricts}, "district")
	if s.Code != "" {
		f.Add(district.CheckSubCode(s.Code, c.codes[s.District]), "code")
	}
	c.only(f, "in district "+s.District, s.Name, s.Key, "name")
	c.only(f, "code", s.Code, s.Key, "code")
	above := c.id(s.District)
	c.settle(f, InSubDistricts, s.Key, organisation.Facts{
		Kind: organisation.KindSubDistrict, Name: s.Name, District: above, Above: []id.Organisation{above},
	})
}

func (c *checker) community(m *Community, f *fault.List) {
	c.names(f, m.Key, m.Name, m.NameEn, m.Notes)
	if !slices.Contains(community.Kinds(), community.Kind(m.Type)) {
		f.Add(fault.New(fault.Invalid, fault.CodeMalformed, "want", "RURAL, OLD_ESTATE, COMMERCIAL, RESETTLEMENT"), "type")
	}
	c.refers(f, m.SubDistrict, []Section{InSubDistricts}, "subDistrict")
	c.only(f, "in sub-district "+m.SubDistrict, m.Name, m.Key, "name")
	c.hosts[m.Key] = m
	sub := c.id(m.SubDistrict)
	of := c.facts[sub].District
	c.settle(f, InCommunities, m.Key, organisation.Facts{
		Kind: organisation.KindCommunity, Name: m.Name, CommunityType: m.Type,
		SubDistrict: sub, District: of, Above: []id.Organisation{sub, of},
	})
}

func (c *checker) residentUnit(u *ResidentUnit, f *fault.List) {
	c.names(f, u.Key, u.Name, u.NameEn, nil)
	kind := unit.Kind(u.Kind)
	if !kind.Valid() {
		f.Add(fault.New(fault.Invalid, fault.CodeMalformed, "want", "ResidentUnitKind"), "kind")
	}
	code := u.CreditCode
	switch {
	case code != "":
		parsed, err := unit.ParseCreditCode(code)
		f.Add(err, "creditCode")
		c.only(f, "credit code", parsed, u.Key, "creditCode")
	case kind.NeedsCreditCode():
		f.Add(fault.New(fault.Invalid, unit.CodeCreditRequired, "kind", kind), "creditCode")
	}
	facts := organisation.Facts{Kind: organisation.KindResidentUnit, Name: u.Name, CreditCode: code, UnitKind: u.Kind}
	switch n := len(u.Communities); {
	case n == 0:
		f.Add(fault.New(fault.Invalid, fault.CodeTooFew, "min", 1), "communities")
	case n > unit.MaxCommunities:
		f.Add(fault.New(fault.Invalid, fault.CodeTooMany, "max", unit.MaxCommunities), "communities")
	default:
		facts.Communities = c.reports(f, u.Communities)
	}
	c.settle(f, InResidentUnits, u.Key, facts)
}

// reports checks the communities that a unit reports to.
func (c *checker) reports(f *fault.List, keys []string) []id.Organisation {
	var to []id.Organisation
	for i, key := range keys {
		at := strconv.Itoa(i)
		if slices.Contains(keys[:i], key) {
			f.Add(fault.New(fault.Invalid, fault.CodeDuplicate, "value", key), "communities", at)
		} else if c.refers(f, key, []Section{InCommunities}, "communities", at) {
			to = append(to, c.id(key))
		}
	}
	return to
}

func (c *checker) person(p *Person, f *fault.List) {
	text.Line(f, "nameEn", p.NameEn, 0, person.MaxName)
	any := []Section{InDistricts, InSubDistricts, InCommunities, InResidentUnits}
	if p.Organisation != "" && !c.refers(f, p.Organisation, any, "organisation") {
		return
	}
	login := c.file.Login(*p)
	c.only(f, "login name", strings.ToLower(login), p.Key, "loginName")
	for _, wrong := range fault.All(person.Check(login, p.Name, p.Role, c.facts[c.id(p.Organisation)], p.SigningRight, today())) {
		if slices.Equal(wrong.Path, []string{"signing"}) {
			wrong.Path = []string{"signingRight"}
		}
		f.Add(wrong)
	}
	if len(*f) == 0 && acts(p) && c.acting[p.Organisation] == nil {
		c.acting[p.Organisation] = p
	}
}
