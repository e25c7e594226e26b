// Package demo fills a new installation with publicly reported examples of co-building, moved near today, and lives
// through the months before it: contracts are signed, promises kept, forgotten, disputed and settled.
//
// Organisations and people are invented; what they promise each other was really promised. The same day gives the same
// demonstration. What the demo chose by itself is marked in the contracts' terms.
package demo

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"time"

	"github.com/cobuild/cobuild/internal/fulfilment"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/need"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/playbook"
	"github.com/cobuild/cobuild/internal/profile"
	"github.com/cobuild/cobuild/internal/project"
	"github.com/cobuild/cobuild/internal/resource"
	"github.com/cobuild/cobuild/internal/seed"
)

//go:embed data/co-building.seed.json
var examples []byte

// Deps are what the demo needs of the house.
type Deps struct {
	Services    seed.Services
	Fulfilments *fulfilment.Service
	Profiles    *profile.Service
	Needs       *need.Service
	Resources   *resource.Service
	Projects    *project.Service
	Playbooks   *playbook.Service
	// Set sets the clock by which all services go.
	Set func(time.Time)
	// Settle does all background work that is due by that clock: events are followed, time does its part.
	Settle func(context.Context) error
	// Progress hears of each day lived through. May be nil.
	Progress func(done, total int)
}

// Cast are the people through whom the demo is seen.
type Cast struct {
	Secretary     id.Person // of a community with a property manager, in a district whose parts are all known
	Liaison       id.Person // of that property manager
	Supervisor    id.Person // of the community's sub-district
	Auditor       id.Person // of its district
	Administrator id.Person
	Outsider      id.Person // liaison of a unit elsewhere that has no contract

	Manager id.Organisation // the property manager, whose own program may come beside its liaison
}

// zone is where the demo's days begin and end.
func zone() *time.Location { return time.FixedZone("Asia/Shanghai", 8*60*60) }

// Load fills an installation, and leaves its clock at now. One that was filled before stays as it is, whatever its
// people have done since; a filling that was interrupted is continued.
func Load(ctx context.Context, d Deps, now time.Time) (Cast, error) {
	d.Set(now)
	defer d.Set(now)
	file, err := load()
	if err != nil {
		return Cast{}, err
	}
	ctx = authz.AsSystem(ctx)
	full, today, err := d.found(ctx, file, scalar.DateOf(now, zone()))
	if err != nil {
		return Cast{}, err
	}
	if !full {
		if err := d.live(ctx, file, today, now); err != nil {
			return Cast{}, fmt.Errorf("demo: %w", err)
		}
	}
	d.Set(now)
	whole := file
	file.Contracts = nil
	done, err := seed.Import(ctx, d.Services, file, seed.Options{})
	if err != nil {
		return Cast{}, fmt.Errorf("demo: %w", refusedOf(done, err))
	}
	cast, err := castOf(done.People)
	cast.Manager = file.Organisation(seed.InResidentUnits, manager)
	if err != nil {
		return cast, err
	}
	if err := d.tell(ctx, whole); err != nil {
		return cast, err
	}
	if err := d.undertake(ctx, whole, done.People); err != nil {
		return cast, err
	}
	return cast, d.equip(ctx, whole, done.People)
}

// load reads the examples and adds what the cast needs.
func load() (seed.File, error) {
	file, refused := seed.Check(bytes.NewReader(examples))
	if len(refused) > 0 {
		return seed.File{}, fmt.Errorf("demo: %w", refused[0].Err())
	}
	return staged(file)
}

// found says whether the installation is full already, and otherwise which day the filling takes for today: the one
// that an interrupted filling took, or the given one.
func (d Deps) found(ctx context.Context, file seed.File, today scalar.Date) (full bool, day scalar.Date, err error) {
	_, err = d.Services.Contracts.Contract(ctx, file.Contract(lastKey))
	if err == nil {
		return true, today, nil
	}
	if !fault.Is(err, fault.CodeNotFound) {
		return false, today, err
	}
	first, err := d.Services.Contracts.Contract(ctx, file.Contract(firstKey))
	switch {
	case fault.Is(err, fault.CodeNotFound):
		return false, today, nil
	case err != nil:
		return false, today, err
	}
	return false, first.EffectiveOn.AddDays(longestAgo), nil
}

// castOf finds the cast among the people of the file.
func castOf(people map[string]id.Person) (Cast, error) {
	var c Cast
	for key, into := range map[string]*id.Person{
		secretaryKey: &c.Secretary, liaisonKey: &c.Liaison, supervisorKey: &c.Supervisor,
		auditorKey: &c.Auditor, administratorKey: &c.Administrator, outsiderKey: &c.Outsider,
	} {
		if *into = people[key]; *into == "" {
			return Cast{}, fmt.Errorf("demo: nobody is %s", key)
		}
	}
	return c, nil
}

// refusedOf tells which record was refused, where one was.
func refusedOf(done seed.Result, err error) error {
	if errors.Is(err, seed.ErrRefused) && len(done.Refused) > 0 {
		return done.Refused[0].Err()
	}
	return err
}
