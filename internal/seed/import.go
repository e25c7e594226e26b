package seed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/cobuild/cobuild/internal/community"
	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/district"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/person"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/signingkey"
	"github.com/cobuild/cobuild/internal/unit"
)

// Services are the rooms that an import goes through, so that every rule of theirs holds.
type Services struct {
	Districts   *district.Service
	Communities *community.Service
	Units       *unit.Service
	People      *person.Service
	Keys        *signingkey.Service
	Contracts   *contract.Service
}

// Options of an import.
type Options struct {
	// KeepGoing imports what is in order and skips what was refused, and what depends on it.
	KeepGoing bool
	// Progress hears of each record that is done, one call at a time. May be nil.
	Progress func(done, total int, in Section)
}

// Result is what an import has done.
type Result struct {
	Made    map[Section]int // records that were new, or were continued
	Had     map[Section]int // records that were there already
	Refused []Refusal
	People  map[string]id.Person // by key
}

// ErrRefused is the answer where records were refused and nothing was imported, or where the import stopped at one.
var ErrRefused = errors.New("seed: records were refused")

// atOnce is how many records are imported at the same time: the store commits them together.
const atOnce = 16

// From checks a file and imports it.
func From(ctx context.Context, s Services, r io.Reader, o Options) (Result, error) {
	file, refused := Read(r)
	return bring(ctx, s, file, refused, o)
}

// Import checks the records of a file and imports them. Importing again changes nothing; what an interrupted import
// left is continued. Without KeepGoing nothing is imported of a file of which anything is refused.
func Import(ctx context.Context, s Services, file File, o Options) (Result, error) {
	return bring(ctx, s, file, nil, o)
}

func bring(ctx context.Context, s Services, file File, refused []Refusal, o Options) (Result, error) {
	file, refused = check(file, refused)
	im := &importer{
		services: s, options: o, file: &file, bad: map[string]bool{}, organisations: map[string]Section{},
		acting: map[string]*Person{}, sources: map[string]*Source{}, hosts: map[string]*Community{},
		result: Result{Made: map[Section]int{}, Had: map[Section]int{}, People: map[string]id.Person{}},
	}
	im.index()
	ctx = authz.AsSystem(ctx)
	im.refused.all = refused
	keep := o.KeepGoing && readable(refused)
	if len(refused) > 0 && !keep {
		return im.told(), ErrRefused
	}
	if err := im.conflicts(ctx); err != nil {
		return im.told(), err
	}
	if len(im.refused.all) > 0 && !keep {
		return im.told(), ErrRefused
	}
	err := im.all(ctx)
	return im.told(), err
}

// readable says whether a file could be read as one: not where it is of another format, or no JSON to its end.
func readable(refused []Refusal) bool {
	for _, r := range refused {
		if r.Section == InHead && r.Key == "" && r.Why.Code != CodeRefusalsCut {
			return false
		}
	}
	return true
}

// importer is one import under way.
type importer struct {
	services      Services
	options       Options
	file          *File
	organisations map[string]Section // where an organisation's key stands
	acting        map[string]*Person // who acts for an organisation, by its key
	sources       map[string]*Source
	hosts         map[string]*Community
	total         int

	mu      sync.Mutex
	done    int
	bad     map[string]bool // keys of organisations that were refused
	refused refusals
	result  Result
}

// index makes the file's records findable by their keys.
func (im *importer) index() {
	f := im.file
	for i := range f.Sources {
		im.sources[f.Sources[i].Key] = &f.Sources[i]
	}
	for _, d := range f.Districts {
		im.organisations[d.Key] = InDistricts
	}
	for _, s := range f.SubDistricts {
		im.organisations[s.Key] = InSubDistricts
	}
	for i := range f.Communities {
		c := &f.Communities[i]
		im.organisations[c.Key], im.hosts[c.Key] = InCommunities, c
	}
	for _, u := range f.ResidentUnits {
		im.organisations[u.Key] = InResidentUnits
	}
	for i := range f.People {
		if p := &f.People[i]; acts(p) && im.acting[p.Organisation] == nil {
			im.acting[p.Organisation] = p
		}
	}
	im.total = len(f.Districts) + len(f.SubDistricts) + len(f.Communities) + len(f.ResidentUnits) + len(f.People) + len(f.Contracts)
}

// id is the identifier of an organisation of the file; empty for another key.
func (im *importer) id(key string) id.Organisation {
	in, ok := im.organisations[key]
	if !ok {
		return ""
	}
	return im.file.Organisation(in, key)
}

// all imports section by section.
func (im *importer) all(ctx context.Context) error {
	for _, in := range []struct {
		section Section
		jobs    func(context.Context) ([]job, error)
	}{
		{InDistricts, im.districts},
		{InSubDistricts, im.subDistricts},
		{InCommunities, im.communities},
		{InResidentUnits, im.residentUnits},
		{InPeople, im.people},
		{InContracts, im.contracts},
	} {
		jobs, err := in.jobs(ctx)
		if err != nil {
			return fmt.Errorf("seed: %s: %w", in.section, err)
		}
		if err := im.section(ctx, in.section, jobs); err != nil {
			return err
		}
	}
	return nil
}

// job is the importing of one record.
type job struct {
	key   string
	line  int
	needs []string // keys of records it cannot be imported without
	had   bool     // it is there already
	do    func(context.Context) (made bool, err error)
}

// section imports records of one section, several at once.
func (im *importer) section(ctx context.Context, in Section, jobs []job) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for _, j := range jobs {
		g.Go(func() error { return im.one(ctx, in, j) })
	}
	return g.Wait()
}

// one imports a record. What its room refuses is a refusal; what the store cannot do stops the import.
func (im *importer) one(ctx context.Context, in Section, j job) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if im.already(in, j.key) {
		return nil
	}
	made, err := false, im.needed(j)
	if err == nil && !j.had {
		made, err = j.do(ctx)
	}
	im.mu.Lock()
	defer im.mu.Unlock()
	im.done++
	switch kind := fault.Of(err).Kind; {
	case err == nil && made:
		im.result.Made[in]++
	case err == nil:
		im.result.Had[in]++
	case kind == fault.Unavailable || kind == fault.Internal:
		return fmt.Errorf("seed: %s %s: %w", in, j.key, err)
	default:
		im.refuse(in, j.key, j.line, err)
		if !im.options.KeepGoing {
			return ErrRefused
		}
	}
	if im.options.Progress != nil {
		im.options.Progress(im.done, im.total, in)
	}
	return nil
}

// refuse notes a refusal; what is refused of organisations is remembered, for what depends on them.
func (im *importer) refuse(in Section, key string, line int, err error) {
	if _, body := organisationKinds()[in]; body {
		im.bad[key] = true
	}
	im.refused.add(in, key, line, err)
}

// already says whether an organisation was refused before its turn came.
func (im *importer) already(in Section, key string) bool {
	im.mu.Lock()
	defer im.mu.Unlock()
	_, body := organisationKinds()[in]
	return body && im.bad[key]
}

// needed refuses a record that needs one which was refused.
func (im *importer) needed(j job) error {
	im.mu.Lock()
	defer im.mu.Unlock()
	for _, key := range j.needs {
		if im.bad[key] {
			return fault.New(fault.Refused, CodeDependsOnRefused, "key", key)
		}
	}
	return nil
}

func (im *importer) told() Result {
	im.result.Refused = im.refused.list()
	return im.result
}

// named is a context in which what a record makes gets the identifier of that record.
func (im *importer) named(ctx context.Context, in Section, key string) context.Context {
	return store.WithOnce(ctx, once(im.file.Name, in, key))
}
