package graph_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
)

// programs are service accounts of the partner: "program" has every scope that one can have, "bare" has none. Of the first
// every field says something.
func (w *matrixTown) programs() {
	t := w.t
	all := []string{"ORGANISATIONS_READ", "ORGANISATIONS_WRITE", "PEOPLE_READ", "PEOPLE_WRITE", "CONTRACTS_READ", "CONTRACTS_WRITE"}
	of, _ := account(t, w.Town, "program", all...)
	w.at["program"], w.at["serviceAccount"] = of, of
	account(t, w.Town, "bare")
	public := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)).Public().(ed25519.PublicKey)
	jwk := `{"kty":"OKP","crv":"Ed25519","x":"` + base64.RawURLEncoding.EncodeToString(public) + `"}`
	k := w.Do(t, "liaison", "addClientKey", m{"serviceAccount": of, "name": "server", "publicKey": jwk}, "serviceAccount { clientKeys { id } }").Fine()
	w.at["clientKey"] = k.Str("it.serviceAccount.clientKeys.0.id")
	for range 2 {
		w.Do(t, "liaison", "rotateClientSecret", m{"serviceAccount": of}, "secret").Fine()
	}
	w.Ask(t, "program", "{ thisServiceAccount { id } }").Fine()
	old := w.Do(t, "liaison", "createApiKey", m{"serviceAccount": of, "name": "old"}, "apiKey { id }").Fine().Str("it.apiKey.id")
	w.Do(t, "liaison", "revokeApiKey", m{"id": old}, "serviceAccount { id }").Fine()
	w.at["apiKey"] = w.Ask(t, "liaison", `query($i: ID!) { serviceAccount(id: $i) { apiKeys { id } } }`, "i", of).Str("serviceAccount.apiKeys.0.id")
	w.Ask(t, "program", `query($o: ID!) { people(organisation: $o, first: 10) { nodes { name } } }`, "o", w.Unit).Fine()
	w.Settle(t)
	read := w.Ask(t, "liaison", `{ personalAccesses(first: 20) { nodes { id serviceAccount { id } } } }`).Fine()
	for i := range read.Len("personalAccesses.nodes") {
		if at := fmt.Sprintf("personalAccesses.nodes.%d.", i); read.Get(at+"serviceAccount") != nil {
			w.at["personal access"] = read.Str(at + "id")
		}
	}
	stopped, _ := account(t, w.Town, "stopped")
	w.Do(t, "liaison", "disableServiceAccount", m{"id": stopped, "expectedVersion": 2, "reason": "轮休"}, "serviceAccount { id }").Fine()
	w.at["stopped"] = stopped
}

// programInputs are what the mutations about service accounts are tried with.
func (w *matrixTown) programInputs() map[string]m {
	about := m{"serviceAccount": w.at["program"]}
	return map[string]m{
		"createServiceAccount": {
			"organisation": w.Unit, "name": "另一个", "purpose": "对账", "role": "LIAISON", "scopes": []string{"CONTRACTS_READ"},
		},
		"updateServiceAccount":  {"id": w.at["program"], "purpose": "报表"},
		"disableServiceAccount": {"id": w.at["program"], "reason": "轮休"},
		"enableServiceAccount":  {"id": w.at["stopped"]},
		"endServiceAccount":     {"id": w.at["program"], "reason": "停用"},
		"createApiKey":          with(about, m{"name": "备用"}),
		"revokeApiKey":          {"id": w.at["apiKey"]},
		"addClientKey": with(about, m{
			"name": "备用", "publicKey": `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`,
		}),
		"removeClientKey":    {"id": w.at["clientKey"]},
		"rotateClientSecret": about,
	}
}
