package graph_test

import (
	"strconv"
)

// lived is a contract of three that is in force, with all that can happen to one on the way.
func (w *matrixTown) lived() {
	t := w.t
	in := draft(w.Town)
	in["endsOn"] = "2028-03-01"
	in["parties"] = append(in["parties"].([]m), m{"organisation": w.third, "part": "PARTNER", "responsibleHead": "行长"})
	in["clauses"] = []m{{"key": "general", "heading": "总则", "body": "三方自愿共建。"}}
	commitments := in["commitments"].([]m)
	commitments[0]["startsOn"], commitments[0]["evidenceNote"] = "2026-03-02", "现场照片"
	in["sharing"] = []m{
		{"subject": w.Unit, "fields": []string{"DUTY_PHONE", "FACILITIES"}, "with": []string{w.Community, w.third}, "purpose": "防汛值守时联系", "until": "2028-01-31"},
		{"subject": w.Community, "fields": []string{"DUTY_PHONE", "OPENING_HOURS"}, "purpose": "使用社区礼堂"},
	}
	c := w.Do(t, "secretary", "draftContract", in, contractFields).Fine()
	c = step(t, w.Town, "secretary", "proposeContract", c, nil).Fine()
	c = step(t, w.Town, "liaison", "requestContractChanges", c, m{"remarks": []m{{"commitmentKey": "gift", "body": "请改为一百册"}, {"clauseKey": "general", "body": "请补充"}}}).Fine()
	commitments[1]["quantity"] = "100"
	c = step(t, w.Town, "secretary", "reviseContract", c, m{"commitments": commitments, "summary": "按意见调整"}).Fine()
	for _, who := range []string{"liaison", "third"} {
		c = step(t, w.Town, who, "agreeToContract", c, nil).Fine()
	}
	c = step(t, w.Town, "secretary", "openContractForSigning", agreedByHost(t, w.Town, c), nil).Fine()
	of := map[string]string{"secretary": w.Community, "liaison": w.Unit, "third": w.third}
	for _, who := range []string{"secretary", "liaison", "third"} { // in this order: the table tells of the first event
		key := w.Do(t, who, "registerSigningKey", m{"organisation": of[who]}, "signingKey { id }").Fine().Str("it.signingKey.id")
		w.at[map[string]string{"secretary": "signingKey", "third": "revoked key"}[who]] = key
		step(t, w.Town, who, "signContract", c, m{"textHash": c.Str("it.contract.textHash")}).Fine()
	}
	id := c.Str("it.contract.id")
	promised := w.Ask(t, "secretary", `query($c: ID!) { contract(id: $c) { commitments { id } } }`, "c", id).Fine()
	w.at["inForce"], w.at["commitment"], w.at["gift"] = id, promised.Str("contract.commitments.0.id"), promised.Str("contract.commitments.1.id")
	w.fulfilled(id)
	lives(t, w.Town, "third", "giveContractNotice", id, m{"reason": "另有安排"}).Fine()
	for _, verb := range []string{"suspendContract", "resumeContract"} {
		for _, who := range []string{"secretary", "liaison", "third"} {
			lives(t, w.Town, who, verb, id, m{"reason": "礼堂修缮"}).Fine()
		}
	}
	w.Pass(t, 40*oneDay) // the third has left
	w.amended(id)
}

// fulfilled has the contract's first occurrences reported, disputed, resolved and waived.
func (w *matrixTown) fulfilled(id string) {
	photo := []m{{"kind": "PHOTO", "description": "现场照片", "url": "https://example.org/1.jpg", "sha256": hashOf, "takenOn": "2026-03-15"}}
	w.at["accepted fulfilment"] = w.fulfils(id, "2026-03-20", "liaison", "reportFulfilment", m{"note": "已捐", "quantityDone": "100"})
	w.fulfils(id, "2026-03-20", "secretary", "acceptFulfilment", nil)
	w.Pass(w.t, 14*oneDay)
	w.at["evidence file"] = brought(w.t, w.House, "liaison", w.Unit, photograph)
	photo = append(photo, m{"kind": "PHOTO", "description": "演出照片", "file": w.at["evidence file"]})
	w.at["attached file"] = brought(w.t, w.House, "third", w.third, photograph+" signed")
	w.Do(w.t, "third", "attachFile", m{"id": w.at["attached file"], "expectedVersion": 2, "contract": id}, "file { id }").Fine()
	w.at["resolved fulfilment"] = w.fulfils(id, "2026-03-15", "liaison", "reportFulfilment", m{"note": "演出", "quantityDone": "1", "evidence": photo})
	w.fulfils(id, "2026-03-15", "secretary", "disputeFulfilment", m{"reason": "只演了一半"})
	w.fulfils(id, "2026-03-15", "liaison", "resolveFulfilment", m{"outcome": "KEPT", "reason": "演完了"})
	w.fulfils(id, "2026-03-15", "supervisor", "resolveFulfilment", m{"outcome": "PARTLY", "reason": "演了一半"})
	w.at["waived fulfilment"] = w.fulfils(id, "2026-04-15", "secretary", "waiveFulfilment", m{"reason": "不再需要"})
}

