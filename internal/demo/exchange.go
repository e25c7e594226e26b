package demo

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/cobuild/cobuild/internal/exchange"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/need"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/resource"
	"github.com/cobuild/cobuild/internal/seed"
)

// What real communities lack and units offer, as it was gathered. Which of the demo's organisations lacks or offers it and
// how much is the demo's choice.
//
//go:embed data/exchange.json
var lists []byte

// listing is a need or a resource of the lists.
type listing struct {
	Key       string
	Publisher string
	Category  string
	Title     string
	Audiences []exchange.Audience
	Quantity  int64
	Unit      string
	MicroWish bool
}

// market is both lists.
type market struct{ Needs, Resources []listing }

func readLists() (market, error) {
	var m market
	d := json.NewDecoder(bytes.NewReader(lists))
	d.DisallowUnknownFields()
	if err := d.Decode(&m); err != nil {
		return m, fmt.Errorf("demo: exchange.json: %w", err)
	}
	return m, nil
}

// What becomes of needs and of resources, in turn, so that each list shows every state.
func needFates() []need.Status {
	return []need.Status{
		need.Published, need.Claimed, need.Fulfilled, need.Confirmed, need.Published, need.Collected, need.Verified, need.Expired, need.Published, need.Withdrawn,
	}
}

func resourceFates() []resource.Status {
	return []resource.Status{resource.Offered, resource.Offered, resource.Exhausted, resource.Draft, resource.Offered, resource.Expired, resource.Withdrawn}
}

// The days of what is lacked and offered, before today.
const (
	firstNeed  = 34 // then one list begins, a few each day
	verifying  = 2  // days later
	publishing = 4
	claiming   = 8
	reporting  = 14
	confirming = 16
	ending     = 18
	short      = 10 // days for which what expires is valid
)

// trade does what people do on a day with what they lack and offer. Doing it again does nothing that was done before.
func (l *life) trade(ctx context.Context, day scalar.Date) error {
	if l.today.Sub(day) > firstNeed {
		return nil
	}
	m, err := readLists()
	if err != nil {
		return err
	}
	for i, x := range m.Needs {
		if err := l.lack(ctx, i, x, day); err != nil {
			return fmt.Errorf("need %s: %w", x.Key, err)
		}
	}
	for i, x := range m.Resources {
		if err := l.give(ctx, i, x, day); err != nil {
			return fmt.Errorf("resource %s: %w", x.Key, err)
		}
	}
	return nil
}

// lack is a day of a need.
func (l *life) lack(ctx context.Context, i int, x listing, day scalar.Date) error {
	begun := l.today.AddDays(-firstNeed + i%7)
	becomes, of := needFates()[i%len(needFates())], l.file.Organisation(seed.InCommunities, x.Publisher)
	own, err := l.acting(ctx, of)
	if err != nil {
		return err
	}
	n := store.NewID[id.Need](once(ctx, "need "+x.Key), id.KindNeed, l.Needs.Now(), nil)
	reached := func(days int, states ...need.Status) bool {
		return day.Sub(begun) == days && slices.Contains(states, becomes)
	}
	later := []need.Status{need.Published, need.Claimed, need.Fulfilled, need.Confirmed, need.Expired, need.Withdrawn}
	switch {
	case day == begun:
		in := need.Input{Input: x.input(of, i, begun, l.today, becomes == need.Expired)}
		if x.MicroWish {
			in.Kind, in.Contact = new(need.MicroWish), new("由社区值班室转接（演示）")
		}
		_, err = l.Needs.Collect(once(own, "need "+x.Key), need.CollectInput{Need: in})
	case reached(verifying, append(later, need.Verified)...):
		err = l.onNeed(own, n, func(c command.Change) error {
			_, err := l.Needs.Verify(own, need.VerifyInput{Change: c, ID: n})
			return err
		})
	case reached(publishing, later...):
		err = l.onNeed(own, n, func(c command.Change) error {
			_, err := l.Needs.Publish(own, need.PublishInput{ID: &n, ExpectedVersion: &c.ExpectedVersion})
			return err
		})
	case reached(claiming, need.Claimed, need.Fulfilled, need.Confirmed), reached(claiming, need.Published) && i%3 == 0:
		err = l.take(ctx, n, x, becomes == need.Published)
	case reached(reporting, need.Fulfilled, need.Confirmed):
		err = l.reportNeed(ctx, n)
	case reached(confirming, need.Confirmed):
		err = l.onNeed(own, n, func(c command.Change) error {
			_, err := l.Needs.Confirm(own, need.ConfirmInput{Change: c, ID: n})
			return err
		})
	case reached(ending, need.Withdrawn):
		err = l.onNeed(own, n, func(c command.Change) error {
			_, err := l.Needs.Withdraw(own, need.WithdrawInput{Change: c, ID: n, Reason: new("已由其他渠道解决")})
			return err
		})
	}
	return done(err)
}

