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

// Kind is what an identifier may name, and the name of its type in the schema.
type Kind struct {
	Want  string
	Kinds []id.Kind
}

// Organisation is any organisation.
func Organisation() Kind {
	return Kind{"Organisation", []id.Kind{id.KindDistrict, id.KindSubDistrict, id.KindCommunity, id.KindUnit}}
}

// Community is a community of any type.
func Community() Kind { return Kind{"Community", []id.Kind{id.KindCommunity}} }

// Unit is a resident unit.
func Unit() Kind { return Kind{"ResidentUnit", []id.Kind{id.KindUnit}} }

// Contract is a contract.
func Contract() Kind { return Kind{"CoBuildingContract", []id.Kind{id.KindContract}} }

// Appraisal is an appraisal.
func Appraisal() Kind { return Kind{"Appraisal", []id.Kind{id.KindAppraisal}} }

// MarshalOrganisationID writes the identifier of an organisation.
func MarshalOrganisationID(i id.Organisation) graphql.ContextMarshaler { return write(i) }

// UnmarshalOrganisationID reads the identifier of an organisation; one of another kind is refused.
func UnmarshalOrganisationID(ctx context.Context, v any) (id.Organisation, error) {
	return read[id.Organisation](ctx, v, Organisation())
}

// MarshalPersonID writes the identifier of a person.
func MarshalPersonID(i id.Person) graphql.ContextMarshaler { return write(i) }

// UnmarshalPersonID reads the identifier of a person; one of another kind is refused.
func UnmarshalPersonID(ctx context.Context, v any) (id.Person, error) {
	return read[id.Person](ctx, v, Kind{"Person", []id.Kind{id.KindPerson}})
}

// MarshalRoleID writes the identifier of a role holding.
func MarshalRoleID(i id.Role) graphql.ContextMarshaler { return write(i) }

// UnmarshalRoleID reads the identifier of a role holding; one of another kind is refused.
func UnmarshalRoleID(ctx context.Context, v any) (id.Role, error) {
	return read[id.Role](ctx, v, Kind{"RoleHolding", []id.Kind{id.KindRole}})
}

// MarshalSessionID writes the identifier of a session.
func MarshalSessionID(i id.Session) graphql.ContextMarshaler { return write(i) }

// UnmarshalSessionID reads the identifier of a session; one of another kind is refused.
func UnmarshalSessionID(ctx context.Context, v any) (id.Session, error) {
	return read[id.Session](ctx, v, Kind{"Session", []id.Kind{id.KindSession}})
}

// MarshalInvitationID writes the identifier of an invitation.
func MarshalInvitationID(i id.Invitation) graphql.ContextMarshaler { return write(i) }

// UnmarshalInvitationID reads the identifier of an invitation; one of another kind is refused.
func UnmarshalInvitationID(ctx context.Context, v any) (id.Invitation, error) {
	return read[id.Invitation](ctx, v, Kind{"Invitation", []id.Kind{id.KindInvitation}})
}

// MarshalContractID writes the identifier of a contract.
func MarshalContractID(i id.Contract) graphql.ContextMarshaler { return write(i) }

// UnmarshalContractID reads the identifier of a contract; one of another kind is refused.
func UnmarshalContractID(ctx context.Context, v any) (id.Contract, error) {
	return read[id.Contract](ctx, v, Kind{"CoBuildingContract", []id.Kind{id.KindContract}})
}

// MarshalCommitmentID writes the identifier of a commitment.
func MarshalCommitmentID(i id.Commitment) graphql.ContextMarshaler { return write(i) }

// UnmarshalCommitmentID reads the identifier of a commitment; one of another kind is refused.
func UnmarshalCommitmentID(ctx context.Context, v any) (id.Commitment, error) {
	return read[id.Commitment](ctx, v, Kind{"Commitment", []id.Kind{id.KindCommitment}})
}

// MarshalFulfilmentID writes the identifier of a fulfilment.
func MarshalFulfilmentID(i id.Fulfilment) graphql.ContextMarshaler { return write(i) }

