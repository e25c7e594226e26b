package graph_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/cobuild/cobuild/graph/graphtest"
	"github.com/cobuild/cobuild/internal/app"
	"github.com/cobuild/cobuild/internal/platform/outbound"
)

// reaching lets webhooks lead to this machine.
func reaching(c *app.Config) {
	c.Outbound = &outbound.Guard{PlainHTTP: true, Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
}

// endpoint receives what webhooks send.
type endpoint struct {
	*httptest.Server

	mu     sync.Mutex
	answer http.HandlerFunc // nil takes everything
	got    []letter
}

// letter is one delivery as it came.
type letter struct {
	head      http.Header
	body      []byte
	Type      string
	Timestamp time.Time
	Data      m
}

func newEndpoint(t *testing.T) *endpoint {
	t.Helper()
	e := &endpoint{}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l := letter{head: r.Header}
		l.body, _ = io.ReadAll(r.Body)
		_ = json.Unmarshal(l.body, &l)
		e.mu.Lock()
		e.got = append(e.got, l)
		answer := e.answer
		e.mu.Unlock()
		if answer != nil {
			answer(w, r)
			return
		}
		_, _ = io.WriteString(w, "taken")
	}))
	t.Cleanup(e.Close)
	return e
}

func (e *endpoint) answers(h http.HandlerFunc) { e.mu.Lock(); defer e.mu.Unlock(); e.answer = h }

// took is what came since the last time that it was asked.
func (e *endpoint) took() []letter {
	e.mu.Lock()
	defer e.mu.Unlock()
	got := e.got
	e.got = nil
	return got
}

const webhookFields = "webhook { id version name url events selection state cause createdBy secrets { id endsAt } organisation { id } serviceAccount { id } health { seq lag setAside failures nextAttemptAt lastSuccessAt } }"

