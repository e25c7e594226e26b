package graph_test

import (
	"bytes"
	"crypto/ed25519"

	"golang.org/x/mod/sumdb/note"

	"github.com/cobuild/cobuild/internal/app"
	"github.com/cobuild/cobuild/internal/platform/ledger"
)

// matrixWitness counter-signs the town's log.
func matrixWitness() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32)) }

func withWitness(c *app.Config) {
	public, _ := matrixWitness().Public().(ed25519.PublicKey)
	c.Witnesses = []ledger.Key{ledger.WitnessKey("witness.example.net", public)}
}

// witnessed has the log counter-signed, and lists what there is of it.
func (w *matrixTown) witnessed() {
	t := w.t
	w.Settle(t)
	_, raw := logbook(t, w.House, "", "GET", "checkpoint", nil)
	keys, err := w.App.Audit.LogKeys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	is, err := ledger.OpenNote(raw, keys...)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := note.Sign(is.Note, ledger.WitnessSigner("witness.example.net", matrixWitness(), noonOf))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.App.Audit.Countersign(t.Context(), signed); err != nil {
		t.Fatal(err)
	}
	root := func(name, typ, ask string) {
		w.samples = append(w.samples, sample{name: name, typ: typ, ask: ask})
	}
	root("of a signature on the contract in force", "InclusionProof", `inclusionProof(event: "`+w.at["signed event"]+`")`)
	root("", "ConsistencyProof", `consistencyProof(from: "1", to: "3")`)
	root("", "AuditCheckpoint", "auditCheckpoint")
}
