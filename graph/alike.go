package graph

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// alikeTypes are those that two people who hold the same offices see alike, with the fields that count; none stands for
// all of them. What has a page of its own, or an author whose part in it alters what he may do, is not among them.
func alikeTypes() map[string][]string {
	named := []string{"id", "organisationKind", "name", "nameEn"}
	return map[string][]string{
		"ContractChange": nil, "CoBuildingContract": nil, "ContractStep": nil, "ContractConsent": nil, "ContractNotice": nil,
		"ContractPause": nil, "ContractCompletion": nil, "ContractObjection": nil, "ContractParty": nil, "Clause": nil,
		"CommitmentDue": nil,
		"Fulfilment": {
			"id", "version", "createdAt", "updatedAt", "contract", "commitment", "provider", "receivers", "dueOn", "status", "late",
			"weight", "evidenceRequired", "answerBy", "acceptedBySilence",
		},
		"Event":      {"id", "seq", "type", "subjectId", "subjectVersion", "at", "data"},
		"Commitment": nil, "ContractSignature": nil, "ContractRemark": nil,
		"Organisation": named, "Community": named, "District": named, "SubDistrict": named, "ResidentUnit": named,
		"RuralCommunity": named, "OldEstateCommunity": named, "CommercialCommunity": named, "ResettlementCommunity": named,
	}
}

// apart are fields that are answered for each caller by themselves: the sealed file of a contract, and what names a
// person, which is for whoever asks for it.
func apart() []string { return []string{"export", "personName", "responsibleHead", "liaison"} }

// alike says of a subscription that what it tells depends on the rights of who listens, and not on who that is. What is
// not known to be so is not so.
func alike(op *ast.OperationDefinition) bool {
	w := alikeWalk{types: alikeTypes(), apart: apart(), seen: map[*ast.FragmentDefinition]bool{}}
	for _, s := range op.SelectionSet {
		root, ok := s.(*ast.Field)
		if !ok || !w.all(root.SelectionSet) {
			return false
		}
	}
	return true
}

type alikeWalk struct {
	types map[string][]string
	apart []string
	seen  map[*ast.FragmentDefinition]bool
}

func (w alikeWalk) all(set ast.SelectionSet) bool {
	return !slices.ContainsFunc(set, func(s ast.Selection) bool {
		switch x := s.(type) {
		case *ast.Field:
			return !w.field(x)
		case *ast.InlineFragment:
			return !w.all(x.SelectionSet)
		case *ast.FragmentSpread:
			return !w.fragment(x.Definition)
		}
		return true
	})
}

func (w alikeWalk) fragment(f *ast.FragmentDefinition) bool {
	if f == nil || w.seen[f] {
		return f != nil
	}
	w.seen[f] = true
	return w.all(f.SelectionSet)
}

func (w alikeWalk) field(f *ast.Field) bool {
	if f.Name == "__typename" {
		return true
	}
	if f.ObjectDefinition == nil || f.Definition == nil || f.Definition.Directives.ForName("personal") != nil {
		return false
	}
	fields, known := w.types[f.ObjectDefinition.Name]
	if !known || len(fields) > 0 && !slices.Contains(fields, f.Name) || slices.Contains(w.apart, f.Name) {
		return false
	}
	return w.all(f.SelectionSet)
}
