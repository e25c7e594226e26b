package graph_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/cobuild/cobuild/graph"
	"github.com/cobuild/cobuild/internal/platform/fault/catalogue"
)

var update = flag.Bool("update", false, "write testdata/schema.graphql and testdata/matrix.md anew") // a flag of the test

func TestThePublishedSchemaIsTheGoldenOne(t *testing.T) {
	golden := filepath.Join("testdata", "schema.graphql")
	got := graph.SDL()
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("the schema has changed; if that is meant, run go test ./graph -update and tell it in CHANGELOG.md:\n%s", diff)
	}
}

func published(t *testing.T) *ast.Schema {
	t.Helper()
	s, err := publishedOnce()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var publishedOnce = sync.OnceValues(func() (*ast.Schema, error) {
	return gqlparser.LoadSchema(&ast.Source{Name: "published", Input: graph.SDL()})
})

func own(s *ast.Schema) []*ast.Definition {
	var defs []*ast.Definition
	for name, d := range s.Types {
		if !d.BuiltIn && !strings.HasPrefix(name, "__") {
			defs = append(defs, d)
		}
	}
	return defs
}

func TestThePublishedSchemaKeepsTheWordsOfGeneratorsAndGatewaysToItself(t *testing.T) {
	for _, word := range []string{"goField", "goModel", "github.com", "@key", "@shareable"} {
		if strings.Contains(graph.SDL(), word) {
			t.Errorf("it holds %s", word)
		}
	}
}

func TestEverythingInTheSchemaIsDescribed(t *testing.T) {
	for _, d := range own(published(t)) {
		described(t, d.Name, d.Description)
		for _, v := range d.EnumValues {
			described(t, d.Name+"."+v.Name, v.Description)
		}
		for _, f := range d.Fields {
			if strings.HasPrefix(f.Name, "__") {
				continue
			}
			described(t, d.Name+"."+f.Name, f.Description)
			for _, a := range f.Arguments {
				described(t, d.Name+"."+f.Name+"("+a.Name+")", a.Description)
			}
		}
	}
}

func described(t *testing.T, what, text string) {
	t.Helper()
	if !strings.HasSuffix(strings.TrimSpace(text), ".") && !strings.HasSuffix(text, ")") {
		t.Errorf("%s: %q is no description", what, text)
	}
}

func TestEveryRootFieldStatesItsScope(t *testing.T) {
	s := published(t)
	for _, root := range []*ast.Definition{s.Query, s.Mutation, s.Subscription} {
		for _, f := range root.Fields {
			if !strings.HasPrefix(f.Name, "__") && f.Directives.ForName("scope") == nil {
				t.Errorf("%s.%s states no scope", root.Name, f.Name)
			}
		}
	}
}

func TestEveryMutationHasOneInputAndANullablePayloadWithErrors(t *testing.T) {
	s := published(t)
	for _, f := range s.Mutation.Fields {
		if len(f.Arguments) != 1 || f.Arguments[0].Name != "input" || !f.Arguments[0].Type.NonNull || f.Type.NonNull {
			t.Errorf("%s: %s", f.Name, f.Type)
			continue
		}
		if in := s.Types[f.Arguments[0].Type.Name()]; in.Fields.ForName("clientMutationId") == nil {
			t.Errorf("%s lacks clientMutationId", in.Name)
		}
		out := s.Types[f.Type.Name()]
		for name, want := range map[string]string{"errors": "[UserError!]!", "replayed": "Boolean!", "clientMutationId": "String"} {
			if g := out.Fields.ForName(name); g == nil || g.Type.String() != want {
				t.Errorf("%s.%s is no %s", out.Name, name, want)
			}
		}
	}
}

func TestARefusedListOrRootFieldNullsNothingButItself(t *testing.T) {
	s := published(t)
	for _, d := range own(s) {
		for _, f := range d.Fields {
			root := (d == s.Query || d == s.Mutation || d == s.Subscription) && !strings.HasPrefix(f.Name, "_") // Federation 2 prescribes those
			if f.Type.NonNull && !strings.HasPrefix(f.Name, "__") && (root || strings.HasSuffix(f.Type.Name(), "Connection")) {
				t.Errorf("%s.%s is %s: a refusal would null what is around it", d.Name, f.Name, f.Type)
			}
		}
	}
}

func TestTheWordsThatSentencesRepeatAreInEveryGlossary(t *testing.T) {
	words, err := catalogue.Load()
	if err != nil {
		t.Fatal(err)
	}
	s := published(t)
	zh, en := words.Voice("zh-CN"), words.Voice("en")
	for name := range strings.FieldsSeq(`ContractStatus ContractVerb FulfilmentStatus FulfilmentOutcome Role UnitKind
		OrganisationKind CommunityType EvidenceKind AppraisalStatus AppraisalVerb`) {
		for _, v := range s.Types[name].EnumValues {
			said, ok := zh.Word(v.Name)
			if !ok || !strings.Contains(v.Description, said) {
				t.Errorf("%s.%s is %q in Chinese, not as described: %s", name, v.Name, said, v.Description)
			}
			if _, ok := en.Word(v.Name); !ok {
				t.Errorf("%s.%s has no word in English", name, v.Name)
			}
		}
	}
}

func TestEveryWeightIsOfAFieldOfTheSchema(t *testing.T) {
	s := published(t)
	for name := range graph.Weights() {
		if !slices.ContainsFunc(own(s), func(d *ast.Definition) bool { return d.Fields.ForName(name) != nil }) {
			t.Errorf("there is no field %s", name)
		}
	}
}

func TestEveryListOfKnownLengthIsOneOfTheSchema(t *testing.T) {
	s := published(t)
	for name := range graph.Lists() {
		of, field, _ := strings.Cut(name, ".")
		if d := s.Types[of]; d == nil || d.Fields.ForName(field) == nil || d.Fields.ForName(field).Type.Elem == nil {
			t.Errorf("there is no list %s", name)
		}
	}
}

func TestEveryMutationHasAScenario(t *testing.T) {
	var scenarios strings.Builder
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range append(files, filepath.Join("graphtest", "town.go")) {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		scenarios.Write(raw)
	}
	for _, f := range published(t).Mutation.Fields {
		if !strings.Contains(scenarios.String(), `"`+f.Name+`"`) {
			t.Errorf("%s has no scenario", f.Name)
		}
	}
}

func TestTheNamesThatProgramsCallAreThere(t *testing.T) {
	s := published(t)
	for name := range strings.FieldsSeq(`viewer node nodes organisation districts communities community residentUnits
		residentUnit contracts contract commitments fulfilments
		appraisal appraisals appraisalCriteria appraisalCriteriaVersions cooperationRecord
		publishedContract publishedContracts
		needs need resources resource matches playbook projects project projectTemplates search trace`) {
		if s.Query.Fields.ForName(name) == nil {
			t.Errorf("no query %s", name)
		}
	}
	for name := range strings.FieldsSeq(`signIn signOut changePassword invitePerson acceptInvitation grantRole revokeRole
		registerDistrict registerSubDistrict registerCommunity updateCommunity registerResidentUnit updateResidentUnit
		registerSigningKey revokeSigningKey draftContract reviseContract proposeContract requestContractChanges
		agreeToContract declineContract cancelContract openContractForSigning reopenContract signContract
		reportFulfilment acceptFulfilment disputeFulfilment resolveFulfilment
		submitAppraisal answerAppraisal setAppraisalCriteria
		proposePublication agreeToPublication withdrawPublication
		publishNeed offerResource claimNeed claimResource draftContractFromMatches applyPlaybook createProject patchRecord`) {
		if s.Mutation.Fields.ForName(name) == nil {
			t.Errorf("no mutation %s", name)
		}
	}
}

func TestThereIsNoGeneratedModel(t *testing.T) {
	for _, name := range []string{"models.go", "models_gen.go"} {
		if _, err := os.Stat(name); err == nil {
			t.Errorf("%s: a GraphQL type has no Go type in its room", name)
		}
	}
}
