package wire

import (
	"context"
	"io"
	"slices"

	"github.com/99designs/gqlgen/graphql"

	"github.com/cobuild/cobuild/graph/payload"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

// An argument that names one kind of thing refuses an identifier of another: a mutation in its payload, a query at the
// top level. Each pair of functions binds one Go type to the scalar ID.

func MarshalOrganisationID(i id.Organisation) graphql.ContextMarshaler { return write(i) }
func MarshalPersonID(i id.Person) graphql.ContextMarshaler             { return write(i) }
func MarshalRoleID(i id.Role) graphql.ContextMarshaler                 { return write(i) }
func MarshalSessionID(i id.Session) graphql.ContextMarshaler           { return write(i) }
func MarshalInvitationID(i id.Invitation) graphql.ContextMarshaler     { return write(i) }
func MarshalContractID(i id.Contract) graphql.ContextMarshaler         { return write(i) }
func MarshalCommitmentID(i id.Commitment) graphql.ContextMarshaler     { return write(i) }
func MarshalFulfilmentID(i id.Fulfilment) graphql.ContextMarshaler     { return write(i) }
func MarshalSigningKeyID(i id.SigningKey) graphql.ContextMarshaler     { return write(i) }

// Kind is what an identifier may name, and how that is called to people.
type Kind struct {
	Want  string
	Kinds []id.Kind
}

// The kinds that arguments ask for.
func Organisation() Kind {
	return Kind{"organisation", []id.Kind{id.KindDistrict, id.KindSubDistrict, id.KindCommunity, id.KindUnit}}
}
func Community() Kind  { return Kind{"community", []id.Kind{id.KindCommunity}} }
func Unit() Kind       { return Kind{"resident unit", []id.Kind{id.KindUnit}} }
func Contract() Kind   { return Kind{"contract", []id.Kind{id.KindContract}} }
func Commitment() Kind { return Kind{"commitment", []id.Kind{id.KindCommitment}} }
func Fulfilment() Kind { return Kind{"fulfilment", []id.Kind{id.KindFulfilment}} }

func UnmarshalOrganisationID(ctx context.Context, v any) (id.Organisation, error) {
	return read[id.Organisation](ctx, v, Organisation())
}

func UnmarshalPersonID(ctx context.Context, v any) (id.Person, error) {
	return read[id.Person](ctx, v, Kind{"person", []id.Kind{id.KindPerson}})
}

func UnmarshalRoleID(ctx context.Context, v any) (id.Role, error) {
	return read[id.Role](ctx, v, Kind{"role", []id.Kind{id.KindRole}})
}

func UnmarshalSessionID(ctx context.Context, v any) (id.Session, error) {
	return read[id.Session](ctx, v, Kind{"session", []id.Kind{id.KindSession}})
}

func UnmarshalInvitationID(ctx context.Context, v any) (id.Invitation, error) {
	return read[id.Invitation](ctx, v, Kind{"invitation", []id.Kind{id.KindInvitation}})
}

func UnmarshalContractID(ctx context.Context, v any) (id.Contract, error) {
	return read[id.Contract](ctx, v, Kind{"contract", []id.Kind{id.KindContract}})
}

func UnmarshalCommitmentID(ctx context.Context, v any) (id.Commitment, error) {
	return read[id.Commitment](ctx, v, Kind{"commitment", []id.Kind{id.KindCommitment}})
}

func UnmarshalFulfilmentID(ctx context.Context, v any) (id.Fulfilment, error) {
	return read[id.Fulfilment](ctx, v, Kind{"fulfilment", []id.Kind{id.KindFulfilment}})
}

func UnmarshalSigningKeyID(ctx context.Context, v any) (id.SigningKey, error) {
	return read[id.SigningKey](ctx, v, Kind{"signing key", []id.Kind{id.KindSigningKey}})
}

// Named is the identifier that an argument of a query gives, refused where it is of none of the kinds.
func Named[I ~string](arg, s string, k Kind) (I, error) {
	if k.names(s) {
		return I(s), nil
	}
	return "", k.refusal().At(arg)
}

// NamedOrNone is Named for an argument that may be absent.
func NamedOrNone[I ~string](arg string, s *string, k Kind) (*I, error) {
	var none *I
	if s == nil {
		return none, nil
	}
	i, err := Named[I](arg, *s, k)
	if err != nil {
		return nil, err
	}
	return &i, nil
}

func (k Kind) names(s string) bool {
	got, ok := id.KindOf(s)
	return ok && slices.Contains(k.Kinds, got)
}

func (k Kind) refusal() *fault.Fault {
	return fault.New(fault.Invalid, fault.CodeWrongID, "want", k.Want)
}

func write[I ~string](i I) graphql.ContextMarshaler {
	return graphql.ContextWriterFunc(func(_ context.Context, w io.Writer) error {
		graphql.MarshalString(string(i)).MarshalGQL(w)
		return nil
	})
}

func read[I ~string](ctx context.Context, v any, k Kind) (I, error) {
	s, err := UnmarshalID(v)
	if err != nil {
		return "", err
	}
	if !k.names(s) && !payload.Blame(ctx, k.refusal()) {
		return "", k.refusal()
	}
	return I(s), nil
}
