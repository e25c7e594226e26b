package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/cobuild/cobuild/graph/payload"
	"github.com/cobuild/cobuild/graph/wire"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// maxMutationID is the longest clientMutationId, in characters.
const maxMutationID = 128

// codeMutationID refuses a service account's mutation that could be done twice: CLIENT_MUTATION_ID_REQUIRED.
const codeMutationID fault.Code = "CLIENT_MUTATION_ID_REQUIRED"

// once surrounds each field of Mutation: the client's own identifier of the mutation is read before the field is, so
// that the store recognises a repeat, and what is wrong with the input's values gathers for the payload.
func once(schema *ast.Schema) func(context.Context, graphql.RootResolver) graphql.Marshaler {
	repeatable := repeatables(schema)
	return func(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
		op, field := graphql.GetOperationContext(ctx), graphql.GetRootFieldContext(ctx)
		if field == nil || op.Operation.Operation != ast.Mutation {
			return next(ctx)
		}
		call := &payload.Call{}
		ctx = payload.With(ctx, call)
		input, _ := field.Field.ArgumentMap(op.Variables)["input"].(map[string]any)
		sent, named := input["clientMutationId"].(string)
		switch {
		case named:
			ctx = naming(ctx, call, sent, canonical(schema, field.Field.Name, input))
		case authz.From(ctx).Service != "" && !repeatable[field.Field.Name]:
			call.Blame(fault.New(fault.Invalid, codeMutationID).At("clientMutationId"))
		}
		return next(ctx)
	}
}

// repeatables are the mutations that cannot be done twice by accident: what they change has a version, which the client
// names. A program that sends any other again after a broken connection must name it, or there are two of what it makes.
func repeatables(schema *ast.Schema) map[string]bool {
	all := map[string]bool{}
	for _, f := range schema.Mutation.Fields {
		in := f.Arguments.ForName("input")
		if in == nil {
			continue
		}
		version := schema.Types[in.Type.Name()].Fields.ForName("expectedVersion")
		all[f.Name] = version != nil && version.Type.NonNull
	}
	return all
}

// naming takes up the client's own identifier of a mutation.
func naming(ctx context.Context, call *payload.Call, sent string, said []byte) context.Context {
	id, why := mutationID(sent)
	if why != nil {
		call.Blame(why.At("clientMutationId"))
		return ctx
	}
	call.ClientMutationID = &id
	return store.WithOnce(ctx, store.NewOnce(caller(ctx, said), id, said))
}

func mutationID(sent string) (string, *fault.Fault) {
	id, err := wire.UnmarshalString(sent)
	switch n := utf8.RuneCountInString(id); {
	case err != nil:
		return "", fault.Of(err)
	case strings.TrimSpace(id) == "":
		return "", fault.New(fault.Invalid, fault.CodeRequired)
	case n > maxMutationID:
		return "", fault.New(fault.Invalid, fault.CodeTooLong, "max", maxMutationID)
	}
	return id, nil
}

// caller says whose identifier it is. Callers who are nobody share no identifiers: what they say is all that is known
// of them, so it stands for who they are.
func caller(ctx context.Context, said []byte) string {
	if a := authz.From(ctx); a.Known() {
		return string(a.Author())
	}
	return "nobody\x00" + string(said)
}

// canonical is what a mutation says, in one form: its name and its input with sorted keys. Since a hash of it is kept beside
// what it changed, passwords and what is personal are left out: out of a hash what is short, as a telephone number, is found
// by trying.
func canonical(schema *ast.Schema, name string, input map[string]any) []byte {
	var of *ast.Type
	if f := schema.Mutation.Fields.ForName(name); f != nil {
		if in := f.Arguments.ForName("input"); in != nil {
			of = in.Type
		}
	}
	rest, _ := bare(schema, of, input).(map[string]any)
	delete(rest, "clientMutationId")
	var b bytes.Buffer
	b.WriteString(name + "\x00")
	if err := json.NewEncoder(&b).Encode(rest); err != nil {
		return nil // values come from JSON, so they can be written as JSON
	}
	return b.Bytes()
}

// bare is a value of an input's type without passwords and what is personal in it.
func bare(schema *ast.Schema, of *ast.Type, v any) any {
	switch v := v.(type) {
	case []any:
		if of == nil || of.Elem == nil {
			return v
		}
		out := make([]any, len(v))
		for i, one := range v {
			out[i] = bare(schema, of.Elem, one)
		}
		return out
	case map[string]any:
		if of == nil {
			return v
		}
		for of.Elem != nil { // one value stands for a list of it
			of = of.Elem
		}
		d := schema.Types[of.Name()]
		if d == nil || d.Kind != ast.InputObject {
			return v
		}
		out := make(map[string]any, len(v))
		for k, one := range v {
			f := d.Fields.ForName(k)
			if f != nil && f.Directives.ForName("personal") == nil && !strings.HasSuffix(strings.ToLower(k), "password") {
				out[k] = bare(schema, f.Type, one)
			}
		}
		return out
	}
	return v
}
