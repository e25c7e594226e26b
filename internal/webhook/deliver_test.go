package webhook

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/page"
)

func TestAnEventIsSentSignedAndPutOnRecord(t *testing.T) {
	w := newWorld(t)
	e := w.at("erp", nil)
	w.happen("contract.signed", "before")
	m := w.made("erp", func(in *CreateInput) { in.Events = []string{"contract.*"} })
	w.happen("fulfilment.reported", "f")
	w.happen("contract.signed", "c")
	w.settle()
	got := e.all()
	if len(got) != 1 || got[0].id != string(id.Placed(3)) || got[0].letter.Type != "contract.signed" || got[0].letter.Data.Subject != "c" {
		t.Fatalf("got %+v", got)
	}
	verify(t, m.Secret, got[0])
	d := w.sent(m.Webhook.ID, nil)
	if len(d) != 1 || d[0].State != Delivered || d[0].Tries != 1 || *d[0].Attempts[0].Status != 200 || d[0].DeliveredAt == nil {
		t.Errorf("on record: %+v", d)
	}
	if h := w.health(m.Webhook.ID); h.Seq != 3 || h.Lag != 0 || h.Failures != 0 || h.LastSuccessAt == nil {
		t.Errorf("its health: %+v", h)
	}
	w.settle()
	if len(e.all()) != 1 {
		t.Error("it was sent twice")
	}
}

// verify holds a parcel against the reference library. The clock of the tests is not that of the library.
func verify(t *testing.T, secret string, p parcel) {
	t.Helper()
	v, err := standard.NewWebhook(secret)
	must(t, err)
	h := http.Header{}
	h.Set("webhook-id", p.id)
	h.Set("webhook-timestamp", p.stamp)
	h.Set("webhook-signature", p.signature)
	if err := v.VerifyIgnoringTimestamp(p.body, h); err != nil {
		t.Errorf("the signature %s: %v", p.signature, err)
	}
	if err := v.VerifyIgnoringTimestamp(append(slices.Clone(p.body), ' '), h); err == nil {
		t.Error("an altered body is taken for ours")
	}
}

func TestForADayBothSecretsSign(t *testing.T) {
	w := newWorld(t)
	e := w.at("erp", nil)
	m := w.made("erp")
	next, err := w.Rotate(w.liaison(), RotateInput{ID: m.Webhook.ID})
	must(t, err)
	w.happen("contract.signed", "a")
	w.settle()
	w.pass(Overlap + time.Second)
	w.happen("contract.signed", "b")
	w.settle()
	third, err := w.Rotate(w.liaison(), RotateInput{ID: m.Webhook.ID, EndOthers: new(true)})
	must(t, err)
	w.happen("contract.signed", "c")
	w.settle()
	got := e.all()
	for i, n := range []int{2, 1, 1} {
		if len(strings.Fields(got[i].signature)) != n {
			t.Errorf("delivery %d bears %q, not %d signatures", i, got[i].signature, n)
		}
	}
	verify(t, m.Secret, got[0])
	verify(t, next.Secret, got[0])
	verify(t, next.Secret, got[1])
	verify(t, third.Secret, got[2])
	if s := w.today(m.Webhook.ID).Secrets; len(s) != 1 || s[0].Sealed != nil {
		t.Errorf("the secrets that are shown: %+v", s)
	}
}

func TestWhatFailsHoldsBackItsOwnSubjectAlone(t *testing.T) {
	w := newWorld(t)
	e := w.at("erp", func(rw http.ResponseWriter, r *http.Request) {
		if b, _ := io.ReadAll(r.Body); strings.Contains(string(b), `"seq":1,`) {
			rw.WriteHeader(http.StatusInternalServerError)
			_, _ = rw.Write([]byte("the ledger is locked"))
		}
	})
	m := w.made("erp")
	w.happen("contract.signed", "bad", "good", "bad", "good")
	w.settle()
	if got := e.seqs(); !slices.Equal(got, []int64{2, 4}) {
		t.Fatalf("taken: %v", got)
	}
	if h := w.health(m.Webhook.ID); h.SetAside != 2 || h.Seq != 4 {
		t.Errorf("its health: %+v", h)
	}
	pending := w.sent(m.Webhook.ID, &DeliveryFilter{State: &DeliveryStateChoice{Eq: new(Pending)}})
	if len(pending) != 1 || *pending[0].Attempts[0].Answer != "the ledger is locked" || *pending[0].Attempts[0].Error != ErrorStatus || pending[0].NextAttemptAt == nil {
		t.Fatalf("on record: %+v", pending)
	}
	w.settle()
	if len(e.all()) != 3 {
		t.Error("it was tried again at once")
	}
	e.answers(nil)
	w.pass(10 * time.Second)
	w.settle()
	if got := e.seqs(); !slices.Equal(got, []int64{2, 4, 1, 3}) {
		t.Errorf("taken: %v", got)
	}
	if got := e.all(); got[0].id != got[3].id && got[1].id != got[3].id && got[2].id != got[3].id {
		t.Errorf("tried again under another name: %s", got[3].id)
	}
	if d := w.sent(m.Webhook.ID, &DeliveryFilter{State: &DeliveryStateChoice{Eq: new(Delivered)}, Type: &TypeChoice{Eq: new("contract.signed")}, Since: new(noon)}); len(d) != 4 {
		t.Errorf("%d delivered", len(d))
	}
}

