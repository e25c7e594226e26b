// Package bind names the Go types behind the schema's payloads, so that the generator finds them by the schema's own
// names. It lies below internal, because the generator sees through an alias only there.
package bind

import (
	"time"

	"github.com/cobuild/cobuild/graph/payload" //nolint:depguard // this is a part of the GraphQL face, not a room
	"github.com/cobuild/cobuild/internal/appraisal"
	"github.com/cobuild/cobuild/internal/bulk"
	"github.com/cobuild/cobuild/internal/community"
	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/delegation"
	"github.com/cobuild/cobuild/internal/district"
	"github.com/cobuild/cobuild/internal/fulfilment"
	"github.com/cobuild/cobuild/internal/identity"
	"github.com/cobuild/cobuild/internal/notification"
	"github.com/cobuild/cobuild/internal/person"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/profile"
	"github.com/cobuild/cobuild/internal/publication"
	"github.com/cobuild/cobuild/internal/serviceaccount"
	"github.com/cobuild/cobuild/internal/signingkey"
	"github.com/cobuild/cobuild/internal/template"
	"github.com/cobuild/cobuild/internal/unit"
	"github.com/cobuild/cobuild/internal/webhook"
)

// The payloads of mutations about one object.
type (
	// RegisterDistrictPayload answers registerDistrict.
	RegisterDistrictPayload = payload.Of[*district.District]
	// RegisterSubDistrictPayload answers registerSubDistrict.
	RegisterSubDistrictPayload = payload.Of[*district.SubDistrict]
	// RegisterCommunityPayload answers registerCommunity.
	RegisterCommunityPayload = payload.Of[community.Community]
	// UpdateCommunityPayload answers updateCommunity.
	UpdateCommunityPayload = payload.Of[community.Community]
	// RegisterResidentUnitPayload answers registerResidentUnit.
	RegisterResidentUnitPayload = payload.Of[*unit.ResidentUnit]
	// UpdateResidentUnitPayload answers updateResidentUnit.
	UpdateResidentUnitPayload = payload.Of[*unit.ResidentUnit]
	// ContractPayload answers every change of a contract.
	ContractPayload = payload.Of[*contract.Contract]
	// AmendmentPayload answers every change of an amendment.
	AmendmentPayload = payload.Of[*contract.Amendment]
	// SignOutPayload answers signOut.
	SignOutPayload = payload.Of[*person.Session]
	// ChangePasswordPayload answers changePassword.
	ChangePasswordPayload = payload.Of[*person.Person]
	// AcceptInvitationPayload answers acceptInvitation.
	AcceptInvitationPayload = payload.Of[*person.Person]
	// GrantRolePayload answers grantRole.
	GrantRolePayload = payload.Of[*person.Person]
	// RevokeRolePayload answers revokeRole.
	RevokeRolePayload = payload.Of[*person.Person]
	// RevokeInvitationPayload answers revokeInvitation.
	RevokeInvitationPayload = payload.Of[*person.Invitation]
	// SigningKeyPayload answers every change of a signing key.
	SigningKeyPayload = payload.Of[*signingkey.SigningKey]
	// FulfilmentPayload answers every change of a fulfilment.
	FulfilmentPayload = payload.Of[*fulfilment.Fulfilment]
)

// The payloads of appraising.
type (
	// AppraisalPayload answers every change of an appraisal.
	AppraisalPayload = payload.Of[*appraisal.Appraisal]
	// SetAppraisalCriteriaPayload answers setAppraisalCriteria.
	SetAppraisalCriteriaPayload = payload.Of[*appraisal.Criteria]
)

// ErasePersonPayload answers erasePerson.
type ErasePersonPayload = payload.Of[*person.Person]

// DelegationPayload answers every change of a delegation.
type DelegationPayload = payload.Of[*delegation.Delegation]

// CooperationProfilePayload answers every change of a cooperation profile.
type CooperationProfilePayload = payload.Of[*profile.Profile]

// PublicationPayload answers every change of a publication.
type PublicationPayload = payload.Of[*publication.Publication]

// SetNotificationSettingsPayload answers setNotificationSettings.
type SetNotificationSettingsPayload = payload.Of[*notification.Settings]

// MarkReadPayload is what markRead answers.
type MarkReadPayload payload.Of[*notification.Marked]

// Notifications are those that were named; nil where there are errors or a moment was named.
func (p *MarkReadPayload) Notifications() []*notification.Notification {
	if p.Object == nil {
		return nil
	}
	return p.Object.Notifications
}

// Marked is how many were unread before; nil where there are errors.
func (p *MarkReadPayload) Marked() *int {
	return part(p.Object, func(m *notification.Marked) *int { return &m.Marked })
}

// UnreadCount is how many are unread now; nil where there are errors.
func (p *MarkReadPayload) UnreadCount() *int {
	return part(p.Object, func(m *notification.Marked) *int { return &m.UnreadCount })
}

// A page of commitments of several contracts: listed in one room, described in another.
type (
	// CommitmentConnection is the page.
	CommitmentConnection = page.Connection[*contract.Commitment]
	// CommitmentEdge is one of them with its cursor.
	CommitmentEdge = page.Edge[*contract.Commitment]
)

// EndSessionPayload answers endSession.
type EndSessionPayload = payload.Of[*person.Session]

