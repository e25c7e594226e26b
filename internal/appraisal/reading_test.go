package appraisal_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/cobuild/cobuild/internal/appraisal"
	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

// anybody holds up to three roles somewhere, whether they fit there or not; or is nobody.
func anybody(t *rapid.T) authz.Actor {
	roles := []authz.Role{authz.Secretary, authz.Liaison, authz.GridSteward, authz.Member, authz.Supervisor, authz.Auditor}
	holding := rapid.Custom(func(t *rapid.T) authz.Holding {
		return authz.Holding{
			Role:         rapid.SampledFrom(roles).Draw(t, "role"),
			Organisation: rapid.SampledFrom([]id.Organisation{community(), school(), bank(), town(), street(), other()}).Draw(t, "organisation"),
			Signing:      rapid.Bool().Draw(t, "signing"),
		}
	})
	a := authz.Actor{Holdings: rapid.SliceOfN(holding, 0, 3).Draw(t, "holdings")}
	if len(a.Holdings) > 0 {
		a.Person = id.Derived[id.Person](id.KindPerson, "anybody")
	}
	return a
}

// may is the rule in its own words: the people of those who are parties of the contract, and of the two whom it is about,
// and the officers of the bodies above.
func may(who authz.Actor, a *appraisal.Appraisal, parties []id.Organisation) bool {
	return slices.ContainsFunc(who.Holdings, func(h authz.Holding) bool {
		party := slices.Contains(parties, h.Organisation) || h.Organisation == a.Appraiser || h.Organisation == a.Appraised
		switch h.Role {
		case authz.Secretary, authz.Liaison, authz.GridSteward:
			return party
		case authz.Supervisor, authz.Auditor:
			return party || h.Organisation == street()
		}
		return false
	})
}

func TestWhatAListShowsIsWhatCanBeReadOneByOne(t *testing.T) {
	w := open(t)
	all := []func(*contract.Snapshot){witnessed(town()), promised(town(), school()), promised(bank(), school())}
	w.hear(t, told(contract.Active, all...))
	w.goTo("2027-03-01", "00:00")
	w.settle(t)
	w.say(t, community(), school(), 3)
	w.say(t, school(), community(), 3)
	w.hear(t, told(contract.Active, append(all, without(bank()))...))
	w.say(t, bank(), school(), 2)
	parties := []id.Organisation{community(), school(), town()}
	there := w.all(t)
	if len(there) != 12 {
		t.Fatalf("there are %d", len(there))
	}
	rapid.Check(t, func(r *rapid.T) {
		who := anybody(r)
		ctx := authz.With(t.Context(), who)
		var want, got []string
		for _, a := range there {
			one, err := w.Appraisal(ctx, a.ID)
			if err != nil {
				refused(r, err, fault.CodeNotFound)
			}
			if (err == nil) != may(who, a, parties) {
				r.Fatalf("%+v reads %s of %s: %v", who.Holdings, a.Appraiser, a.Appraised, err)
			}
			if err != nil {
				continue
			}
			want = append(want, string(a.ID))
			if own := slices.ContainsFunc(who.Holdings, func(h authz.Holding) bool { return h.Organisation == a.Appraiser }); one.Sealed != nil && a.Status != appraisal.Opened && !own {
				r.Fatalf("%+v looks behind the seal of %s", who.Holdings, a.Appraiser)
			}
		}
		for _, a := range w.listed(r, ctx, nil, nil) {
			got = append(got, string(a.ID))
		}
		slices.Sort(got)
		same(r, "listed", got, want)
	})
}
