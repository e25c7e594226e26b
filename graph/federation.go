package graph

import (
	"context"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/cobuild/cobuild/graph/wire"
	"github.com/cobuild/cobuild/internal/community"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/web/gateway"
)

// CodeGatewayOnly refuses entities to callers that are no federation gateway.
const CodeGatewayOnly fault.Code = "GATEWAY_ONLY"

// CodeNotAnEntity refuses a representation of a type that has no key.
const CodeNotAnEntity fault.Code = "NOT_AN_ENTITY" // type

// entity is what a representation's type name may stand for.
type entity struct {
	wire.Kind
	is func(wire.Node) bool // nil where the kind of the identifier says it all
}

// entityNamed finds the entity behind the name of a type or an interface.
func entityNamed(name string) (entity, bool) {
	switch name {
	case "Organisation":
		return entity{Kind: wire.Organisation()}, true
	case "District":
		return entity{Kind: wire.Kind{Want: name, Kinds: []id.Kind{id.KindDistrict}}}, true
	case "SubDistrict":
		return entity{Kind: wire.Kind{Want: name, Kinds: []id.Kind{id.KindSubDistrict}}}, true
	case "Community":
		return entity{Kind: wire.Community()}, true
	case "RuralCommunity":
		return entity{wire.Community(), is[*community.RuralCommunity]}, true
	case "OldEstateCommunity":
		return entity{wire.Community(), is[*community.OldEstateCommunity]}, true
	case "CommercialCommunity":
		return entity{wire.Community(), is[*community.CommercialCommunity]}, true
	case "ResettlementCommunity":
		return entity{wire.Community(), is[*community.ResettlementCommunity]}, true
	case "ResidentUnit":
		return entity{Kind: wire.Unit()}, true
	case "CoBuildingContract":
		return entity{Kind: wire.Contract()}, true
	}
	return entity{}, false
}

func is[T wire.Node](n wire.Node) bool { _, ok := n.(T); return ok }

// entities finds what a gateway names, in its order, one question to each room. Whoever is no gateway is refused. They are
// found as nodes are, so that nobody learns more by a gateway than without one: what is hidden, what does not exist and
// what is of another type than the gateway says answer alike, with null. A representation that cannot be understood is
// told at its own place, and the others are answered.
func (r Rooms) entities(ctx context.Context, asked []wire.Representation) ([]wire.Node, error) {
	if !gateway.In(ctx) {
		return nil, fault.New(fault.Forbidden, CodeGatewayOnly)
	}
	if len(asked) > maxNodes {
		return nil, fault.New(fault.Invalid, fault.CodeTooMany, "max", maxNodes).At("representations")
	}
	ids, kinds := make([]string, len(asked)), make([]entity, len(asked))
	for i, rep := range asked {
		var why *fault.Fault
		if ids[i], kinds[i], why = understood(rep); why != nil {
			tell(ctx, i, why.At("representations", strconv.Itoa(i)))
		}
	}
	found, err := r.find(ctx, ids)
	if err != nil {
		return nil, err
	}
	for i, n := range found {
		if n != nil && kinds[i].is != nil && !kinds[i].is(n) {
			found[i] = nil
		}
	}
	return found, nil
}

// understood reads one representation: the identifier to look for, and what must be found behind it.
func understood(rep wire.Representation) (string, entity, *fault.Fault) {
	name, ok := rep.Text("__typename")
	if !ok {
		return "", entity{}, fault.New(fault.Invalid, fault.CodeRequired).At("__typename")
	}
	e, ok := entityNamed(name)
	if !ok {
		return "", entity{}, fault.New(fault.Invalid, CodeNotAnEntity).At("__typename")
	}
	key, ok := rep.Text("id")
	if !ok {
		return "", entity{}, fault.New(fault.Invalid, fault.CodeRequired).At("id")
	}
	if _, err := wire.Named[string]("id", key, e.Kind); err != nil {
		return "", entity{}, fault.Of(err)
	}
	return key, e, nil
}

// tell adds the error of one member of the list that is being answered.
func tell(ctx context.Context, i int, why *fault.Fault) {
	graphql.AddError(ctx, gqlerror.WrapPath(append(graphql.GetPath(ctx), ast.PathIndex(i)), why))
}
