package demo

import (
	"context"
	"fmt"

	"github.com/99designs/gqlgen/graphql"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/profile"
	"github.com/cobuild/cobuild/internal/seed"
)

// shared is what the cast's contracts share, so that the demo shows it: for the patrols both sides can be reached day and
// night, and for the alarm buttons the property manager's duty room can.
func shared(key string) []seed.Sharing {
	switch key {
	case patrolKey:
		return []seed.Sharing{
			{Subject: manager, Fields: []string{"DUTY_PHONE", "SHARED_PARKING"}, Purpose: "巡查中发现险情时联系值班人员，并安排巡查车辆停放"},
			{Subject: community, Fields: []string{"DUTY_PHONE", "OPENING_HOURS", "VOLUNTEERS"}, Purpose: "巡查人员与社区值班室对接，安排志愿者同行"},
		}
	case alarmKey:
		return []seed.Sharing{{Subject: manager, Fields: []string{"OFFICE_EMAIL"}, With: []string{community}, Purpose: "报警设备的保修与回访"}}
	}
	return nil
}

// tell has the cast's community and property manager tell what those with whom they build need, once.
func (d Deps) tell(ctx context.Context, file seed.File) error {
	say := func(s string) graphql.Omittable[*string] { return graphql.OmittableOf(&s) }
	count := func(n int) graphql.Omittable[*int] { return graphql.OmittableOf(&n) }
	for _, in := range []profile.UpdateInput{
		{
			Organisation: file.Organisation(seed.InCommunities, community), DutyPhone: say("0510-00000001"), OfficeEmail: say("office@community.example"),
			OpeningHours: say("周一至周日 8:30–20:30"), Volunteers: count(46),
			Facilities:   graphql.OmittableOf([]profile.FacilityInput{{Name: "居民议事厅", Capacity: new(40)}, {Name: "文体活动室", Capacity: new(25)}}),
			YearlyBudget: graphql.OmittableOf(&profile.BudgetInput{Amount: "60000"}),
		},
		{
			Organisation: file.Organisation(seed.InResidentUnits, manager), DutyPhone: say("0510-00000002"), OfficeEmail: say("duty@manager.example"),
			SharedParking: count(12), YearlyBudget: graphql.OmittableOf(&profile.BudgetInput{Amount: "20000"}),
		},
	} {
		if err := d.told(ctx, in); err != nil {
			return fmt.Errorf("demo: what %s tells: %w", in.Organisation, err)
		}
	}
	return nil
}

// told makes a profile where there is none: what people have told since stays.
func (d Deps) told(ctx context.Context, in profile.UpdateInput) error {
	ctx = authz.AsSystem(ctx)
	found, err := d.Profiles.OfOrganisations(ctx, []id.Organisation{in.Organisation})
	if err != nil || found[0] != nil {
		return err
	}
	_, err = d.Profiles.Update(ctx, in)
	if fault.Is(err, fault.CodeConflict) { // somebody was quicker
		return nil
	}
	return err
}
