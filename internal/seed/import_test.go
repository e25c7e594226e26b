package seed_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/district"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/seed"
	"github.com/cobuild/cobuild/internal/unit"
)

func system(t *testing.T) context.Context { t.Helper(); return authz.AsSystem(t.Context()) }

// count tells how many units there are: of one, that something was imported.
func count(t *testing.T, s seed.Services) int {
	t.Helper()
	all, err := s.Units.List(system(t), &unit.ResidentUnitFilter{}, nil, page.Args{First: new(100)})
	must(t, err)
	return len(all.Edges)
}

func TestAnImportTakesContractsAsFarAsTheirStage(t *testing.T) {
	s := house(t)
	done, err := seed.From(t.Context(), s, strings.NewReader(small(t)), seed.Options{})
	must(t, err)
	file, _ := seed.Check(strings.NewReader(small(t)))
	signed, err := s.Contracts.Contract(system(t), file.Contract("k1"))
	must(t, err)
	if signed.Status != contract.Signed || len(signed.Signatures()) != 3 || len(signed.Commitments) != 3 {
		t.Errorf("k1 is %s with %d signatures", signed.Status, len(signed.Signatures()))
	}
	for _, want := range []string{`"agreementStated":true`, `"address":"https://example.org/1"`, `"m1":"Friday post"`, `"zh":"有成效"`, `"code":"DUE_NOT_STATED"`, `"placeIsDemoChoice":true`, `{"about":"host","code":"PLACE_IS_DEMO_CHOICE"}`} {
		if !strings.Contains(string(signed.Terms), want) {
			t.Errorf("the terms lack %s: %s", want, signed.Terms)
		}
	}
	if sig := signed.Signatures()[0]; sig.Person != done.People["p1"] {
		t.Errorf("signed by %s", sig.Person)
	}
	draft, err := s.Contracts.Contract(system(t), file.Contract("k2"))
	must(t, err)
	if draft.Status != contract.Draft {
		t.Errorf("k2 is %s", draft.Status)
	}
	if done.Made[seed.InContracts] != 2 || done.Made[seed.InPeople] != 5 || len(done.Refused) != 0 {
		t.Errorf("told %+v", done)
	}
}

func TestEveryStageIsReached(t *testing.T) {
	for stage, want := range map[seed.Stage]struct {
		status     contract.Status
		signatures int
	}{
		seed.Draft: {contract.Draft, 0}, seed.Negotiating: {contract.Negotiating, 0},
		seed.Signing: {contract.Signing, 1}, seed.Signed: {contract.Signed, 3},
	} {
		s := house(t)
		text := altered(t, `"stage": "SIGNED"`, `"stage": "`+string(stage)+`"`)
		_, err := seed.From(t.Context(), s, strings.NewReader(text), seed.Options{})
		must(t, err)
		file, _ := seed.Check(strings.NewReader(text))
		c, err := s.Contracts.Contract(system(t), file.Contract("k1"))
		must(t, err)
		if c.Status != want.status || len(c.Signatures()) != want.signatures {
			t.Errorf("%s: %s with %d signatures", stage, c.Status, len(c.Signatures()))
		}
	}
}

func TestASecondImportChangesNothing(t *testing.T) {
	s := house(t)
	_, err := seed.From(t.Context(), s, strings.NewReader(small(t)), seed.Options{})
	must(t, err)
	file, _ := seed.Check(strings.NewReader(small(t)))
	before, err := s.Contracts.Contract(system(t), file.Contract("k1"))
	must(t, err)
	done, err := seed.From(t.Context(), s, strings.NewReader(small(t)), seed.Options{})
	must(t, err)
	after, err := s.Contracts.Contract(system(t), file.Contract("k1"))
	must(t, err)
	if after.Rev != before.Rev || done.Made[seed.InContracts]+done.Made[seed.InDistricts]+done.Made[seed.InResidentUnits]+done.Made[seed.InCommunities] != 0 {
		t.Fatalf("the second import made %+v", done.Made)
	}
	if done.Had[seed.InContracts] != 2 || len(done.People) != 5 {
		t.Fatalf("told %+v", done)
	}
}

func TestAnInterruptedImportIsContinued(t *testing.T) {
	for stop := 1; stop <= 13; stop += 3 {
		s := house(t)
		ctx, cancel := context.WithCancel(t.Context())
		_, err := seed.From(ctx, s, strings.NewReader(small(t)), seed.Options{Progress: func(done, _ int, _ seed.Section) {
			if done == stop {
				cancel()
			}
		}})
		if err == nil {
			t.Fatalf("the import was not interrupted at %d", stop)
		}
		_, err = seed.From(t.Context(), s, strings.NewReader(small(t)), seed.Options{})
		must(t, err)
		file, _ := seed.Check(strings.NewReader(small(t)))
		c, err := s.Contracts.Contract(system(t), file.Contract("k1"))
		must(t, err)
		if c.Status != contract.Signed {
			t.Fatalf("stopped at %d: k1 is %s", stop, c.Status)
		}
		cancel()
	}
}

