package access

import "github.com/cobuild/cobuild/internal/platform/authz"

// The actions of webhooks.
const (
	WebhookRead = "webhook.read"
	WebhookStop = "webhook.stop"
	WebhookKeep = "webhook.keep"
)

// WebhookGive is the action of having events sent out as a service account sees them that acts in a role.
func WebhookGive(r authz.Role) string { return "webhook.give." + string(r) }

// webhooks: who has events sent to an address as an account sees them could have made that account.
func webhooks() authz.Table {
	t := authz.Table{
		rule(WebhookRead, "webhooks, webhook, webhookDeliveries, node", join(to(own, secretary, liaison, supervisor, auditor), to(above, supervisor, auditor), to(anywhere, administrator)), "never a secret"),
		rule(WebhookStop, "pauseWebhook, deleteWebhook", join(to(own, secretary, liaison, supervisor), to(above, supervisor), to(anywhere, administrator)), "people alone"),
		rule(WebhookKeep, "–", nil, "sends what happens, and notes what became of it: the program itself"),
	}
	for _, g := range []struct {
		role authz.Role
		who  []authz.Grant
	}{
		{secretary, to(own, secretary)}, {liaison, to(own, liaison)}, {supervisor, to(own, supervisor)}, {auditor, nil},
	} {
		t = append(t, rule(WebhookGive(g.role),
			"createWebhook, updateWebhook, resumeWebhook, testWebhook, rotateWebhookSecret, replayWebhookDelivery, replayWebhookDeliveries ("+string(g.role)+")",
			join(g.who, to(above, supervisor), to(anywhere, administrator)), "people alone, who hold the role that the service account acts in or may grant it"))
	}
	return t
}
