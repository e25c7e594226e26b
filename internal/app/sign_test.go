package app_test

import (
	"bytes"
	"context"
	"testing"

	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/signing"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Each of the 32 sends the signature twice, under one client's mutation id, half of them to another node.
func TestThirtyTwoSignAtOnceAndNoSignatureIsLost(t *testing.T) {
	for name, at := range both() {
		t.Run(name, func(t *testing.T) {
			s := at(t)
			h := open(t, s.node())
			nodes := []*house{h, h.another(s.node())}
			w := h.town(31)
			c := h.opened(w, w.text("2026-04-01", "2026-12-31"))
			signers := append([]id.Person{w.secretary}, w.liaisons...)
			asks := make([]context.Context, 2*len(signers))
			for i := range asks {
				who := signers[i/2]
				asks[i] = store.WithOnce(h.as(who), store.NewOnce(string(who), "sign", []byte(c.Frozen.Hash)))
			}
			must(t, together(len(asks), func(i int) error {
				_, err := nodes[i%2].Contracts.Sign(asks[i], contract.SignInput{ID: c.ID, TextHash: c.Frozen.Hash})
				return err
			}))
			h.settle()

			got := h.contract(c.ID)
			equal(t, "state", got.Status, contract.Signed)
			equal(t, "version", got.Version, c.Version+len(signers))
			equal(t, "signatures", len(got.Signatures()), len(signers))
			entries, signed := h.story(string(c.ID)), map[id.Organisation]int{}
			last := ""
			for _, e := range entries {
				if e.Type == contract.ToldSigned {
					signed[said[contract.Snapshot](t, e).Party]++
					last = e.ID
				}
			}
			for _, p := range got.Current {
				equal(t, "signatures told of "+string(p), signed[p], 1)
			}
			equal(t, "transitions", told(entries)[contract.ToldSealed], 1)
			sealed := entries[len(entries)-1]
			equal(t, "the last event", sealed.Type, contract.ToldSealed)
			equal(t, "the last signature", entries[len(entries)-2].ID, last)

			verifies(t, h, w, c.ID, len(signers))
		})
	}
}

// verifies checks an exported contract as somebody does who has the file alone.
func verifies(t *testing.T, h *house, w *town, c id.Contract, signatures int) {
	t.Helper()
	file, err := h.Contracts.Export(h.as(w.auditor), c)
	must(t, err)
	report, err := signing.VerifyFile([]byte(file), nil)
	must(t, err)
	if !report.Complete || len(report.Signatures) != signatures || len(report.Unsigned) != 0 {
		t.Fatalf("complete: %v, with %d signatures, %d missing", report.Complete, len(report.Signatures), len(report.Unsigned))
	}
	for _, s := range report.Signatures {
		if !s.InForce || s.By == "" {
			t.Fatalf("signature %+v", s)
		}
	}
	altered := bytes.Replace([]byte(file), []byte("双方共建"), []byte("双方不建"), 1)
	if _, err := signing.VerifyFile(altered, nil); err == nil {
		t.Fatal("an altered file is taken for good")
	}
}