func TestAWebhookIsMadeTriedAndDeleted(t *testing.T) {
	w := graphtest.NewTown(t, reaching)
	e := newEndpoint(t)
	of, _ := account(t, w, "erp", "CONTRACTS_READ", "PEOPLE_WRITE")
	in := m{"serviceAccount": of, "name": "ERP", "url": e.URL + "/hook", "events": []string{"contract.*"}}
	w.Do(t, "", "createWebhook", in, "secret").Is("UNAUTHENTICATED")
	w.Do(t, "outsider", "createWebhook", in, "secret").Is("NOT_FOUND")
	w.Do(t, "erp", "createWebhook", with(in, m{"clientMutationId": "x"}), "secret").Is("PERSON_NEEDED")
	made := w.Do(t, "liaison", "createWebhook", with(in, m{"clientMutationId": "w1"}), "secret "+webhookFields).Fine()
	if made.Str("it.webhook.state") != "ACTIVE" || made.Str("it.webhook.organisation.id") != w.Unit || !strings.HasPrefix(made.Str("it.secret"), "whsec_") {
		t.Errorf("made: %s", made.Text)
	}
	if again := w.Do(t, "liaison", "createWebhook", with(in, m{"clientMutationId": "w1"}), "secret"); again.Is("ALREADY_DONE").Get("it.secret") != nil {
		t.Errorf("a secret is shown twice: %s", again.Text)
	}
	hook := made.Str("it.webhook.id")
	c := negotiated(t, w).Str("it.contract.id")
	w.Settle(t)
	got := e.took()
	if len(got) == 0 || got[0].Data["subjectId"] != c || got[0].Type != got[0].Data["type"] || got[0].Data["hash"] == "" || got[0].head.Get("webhook-id") != got[0].Data["id"] {
		t.Fatalf("sent: %d %s", len(got), got)
	}
	v, err := standard.NewWebhook(made.Str("it.secret"))
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range got {
		if err := v.VerifyIgnoringTimestamp(l.body, l.head); err != nil {
			t.Errorf("%s: %v", l.body, err)
		}
	}
	tested := w.Do(t, "liaison", "testWebhook", m{"id": hook}, "webhookDelivery { id type state seq tries event { id } attempts { status answer error duration at } }").Fine()
	if tested.Str("it.webhookDelivery.state") != "DELIVERED" || tested.Str("it.webhookDelivery.attempts.0.answer") != "taken" {
		t.Errorf("tested: %s", tested.Text)
	}
	if got := e.took(); len(got) != 1 || got[0].Type != "webhook.test" || v.VerifyIgnoringTimestamp(got[0].body, got[0].head) != nil {
		t.Errorf("the test that came: %+v", got)
	}
	list := `query($w: ID!) { webhookDeliveries(webhook: $w, first: 50, filter: {type: {eq: "contract.proposed"}, state: {in: [DELIVERED, FAILED]}}) { totalCount nodes { id seq event { type subject { id } } deliveredAt } } }`
	sent := w.Ask(t, "liaison", list, "w", hook).Fine()
	if sent.Int("webhookDeliveries.totalCount") != 1 || sent.Str("webhookDeliveries.nodes.0.event.subject.id") != c {
		t.Errorf("listed: %s", sent.Text)
	}
	if a := w.Ask(t, "outsider", list, "w", hook); a.Code() != "NOT_FOUND" && a.Get("webhookDeliveries") != nil {
		t.Errorf("the outsider reads: %s", a.Text)
	}
	if a := w.Ask(t, "outsider", `query($i: ID!) { node(id: $i) { id } webhook(id: $i) { id } }`, "i", hook).Fine(); a.Get("node") != nil || a.Get("webhook") != nil {
		t.Errorf("the outsider finds it: %s", a.Text)
	}
	one := sent.Str("webhookDeliveries.nodes.0.id")
	w.Do(t, "outsider", "replayWebhookDelivery", m{"id": one}, "webhookDelivery { id }").Is("NOT_FOUND")
	w.Do(t, "liaison", "replayWebhookDelivery", m{"id": hook}, "webhookDelivery { id }").Is("WRONG_ID")
	w.Do(t, "liaison", "replayWebhookDelivery", m{"id": one}, "webhookDelivery { state }").Fine()
	w.Settle(t)
	if got := e.took(); len(got) != 1 || got[0].Type != "contract.proposed" {
		t.Errorf("replayed: %+v", got)
	}
	rotated := w.Do(t, "liaison", "rotateWebhookSecret", m{"id": hook}, "secret webhook { version secrets { endsAt } }").Fine()
	if rotated.Len("it.webhook.secrets") != 2 || rotated.Str("it.secret") == made.Str("it.secret") {
		t.Errorf("rotated: %s", rotated.Text)
	}
	step := func(who, mutation string, more m) *graphtest.Answer {
		version := w.Ask(t, "liaison", `query($i: ID!) { webhook(id: $i) { version } }`, "i", hook).Int("webhook.version")
		return w.Do(t, who, mutation, with(m{"id": hook, "expectedVersion": version}, more), webhookFields)
	}
	step("secretary", "pauseWebhook", nil).Is("NOT_FOUND")
	step("liaison", "pauseWebhook", nil).Fine()
	step("liaison", "pauseWebhook", nil).Is("WEBHOOK_STATE")
	step("liaison", "resumeWebhook", nil).Fine()
	step("supervisor", "updateWebhook", m{"selection": "{ seq subject { ... on CoBuildingContract { title } } }", "name": "ERP 2"}).Fine()
	step("liaison", "replayWebhookDeliveries", m{}).Is("REQUIRED")
	step("liaison", "replayWebhookDeliveries", m{"failedAfter": "0"}).Fine()
	if a := w.Ask(t, "supervisor", `query($o: ID!) { webhooks(organisation: $o, first: 5, filter: {state: {eq: ACTIVE}}) { totalCount nodes { name selection } } }`, "o", w.Unit).Fine(); a.Int("webhooks.totalCount") != 1 || a.Str("webhooks.nodes.0.name") != "ERP 2" {
		t.Errorf("listed: %s", a.Text)
	}
	w.Ask(t, "outsider", `query($o: ID!) { webhooks(organisation: $o, first: 5) { nodes { id } } }`, "o", w.Unit).Is("FORBIDDEN")
	if gone := step("liaison", "deleteWebhook", nil).Fine(); gone.Str("it.webhook.url") != "" || gone.Len("it.webhook.secrets") != 0 {
		t.Errorf("deleted: %s", gone.Text)
	}
	w.Do(t, "liaison", "testWebhook", m{"id": hook}, "webhookDelivery { id }").Is("WEBHOOK_STATE")
}

