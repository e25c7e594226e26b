package playbook

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
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

// gather lists the parts of a playbook, and takes the print of each from the text of its file: so it stays the same when a
// later program reads more of it.
func (p *Playbook) gather(raw []byte) error {
	var said map[string]json.RawMessage
	if err := json.Unmarshal(raw, &said); err != nil {
		return err
	}
	p.parts = nil
	return errors.Join(
		gathered(p, said["needs"], PartNeed, p.Needs, func(n *Need) (string, Words) { return n.Key, n.Title }),
		gathered(p, said["contractTemplates"], PartContract, p.ContractTemplates, func(t *ContractTemplate) (string, Words) { return t.Key, t.Title }),
		gathered(p, said["projectTemplates"], PartProject, p.ProjectTemplates, func(t *ProjectTemplate) (string, Words) { return t.Key, t.Name }),
		gathered(p, said["resources"], PartResource, p.Resources, func(r *Resource) (string, Words) { return r.Key, r.Title }),
		gathered(p, said["posts"], PartPost, p.Posts, func(o *Post) (string, Words) { return o.Key, o.Title }),
		gathered(p, said["indicators"], PartIndicator, p.Indicators, func(i *Indicator) (string, Words) { return i.Key, i.Title }),
		gathered(p, said["calendar"], PartCalendar, p.Calendar, func(e *Entry) (string, Words) { return e.Key, e.Title }),
	)
}

func gathered[T any](p *Playbook, list json.RawMessage, k PartKind, parts []*T, named func(*T) (key string, title Words)) error {
	var said []any
	if err := json.Unmarshal(list, &said); err != nil {
		return err
	}
	if len(said) != len(parts) {
		return fmt.Errorf("%s: the list is there twice", k)
	}
	for i, of := range parts {
		text, err := json.Marshal(said[i]) // with sorted keys
		if err != nil {
			return err
		}
		key, title := named(of)
		sum := sha256.Sum256(text)
		p.parts = append(p.parts, &Part{Key: key, Kind: k, Title: title, print: hex.EncodeToString(sum[:8]), of: of})
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
