package graph_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/cobuild/cobuild/graph/graphtest"
)

// input makes the input of a mutation: what is needed of it by the schema, about the thing that its inputs are said to be
// about, and what is said of it besides.
func (w *matrixTown) input(s *ast.Schema, f *ast.FieldDefinition) m {
	in := m{}
	said := w.inputs()[f.Name]
	if said == nil {
		said = w.programInputs()[f.Name]
	}
	if said == nil {
		said = w.identityInputs()[f.Name]
	}
	if said == nil {
		said = w.webhookInputs()[f.Name]
	}
	if said == nil {
		said = w.bulkInputs()[f.Name]
	}
	if said == nil {
		said = w.playbookInputs()[f.Name]
	}
	if said == nil {
		said = w.projectInputs()[f.Name]
	}
	if said == nil {
		said = w.tradeInputs()[f.Name]
	}
	for _, g := range s.Types[f.Arguments[0].Type.Name()].Fields {
		switch v, ok := said[g.Name]; {
		case ok:
			in[g.Name] = v
		case !g.Type.NonNull || g.DefaultValue != nil:
		case g.Name == "expectedVersion":
			id, _ := in["id"].(string)
			in[g.Name] = w.version(id)
		case g.Name == "id":
			in[g.Name] = w.target(s, f)
		default:
			in[g.Name] = w.some(s, g.Name, g.Type)
		}
	}
	maps.Copy(in, said)
	return in
}

// target is what a mutation without a word about it is tried on: the first sample of what it answers.
func (w *matrixTown) target(s *ast.Schema, f *ast.FieldDefinition) string {
	for _, g := range s.Types[f.Type.Name()].Fields {
		for _, p := range w.samples {
			if p.typ == g.Type.Name() {
				return p.id
			}
		}
	}
	return w.at["inForce"]
}

// some is a value of a type, for a field of which nothing is said.
func (w *matrixTown) some(s *ast.Schema, name string, t *ast.Type) any {
	if t.Elem != nil {
		return []any{w.some(s, name, t.Elem)}
	}
	d := s.Types[t.Name()]
	switch d.Kind {
	case ast.Enum:
		return d.EnumValues[0].Name
	case ast.InputObject:
		in := m{}
		for _, g := range d.Fields {
			if g.Type.NonNull && g.DefaultValue == nil {
				in[g.Name] = w.some(s, g.Name, g.Type)
			}
		}
		return in
	}
	switch d.Name {
	case "ID":
		if id := w.at[name]; id != "" {
			return id
		}
		if name == "contract" {
			return w.at["plain"]
		}
		return w.Community
	case "Int":
		return 1
	case "Boolean":
		return true
	case "Date":
		return w.Now().AddDate(0, 1, 0).Format("2006-01-02")
	case "DateTime":
		return w.Now().AddDate(0, 1, 0).Format("2006-01-02T15:04:05Z")
	case "Decimal", "Long":
		return "1"
	case "JSON":
		return m{}
	case "URL":
		return "https://example.org/"
	}
	return "x"
}

