package graph_test

import (
	"fmt"

	"github.com/cobuild/cobuild/graph/graphtest"
)

// identities: the host's secretary has linked one and signed in by it; the partner's program has used its key.
func (w *matrixTown) identities() {
	t := w.t
	w.at["identity"] = linked(t, w.Town, "secretary", "the secretary")
	token := w.Do(t, "", "signInWithIssuer", w.Arrive(t, "the secretary"), "token").Fine().Str("it.token")
	open := asToken(t, w.Town, token, `{ sessions(first: 100) { nodes { id issuer { name } } } }`).Fine()
	for i := range open.Len("sessions.nodes") {
		if at := fmt.Sprintf("sessions.nodes.%d.", i); open.Get(at+"issuer") != nil {
			w.at["issuer's session"] = open.Str(at + "id")
		}
	}
	w.proofs = map[string]m{"signInWithIssuer": w.Arrive(t, "the secretary"), "linkIdentity": w.Arrive(t, "somebody new")}
	w.Settle(t)
	used := w.Ask(t, "liaison", `{ securityLog(filter: {kind: {eq: API_KEY_USED}}) { nodes { id } } }`).Fine()
	w.at["API_KEY_USED"] = used.Str("securityLog.nodes.0.id")
}

// identityInputs are what the mutations about identities are tried with. The codes are good for once in each copy of the
// town.
func (w *matrixTown) identityInputs() map[string]m {
	return map[string]m{
		"signInWithIssuer": w.proofs["signInWithIssuer"],
		"linkIdentity":     with(w.proofs["linkIdentity"], m{"password": graphtest.Password}),
		"unlinkIdentity":   {"id": w.at["identity"]},
	}
}
