package playbook

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
)

// PartKind is what a part of a playbook is.
type PartKind string

// The kinds of parts. The first three can be made in a community; the others are to be read.
const (
	PartNeed      PartKind = "NEED"
	PartContract  PartKind = "CONTRACT_TEMPLATE"
	PartProject   PartKind = "PROJECT_TEMPLATE"
	PartResource  PartKind = "RESOURCE"
	PartPost      PartKind = "POST"
	PartIndicator PartKind = "INDICATOR"
	PartCalendar  PartKind = "CALENDAR"
)

// Made says whether applying a playbook makes parts of the kind.
func (k PartKind) Made() bool {
	return k == PartNeed || k == PartContract || k == PartProject
}

// Part names one part of a playbook.
type Part struct {
	Key   string // unique within the playbook; the same part keeps it in later versions
	Kind  PartKind
	Title Words

	print string // of the whole part: another one where anything in it is said differently
	of    any    // the part itself
}

// Parts are all parts, in the order of the file.
func (p *Playbook) Parts() []*Part { return p.parts }

// Part finds a part by its key; nil where there is none.
func (p *Playbook) Part(key string) *Part {
	for _, part := range p.parts {
		if part.Key == key {
			return part
		}
	}
	var none *Part
	return none
}

// gather lists the parts of a playbook that has been read.
func (p *Playbook) gather() error {
	add := func(key string, k PartKind, title Words, of any) error {
		raw, err := json.Marshal(of)
		sum := sha256.Sum256(raw)
		p.parts = append(p.parts, &Part{Key: key, Kind: k, Title: title, print: hex.EncodeToString(sum[:8]), of: of})
		return err
	}
	var all []error
	for _, n := range p.Needs {
		all = append(all, add(n.Key, PartNeed, n.Title, n))
	}
	for _, t := range p.ContractTemplates {
		all = append(all, add(t.Key, PartContract, t.Title, t))
	}
	for _, t := range p.ProjectTemplates {
		all = append(all, add(t.Key, PartProject, t.Name, t))
	}
	for _, r := range p.Resources {
		all = append(all, add(r.Key, PartResource, r.Title, r))
	}
	for _, o := range p.Posts {
		all = append(all, add(o.Key, PartPost, o.Title, o))
	}
	for _, i := range p.Indicators {
		all = append(all, add(i.Key, PartIndicator, i.Title, i))
	}
	for _, e := range p.Calendar {
		all = append(all, add(e.Key, PartCalendar, e.Title, e))
	}
	if i := slices.IndexFunc(all, func(err error) bool { return err != nil }); i >= 0 {
		return all[i]
	}
	return nil
}

// Difference is what one version of a playbook has otherwise than an older one, or than what a community took from older
// ones.
type Difference struct {
	From    int // the older version
	To      *Playbook
	Added   []*Part
	Changed []*Part  // said differently now
	Dropped []string // keys of parts that are there no more
}

// since is what has changed since an older version.
func (p *Playbook) since(old *Playbook) *Difference {
	prints := map[string]string{}
	for _, part := range old.parts {
		prints[part.Key] = part.print
	}
	return p.differing(old.Version, prints, func(*Part) bool { return true })
}

// differing compares the chosen parts with the prints of earlier ones.
func (p *Playbook) differing(from int, prints map[string]string, chosen func(*Part) bool) *Difference {
	d := &Difference{From: from, To: p, Added: []*Part{}, Changed: []*Part{}, Dropped: []string{}}
	for _, part := range p.parts {
		was, known := prints[part.Key]
		switch {
		case !known && chosen(part):
			d.Added = append(d.Added, part)
		case known && was != part.print:
			d.Changed = append(d.Changed, part)
		}
	}
	for key := range prints {
		if p.Part(key) == nil {
			d.Dropped = append(d.Dropped, key)
		}
	}
	slices.Sort(d.Dropped)
	return d
}