func TestEveryWayToFailIsToldApart(t *testing.T) {
	for want, h := range map[AttemptError]http.HandlerFunc{
		ErrorStatus:   code(http.StatusBadRequest),
		ErrorRedirect: func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "http://erp/else", http.StatusFound) },
		ErrorCut: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte("half of it"))
		},
		ErrorConnection: func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		t.Run(string(want), func(t *testing.T) {
			w := newWorld(t)
			e := w.at("erp", h)
			m := w.made("erp")
			w.happen("contract.signed", "c")
			w.settle()
			d := w.sent(m.Webhook.ID, nil)
			if len(d) != 1 || d[0].State != Pending || d[0].Attempts[0].Error == nil || *d[0].Attempts[0].Error != want {
				t.Fatalf("on record: %+v", d[0].Attempts[0])
			}
			if n := len(e.all()); n != 1 {
				t.Errorf("the endpoint was asked %d times", n)
			}
		})
	}
}

func TestAnEndpointThatIsGoneIsLeftAlone(t *testing.T) {
	w := newWorld(t)
	e := w.at("erp", code(http.StatusGone))
	m := w.made("erp")
	w.happen("contract.signed", "a", "b")
	w.settle()
	now := w.today(m.Webhook.ID)
	if now.State != Gone || *now.Cause != CauseGone {
		t.Fatalf("it is %s", now.State)
	}
	n := len(e.all())
	w.happen("contract.signed", "c")
	w.pass(24 * time.Hour)
	w.settle()
	if len(e.all()) != n {
		t.Error("something was sent to it")
	}
	e.answers(nil)
	_, err := w.Resume(w.liaison(), StopInput{change(now), m.Webhook.ID})
	must(t, err)
	w.settle()
	if got := e.seqs(); len(got) != 3 {
		t.Errorf("when it is back it gets %v", got)
	}
}

func TestRetryAfterIsHonoured(t *testing.T) {
	w := newWorld(t)
	e := w.at("erp", func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Retry-After", "3600")
		rw.WriteHeader(http.StatusTooManyRequests)
	})
	m := w.made("erp")
	w.happen("contract.signed", "a", "a", "a")
	w.settle()
	e.answers(nil)
	w.pass(59 * time.Minute)
	w.settle()
	if got := e.all(); len(got) != 1 {
		t.Fatalf("%d requests before the hour was over", len(got))
	}
	if h := w.health(m.Webhook.ID); h.NextAttemptAt == nil || !h.NextAttemptAt.Equal(noon.Add(time.Hour)) {
		t.Errorf("its health: %+v", h)
	}
	w.pass(2 * time.Minute)
	w.settle()
	if got := e.seqs(); !slices.Equal(got, []int64{1, 2, 3}) {
		t.Errorf("taken: %v", got)
	}
}

func TestWhatTheAccountMayNotReadIsNotSent(t *testing.T) {
	w := newWorld(t)
	e := w.at("erp", nil)
	m := w.made("erp")
	w.hidden[1] = true
	w.happen("contract.signed", "hidden", "seen")
	w.settle()
	if got := e.seqs(); !slices.Equal(got, []int64{2}) || len(w.sent(m.Webhook.ID, nil)) != 1 {
		t.Errorf("sent: %v", got)
	}
	w.let(false)
	w.happen("contract.signed", "later")
	w.settle()
	if len(e.all()) != 1 || w.today(m.Webhook.ID).State != Active {
		t.Error("it was sent for an account that cannot act")
	}
	w.let(true)
	w.settle()
	if got := e.seqs(); !slices.Equal(got, []int64{2, 3}) {
		t.Errorf("when the account may act again: %v", got)
	}
	e.answers(code(http.StatusInternalServerError))
	w.happen("contract.signed", "lost")
	w.settle()
	w.hidden[4] = true
	e.answers(nil)
	w.pass(time.Minute)
	w.settle()
	if d := w.sent(m.Webhook.ID, &DeliveryFilter{State: &DeliveryStateChoice{Eq: new(Withheld)}}); len(d) != 1 || len(e.seqs()) != 2 {
		t.Errorf("withheld: %+v, taken: %v", d, e.seqs())
	}
}

