package seed

import (
	"io"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/text"
)

// Check reads a file and checks every record: its form, its references and the rules of the room it is for. Nothing
// is imported. What was refused, and what depends on it, is not in the file that is returned.
func Check(r io.Reader) (File, []Refusal) {
	file, refused := Read(r)
	return check(file, refused)
}

// check checks the records of a file that has been read; refused is what reading refused already.
func check(file File, refused []Refusal) (File, []Refusal) {
	c := &checker{
		file: file, bad: map[string]bool{}, organisations: map[string]Section{}, sources: map[string]*Source{},
		hosts: map[string]*Community{},
		facts: map[id.Organisation]organisation.Facts{}, codes: map[string]string{}, taken: map[string]string{},
		acting: map[string]*Person{},
	}
	c.refused.all = slices.Clone(refused)
	for _, r := range refused {
		if r.Key != "" {
			c.bad[r.Key] = true
		}
	}
	c.head()
	c.file.Sources = keep(c, InSources, file.Sources, c.source)
	c.file.Districts = keep(c, InDistricts, file.Districts, c.district)
	c.file.SubDistricts = keep(c, InSubDistricts, file.SubDistricts, c.subDistrict)
	c.file.Communities = keep(c, InCommunities, file.Communities, c.community)
	c.file.ResidentUnits = keep(c, InResidentUnits, file.ResidentUnits, c.residentUnit)
	c.file.People = keep(c, InPeople, file.People, c.person)
	c.file.Contracts = keep(c, InContracts, file.Contracts, c.contract)
	return c.file, c.refused.list()
}

// checker is one checking of one file.
type checker struct {
	file          File
	refused       refusals
	bad           map[string]bool // keys of records that were refused
	sources       map[string]*Source
	hosts         map[string]*Community
	organisations map[string]Section // where an organisation's key stands
	facts         map[id.Organisation]organisation.Facts
	codes         map[string]string  // administrative division codes of districts, by key
	taken         map[string]string  // values that only one record may have, and the record that has each
	acting        map[string]*Person // who acts for an organisation, by its key
}

// keep checks the records of one section and gives those that are in order.
func keep[T any, P interface {
	*T
	placed
}](c *checker, in Section, all []T, one func(P, *fault.List)) []T {
	kept, seen := make([]T, 0, len(all)), map[string]bool{}
	for i := range all {
		p := P(&all[i])
		var f fault.List
		if !keyForm.MatchString(p.name()) {
			f.Add(fault.New(fault.Invalid, fault.CodeMalformed, "want", keyLooks), "key")
		} else if seen[p.name()] {
			f.Add(fault.New(fault.Invalid, fault.CodeDuplicate, "value", p.name()), "key")
		}
		seen[p.name()] = true
		if one(p, &f); len(f) > 0 {
			c.refused.add(in, p.name(), p.line(), f)
			c.bad[p.name()] = true
			continue
		}
		kept = append(kept, all[i])
	}
	return kept
}

// keyLooks is keyForm as people are told.
const keyLooks = "A-Z 0-9 . _ -, 1 to 64"

// keyForm is what a record's key looks like: letters and digits of any script, and . _ - between them.
var keyForm = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N}._-]{0,63}$`)

// head checks what the file says of itself.
func (c *checker) head() {
	var f fault.List
	if !keyForm.MatchString(c.file.Name) {
		f.Add(fault.New(fault.Invalid, fault.CodeMalformed, "want", keyLooks), "name")
	}
	text.Block(&f, "about", c.file.About, 0, maxText)
	c.refused.add(InHead, "", 1, f.Err())
}

func (c *checker) source(s *Source, f *fault.List) {
	text.Line(f, "quality", s.Quality, 0, maxText)
	text.Line(f, "address", s.Address, 0, maxText)
	if s.Year != 0 && (s.Year < 1900 || s.Year > 2999) {
		f.Add(fault.New(fault.Invalid, fault.CodeOutOfRange, "min", 1900, "max", 2999), "year")
	}
	if len(*f) == 0 {
		c.sources[s.Key] = s
	}
}

// notes checks what a record notes.
func notes(f *fault.List, all []Note) {
	if len(all) > maxNotes {
		f.Add(fault.New(fault.Invalid, fault.CodeTooMany, "max", maxNotes), "notes")
		return
	}
	for i, n := range all {
		var own fault.List
		text.Line(&own, "code", n.Code, 1, 64)
		text.Line(&own, "about", n.About, 0, 64)
		text.Block(&own, "said", n.Said, 0, maxText)
		f.Add(own.Err(), "notes", strconv.Itoa(i))
	}
}

// refers checks that a key is one of an organisation in one of the sections, and in order itself.
func (c *checker) refers(f *fault.List, key string, to []Section, path ...string) bool {
	in, known := c.organisations[key]
	switch {
	case known && slices.Contains(to, in):
		return true
	case c.bad[key]:
		f.Add(fault.New(fault.Refused, CodeDependsOnRefused, "key", key), path...)
	default:
		f.Add(fault.New(fault.Invalid, CodeUnknownReference, "key", key), path...)
	}
	return false
}

// only refuses a value that another record has already; what says which kind of value it is.
func (c *checker) only(f *fault.List, what, value, key, path string) {
	if value == "" {
		return
	}
	if _, twice := c.taken[what+"\x00"+value]; twice {
		f.Add(fault.New(fault.Invalid, fault.CodeDuplicate, "value", value), path)
		return
	}
	c.taken[what+"\x00"+value] = key
}

// today is the day against which roles are checked: any will do, because the file gives them no times.
func today() time.Time { return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) }
