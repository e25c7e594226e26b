package gql

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

type docKey struct{}

// prepared gives the executor the document that begin has parsed and validated, so that it never does so itself.
type prepared struct{}

func (prepared) Get(ctx context.Context, _ string) (*ast.QueryDocument, bool) {
	doc, ok := ctx.Value(docKey{}).(*ast.QueryDocument)
	return doc, ok
}

func (prepared) Add(context.Context, string, *ast.QueryDocument) {}

// document finds or makes the validated document of a query. The caps are held before validation, because validating
// some small documents takes long.
func (e *Engine) document(ctx context.Context, query string, open bool) (*ast.QueryDocument, gqlerror.List) {
	k := docID{query, open}
	if doc, ok := e.docs.get(k); ok {
		return doc, nil
	}
	doc, errs := e.read(ctx, query, open)
	if len(errs) == 0 {
		e.docs.put(k, doc)
	}
	return doc, errs
}

// read makes the validated document of a query.
func (e *Engine) read(ctx context.Context, query string, open bool) (*ast.QueryDocument, gqlerror.List) {
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: query}, e.c.Limits.Tokens)
	if err != nil && strings.Contains(err.Error(), "exceeded token limit") {
		f := fault.New(fault.Invalid, CodeTooComplex, "what", "words and signs", "max", e.c.Limits.Tokens)
		return nil, gqlerror.List{Present(ctx, f)}
	}
	if err != nil {
		return nil, e.coded(ctx, CodeParseFailed, gqlerror.List{asGQL(err)})
	}
	if len(doc.Operations) == 0 {
		return nil, gqlerror.List{Present(ctx, fault.New(fault.Invalid, CodeNoOperation))}
	}
	if err := e.c.Limits.bounded(doc, open); err != nil {
		return nil, gqlerror.List{Present(ctx, err)}
	}
	if errs := validator.ValidateWithRules(e.Schema(), doc, rulesFor(open)); len(errs) > 0 {
		return nil, e.coded(ctx, CodeValidationFailed, errs)
	}
	return doc, nil
}

func asGQL(err error) *gqlerror.Error {
	if g, ok := errors.AsType[*gqlerror.Error](err); ok {
		return g
	}
	return gqlerror.Wrap(err)
}

// rulesFor are the rules of validation; to a caller for whom the schema is not open, they do not suggest names.
func rulesFor(open bool) *rules.Rules {
	r := rules.NewDefaultRules()
	if open {
		return r
	}
	r.ReplaceRule(rules.FieldsOnCorrectTypeRule.Name, rules.FieldsOnCorrectTypeRuleWithoutSuggestions.RuleFunc)
	r.ReplaceRule(rules.KnownArgumentNamesRule.Name, rules.KnownArgumentNamesRuleWithoutSuggestions.RuleFunc)
	r.ReplaceRule(rules.KnownTypeNamesRule.Name, rules.KnownTypeNamesRuleWithoutSuggestions.RuleFunc)
	r.ReplaceRule(rules.ScalarLeafsRule.Name, rules.ScalarLeafsRuleWithoutSuggestions.RuleFunc)
	r.ReplaceRule(rules.ValuesOfCorrectTypeRule.Name, rules.ValuesOfCorrectTypeRuleWithoutSuggestions.RuleFunc)
	return r
}

// The bounds of the memory of documents.
const (
	generation  = 500      // documents in one generation; two are kept
	longestKept = 16 << 10 // bytes of a query that is worth keeping
)

type docID struct {
	query string
	open  bool
}

// documents remembers validated documents in two generations: what is asked for again moves to the young one, the old
// one is forgotten when the young one is full.
type documents struct {
	mu         sync.Mutex
	young, old map[docID]*ast.QueryDocument
}

func newDocuments() *documents { return &documents{young: map[docID]*ast.QueryDocument{}} }

func (d *documents) get(k docID) (*ast.QueryDocument, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if doc, ok := d.young[k]; ok {
		return doc, true
	}
	doc, ok := d.old[k]
	if ok {
		d.keep(k, doc)
	}
	return doc, ok
}

func (d *documents) put(k docID, doc *ast.QueryDocument) {
	if len(k.query) > longestKept {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.keep(k, doc)
}

func (d *documents) keep(k docID, doc *ast.QueryDocument) {
	if len(d.young) >= generation {
		d.young, d.old = map[docID]*ast.QueryDocument{}, d.young
	}
	d.young[k] = doc
}