// input is a listing as it is written down.
func (x listing) input(of id.Organisation, i int, begun, today scalar.Date, expires bool) exchange.Input {
	until := today.AddDays(60 + i*3%120)
	if expires {
		until = begun.AddDays(publishing + short)
	}
	shown := []exchange.Visibility{exchange.ToAll, exchange.ToDistrict, exchange.ToAll, exchange.ToSubDistrict}[i%4]
	return exchange.Input{
		Publisher: &of, Category: x.Category, Title: x.Title, Audiences: x.Audiences, Quantity: x.Quantity, Unit: x.Unit, ValidUntil: until, Visibility: &shown,
	}
}

// take has the units that report to a need's community take it on: one a part of it, or two the whole.
func (l *life) take(ctx context.Context, n id.Need, x listing, part bool) error {
	units := l.unitsOf(x.Publisher)
	shares := []int64{x.Quantity}
	switch {
	case part && x.Quantity > 2:
		shares = []int64{x.Quantity / 3}
	case x.Quantity > 1 && len(units) > 1:
		shares = []int64{x.Quantity - x.Quantity/2, x.Quantity / 2}
	}
	for i, share := range shares {
		who, err := l.acting(ctx, units[i])
		if err != nil {
			return err
		}
		if _, err := l.Needs.Claim(once(who, fmt.Sprint("claim of ", x.Key, i)), need.ClaimInput{Need: n, Claimant: &units[i], Quantity: share}); done(err) != nil {
			return err
		}
	}
	return nil
}

// reportNeed has who took a need on report it as done.
func (l *life) reportNeed(ctx context.Context, n id.Need) error {
	found, err := l.Needs.Need(authz.AsSystem(ctx), n)
	if err != nil {
		return err
	}
	for _, c := range found.Claims {
		who, err := l.acting(ctx, c.Claimant)
		if err != nil {
			return err
		}
		if _, err := l.Needs.Report(who, need.ReportInput{Claim: c.ID}); done(err) != nil {
			return err
		}
	}
	return nil
}

// give is a day of a resource.
func (l *life) give(ctx context.Context, i int, x listing, day scalar.Date) error {
	begun := l.today.AddDays(-firstNeed + i%6)
	becomes, of := resourceFates()[i%len(resourceFates())], l.file.Organisation(seed.InResidentUnits, x.Publisher)
	own, err := l.acting(ctx, of)
	if err != nil {
		return err
	}
	r := store.NewID[id.Resource](once(ctx, "resource "+x.Key), id.KindResource, l.Resources.Now(), nil)
	switch passed := day.Sub(begun); {
	case passed == 0:
		_, err = l.Resources.Draft(once(own, "resource "+x.Key), resource.DraftInput{Resource: resource.Input{Input: x.input(of, i, begun, l.today, becomes == resource.Expired)}})
	case passed == publishing && becomes != resource.Draft:
		err = l.onResource(own, r, func(c command.Change) error {
			_, err := l.Resources.Offer(own, resource.OfferInput{ID: &r, ExpectedVersion: &c.ExpectedVersion})
			return err
		})
	case passed == claiming && (becomes == resource.Exhausted || becomes == resource.Offered && i%2 == 0):
		err = l.ask(ctx, r, x, becomes == resource.Offered)
	case passed == reporting && becomes == resource.Exhausted:
		err = l.grant(ctx, own, r)
	case passed == ending && becomes == resource.Withdrawn:
		err = l.onResource(own, r, func(c command.Change) error {
			_, err := l.Resources.Withdraw(own, resource.WithdrawInput{Change: c, ID: r, Reason: new("场地改造，暂停提供")})
			return err
		})
	}
	return done(err)
}