// inputs are what the mutations are tried with, so that whoever may is done for.
func (w *matrixTown) inputs() map[string]m {
	id := func(name string) m { return m{"id": w.at[name]} }
	also := func(name string, more m) m { return with(id(name), more) }
	why := m{"reason": "礼堂修缮"}
	remarks := m{"remarks": []m{{"body": "请补充"}}}
	text := m{"topic": "COSTS", "heading": words("费用", "Costs"), "body": words("自理", "Each pays"), "communityTypes": []string{"COMMERCIAL"}}
	return map[string]m{
		"registerDistrict":     {"name": "滨湖区"},
		"registerSubDistrict":  {"district": w.District, "kind": "TOWN", "name": "洛社镇"},
		"registerCommunity":    {"type": "RURAL", "name": "洛社村", "subDistrict": w.SubDistrict},
		"updateCommunity":      {"id": w.Community, "households": 901},
		"registerResidentUnit": {"kind": "BANK", "name": "农商行", "registrations": []m{{"community": w.Community}}, "creditCode": graphtest.CreditCode(9)},
		"updateResidentUnit":   {"id": w.Unit, "staff": 301},

		"updateCooperationProfile": {"organisation": w.Community, "expectedVersion": 1, "volunteers": 41},

		"signIn":           {"login": "member", "password": graphtest.Password},
		"refreshSession":   {"refreshToken": w.codes["refresh"]},
		"endSession":       id("session"),
		"changePassword":   {"oldPassword": graphtest.Password, "newPassword": "another long password"},
		"invitePerson":     {"role": "MEMBER", "organisation": w.Community},
		"revokeInvitation": id("invitation"),
		"acceptInvitation": {"code": w.codes["invitation"], "loginName": "xiao.wang", "password": graphtest.Password},
		"erasePerson":      {"person": w.at["steward"], "expectedVersion": w.version(w.at["steward"]), "password": graphtest.Password},
		"grantRole":        {"person": w.at["steward"], "role": "MEMBER", "organisation": w.Community},
		"revokeRole":       {"role": w.at["steward's role"]},

		"delegate":         {"from": w.Community, "to": w.at["property manager"], "role": "SECRETARY", "endsAt": "2027-12-31T16:00:00Z", "reason": "没有专人"},
		"acceptDelegation": id("offered delegation"),
		"endDelegation":    also("offered delegation", why),

		"registerSigningKey": {"organisation": w.Community, "publicKey": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
		"revokeSigningKey":   also("signingKey", m{"reason": "轮换"}),

		"draftContract":             w.contract("2027-04-01", "2028-03-31", nil),
		"draftContractFromTemplate": with(fromTemplate(w.Town, w.at["template"]), m{"effectiveOn": "2027-04-01"}),
		"draftContractFromMatches":  w.choice(),
		"reviseContract":            also("draft", m{"title": "另一个标题"}),
		"proposeContract":           id("draft"),
		"cancelContract":            id("draft"),
		"requestContractChanges":    also("proposed", remarks),
		"agreeToContract":           id("proposed"),
		"declineContract":           id("proposed"),
		"openContractForSigning":    id("agreed"),
		"reopenContract":            id("in signing"),
		"signContract":              also("in signing", m{"textHash": w.hashes["in signing"]}),
		"suspendContract":           also("plain", why),
		"resumeContract":            also("suspended", why),
		"terminateContract":         also("plain", why),
		"withdrawContractStep":      id("pending"),
		"giveContractNotice":        also("plain", why),
		"completeContract":          id("objected"),
		"objectToCompletion":        also("announced", why),
		"renewContract":             id("expired"),

		"draftAmendment":          {"contract": w.at["plain"], "title": "又一个标题"},
		"reviseAmendment":         also("draft amendment", m{"title": "另一个标题"}),
		"proposeAmendment":        id("draft amendment"),
		"cancelAmendment":         id("draft amendment"),
		"requestAmendmentChanges": also("proposed amendment", remarks),
		"agreeToAmendment":        id("proposed amendment"),
		"declineAmendment":        id("proposed amendment"),
		"openAmendmentForSigning": id("agreed amendment"),
		"reopenAmendment":         id("in signing amendment"),
		"signAmendment":           also("in signing amendment", m{"textHash": w.hashes["in signing amendment"]}),

		"reportFulfilment":  also("due fulfilment", m{"note": "演出", "quantityDone": "1", "evidence": []m{{"kind": "PHOTO", "description": "照片"}}}),
		"acceptFulfilment":  id("reported fulfilment"),
		"disputeFulfilment": also("reported fulfilment", why),
		"resolveFulfilment": also("disputed fulfilment", m{"outcome": "PARTLY", "reason": "核对"}),
		"waiveFulfilment":   also("due fulfilment", why),

		"startUpload": upload(w.Community, photograph),
		"attachFile":  also("waiting file", m{"contract": w.at["plain"]}),
		"removeFile":  id("waiting file"),

		"submitAppraisal": also("invited appraisal", m{"ratings": w.marks}),
		"answerAppraisal": also("unanswered appraisal", m{"body": "谢谢"}),
		"setAppraisalCriteria": {"type": "RURAL", "expectedVersion": 1, "criteria": []m{{
			"key": "warmth", "title": "热心", "titleEn": "Warmth", "help": "是否热心", "helpEn": "Is it warm?", "weight": 10, "judges": []string{"HOST", "PARTNER"},
		}}},

		"proposePublication":  {"contract": w.at["plain"], "fields": []string{"TITLE"}},
		"agreeToPublication":  id("proposed publication"),
		"withdrawPublication": id("published"),

		"markRead":                {"ids": []string{w.at["unread"]}},
		"setNotificationSettings": {"expectedVersion": 0, "digestHour": 18},

		"createContractTemplate": {"text": templateText()},
		"reviseContractTemplate": also("template", m{"text": templateText()}),
		"retireContractTemplate": id("template"),
		"createLibraryClause":    {"text": text},
		"reviseLibraryClause":    also("libraryClause", m{"text": text}),
		"retireLibraryClause":    id("libraryClause"),
	}
}

// tries says what becomes of a mutation for each of the callers, each on the town as it was.
func (w *matrixTown) tries(t *testing.T, a *asker, f *ast.FieldDefinition, callers []caller, into *table) {
	t.Helper()
	in := w.input(a.schema, f)
	payload := a.schema.Types[f.Type.Name()]
	ask := "mutation($in: " + f.Arguments[0].Type.String() + ") { it: " + f.Name + "(input: $in)" + a.below(payload, nil) + " }"
	a.seen["Mutation."+f.Name] = true
	for _, c := range callers {
		if w.spare == nil {
			w.spare = w.Fork(t)
		}
		sent := in
		if c.program {
			sent = with(in, m{"clientMutationId": "matrix"})
		}
		cell := a.became(t, f.Name, payload, w.spare.Ask(t, c.login, ask, "in", sent))
		into.set(f.Name, c.title, cell)
		if cell == done {
			w.spare = nil
		}
	}
}

// done is what a mutation was.
const done = "done"

// became says what became of a mutation: refused, and how; done; or allowed to somebody for whom another rule stood
// against it. A refused one answers nothing else.
func (k *asker) became(t *testing.T, name string, payload *ast.Definition, a *graphtest.Answer) string {
	t.Helper()
	if len(a.Errors) > 0 {
		return a.Errors[0].Extensions.Code
	}
	code := a.Code()
	for _, f := range payload.Fields {
		k.fillAll(payload, f, a.Get("it."+f.Name))
		if v := a.Get("it." + f.Name); code != "" && v != nil && !slices.Contains([]string{"errors", "replayed", "clientMutationId"}, f.Name) {
			t.Errorf("%s is refused with %s and answers %s: %v", name, code, f.Name, v)
		}
	}
	switch kind := a.Get("it.errors.0.__typename"); kind {
	case nil:
		return done
	case "ForbiddenError", "NotFoundError":
		return code
	}
	return "may: " + code
}
