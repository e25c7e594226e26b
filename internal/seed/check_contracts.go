package seed

import (
	"slices"
	"strconv"

	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/text"
)

// acts says whether a person can take a contract through its stages for their organisation: who leads a community or
// speaks for a unit, and signs for it.
func acts(p *Person) bool {
	return (p.Role == authz.Secretary || p.Role == authz.Liaison) && p.SigningRight
}

// Stages are all of them, in the order of a contract's life.
func Stages() []Stage { return []Stage{Draft, Negotiating, Signing, Signed} }

func (c *checker) contract(k *Contract, f *fault.List) {
	if !slices.Contains(Stages(), k.Stage) {
		f.Add(fault.New(fault.Invalid, fault.CodeMalformed, "want", "DRAFT, NEGOTIATING, SIGNING, SIGNED"), "stage")
	}
	text.Line(f, "titleEn", k.TitleEn, 0, contract.MaxTitle)
	text.Block(f, "outcomeZh", k.OutcomeZh, 0, maxText)
	text.Block(f, "outcomeEn", k.OutcomeEn, 0, maxText)
	notes(f, k.Notes)
	if k.Source != "" && c.sources[k.Source] == nil {
		c.lacks(f, k.Source, "source")
	}
	known := c.parties(f, k)
	known = c.promised(f, k) && known
	if !known {
		return // the room's rules would only say the same again, of organisations that are not there
	}
	in, err := textOf(*k, c.words(k))
	f.Add(err)
	for _, wrong := range fault.All(contract.Check(in, c.facts)) {
		f.Add(located(wrong))
	}
}

// words is what the text of a contract takes from elsewhere in the file.
func (c *checker) words(k *Contract) words {
	return words{
		organisation: c.id, source: c.sources[k.Source], host: c.hosts[k.Host], file: c.file.Name,
		actor: func(key string) string {
			if p := c.acting[key]; p != nil {
				return p.Name
			}
			return ""
		},
	}
}

// parties checks that the parties are organisations of the file, and that somebody acts for each that has to. A draft
// needs the host's secretary alone.
func (c *checker) parties(f *fault.List, k *Contract) bool {
	known := c.refers(f, k.Host, []Section{InCommunities}, "host")
	if known && c.acting[k.Host] == nil {
		f.Add(fault.New(fault.Refused, CodeNoPerson, "organisation", k.Host, "role", authz.Secretary), "host")
	}
	for i, p := range k.Parties {
		at := strconv.Itoa(i)
		switch {
		case !c.refers(f, p.Organisation, []Section{InDistricts, InSubDistricts, InCommunities, InResidentUnits}, "parties", at, "organisation"):
			known = false
		case p.Part == string(contract.Partner) && k.Stage != Draft && c.acting[p.Organisation] == nil:
			f.Add(fault.New(fault.Refused, CodeNoPerson, "organisation", p.Organisation, "role", authz.Liaison), "parties", at, "organisation")
		}
	}
	return known
}

// promised checks that who promises, who is promised to, and who shares something with whom are organisations of the
// file; whether they are parties, the room says.
func (c *checker) promised(f *fault.List, k *Contract) bool {
	known := true
	anyOf := []Section{InDistricts, InSubDistricts, InCommunities, InResidentUnits}
	for i, m := range k.Commitments {
		at := strconv.Itoa(i)
		known = c.refers(f, m.Provider, anyOf, "commitments", at, "provider") && known
		text.Block(f, "actionEn", m.ActionEn, 0, contract.MaxAction)
		for j, r := range m.Receivers {
			known = c.refers(f, r, anyOf, "commitments", at, "receivers", strconv.Itoa(j)) && known
		}
	}
	for i, s := range k.Sharing {
		at := strconv.Itoa(i)
		known = c.refers(f, s.Subject, anyOf, "sharing", at, "subject") && known
		for j, o := range s.With {
			known = c.refers(f, o, anyOf, "sharing", at, "with", strconv.Itoa(j)) && known
		}
	}
	return known
}

func (c *checker) lacks(f *fault.List, key string, path ...string) {
	if c.bad[key] {
		f.Add(fault.New(fault.Refused, CodeDependsOnRefused, "key", key), path...)
		return
	}
	f.Add(fault.New(fault.Invalid, CodeUnknownReference, "key", key), path...)
}

// located says a rule of the room at the record's own fields: the room's first party is the record's host.
func located(wrong *fault.Fault) *fault.Fault {
	if len(wrong.Path) < 2 || wrong.Path[0] != "parties" {
		return wrong
	}
	n, err := strconv.Atoi(wrong.Path[1])
	if err != nil {
		return wrong
	}
	moved := *wrong
	if n == 0 {
		moved.Path = []string{"host"}
		return &moved
	}
	moved.Path = slices.Clone(wrong.Path)
	moved.Path[1] = strconv.Itoa(n - 1)
	return &moved
}
