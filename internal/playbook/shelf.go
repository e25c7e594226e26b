package playbook

import (
	"bytes"
	"cmp"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/cobuild/cobuild/internal/id"
)

// What comes with the program: a file for each type and version. A version that was released is never changed: what
// communities took from it is told by it.
//
//go:embed packs/*.json
var shipped embed.FS

// Shelf is all playbooks there are, held in memory: they come with the program, and only another program changes them.
type Shelf struct {
	all  []*Playbook // by type, the newest first
	byID map[id.Playbook]*Playbook
}

// Shipped are the playbooks that come with the program.
func Shipped() (*Shelf, error) {
	s, err := packed()
	if err != nil {
		return nil, err
	}
	return &Shelf{slices.Clone(s.all), maps.Clone(s.byID)}, nil
}

// packed reads them once: nobody alters a playbook.
var packed = sync.OnceValues(func() (*Shelf, error) {
	packs, err := fs.Sub(shipped, "packs")
	if err != nil {
		return nil, err
	}
	return Read(packs)
})

// Read reads every playbook of a folder: its *.json files.
func Read(from fs.FS) (*Shelf, error) {
	names, err := fs.Glob(from, "*.json")
	if err != nil {
		return nil, err
	}
	s := &Shelf{byID: map[id.Playbook]*Playbook{}}
	for _, name := range names {
		p, err := read(from, name)
		if err == nil {
			err = s.put(p)
		}
		if err != nil {
			return nil, fmt.Errorf("playbook %s: %w", path.Base(name), err)
		}
	}
	slices.SortFunc(s.all, func(a, b *Playbook) int { return cmp.Compare(a.rank(), b.rank()) })
	return s, nil
}

func read(from fs.FS, name string) (*Playbook, error) {
	raw, err := fs.ReadFile(from, name)
	if err != nil {
		return nil, err
	}
	p, err := parse(raw)
	if err != nil {
		return nil, err
	}
	if want := strings.ToLower(string(p.Type)) + "." + strconv.Itoa(p.Version) + ".json"; name != want {
		return nil, fmt.Errorf("the file of this type and version is called %s", want)
	}
	return p, nil
}

// parse makes a playbook of the text of its file.
func parse(raw []byte) (*Playbook, error) {
	p := &Playbook{}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(p); err != nil {
		return nil, err
	}
	p.ID = id.Derived[id.Playbook](id.KindPlaybook, string(p.Type), strconv.Itoa(p.Version))
	if err := p.gather(raw); err != nil {
		return nil, err
	}
	return p, p.check()
}

func (s *Shelf) put(p *Playbook) error {
	if s.byID[p.ID] != nil {
		return fmt.Errorf("there is a version %d of %s already", p.Version, p.Type)
	}
	s.all, s.byID[p.ID] = append(s.all, p), p
	return nil
}

// rank is where a playbook stands among all.
func (p *Playbook) rank() string {
	return fmt.Sprintf("%d %06d", slices.Index(CommunityTypes(), p.Type), MaxVersion-p.Version)
}

// of is a version for a type, the newest where none is named; nil where there is none.
func (s *Shelf) of(t CommunityType, version *int) *Playbook {
	for _, p := range s.all {
		if p.Type == t && (version == nil || p.Version == *version) {
			return p
		}
	}
	var none *Playbook
	return none
}
