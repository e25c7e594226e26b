package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/seed"
	"github.com/cobuild/cobuild/internal/unit"
)

// convert turns the gathered examples into a seed file by the rules of docs/seed-format.md. The same input gives the
// same file.
func convert(in raw) (seed.File, error) {
	b := newBodies(in.Places)
	if len(b.streets) == 0 {
		return seed.File{}, fmt.Errorf("the places name no sub-district of %s", huishanName)
	}
	out := seed.File{
		Format: seed.Format, Name: "co-building",
		About: "Publicly reported examples of co-building in China, paraphrased. Organisations and people are invented: " +
			"none of the names belongs to a real one. 据公开报道的共建实例改写,机构与人员均为虚构。",
		Sources: []seed.Source{}, Communities: []seed.Community{}, ResidentUnits: []seed.ResidentUnit{},
		People: []seed.Person{}, Contracts: []seed.Contract{},
	}
	c := &converter{bodies: b, file: &out, units: map[string]int{}}
	for _, e := range in.Examples {
		if err := c.example(e); err != nil {
			return seed.File{}, fmt.Errorf("%s: %w", e.ID, err)
		}
	}
	out.Districts, out.SubDistricts = b.districts, b.subDistricts
	return out, nil
}

// converter is one conversion under way.
type converter struct {
	bodies *bodies
	file   *seed.File
	units  map[string]int // place of a unit in the file, by its reference
}

// example takes over one example: its source, community, units, people and contract.
func (c *converter) example(e rawExample) error {
	host, err := c.community(e)
	if err != nil {
		return err
	}
	names := map[string]name{e.Community.Ref: {host.Name, host.NameEn}}
	for _, p := range e.Parties {
		called, err := c.unit(p, e.Community.Ref)
		if err != nil {
			return err
		}
		names[p.Ref] = called
	}
	source := seed.Source{Key: e.ID, Quality: e.SourceQuality, Address: said(e.Source)}
	if e.Year != nil {
		source.Year = *e.Year
	}
	c.file.Sources = append(c.file.Sources, source)
	one, err := contractOf(e, host, names)
	if err != nil {
		return err
	}
	c.file.Contracts = append(c.file.Contracts, one)
	return nil
}

// community places the example's community, names it and gives it a secretary.
func (c *converter) community(e rawExample) (seed.Community, error) {
	ref := e.Community.Ref
	n, err := number(ref)
	if err != nil {
		return seed.Community{}, err
	}
	one := seed.Community{Key: ref}
	one.Type, one.TypeIsDemoChoice = typeOf(e, n)
	one.Name, one.NameEn = communityName(n, one.Type)
	a := areaOf(e)
	one.SubDistrict, one.PlaceIsDemoChoice = c.bodies.within(a, n, one.Type)
	if a.district == "" {
		one.Notes = append(one.Notes, seed.Note{Code: "PLACE_NOT_PARSED", Said: said(e.Place)})
	}
	if one.PlaceIsDemoChoice {
		one.Notes = append(one.Notes, seed.Note{Code: "PLACE_IS_DEMO_CHOICE", Said: said(e.Place)})
	}
	if one.TypeIsDemoChoice {
		one.Notes = append(one.Notes, seed.Note{Code: "TYPE_IS_DEMO_CHOICE", Said: e.Community.Type})
	}
	c.file.Communities = append(c.file.Communities, one)
	c.person(n, ref, authz.Secretary)
	return one, nil
}

// unit names a unit and gives it a liaison, once; in a further example it reports to that community as well.
func (c *converter) unit(p rawParty, community string) (called name, err error) {
	if i, ok := c.units[p.Ref]; ok {
		u := &c.file.ResidentUnits[i]
		if u.Kind != p.Kind {
			return called, fmt.Errorf("%s is a %s and a %s", p.Ref, u.Kind, p.Kind)
		}
		if !slices.Contains(u.Communities, community) {
			u.Communities = append(u.Communities, community)
		}
		return name{u.Name, u.NameEn}, nil
	}
	n, err := number(p.Ref)
	if err != nil {
		return called, err
	}
	one := seed.ResidentUnit{Key: p.Ref, Kind: p.Kind, Communities: []string{community}}
	one.Name, one.NameEn = unitName(n, p.Kind)
	if p.Kind != "MILITARY" {
		one.CreditCode = unit.ExampleCode(n)
	}
	c.units[p.Ref] = len(c.file.ResidentUnits)
	c.file.ResidentUnits = append(c.file.ResidentUnits, one)
	c.person(1000+n, p.Ref, authz.Liaison)
	return name{one.Name, one.NameEn}, nil
}

// person invents who leads a community or speaks for a unit, and signs for it.
func (c *converter) person(n int, organisation string, role authz.Role) {
	zh, en := personName(n)
	c.file.People = append(c.file.People, seed.Person{
		Key: organisation + "." + strings.ToLower(string(role)), Name: zh, NameEn: en, Role: role,
		Organisation: organisation, SigningRight: true,
	})
}
