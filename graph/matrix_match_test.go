package graph_test

// matched is a contract drafted from a match of the host's open need, and a resource that comes near to it.
func (w *matrixTown) matched() {
	t := w.t
	w.Do(t, "liaison", "offerResource", m{"resource": offering(w.House, m{
		"publisher": w.Unit, "category": "ELDERS_MEALS", "title": "送餐车", "visibility": "PUBLIC", "place": m{"point": m{"coordinates": []float64{121.4, 31.2}}},
	})}, "resource { id }").Fine()
	w.at["from match"] = w.Do(t, "secretary", "draftContractFromMatches", w.choice(), "contract { id commitments { id } }").Fine().Str("it.contract.id")
	w.at["matched commitment"] = w.Ask(t, "secretary", `query($id: ID!) { contract(id: $id) { commitments { id } } }`, "id", w.at["from match"]).
		Fine().Str("contract.commitments.0.id")
	w.Settle(t)
}

// choice is a match that can be drafted.
func (w *matrixTown) choice() m {
	return m{"matches": []m{{"need": w.at["open need"], "resource": w.at["public resource"], "quantity": "1"}}, "effectiveOn": "2027-04-01", "endsOn": "2027-12-31"}
}

// matchNames names the samples of what is matched.
func (w *matrixTown) matchNames(node, root func(name, typ, what string)) {
	node("drafted from a match", "CoBuildingContract", w.at["from match"])
	node("drafted from a match", "Commitment", w.at["matched commitment"])
	root("of the host's open need, with what nearly fits", "MatchConnection", `matches(need: "`+w.at["open need"]+`", nearMisses: true)`)
	root("", "MatchWeights", "matchWeights")
}
