package contract

import (
	"context"
	"crypto/ed25519"
	"slices"
	"sync"
	"testing"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/signing"
)

func TestNobodySignsForTwoParties(t *testing.T) {
	h := newHouse(t)
	c := h.opened(h.drafted(draft(), secretary))
	both := secretary
	both.Holdings = append(slices.Clone(both.Holdings), teacher.Holdings...)
	sign := func(party id.Organisation) error {
		_, err := h.Sign(h.as(both), SignInput{ID: c.ID, TextHash: c.Frozen.Hash, Party: &party})
		return err
	}
	if err := sign(host); err != nil {
		t.Fatal(err)
	}
	refuses(t, sign(school), CodeTwoParties, "")
	if _, err := h.Sign(h.as(teacher), SignInput{ID: c.ID, TextHash: c.Frozen.Hash}); err != nil {
		t.Fatalf("another person: %v", err)
	}
}

func TestSigningIsRefused(t *testing.T) {
	h := newHouse(t)
	in := draft()
	in.SigningOrder = []id.Organisation{school, host, bank}
	in.Parties = append(in.Parties, PartyInput{Organisation: south, Part: Witness})
	c := h.opened(h.drafted(in, secretary))
	sign := func(a authz.Actor, change func(*SignInput)) error {
		in := SignInput{ID: c.ID, TextHash: c.Frozen.Hash}
		if change != nil {
			change(&in)
		}
		_, err := h.Sign(h.as(a), in)
		return err
	}
	refuses(t, sign(clerk, nil), CodeNoSigningRight, "")
	refuses(t, sign(supervisor, nil), CodeNotAParty, "party")
	refuses(t, sign(doctor, nil), fault.CodeNotFound, "")
	refuses(t, sign(teacher, func(in *SignInput) { in.Party = new(bank) }), CodeNoSigningRight, "party")
	refuses(t, sign(teacher, func(in *SignInput) { in.Party = new(hospital) }), CodeNotAParty, "party")
	refuses(t, sign(teacher, func(in *SignInput) { in.TextHash = "sha256:00" }), CodeWrongTextHash, "textHash")
	refuses(t, sign(teacher, func(in *SignInput) { in.ID = id.Contract(school) }), fault.CodeWrongID, "id")
	if f := refuses(t, sign(banker, nil), CodeOutOfOrder, ""); f.Params["next"] != school {
		t.Fatal(f.Params)
	}
	other, _, err := h.sign(bank, c.statement(school))
	if err != nil {
		t.Fatal(err)
	}
	refuses(t, sign(teacher, func(in *SignInput) { in.Signature = &other }), signing.SignatureInvalid, "signature")

	good, _, err := h.sign(school, c.statement(school))
	if err != nil {
		t.Fatal(err)
	}
	if err := sign(teacher, func(in *SignInput) { in.Signature = &good }); err != nil {
		t.Fatalf("with a key of its own: %v", err)
	}
	refuses(t, sign(teacher, nil), CodeAlreadySigned, "")
	if err := sign(witness, nil); err != nil {
		t.Fatalf("a witness signs at any time: %v", err)
	}
	if err := sign(secretary, nil); err != nil {
		t.Fatal(err)
	}
	if err := sign(banker, nil); err != nil || h.read(c).Status != Signed {
		t.Fatalf("nothing waits for a witness: %v", err)
	}
	refuses(t, sign(banker, nil), CodeAlreadySigned, "")
}

func TestTheKeysRefusalReachesTheSigner(t *testing.T) {
	h := newHouse(t)
	c := h.opened(h.drafted(draft(), secretary))
	const revoked fault.Code = "KEY_REVOKED"
	h.SignAs = func(context.Context, id.Organisation, signing.Statement) (string, string, error) {
		return "", "", fault.New(fault.Refused, revoked)
	}
	_, err := h.does(c, VerbSign, secretary)
	refuses(t, err, revoked, "")
	if len(h.read(c).Signatures()) != 0 {
		t.Fatal("a signature with a revoked key was kept")
	}
}

func TestThirtyTwoSignersAtOnceLoseNothing(t *testing.T) {
	h := newHouse(t)
	in := draft()
	in.Parties, in.Commitments = in.Parties[:1], nil
	people := []authz.Actor{secretary}
	for i := range 31 {
		name := "unit" + string(rune('A'+i))
		o := id.Derived[id.Organisation](id.KindUnit, name)
		h.facts[o] = organisation.Facts{ID: o, Kind: organisation.KindResidentUnit, Name: name}
		_, h.keys[o], _ = ed25519.GenerateKey(nil)
		in.Parties = append(in.Parties, PartyInput{Organisation: o, Part: Partner})
		people = append(people, person(name, authz.Liaison, o, true))
	}
	c := h.must(h.drafted(in, secretary), VerbPropose, secretary)
	c = h.must(c, VerbAgree, people[1:]...)
	c = h.must(c, VerbOpen, secretary)

	var wg sync.WaitGroup
	errs := make([]error, len(people))
	for i, p := range people {
		wg.Go(func() { _, errs[i] = h.Sign(h.as(p), SignInput{ID: c.ID, TextHash: c.Frozen.Hash}) })
	}
	wg.Wait()
	for i, err := range errs {
		if err != nil {
			t.Errorf("%s: %v", people[i].Name, err)
		}
	}
	c = h.read(c)
	if c.Status != Signed || len(c.Signatures()) != 32 {
		t.Fatalf("%s with %d signatures", c.Status, len(c.Signatures()))
	}
	all := told(c)
	sealed := slices.DeleteFunc(slices.Clone(all), func(s string) bool { return s != ToldSealed })
	signed := slices.DeleteFunc(slices.Clone(all), func(s string) bool { return s != ToldSigned })
	if len(sealed) != 1 || len(signed) != 32 {
		t.Fatalf("%d transitions, %d signatures told", len(sealed), len(signed))
	}
}

func TestAnExportedContractVerifiesWithoutTheServer(t *testing.T) {
	h := newHouse(t)
	c := h.drafted(draft(), secretary)
	_, err := h.Export(h.as(secretary), c.ID)
	refuses(t, err, CodeNotFrozen, "")
	c = h.signed(c)
	file, err := h.Export(h.as(supervisor), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	report, err := signing.VerifyFile([]byte(file), nil)
	if err != nil || !report.Complete || len(report.Signatures) != 3 || report.TextHash != c.Frozen.Hash {
		t.Fatalf("%v %+v", err, report)
	}
	if _, err := h.Export(h.as(doctor), c.ID); !fault.Is(err, fault.CodeNotFound) {
		t.Fatalf("an outsider exports: %v", err)
	}
}