func TestAnEventThatCannotBeTakenIsGivenUpAndReplayed(t *testing.T) {
	w := newWorld(t)
	bad := func(rw http.ResponseWriter, r *http.Request) {
		if b, _ := io.ReadAll(r.Body); strings.Contains(string(b), `"subject":"bad"`) {
			rw.WriteHeader(http.StatusUnprocessableEntity)
		}
	}
	e := w.at("erp", bad)
	m := w.made("erp")
	w.happen("contract.signed", "bad", "bad")
	failed := func() []*Delivery {
		return w.sent(m.Webhook.ID, &DeliveryFilter{State: &DeliveryStateChoice{Eq: new(Failed)}})
	}
	for range 120 { // others are taken all the time
		w.happen("contract.proposed", "good")
		w.settle()
		w.pass(time.Hour)
	}
	w.settle()
	given := failed()
	if len(given) != 1 || given[0].Seq != 1 || given[0].Tries < 10 || given[0].Tries > 25 {
		t.Fatalf("given up: %+v", given)
	}
	_, err := w.Replay(w.liaison(), ReplayInput{ID: given[0].ID})
	must(t, err)
	w.settle()
	if now := failed(); len(now) != 1 || now[0].Tries != given[0].Tries+1 {
		t.Errorf("a replay that fails: %+v", now)
	}
	e.answers(nil)
	n := len(e.seqs())
	_, err = w.Replay(w.liaison(), ReplayInput{ID: given[0].ID})
	must(t, err)
	w.settle()
	if got := e.seqs()[n:]; !slices.Contains(got, 1) || len(failed()) != 0 {
		t.Errorf("replayed: %v", got)
	}
	_, err = w.Replay(w.as(authz.Liaison, elsewhere), ReplayInput{ID: given[0].ID})
	wants(t, "somebody else's", err, "NOT_FOUND", "id")
}

func TestEverythingThatWasGivenUpIsReplayedInItsOrder(t *testing.T) {
	w := newWorld(t)
	e := w.at("erp", nil)
	m := w.made("erp")
	var subjects []string
	for i := range 30 {
		subjects = append(subjects, "s"+string(rune('a'+i%3)))
	}
	w.happen("contract.signed", subjects...)
	w.settle()
	for seq := range int64(30) { // as if each had been given up
		i := &item{aside: aside{Seq: seq + 1, Type: "contract.signed", Subject: subjects[seq], At: noon}, again: true}
		must(t, w.record(authz.AsSystem(t.Context()), m.Webhook.ID, record{*i, nil, Failed, nil}))
	}
	n := len(e.all())
	now := w.today(m.Webhook.ID)
	_, err := w.ReplayMany(w.liaison(), ReplayManyInput{Change: change(now), ID: now.ID})
	wants(t, "nothing said", err, "REQUIRED", "failedSince")
	_, err = w.ReplayMany(w.liaison(), ReplayManyInput{Change: change(now), ID: now.ID, FailedAfter: new(int64(5))})
	must(t, err)
	w.settle()
	if got := e.seqs()[n:]; len(got) != 25 || !slices.IsSorted(got) || got[0] != 6 {
		t.Errorf("behind a place: %v", got)
	}
	now = w.today(m.Webhook.ID)
	_, err = w.ReplayMany(w.liaison(), ReplayManyInput{Change: change(now), ID: now.ID, FailedSince: new(noon.Add(-time.Hour))})
	must(t, err)
	w.settle()
	if got := e.seqs()[n+25:]; !slices.Equal(got, []int64{1, 2, 3, 4, 5}) {
		t.Errorf("since a moment: %v", got)
	}
	first := 3
	if c, err := w.Deliveries(w.liaison(), now.ID, nil, page.Args{First: &first}); err != nil || len(c.Edges) != 3 || !c.PageInfo.HasNextPage {
		t.Errorf("a page: %v", err)
	}
}

func TestATestGoesTheSameWay(t *testing.T) {
	w := newWorld(t)
	e := w.at("erp", nil)
	m := w.made("erp")
	d, err := w.Test(w.liaison(), TestInput{ID: m.Webhook.ID})
	must(t, err)
	if d.State != Delivered || d.Type != TestType || len(e.all()) != 1 || e.all()[0].id != string(d.ID) {
		t.Fatalf("tested: %+v", d)
	}
	verify(t, m.Secret, e.all()[0])
	e.goes(true)
	w.Client.CloseIdleConnections()
	w.happen("contract.signed", "a")
	for range 12 { // until it is left alone
		w.pass(10 * time.Minute)
		w.settle()
	}
	if d, err = w.Test(w.liaison(), TestInput{ID: m.Webhook.ID}); err != nil || d.State != Failed || *d.Attempts[0].Error != ErrorConnection {
		t.Fatalf("of an endpoint that is down: %+v, %v", d, err)
	}
	if h := w.health(m.Webhook.ID); h.NextAttemptAt == nil {
		t.Errorf("the circuit is closed: %+v", h)
	}
	e.goes(false)
	_, err = w.Test(w.liaison(), TestInput{ID: m.Webhook.ID})
	must(t, err)
	w.settle()
	if got := e.seqs(); !slices.Contains(got, 1) {
		t.Errorf("what waited was not sent: %v", got)
	}
	_, err = w.Replay(w.liaison(), ReplayInput{ID: d.ID})
	wants(t, "a test is no event", err, CodeReplay, "id")
	_, err = w.Test(w.as(authz.Auditor, unit), TestInput{ID: m.Webhook.ID})
	wants(t, "by an auditor", err, "FORBIDDEN")
}
