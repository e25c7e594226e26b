package signing_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/signing"
)

const serverKey = 99

var morning = time.Date(2026, 3, 1, 1, 2, 3, 4_000_000, time.UTC)

// bundle is a contract of a community, two units and a witness that has not signed.
func bundle(t *testing.T) signing.Bundle {
	t.Helper()
	text := json.RawMessage(`{"clauses":[{"body":"每月一次","heading":"服务","key":"1"}],"title":"Reading room \"Spring\""}`)
	b := signing.Bundle{
		Contract: id.Derived[id.Contract](id.KindContract, "c"), Version: 2, Text: text, TextHash: signing.Hash(text),
		ExportedAt: morning.Add(time.Hour), Issuer: "https://cobuild.example",
	}
	for i, name := range []string{"阳光社区", "First School", "Bank"} {
		party := id.Derived[id.Organisation](id.KindUnit, name)
		public, _ := key(byte(i))
		at := morning.Add(time.Duration(i) * time.Minute)
		b.Keys = append(b.Keys, signing.Key{
			Kid: signing.Fingerprint(public), JWK: signing.JWKOf(public), Organisation: party, Held: i == 0, RegisteredAt: morning,
		})
		b.Parties = append(b.Parties, signing.Party{
			Party: party, Name: name, Part: []string{"HOST", "PARTNER", "PARTNER"}[i], Kid: signing.Fingerprint(public),
			SignedAt: &at, By: "Li",
			JWS: signed(t, byte(i), signing.Statement{
				Contract: b.Contract, Version: 2, Party: party, Purpose: signing.PurposeSign, TextHash: b.TextHash,
			}),
		})
	}
	b.Parties = append(b.Parties, signing.Party{
		Party: id.Derived[id.Organisation](id.KindSubDistrict, "w"), Name: "Office", Part: "WITNESS",
	})
	return b
}

// small is a contract that one party has signed, one is to sign, and no more than that: there are many ways to change it.
func small(t *testing.T) signing.Bundle {
	t.Helper()
	b := bundle(t)
	b.Keys = b.Keys[:1]
	b.Parties = append(b.Parties[:1:1], b.Parties[3])
	return b
}