// UnmarshalFulfilmentID reads the identifier of a fulfilment; one of another kind is refused.
func UnmarshalFulfilmentID(ctx context.Context, v any) (id.Fulfilment, error) {
	return read[id.Fulfilment](ctx, v, Kind{"Fulfilment", []id.Kind{id.KindFulfilment}})
}

// MarshalSigningKeyID writes the identifier of a signing key.
func MarshalSigningKeyID(i id.SigningKey) graphql.ContextMarshaler { return write(i) }

// UnmarshalSigningKeyID reads the identifier of a signing key; one of another kind is refused.
func UnmarshalSigningKeyID(ctx context.Context, v any) (id.SigningKey, error) {
	return read[id.SigningKey](ctx, v, Kind{"SigningKey", []id.Kind{id.KindSigningKey}})
}

// MarshalAppraisalID writes the identifier of an appraisal.
func MarshalAppraisalID(i id.Appraisal) graphql.ContextMarshaler { return write(i) }

// UnmarshalAppraisalID reads the identifier of an appraisal; one of another kind is refused.
func UnmarshalAppraisalID(ctx context.Context, v any) (id.Appraisal, error) {
	return read[id.Appraisal](ctx, v, Appraisal())
}

// MarshalCriteriaID writes the identifier of a set of criteria.
func MarshalCriteriaID(i id.Criteria) graphql.ContextMarshaler { return write(i) }

// UnmarshalCriteriaID reads the identifier of a set of criteria; one of another kind is refused.
func UnmarshalCriteriaID(ctx context.Context, v any) (id.Criteria, error) {
	return read[id.Criteria](ctx, v, Kind{"AppraisalCriteria", []id.Kind{id.KindCriteria}})
}

// Published is what everybody may see of a contract.
func Published() Kind { return Kind{"PublishedContract", []id.Kind{id.KindPublished}} }

// MarshalPublicationID writes the identifier of a publication.
func MarshalPublicationID(i id.Publication) graphql.ContextMarshaler { return write(i) }

// UnmarshalPublicationID reads the identifier of a publication; one of another kind is refused.
func UnmarshalPublicationID(ctx context.Context, v any) (id.Publication, error) {
	return read[id.Publication](ctx, v, Kind{"ContractPublication", []id.Kind{id.KindPublication}})
}

// MarshalPublishedID writes the identifier of a published contract.
func MarshalPublishedID(i id.Published) graphql.ContextMarshaler { return write(i) }

// UnmarshalPublishedID reads the identifier of a published contract; one of another kind is refused.
func UnmarshalPublishedID(ctx context.Context, v any) (id.Published, error) {
	return read[id.Published](ctx, v, Published())
}

// MarshalNotificationID writes the identifier of a notification.
func MarshalNotificationID(i id.Notification) graphql.ContextMarshaler { return write(i) }

// UnmarshalNotificationID reads the identifier of a notification; one of another kind is refused.
func UnmarshalNotificationID(ctx context.Context, v any) (id.Notification, error) {
	return read[id.Notification](ctx, v, Kind{"Notification", []id.Kind{id.KindNotification}})
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

// Amendment is an amendment.
func Amendment() Kind { return Kind{"Amendment", []id.Kind{id.KindAmendment}} }

// MarshalAmendmentID writes the identifier of an amendment.
func MarshalAmendmentID(i id.Amendment) graphql.ContextMarshaler { return write(i) }

// UnmarshalAmendmentID reads the identifier of an amendment; one of another kind is refused.
func UnmarshalAmendmentID(ctx context.Context, v any) (id.Amendment, error) {
	return read[id.Amendment](ctx, v, Amendment())
}

// SecurityEntry is an entry of the security log.
func SecurityEntry() Kind { return Kind{"SecurityEntry", []id.Kind{id.KindSecurityEntry}} }

// MarshalSecurityEntryID writes the identifier of an entry of the security log.
func MarshalSecurityEntryID(i id.SecurityEntry) graphql.ContextMarshaler { return write(i) }

// UnmarshalSecurityEntryID reads the identifier of an entry of the security log; one of another kind is refused.
func UnmarshalSecurityEntryID(ctx context.Context, v any) (id.SecurityEntry, error) {
	return read[id.SecurityEntry](ctx, v, SecurityEntry())
}
