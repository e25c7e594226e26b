package gql

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// documentID is where a request names a document instead of sending it.
const documentID = "documentId"

// mostTrusted bounds the documents of a manifest.
const mostTrusted = 20_000

// Manifest is the documents that the makers of clients have reviewed. A client sends the name of one in place of its
// text, and a server that trusts nothing else runs nothing that nobody has reviewed.
type Manifest struct {
	byName map[string]string // by the names in the manifest, by "sha256:" and hash, and by the bare hash
	texts  map[string]bool
	names  []string // those in the manifest, in order
}

func (m *Manifest) holds(text string) bool { return m.texts[text] }

// Len is how many documents there are.
func (m *Manifest) Len() int { return len(m.names) }

// ReadManifest reads a manifest: an object of names and documents, as Relay's compiler and GraphQL Code Generator write
// it, or the manifest of Apollo's generator.
func ReadManifest(raw []byte) (*Manifest, error) {
	var parts map[string]json.RawMessage
	if err := json.Unmarshal(raw, &parts); err != nil {
		return nil, atLine(raw, err)
	}
	all, err := documentsOf(parts)
	if err != nil {
		return nil, err
	}
	if len(all) > mostTrusted {
		return nil, fmt.Errorf("the manifest has %d documents; at most %d are read", len(all), mostTrusted)
	}
	m := &Manifest{byName: map[string]string{}, texts: map[string]bool{}, names: slices.Sorted(maps.Keys(all))}
	for _, name := range m.names {
		text := all[name]
		m.byName[name], m.texts[text] = text, true
		m.byName["sha256:"+sum(text)], m.byName[sum(text)] = text, text
	}
	return m, nil
}

// documentsOf are the documents of either form of manifest.
func documentsOf(parts map[string]json.RawMessage) (map[string]string, error) {
	all := map[string]string{}
	var format string
	if json.Unmarshal(parts["format"], &format) == nil && format == "apollo-persisted-query-manifest" {
		var ops []struct{ ID, Body string }
		if err := json.Unmarshal(parts["operations"], &ops); err != nil {
			return nil, fmt.Errorf("“operations” of the manifest: %w", err)
		}
		for i, op := range ops {
			if op.ID == "" || op.Body == "" || all[op.ID] != "" {
				return nil, fmt.Errorf("operation %d of the manifest (%q) needs an id of its own and a body", i, op.ID)
			}
			all[op.ID] = op.Body
		}
		return all, nil
	}
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		var text string
		if err := json.Unmarshal(parts[name], &text); err != nil || name == "" || text == "" {
			return nil, fmt.Errorf("the document %q of the manifest is not a text", name)
		}
		all[name] = text
	}
	return all, nil
}

// atLine says in which line of the manifest an error is.
func atLine(raw []byte, err error) error {
	at := int64(-1)
	if s, ok := errors.AsType[*json.SyntaxError](err); ok {
		at = s.Offset
	}
	if t, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		at = t.Offset
	}
	if at < 0 || at > int64(len(raw)) {
		return fmt.Errorf("the manifest is not JSON: %w", err)
	}
	return fmt.Errorf("line %d of the manifest: %w", 1+bytes.Count(raw[:at], []byte("\n")), err)
}

// Trust takes a manifest in place of the one before. Every document is held against the schema and the limits first;
// where one does not fit, the old manifest stays.
func (e *Engine) Trust(m *Manifest) error {
	for _, name := range m.names {
		if err := e.fits(m.byName[name]); err != nil {
			return fmt.Errorf("the document %q of the manifest: %w", name, err)
		}
	}
	e.trusted.Store(m)
	return nil
}

func (e *Engine) fits(text string) error {
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, e.c.Limits.Tokens)
	if err != nil {
		return err
	}
	if f := e.c.Limits.bounded(doc, true); f != nil {
		return fmt.Errorf("%w: %v", f, f.Params)
	}
	if errs := validator.ValidateWithRules(e.Schema(), doc, rules.NewDefaultRules()); len(errs) > 0 {
		return errs[0]
	}
	return nil
}