func TestABadWebhookIsToldWhatIsWrongAndTheWayOut(t *testing.T) {
	w := graphtest.NewTown(t)
	of, _ := account(t, w, "erp", "CONTRACTS_READ")
	for name, tt := range map[string]struct {
		more     m
		code, at string
	}{
		"a private address":   {m{"url": "https://10.0.0.1/"}, "WEBHOOK_ADDRESS_PRIVATE", "url"},
		"this machine":        {m{"url": "https://127.0.0.1/"}, "WEBHOOK_ADDRESS_PRIVATE", "url"},
		"a cloud's own":       {m{"url": "https://169.254.169.254/latest/meta-data"}, "WEBHOOK_ADDRESS_PRIVATE", "url"},
		"a name that is none": {m{"url": "https://no-such-name.invalid/"}, "WEBHOOK_ADDRESS_UNREACHABLE", "url"},
		"not https":           {m{"url": "http://example.org/"}, "WEBHOOK_URL_NOT_HTTPS", "url"},
		"a password":          {m{"url": "https://a:b@example.org/"}, "WEBHOOK_URL_CREDENTIALS", "url"},
		"a port":              {m{"url": "https://example.org:22/"}, "WEBHOOK_URL_PORT", "url"},
		"an unknown type":     {m{"url": "https://10.0.0.1/", "events": []string{"contract.sined"}}, "EVENT_TYPE_UNKNOWN", "events.0"},
		"a seq to come":       {m{"url": "https://10.0.0.1/", "after": "999999"}, "SEQ_NOT_REACHED", "after"},
		"an unknown field":    {m{"url": "https://10.0.0.1/", "selection": "{ seq\n  titel }"}, "WEBHOOK_SELECTION", "selection"},
		"half a selection":    {m{"url": "https://10.0.0.1/", "selection": "{ seq "}, "WEBHOOK_SELECTION", "selection"},
		"another query":       {m{"url": "https://10.0.0.1/", "selection": "{ seq } query { viewer { id } }"}, "WEBHOOK_SELECTION", "selection"},
		"out of its braces":   {m{"url": "https://10.0.0.1/", "selection": "{ seq } } } { viewer { id"}, "WEBHOOK_SELECTION", "selection"},
		"a variable":          {m{"url": "https://10.0.0.1/", "selection": "{ seq @include(if: $ids) }"}, "WEBHOOK_SELECTION", "selection"},
		"introspection":       {m{"url": "https://10.0.0.1/", "selection": "{ __schema { types { name } } }"}, "WEBHOOK_SELECTION", "selection"},
		"a costly selection":  {m{"url": "https://10.0.0.1/", "selection": "{ subject { ... on Community { contracts(first: 100) { nodes { title status } } } } }"}, "", "selection"},
	} {
		a := w.Do(t, "liaison", "createWebhook", with(m{"serviceAccount": of, "name": "n"}, tt.more), "secret")
		if tt.code == "" {
			if c := a.Code(); c != "WEBHOOK_SELECTION_TOO_COSTLY" && c != "WEBHOOK_SELECTION" {
				t.Errorf("%s: %s", name, a.Text)
			}
			continue
		}
		if a.Code() != tt.code || a.At() != tt.at {
			t.Errorf("%s: %s", name, a.Text)
		}
	}
	a := w.Do(t, "liaison", "createWebhook", m{"serviceAccount": of, "name": "n", "url": "https://10.0.0.1/", "selection": "{ seq\n  titel }"}, "secret")
	if text := a.Str("it.errors.0.message"); !strings.Contains(text, "line 2, column 3") {
		t.Errorf("it does not say where: %s", text)
	}
	a = w.Do(t, "liaison", "createWebhook", m{"serviceAccount": of, "name": "n", "url": "https://10.0.0.1/", "events": []string{"contract.sined"}}, "secret")
	if text := a.Str("it.errors.0.message"); !strings.Contains(text, "contract.signed") {
		t.Errorf("it does not say what was meant: %s", text)
	}
}