// ask has the communities that a unit reports to ask for what it offers: all of it, or a part.
func (l *life) ask(ctx context.Context, r id.Resource, x listing, part bool) error {
	i := slices.IndexFunc(l.file.ResidentUnits, func(u seed.ResidentUnit) bool { return u.Key == x.Publisher })
	who := l.file.Organisation(seed.InCommunities, l.file.ResidentUnits[i].Communities[0])
	quantity := x.Quantity
	if part && quantity > 2 {
		quantity /= 2
	}
	acting, err := l.acting(ctx, who)
	if err != nil {
		return err
	}
	_, err = l.Resources.Claim(once(acting, "claim of "+x.Key), resource.ClaimInput{Resource: r, Claimant: &who, Quantity: quantity})
	return err
}

// grant has a unit accept what was asked for.
func (l *life) grant(ctx, own context.Context, r id.Resource) error {
	found, err := l.Resources.Resource(authz.AsSystem(ctx), r)
	if err != nil {
		return err
	}
	for _, c := range found.Claims {
		if _, err := l.Resources.AcceptClaim(own, exchange.AcceptInput{ID: c.ID}); done(err) != nil {
			return err
		}
	}
	return nil
}

// unitsOf are the units that report to a community.
func (l *life) unitsOf(community string) []id.Organisation {
	var out []id.Organisation
	for _, u := range l.file.ResidentUnits {
		if slices.Contains(u.Communities, community) {
			out = append(out, l.file.Organisation(seed.InResidentUnits, u.Key))
		}
	}
	return out
}

// acting is who acts for an organisation, and knows where it lies.
func (l *life) acting(ctx context.Context, of id.Organisation) (context.Context, error) {
	a, known := l.actors[of]
	if !known {
		return nil, fmt.Errorf("nobody acts for %s", of)
	}
	facts, err := l.Needs.Organisations(ctx, []id.Organisation{of})
	if err != nil {
		return nil, err
	}
	a.Holdings = slices.Clone(a.Holdings)
	a.Holdings[0].Within = facts[0].Above
	return store.WithoutOnce(authz.With(ctx, a)), nil
}

// once names what is made, so that making it again finds it.
func once(ctx context.Context, what string) context.Context {
	return store.WithOnce(ctx, store.NewOnce("demo", what, nil))
}

// onNeed does a step on a need as it is now.
func (l *life) onNeed(ctx context.Context, n id.Need, do func(command.Change) error) error {
	found, err := l.Needs.Need(ctx, n)
	if err != nil {
		return err
	}
	return do(command.Change{ExpectedVersion: found.Version})
}

// onResource does a step on a resource as it is now.
func (l *life) onResource(ctx context.Context, r id.Resource, do func(command.Change) error) error {
	found, err := l.Resources.Resource(ctx, r)
	if err != nil {
		return err
	}
	return do(command.Change{ExpectedVersion: found.Version})
}

// done takes a step that the state does not have any more for one that was done before.
func done(err error) error {
	if err != nil && fault.Of(err).Kind == fault.Refused {
		return nil
	}
	return err
}
