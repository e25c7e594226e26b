package wire

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"github.com/cobuild/cobuild/internal/id"
)

// Webhook is an address to which events are sent.
func Webhook() Kind { return Kind{"Webhook", []id.Kind{id.KindWebhook}} }

// MarshalWebhookID writes the identifier of a webhook.
func MarshalWebhookID(i id.Webhook) graphql.ContextMarshaler { return write(i) }

// UnmarshalWebhookID reads the identifier of a webhook; one of another kind is refused.
func UnmarshalWebhookID(ctx context.Context, v any) (id.Webhook, error) {
	return read[id.Webhook](ctx, v, Webhook())
}

// MarshalWebhookDeliveryID writes the identifier of a delivery.
func MarshalWebhookDeliveryID(i id.WebhookDelivery) graphql.ContextMarshaler { return write(i) }

// UnmarshalWebhookDeliveryID reads the identifier of a delivery; one of another kind is refused.
func UnmarshalWebhookDeliveryID(ctx context.Context, v any) (id.WebhookDelivery, error) {
	return read[id.WebhookDelivery](ctx, v, Kind{"WebhookDelivery", []id.Kind{id.KindWebhookDelivery}})
}