// hashOf is the SHA-256 of nothing.
const hashOf = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// amended changes the contract's text once.
func (w *matrixTown) amended(id string) {
	t := w.t
	a := w.Do(t, "liaison", "draftAmendment", m{"contract": id, "summary": "改标题", "title": "共建契约(修订)", "effectiveOn": "2026-06-01"}, amendmentFields).Fine()
	a = amends(t, w.Town, "liaison", "proposeAmendment", a, nil).Fine()
	a = amends(t, w.Town, "secretary", "requestAmendmentChanges", a, m{"remarks": []m{{"body": "标题请写全"}}}).Fine()
	a = amends(t, w.Town, "liaison", "reviseAmendment", a, m{"title": "长安社区共建契约(修订)"}).Fine()
	a = amends(t, w.Town, "secretary", "agreeToAmendment", a, nil).Fine()
	a = amends(t, w.Town, "secretary", "openAmendmentForSigning", a, nil).Fine()
	for _, who := range []string{"secretary", "liaison"} {
		amends(t, w.Town, who, "signAmendment", a, m{"textHash": a.Str("it.amendment.textHash")}).Fine()
	}
	w.at["applied amendment"] = a.Str("it.amendment.id")
	w.Do(t, "third", "revokeSigningKey", m{"id": w.at["revoked key"], "expectedVersion": 1, "reason": "不再使用"}, "signingKey { id }").Fine()
}

// ended are contracts that have ended, and the appraisals of a year. From here on it is March 2027.
func (w *matrixTown) ended() {
	t := w.t
	w.at["expired"] = inForce(t, w.Town, w.contract("2026-03-02", "2027-03-01", nil))
	w.at["renewed"] = inForce(t, w.Town, w.contract("2026-03-02", "2027-03-01", nil))
	w.at["terminated"] = inForce(t, w.Town, w.contract("2026-03-02", "2027-06-01", nil))
	lives(t, w.Town, "supervisor", "terminateContract", w.at["terminated"], m{"reason": "辖区调整"}).Fine()
	w.Pass(t, 320*oneDay)
	w.at["renewal"] = w.Do(t, "secretary", "renewContract", m{"id": w.at["renewed"]}, contractFields).Fine().Str("it.contract.id")
	of := w.appraisals(w.at["inForce"])
	byHost, byUnit := of["ANNIVERSARY "+w.Community+" "+w.Unit], of["ANNIVERSARY "+w.Unit+" "+w.Community]
	w.Do(t, "secretary", "submitAppraisal", submission(t, w.Town, "secretary", byHost, 4), appraisalFields).Fine()
	w.Do(t, "liaison", "submitAppraisal", submission(t, w.Town, "liaison", byUnit, 5), appraisalFields).Fine()
	w.Do(t, "liaison", "answerAppraisal", m{"id": byHost, "expectedVersion": w.version(byHost), "body": "谢谢"}, appraisalFields).Fine()
	w.at["opened appraisal"], w.at["unanswered appraisal"] = byHost, byUnit
	of = w.appraisals(w.at["expired"])
	byHost, byUnit = of["END "+w.Community+" "+w.Unit], of["END "+w.Unit+" "+w.Community]
	w.Do(t, "secretary", "submitAppraisal", submission(t, w.Town, "secretary", byHost, 2), appraisalFields).Fine()
	w.at["sealed appraisal"], w.at["invited appraisal"] = byHost, byUnit
	w.marks = submission(t, w.Town, "liaison", byUnit, 3)["ratings"].([]m)
}