func TestAWebhookTellsNoMoreThanItsAccountMayRead(t *testing.T) {
	w := graphtest.NewTown(t, reaching)
	e := newEndpoint(t)
	all, _ := account(t, w, "all", "CONTRACTS_READ", "PEOPLE_READ")
	some, _ := account(t, w, "some", "CONTRACTS_READ")
	none, _ := account(t, w, "none")
	const selection = "{ type subject { __typename ... on CoBuildingContract { title } } actor { ... on Person { id name } } }"
	for name, of := range map[string]string{"all": all, "some": some, "none": none} {
		w.Do(t, "liaison", "createWebhook", m{"serviceAccount": of, "name": name, "url": e.URL + "/" + name, "selection": selection, "events": []string{"contract.*", "role.*"}}, "secret").Fine()
	}
	negotiated(t, w)
	w.Do(t, "admin", "invitePerson", m{"role": "MEMBER", "organisation": w.OtherUnit}, "code").Fine()
	w.Settle(t)
	got := map[bool]int{}
	for _, l := range e.took() {
		if l.Type == "role.granted" {
			t.Errorf("another unit's affairs: %s", l.body)
		}
		subject, _ := l.Data["subject"].(m)
		if subject["title"] == nil {
			t.Errorf("without its title: %s", l.body)
		}
		named := strings.Contains(string(l.body), `"name":"`)
		got[named]++
	}
	if got[true] == 0 && got[false] == 0 {
		t.Fatal("nothing was sent")
	}
	version := w.Ask(t, "liaison", `query($i: ID!) { serviceAccount(id: $i) { version } }`, "i", some).Int("serviceAccount.version")
	stopped := w.Do(t, "liaison", "disableServiceAccount", m{"id": some, "expectedVersion": version, "reason": "a lost laptop"}, "serviceAccount { version }").Fine()
	version = w.Ask(t, "liaison", `query($i: ID!) { serviceAccount(id: $i) { version } }`, "i", all).Int("serviceAccount.version")
	w.Do(t, "liaison", "endServiceAccount", m{"id": all, "expectedVersion": version, "reason": "a lost laptop"}, "serviceAccount { version }").Fine()
	negotiated(t, w)
	w.Settle(t)
	if got := e.took(); len(got) != 0 {
		t.Errorf("sent for accounts that are stopped: %d", len(got))
	}
	if a := w.Ask(t, "liaison", `query($o: ID!) { webhooks(organisation: $o, first: 5, filter: {state: {eq: SUSPENDED}}) { nodes { name cause } } notifications(first: 5, filter: {kind: {eq: WEBHOOK_SUSPENDED}}) { nodes { text } } }`, "o", w.Unit).Fine(); a.Len("webhooks.nodes") != 1 ||
		a.Str("webhooks.nodes.0.cause") != "SERVICE_ACCOUNT_ENDED" || a.Len("notifications.nodes") != 1 {
		t.Errorf("of the ended one: %s", a.Text)
	}
	w.Do(t, "liaison", "enableServiceAccount", m{"id": some, "expectedVersion": stopped.Int("it.serviceAccount.version")}, "serviceAccount { id }").Fine()
	w.Settle(t)
	if got := e.took(); len(got) == 0 {
		t.Error("the enabled one does not go on where it stopped")
	}
}

// webhooks are those of the partner: one that is answered “later” now and was taken before, and one whose endpoint is gone.
func (w *matrixTown) webhooks() {
	t := w.t
	e := newEndpoint(t)
	in := m{"serviceAccount": w.at["program"], "name": "ERP", "url": e.URL, "events": []string{"webhook.*"}, "selection": "{ id type }"}
	w.at["endpoint"] = e.URL
	w.at["webhook"] = w.Do(t, "liaison", "createWebhook", in, "webhook { id }").Fine().Str("it.webhook.id")
	w.Settle(t)
	e.answers(func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Retry-After", "3600")
		rw.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(rw, "later")
	})
	w.Do(t, "liaison", "rotateWebhookSecret", m{"id": w.at["webhook"]}, "secret").Fine()
	w.Settle(t)
	w.at["delivery"] = w.Ask(t, "liaison", `query($w: ID!) { webhookDeliveries(webhook: $w, first: 1) { nodes { id } } }`, "w", w.at["webhook"]).Fine().Str("webhookDeliveries.nodes.0.id")
	gone := newEndpoint(t)
	gone.answers(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusGone) })
	w.at["gone webhook"] = w.Do(t, "liaison", "createWebhook", with(in, m{"name": "旧系统", "url": gone.URL}), "webhook { id }").Fine().Str("it.webhook.id")
	w.Settle(t)
}

// webhookInputs are what the mutations about webhooks are tried with.
func (w *matrixTown) webhookInputs() map[string]m {
	about := m{"id": w.at["webhook"]}
	return map[string]m{
		"createWebhook":           {"serviceAccount": w.at["program"], "name": "另一个", "url": w.at["endpoint"]},
		"updateWebhook":           with(about, m{"name": "新名"}),
		"pauseWebhook":            about,
		"resumeWebhook":           {"id": w.at["gone webhook"]},
		"deleteWebhook":           about,
		"testWebhook":             about,
		"rotateWebhookSecret":     about,
		"replayWebhookDelivery":   {"id": w.at["delivery"]},
		"replayWebhookDeliveries": with(about, m{"failedAfter": "0"}),
	}
}