func export(t *testing.T, b signing.Bundle) []byte {
	t.Helper()
	_, seal := key(serverKey)
	file, err := signing.Export(b, seal)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestAnExportedContractTellsWhoSignedWithWhichKeyAndWhoVouchesForIt(t *testing.T) {
	b := bundle(t)
	file := export(t, b)
	r, err := signing.VerifyFile(file, []string{b.Keys[1].Kid})
	if err != nil {
		t.Fatal(err)
	}
	if !r.Complete || len(r.Signatures) != 3 || len(r.Unsigned) != 1 || r.Unsigned[0].Name != "Office" {
		t.Fatalf("got %+v", r)
	}
	public, _ := key(serverKey)
	if r.Seal.Fingerprint != signing.Fingerprint(public) || r.Seal.Voucher != signing.ServersWord {
		t.Errorf("the seal is %+v", r.Seal)
	}
	for i, want := range []signing.Voucher{signing.ServersWord, signing.Trusted, signing.ServersWord} {
		s := r.Signatures[i]
		if s.Voucher != want || s.Fingerprint != b.Keys[i].Kid || s.Name != b.Parties[i].Name || s.Held != (i == 0) || !s.InForce {
			t.Errorf("signature %d is %+v", i, s)
		}
	}
	if again := export(t, b); !bytes.Equal(file, again) {
		t.Error("the same contract is exported in two ways")
	}
	if _, err := signing.VerifyFile(bytes.TrimSuffix(file, []byte("\n")), nil); err != nil {
		t.Errorf("without its line end: %v", err)
	}
	var readable map[string]any
	if err := json.Unmarshal(file, &readable); err != nil || readable["text"].(map[string]any)["title"] == nil {
		t.Errorf("the text cannot be read: %v", err)
	}
}

func TestEveryChangedByteOfAnExportedContractIsNoticed(t *testing.T) {
	t.Parallel()
	file := export(t, small(t))
	for i := range file {
		for _, mask := range []byte{0x01, 0x20, 0x84} {
			changed := bytes.Clone(file)
			changed[i] ^= mask
			if _, err := signing.VerifyFile(changed, nil); err == nil {
				t.Fatalf("byte %d of %d changed from %q to %q and nobody noticed: …%s", i, len(file), file[i], changed[i], file[max(0, i-20):i+1])
			}
		}
	}
}

func TestEveryBytePutInOrTakenOutIsNoticed(t *testing.T) {
	t.Parallel()
	file := export(t, small(t))
	for i := range len(file) + 1 {
		for _, b := range []byte(" ") {
			changed := append(append(bytes.Clone(file[:i]), b), file[i:]...)
			if _, err := signing.VerifyFile(changed, nil); err == nil {
				t.Fatalf("%q put in at %d passed", b, i)
			}
		}
		if i < len(file)-1 {
			changed := append(bytes.Clone(file[:i]), file[i+1:]...)
			if _, err := signing.VerifyFile(changed, nil); err == nil {
				t.Fatalf("byte %d taken out passed", i)
			}
		}
	}
}

func TestAFileInAnotherFormIsRefused(t *testing.T) {
	file := string(export(t, bundle(t)))
	for name, changed := range map[string]string{
		"empty":                 "",
		"no JSON":               "hello",
		"an array":              "[" + file + "]",
		"a member more":         strings.Replace(file, `{"contract"`, `{"comment":"x","contract"`, 1),
		"a member twice":        strings.Replace(file, `{"contract"`, `{"contract":"x","contract"`, 1),
		"a member in capitals":  strings.Replace(file, `"issuer"`, `"Issuer"`, 1),
		"spaces":                strings.Replace(file, `":`, `": `, 1),
		"an escape":             strings.Replace(file, "阳", `\u9633`, 1),
		"two line ends":         file + "\n",
		"a carriage return":     strings.TrimSuffix(file, "\n") + "\r\n",
		"a byte order mark":     "\ufeff" + file,
		"two files":             file + file,
		"a newer form":          strings.Replace(file, `contract/1"`, `contract/2"`, 1),
		"a time in another way": strings.Replace(file, `Z"`, `+00:00"`, 1),
	} {
		if _, err := signing.VerifyFile([]byte(changed), nil); !fault.Is(err, signing.FileMalformed) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// A server that lies can seal what it likes, but it cannot make the parties' signatures fit.
func TestASealDoesNotHelpAFalseFile(t *testing.T) {
	_, seal := key(serverKey)
	intruder, _ := key(50)
	for name, change := range map[string]func(b *signing.Bundle){
		"another text":               func(b *signing.Bundle) { b.Text = json.RawMessage(`{"title":"x"}`) },
		"another text and hash":      func(b *signing.Bundle) { b.Text = json.RawMessage(`{}`); b.TextHash = signing.Hash(b.Text) },
		"a text that is no object":   func(b *signing.Bundle) { b.Text = json.RawMessage(`[]`); b.TextHash = signing.Hash(b.Text) },
		"another version":            func(b *signing.Bundle) { b.Version = 3 },
		"another contract":           func(b *signing.Bundle) { b.Contract = id.Derived[id.Contract](id.KindContract, "d") },
		"parties exchanged":          func(b *signing.Bundle) { b.Parties[0].JWS, b.Parties[1].JWS = b.Parties[1].JWS, b.Parties[0].JWS },
		"a party twice":              func(b *signing.Bundle) { b.Parties = append(b.Parties, b.Parties[0]) },
		"another party's key":        func(b *signing.Bundle) { b.Keys[1].Organisation = b.Keys[0].Organisation },
		"a key under another kid":    func(b *signing.Bundle) { b.Keys[1].JWK = signing.JWKOf(intruder) },
		"a key twice":                func(b *signing.Bundle) { b.Keys = append(b.Keys, b.Keys[0]) },
		"a key missing":              func(b *signing.Bundle) { b.Keys = b.Keys[1:] },
		"a signature without a time": func(b *signing.Bundle) { b.Parties[0].SignedAt = nil },
		"a signature without a kid":  func(b *signing.Bundle) { b.Parties[0].Kid = "" },
	} {
		b := bundle(t)
		change(&b)
		if file, err := signing.Export(b, seal); err == nil {
			t.Errorf("%s: exported %s", name, file)
		}
	}
}

func TestASignatureByARevokedKeyDoesNotCompleteAContract(t *testing.T) {
	for name, tt := range map[string]struct {
		revoked time.Duration
		whole   bool
	}{"revoked before": {30 * time.Second, false}, "revoked in that moment": {time.Minute, false}, "revoked later": {time.Hour, true}} {
		b := bundle(t)
		at := morning.Add(tt.revoked)
		b.Keys[1].RevokedAt = &at
		r, err := signing.VerifyFile(export(t, b), nil)
		if err != nil || r.Complete != tt.whole || r.Signatures[1].InForce != tt.whole {
			t.Errorf("%s: got %+v, %v", name, r, err)
		}
	}
}

func TestAContractThatSomeoneRequiredHasNotSignedIsIncomplete(t *testing.T) {
	b := bundle(t)
	b.Parties[2].JWS, b.Parties[2].Kid, b.Parties[2].SignedAt = "", "", nil
	r, err := signing.VerifyFile(export(t, b), nil)
	if err != nil || r.Complete || len(r.Unsigned) != 2 {
		t.Fatalf("got %+v, %v", r, err)
	}
}