// underWay are contracts in each state between the first draft and the last day.
func (w *matrixTown) underWay() {
	t := w.t
	drafted := func(more m) string {
		return w.Do(t, "secretary", "draftContract", w.contract("2027-03-01", "2028-02-29", more), contractFields).Fine().Str("it.contract.id")
	}
	w.at["draft"] = drafted(m{"signingOrder": []string{w.Unit, w.Community}})
	for _, name := range []string{"proposed", "agreed", "in signing"} {
		w.at[name] = drafted(nil)
		lives(t, w.Town, "secretary", "proposeContract", w.at[name], nil).Fine()
	}
	lives(t, w.Town, "liaison", "requestContractChanges", w.at["proposed"], m{"remarks": []m{{"body": "请补充"}}}).Fine()
	for _, name := range []string{"agreed", "in signing"} {
		lives(t, w.Town, "liaison", "agreeToContract", w.at[name], nil).Fine()
	}
	lives(t, w.Town, "secretary", "openContractForSigning", w.at["in signing"], nil).Fine()
	w.hashes["in signing"] = w.Ask(t, "secretary", `query($c: ID!) { contract(id: $c) { textHash } }`, "c", w.at["in signing"]).Fine().Str("contract.textHash")

	year := func(more m) string { return inForce(t, w.Town, w.contract("2027-03-01", "2028-02-29", more)) }
	why := m{"reason": "礼堂修缮"}
	w.at["plain"], w.at["pending"], w.at["suspended"] = year(m{"commitments": draft(w.Town)["commitments"].([]m)[:1]}), year(nil), year(nil)
	w.at["announced"], w.at["objected"] = year(nil), year(nil)
	lives(t, w.Town, "secretary", "suspendContract", w.at["pending"], why).Fine()
	for _, who := range []string{"secretary", "liaison"} {
		lives(t, w.Town, who, "suspendContract", w.at["suspended"], why).Fine()
	}
	for _, name := range []string{"announced", "objected"} {
		lives(t, w.Town, "secretary", "completeContract", w.at[name], nil).Fine()
	}
	lives(t, w.Town, "liaison", "objectToCompletion", w.at["objected"], m{"reason": "尾款未结"}).Fine()
	from := with(fromTemplate(w.Town, w.at["template"]), m{"effectiveOn": "2027-04-01"})
	w.at["from template"] = w.Do(t, "secretary", "draftContractFromTemplate", from, contractFields).Fine().Str("it.contract.id")
}

// amendments are in each state in which something can be done to them.
func (w *matrixTown) amendments() {
	t := w.t
	for i, name := range []string{"draft", "cancelled", "proposed", "asked", "agreed", "in signing"} {
		of := "plain"
		if name == "in signing" {
			of = "pending" // of one contract, one alone can be signed
		}
		a := w.Do(t, "secretary", "draftAmendment", m{"contract": w.at[of], "title": "修订" + strconv.Itoa(i)}, amendmentFields).Fine()
		w.at[name+" amendment"] = a.Str("it.amendment.id")
		switch name {
		case "cancelled":
			amends(t, w.Town, "secretary", "cancelAmendment", a, m{"reason": "另拟"}).Fine()
			continue
		case "draft":
			continue
		}
		a = amends(t, w.Town, "secretary", "proposeAmendment", a, nil).Fine()
		switch name {
		case "asked":
			amends(t, w.Town, "liaison", "requestAmendmentChanges", a, m{"remarks": []m{{"body": "请补充"}}}).Fine()
			continue
		case "proposed":
			continue
		}
		a = amends(t, w.Town, "liaison", "agreeToAmendment", a, nil).Fine()
		if name == "in signing" {
			a = amends(t, w.Town, "secretary", "openAmendmentForSigning", a, nil).Fine()
			w.hashes["in signing amendment"] = a.Str("it.amendment.textHash")
		}
	}
}

// due are fulfilments that can be reported, answered and resolved.
func (w *matrixTown) due() {
	photo := m{"note": "演出", "quantityDone": "1", "evidence": []m{{"kind": "PHOTO", "description": "照片"}}}
	of := w.at["inForce"]
	for name, day := range map[string]string{"due": "2027-05-15", "reported": "2027-03-15", "disputed": "2027-04-15"} {
		if name == "due" {
			f := w.Ask(w.t, "secretary", `query($c: ID!, $d: Date!) { fulfilments(first: 1, filter: {contract: {eq: $c}, dueOn: {gte: $d, lte: $d}}) { nodes { id } } }`, "c", of, "d", day)
			w.at["due fulfilment"] = f.Fine().Str("fulfilments.nodes.0.id")
			continue
		}
		w.at[name+" fulfilment"] = w.fulfils(of, day, "liaison", "reportFulfilment", photo)
		if name == "disputed" {
			w.fulfils(of, day, "secretary", "disputeFulfilment", m{"reason": "没有来"})
		}
	}
}
