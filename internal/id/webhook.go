package id

type (
	// Webhook is an address to which events are sent.
	Webhook string
	// WebhookDelivery is one event on its way to one webhook.
	WebhookDelivery string
)

// The kinds of webhooks.
const (
	KindWebhook         Kind = "whk"
	KindWebhookDelivery Kind = "whd"
)
