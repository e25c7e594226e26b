package signing_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/signing"
)

// amend adds an amendment to a bundle, signed by those who have signed the contract.
func amend(t *testing.T, b *signing.Bundle, name string) {
	t.Helper()
	base, hash := b.Version, b.TextHash
	if n := len(b.Amendments); n > 0 {
		base, hash = b.Amendments[n-1].Number, b.Amendments[n-1].TextHash
	}
	a := signing.Amendment{Amendment: id.Derived[id.Amendment](id.KindAmendment, name), Number: base + 1, AppliesOn: "2026-05-01"}
	a.Text = json.RawMessage(fmt.Sprintf(
		`{"amendment":%q,"baseHash":%q,"baseVersion":%d,"contract":%q,"form":%q,"number":%d,"text":{"title":%q}}`,
		a.Amendment, hash, base, b.Contract, signing.AmendmentForm, a.Number, name))
	a.TextHash = signing.Hash(a.Text)
	for i, p := range b.Parties {
		if p.JWS == "" {
			a.Parties = append(a.Parties, p)
			continue
		}
		at := morning.Add(24 * time.Hour)
		p.SignedAt = &at
		p.JWS = signed(t, byte(i), signing.Statement{
			Contract: b.Contract, Version: a.Number, Party: p.Party, Purpose: signing.PurposeAmend, TextHash: a.TextHash,
		})
		a.Parties = append(a.Parties, p)
	}
	b.Amendments = append(b.Amendments, a)
}

func amendedBundle(t *testing.T) signing.Bundle {
	t.Helper()
	b := bundle(t)
	for _, name := range []string{"one", "two", "three"} {
		amend(t, &b, name)
	}
	return b
}

func TestAnExportTellsWhoSignedEachAmendment(t *testing.T) {
	r, err := signing.VerifyFile(export(t, amendedBundle(t)), nil)
	if err != nil {
		t.Fatal(err)
	}
	if !r.Complete || len(r.Amendments) != 3 {
		t.Fatalf("got %+v", r)
	}
	for i, a := range r.Amendments {
		if a.Number != r.Version+i+1 || !a.Complete || len(a.Signatures) != 3 || len(a.Unsigned) != 1 || a.AppliesOn != "2026-05-01" {
			t.Errorf("amendment %d is %+v", i, a)
		}
	}
}

func TestAContractWithoutAmendmentsIsExportedAsItAlwaysWas(t *testing.T) {
	if file := export(t, bundle(t)); bytes.Contains(file, []byte(`"amendments"`)) || bytes.Contains(file, []byte(`"left"`)) {
		t.Errorf("the file is %s", file)
	}
}

func TestABrokenChainOfAmendmentsIsRefusedHoweverWellItIsSealed(t *testing.T) {
	_, seal := key(serverKey)
	for name, spoil := range map[string]func(*signing.Bundle){
		"one in the middle is left out": func(b *signing.Bundle) { b.Amendments = slices.Delete(b.Amendments, 1, 2) },
		"the first is left out":         func(b *signing.Bundle) { b.Amendments = b.Amendments[1:] },
		"two have changed places": func(b *signing.Bundle) {
			b.Amendments[1], b.Amendments[2] = b.Amendments[2], b.Amendments[1]
		},
		"one stands there twice": func(b *signing.Bundle) { b.Amendments = append(b.Amendments, b.Amendments[2]) },
		"another's identifier":   func(b *signing.Bundle) { b.Amendments[0].Amendment = b.Amendments[1].Amendment },
		"another number":         func(b *signing.Bundle) { b.Amendments[2].Number = 9 },
		"another text":           func(b *signing.Bundle) { b.Amendments[2].Text = b.Amendments[1].Text },
		"another contract's text": func(b *signing.Bundle) {
			other := *b
			other.Contract, other.Amendments = id.Derived[id.Contract](id.KindContract, "other"), nil
			amend(t, &other, "one")
			b.Amendments = other.Amendments
		},
		"another's signature": func(b *signing.Bundle) { b.Amendments[0].Parties[0].JWS = b.Amendments[1].Parties[0].JWS },
		"the contract's signature under it": func(b *signing.Bundle) {
			b.Amendments[0].Parties[0].JWS = b.Parties[0].JWS
		},
		"a party twice": func(b *signing.Bundle) {
			b.Amendments[0].Parties = append(b.Amendments[0].Parties, b.Amendments[0].Parties[0])
		},
		"no text that is an amendment": func(b *signing.Bundle) {
			b.Amendments[0].Text = json.RawMessage(`[]`)
			b.Amendments[0].TextHash = signing.Hash(b.Amendments[0].Text)
		},
	} {
		b := amendedBundle(t)
		spoil(&b)
		_, err := signing.Export(b, seal)
		if !fault.Is(err, signing.FileAltered) && !fault.Is(err, signing.SignatureInvalid) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestAnAmendmentThatSomebodyHasNotSignedIsIncompleteUnlessTheyHadLeft(t *testing.T) {
	b := amendedBundle(t)
	b.Amendments = b.Amendments[:1]
	p := &b.Amendments[0].Parties[2]
	p.JWS, p.Kid, p.SignedAt, p.By = "", "", nil, ""
	for _, left := range []bool{false, true} {
		p.Left = left
		r, err := signing.VerifyFile(export(t, b), nil)
		if err != nil {
			t.Fatal(err)
		}
		if r.Complete != left || r.Amendments[0].Complete != left || len(r.Amendments[0].Unsigned) != 2 {
			t.Errorf("left: %v, and it is complete: %v", left, r.Complete)
		}
	}
}

func TestEveryChangedByteOfAnAmendedContractIsNoticed(t *testing.T) {
	t.Parallel()
	b := small(t)
	amend(t, &b, "one")
	file := export(t, b)
	for i := range file {
		changed := bytes.Clone(file)
		changed[i] ^= 0x01
		if _, err := signing.VerifyFile(changed, nil); err == nil {
			t.Fatalf("byte %d changed from %q to %q and nobody noticed", i, file[i], changed[i])
		}
	}
}