func TestWhatPeopleHaveChangedSinceStaysChanged(t *testing.T) {
	s := house(t)
	text := altered(t, `"stage": "SIGNED"`, `"stage": "NEGOTIATING"`)
	done, err := seed.From(t.Context(), s, strings.NewReader(text), seed.Options{})
	must(t, err)
	file, _ := seed.Check(strings.NewReader(text))
	c, err := s.Contracts.Contract(system(t), file.Contract("k1"))
	must(t, err)
	party := file.Organisation(seed.InResidentUnits, "u1")
	liaison := authz.Actor{Person: done.People["p2"], Holdings: []authz.Holding{{Role: authz.Liaison, Organisation: party}}}
	_, err = s.Contracts.RequestChanges(authz.With(t.Context(), liaison), contract.RequestChangesInput{
		StepInput: contract.StepInput{ID: c.ID, Change: command.Change{ExpectedVersion: c.Version}},
		Remarks:   []contract.RemarkInput{{Body: "请补充次数。"}},
	})
	must(t, err)
	_, err = seed.From(t.Context(), s, strings.NewReader(altered(t)), seed.Options{}) // the file wants it SIGNED now
	must(t, err)
	if c, err = s.Contracts.Contract(system(t), c.ID); err != nil || c.Status != contract.Negotiating {
		t.Fatalf("k1 is %s, %v", c.Status, err)
	}
}

func TestNothingOfAFileWithABadRecordIsImported(t *testing.T) {
	s := house(t)
	text := altered(t, `"dueOn": "2026-02-28"`, `"dueOn": "2028-02-28"`)
	done, err := seed.From(t.Context(), s, strings.NewReader(text), seed.Options{})
	if !errors.Is(err, seed.ErrRefused) || len(done.Refused) != 1 || done.Refused[0].Line != 31 || count(t, s) != 0 {
		t.Fatalf("%v, refused %v, %d units", err, done.Refused, count(t, s))
	}
}

func TestKeepingGoingImportsWhatIsInOrder(t *testing.T) {
	s := house(t)
	text := altered(t, `"kind": "MILITARY"`, `"kind": "ARMY"`)
	done, err := seed.From(t.Context(), s, strings.NewReader(text), seed.Options{KeepGoing: true})
	must(t, err)
	var keys []string
	for _, r := range done.Refused {
		keys = append(keys, r.Key)
	}
	slices.Sort(keys)
	if got := slices.Compact(keys); !slices.Equal(got, []string{"k1", "p3", "u2"}) || count(t, s) != 2 {
		t.Fatalf("refused %v, %d units", done.Refused, count(t, s))
	}
	file, _ := seed.Check(strings.NewReader(small(t)))
	if _, err := s.Contracts.Contract(system(t), file.Contract("k2")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Contracts.Contract(system(t), file.Contract("k1")); !fault.Is(err, fault.CodeNotFound) {
		t.Fatalf("k1: %v", err)
	}
}

func TestAFileThatIsNoneIsNotImportedEvenWhenKeepingGoing(t *testing.T) {
	s := house(t)
	for _, text := range []string{"", "[]", small(t)[:2500], altered(t, "cobuild-seed/1", "cobuild-seed/9")} {
		_, err := seed.From(t.Context(), s, strings.NewReader(text), seed.Options{KeepGoing: true})
		if !errors.Is(err, seed.ErrRefused) || count(t, s) != 0 {
			t.Fatalf("%v, %d units", err, count(t, s))
		}
	}
}

func TestAValueThatAnotherOrganisationHasIsRefusedBeforeAnythingIsImported(t *testing.T) {
	for _, keep := range []bool{false, true} {
		s := house(t)
		_, err := s.Districts.RegisterDistrict(system(t), district.RegisterDistrictInput{Name: "惠山", Code: new("320206")})
		must(t, err)
		done, err := seed.From(t.Context(), s, strings.NewReader(small(t)), seed.Options{KeepGoing: keep})
		first := done.Refused[0]
		if first.Key != "d1" || first.Why.Code != fault.CodeTaken || first.Why.Path[0] != "code" || first.Line != 9 {
			t.Fatalf("refused %v", done.Refused)
		}
		if errors.Is(err, seed.ErrRefused) == keep || count(t, s) != 0 {
			t.Fatalf("keeping going %v: %v, %d units", keep, err, count(t, s))
		}
		if keep && len(done.Refused) < 12 {
			t.Fatalf("what depends on it is not listed: %v", done.Refused)
		}
	}
}

func TestFilesOfOtherNamesDoNotMeet(t *testing.T) {
	s := house(t)
	_, err := seed.From(t.Context(), s, strings.NewReader(small(t)), seed.Options{})
	must(t, err)
	other := strings.NewReplacer(
		`"name": "small"`, `"name": "other"`, "320206001", "320205001", "320206", "320205", "惠山区", "锡山区",
		"91000000000000019G", unit.ExampleCode(8), "91000000000000027B", unit.ExampleCode(9),
	).Replace(small(t))
	done, err := seed.From(t.Context(), s, strings.NewReader(other), seed.Options{})
	must(t, err)
	if done.Made[seed.InContracts] != 2 || count(t, s) != 6 {
		t.Fatalf("made %v, %d units", done.Made, count(t, s))
	}
}

func TestTheConvertedExamplesAreImported(t *testing.T) {
	if testing.Short() {
		t.Skip("imports 700 records")
	}
	s := house(t)
	f, err := os.Open("../demo/data/co-building.seed.json")
	must(t, err)
	defer func() { _ = f.Close() }()
	last := 0
	done, err := seed.From(t.Context(), s, f, seed.Options{Progress: func(n, total int, _ seed.Section) {
		if n != last+1 || n > total {
			t.Errorf("progress jumps from %d to %d of %d", last, n, total)
		}
		last = n
	}})
	if err != nil {
		t.Fatal(err, done.Refused)
	}
	if done.Made[seed.InContracts] != 108 || done.Made[seed.InResidentUnits] != 167 {
		t.Fatalf("made %v", done.Made)
	}
}