// SignInPayload is what signIn answers: a token, besides the person.
type SignInPayload payload.Of[*person.SignedIn]

// Token is the access token; nil where there are errors.
func (p *SignInPayload) Token() *string {
	return part(p.Object, func(s *person.SignedIn) *string { return &s.Token })
}

// ExpiresAt is the end of the token; nil where there are errors.
func (p *SignInPayload) ExpiresAt() *time.Time {
	return part(p.Object, func(s *person.SignedIn) *time.Time { return &s.ExpiresAt })
}

// Person is who has signed in; nil where there are errors.
func (p *SignInPayload) Person() *person.Person {
	return part(p.Object, func(s *person.SignedIn) *person.Person { return s.Person })
}

// RefreshToken is what the next tokens are got for; nil where there are errors.
func (p *SignInPayload) RefreshToken() *string {
	return part(p.Object, func(s *person.SignedIn) *string { return &s.RefreshToken })
}

// RefreshExpiresAt is the end of the refresh token; nil where there are errors.
func (p *SignInPayload) RefreshExpiresAt() *time.Time {
	return part(p.Object, func(s *person.SignedIn) *time.Time { return &s.RefreshExpiresAt })
}

// InvitePersonPayload is what invitePerson answers: a one-time code, besides the invitation.
type InvitePersonPayload payload.Of[*person.Invited]

// Invitation is what was sent; nil where there are errors.
func (p *InvitePersonPayload) Invitation() *person.Invitation {
	return part(p.Object, func(i *person.Invited) *person.Invitation { return i.Invitation })
}

// Code is the one-time code, shown this once; nil where there are errors.
func (p *InvitePersonPayload) Code() *string {
	return part(p.Object, func(i *person.Invited) *string { return &i.Code })
}

// part takes a part of an object that is nil where there are errors.
func part[W, P any](whole *W, of func(*W) *P) *P {
	if whole == nil {
		return nil
	}
	return of(whole)
}

// The payloads of templates and of the library of clauses.
type (
	// ContractTemplatePayload answers every change of a template.
	ContractTemplatePayload = payload.Of[*template.Template]
	// LibraryClausePayload answers every change of a standard clause.
	LibraryClausePayload = payload.Of[*template.LibraryClause]
)

// ServiceAccountPayload answers every change of a service account.
type ServiceAccountPayload = payload.Of[*serviceaccount.ServiceAccount]

// CreateApiKeyPayload is what createApiKey answers: a key, besides what is kept of it.
type CreateApiKeyPayload payload.Of[*serviceaccount.NewKey] //nolint:revive // the generator finds it by the schema's own name

// Key is the key, shown this once; nil where there are errors.
func (p *CreateApiKeyPayload) Key() *string {
	return part(p.Object, func(k *serviceaccount.NewKey) *string { return &k.Text })
}

// APIKey is what is kept of it; nil where there are errors.
func (p *CreateApiKeyPayload) APIKey() *serviceaccount.APIKey {
	return part(p.Object, func(k *serviceaccount.NewKey) *serviceaccount.APIKey { return k.Key })
}

// ServiceAccount is the account as it is now; nil where there are errors.
func (p *CreateApiKeyPayload) ServiceAccount() *serviceaccount.ServiceAccount {
	return part(p.Object, func(k *serviceaccount.NewKey) *serviceaccount.ServiceAccount { return k.Account })
}

// RotateClientSecretPayload is what rotateClientSecret answers: a secret, besides the account.
type RotateClientSecretPayload payload.Of[*serviceaccount.NewSecret]

// Secret is the secret, shown this once; nil where there are errors.
func (p *RotateClientSecretPayload) Secret() *string {
	return part(p.Object, func(s *serviceaccount.NewSecret) *string { return &s.Text })
}

// ServiceAccount is the account as it is now; nil where there are errors.
func (p *RotateClientSecretPayload) ServiceAccount() *serviceaccount.ServiceAccount {
	return part(p.Object, func(s *serviceaccount.NewSecret) *serviceaccount.ServiceAccount { return s.Account })
}

// The payloads of identities.
type (
	// LinkIdentityPayload answers linkIdentity.
	LinkIdentityPayload = payload.Of[*identity.Identity]
	// UnlinkIdentityPayload answers unlinkIdentity.
	UnlinkIdentityPayload = payload.Of[*identity.Identity]
)

// The payloads of webhooks.
type (
	// WebhookPayload answers every change of a webhook.
	WebhookPayload = payload.Of[*webhook.Webhook]
	// WebhookDeliveryPayload answers testWebhook and replayWebhookDelivery.
	WebhookDeliveryPayload = payload.Of[*webhook.Delivery]
)

// WebhookSecretPayload is what createWebhook and rotateWebhookSecret answer: a secret, besides the webhook.
type WebhookSecretPayload payload.Of[*webhook.Made]

// Secret is the secret, shown this once; nil where there are errors.
func (p *WebhookSecretPayload) Secret() *string {
	return part(p.Object, func(m *webhook.Made) *string { return &m.Secret })
}

// Webhook is the webhook as it is now; nil where there are errors.
func (p *WebhookSecretPayload) Webhook() *webhook.Webhook {
	return part(p.Object, func(m *webhook.Made) *webhook.Webhook { return m.Webhook })
}

// BulkJobPayload answers every change of an export or import.
type BulkJobPayload = payload.Of[*bulk.Job]
