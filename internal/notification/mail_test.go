package notification

import (
	"context"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/http"
	"net/http/httptest"
	netmail "net/mail"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/mail"
	"github.com/cobuild/cobuild/internal/platform/mail/mailtest"
)

// posted is a world that sends mail to a real server, and the liaison of the second unit, who wants it.
func posted(t *testing.T, mode MailMode) (*world, *mailtest.Server, id.Person) {
	t.Helper()
	server := mailtest.Start(t, true, false)
	sender, err := mail.Open(mail.Config{URL: "smtps://" + server.Addr, From: "Cobuild <cobuild@example.org>", Roots: server.Roots, Timeout: 500 * time.Millisecond})
	must(t, err)
	w := open(t)
	w.Post = &Post{
		Send: sender.Send, Look: "https://cobuild.test/", Log: slog.New(slog.DiscardHandler),
		Secrets: func() [][]byte { return [][]byte{[]byte("one")} },
	}
	p := person(unit(2), "liaison")
	w.mailbox[p] = Account{Email: "li.wei@example.org", Language: Chinese}
	_, err = w.Set(as(t, p), set(0, func(in *SetInput) { in.MailMode = &mode }))
	must(t, err)
	return w, server, p
}

// deliver lets the mail go out that is due.
func (w *world) deliver(t testing.TB) {
	t.Helper()
	for {
		n, err := w.MailTick(t.Context(), w.now())
		must(t, err)
		if n == 0 {
			return
		}
	}
}

// proposes tells the second unit of a contract, which mail tells of where nobody says otherwise.
func (w *world) proposes(t testing.TB) {
	t.Helper()
	w.happens(t, "contract.proposed", string(theContract()), "", nil)
}

// parts are the subject and the bodies of a letter as a person reads them.
func parts(t *testing.T, raw string) (subject string, bodies []string) {
	t.Helper()
	m, err := netmail.ReadMessage(strings.NewReader(raw))
	must(t, err)
	subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	must(t, err)
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	must(t, err)
	r := multipart.NewReader(m.Body, params["boundary"])
	for {
		p, err := r.NextRawPart()
		if err != nil {
			return subject, bodies
		}
		body, err := io.ReadAll(quotedprintable.NewReader(p))
		must(t, err)
		bodies = append(bodies, string(body))
	}
}

func TestADigestComesOnceADayAtItsHourAndOnlyWhereThereIsSomething(t *testing.T) {
	w, server, p := posted(t, Digest) // ten o'clock; the digest is at eight
	w.proposes(t)
	w.proposes(t)
	w.happens(t, "contract.signed", string(theContract()), "", nil) // concerns the host alone
	w.happens(t, "contract.activated", string(theContract()), "", nil)
	var got []int
	for range 30 {
		w.deliver(t)
		got = append(got, len(server.Taken()))
		w.wait(time.Hour)
	}
	if got[21] != 0 || got[22] != 1 || got[29] != 1 {
		t.Fatalf("hour by hour: %v", got)
	}
	subject, bodies := parts(t, server.Taken()[0])
	if subject != "共建：2 条未读通知" || len(bodies) != 2 || !strings.Contains(bodies[0], "2 条 · 有一份契约等待贵方商议。") || !strings.Contains(bodies[1], "<li>2 条") {
		t.Errorf("%s: %v", subject, bodies)
	}
	for range 48 {
		w.wait(time.Hour)
		w.deliver(t)
	}
	if n := len(server.Taken()); n != 1 {
		t.Errorf("of nothing new there are %d mails", n)
	}
	w.proposes(t)
	_, err := w.MarkRead(as(t, p), MarkInput{UpTo: new(w.now())})
	must(t, err)
	w.wait(24 * time.Hour)
	w.deliver(t)
	if n := len(server.Taken()); n != 1 {
		t.Error("what was read before the hour is mailed")
	}
}

func TestNothingPersonalIsInTheMail(t *testing.T) {
	w, server, p := posted(t, Immediate)
	for _, r := range Rules() {
		if r.Event != "" && r.To != ThePerson {
			w.happens(t, r.Event, string(theContract()), "", dueEvent("DUE"))
		}
	}
	var all []*WishInput
	for _, k := range Kinds() {
		all = append(all, &WishInput{Kind: k, Mail: new(true)})
	}
	_, err := w.Set(as(t, p), set(1, func(in *SetInput) { in.Kinds = all }))
	must(t, err)
	w.proposes(t)
	w.wait(gather)
	w.deliver(t)
	if len(server.Taken()) != 1 {
		t.Fatalf("%d mails", len(server.Taken()))
	}
	subject, bodies := parts(t, server.Taken()[0])
	for _, fact := range []string{"共建契约》", "长安", "2026-03", string(theContract()), string(unit(2)), "li.wei"} {
		for _, text := range append(bodies, subject) {
			if strings.Contains(text, fact) {
				t.Errorf("the mail tells %q: %s", fact, text)
			}
		}
	}
}

func TestSoonIsAfterSomeMinutesAndTogether(t *testing.T) {
	w, server, _ := posted(t, Immediate)
	for range 3 {
		w.proposes(t)
		w.deliver(t)
		w.wait(time.Minute)
	}
	w.wait(gather)
	w.deliver(t)
	w.deliver(t)
	if taken := server.Taken(); len(taken) != 1 {
		t.Fatalf("%d mails", len(taken))
	} else if subject, _ := parts(t, taken[0]); subject != "共建：3 条未读通知" {
		t.Error(subject)
	}
	w.proposes(t)
	w.wait(gather)
	w.deliver(t)
	if n := len(server.Taken()); n != 2 {
		t.Errorf("%d mails", n)
	}
}

func TestTwoNodesSendAMailOnce(t *testing.T) {
	w, server, _ := posted(t, Immediate)
	w.proposes(t)
	w.wait(gather)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := w.MailTick(context.Background(), w.now()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := len(server.Taken()); n != 1 {
		t.Errorf("%d mails", n)
	}
}

func TestAMailThatWasSurelyNotTakenIsTriedAgainWithGrowingPauses(t *testing.T) {
	for says, mood := range map[string]mailtest.Mood{
		"greylisted": {Mail: 451}, "a full mailbox": {Rcpt: 452}, "refused for now": {Data: 451}, "we are refused": {Mail: 550}, "a letter refused": {Data: 554},
	} {
		t.Run(says, func(t *testing.T) {
			w, server, _ := posted(t, Digest)
			w.proposes(t)
			w.wait(22 * time.Hour)
			server.Be(mood)
			for range 4 * 60 {
				w.deliver(t)
				w.wait(time.Minute)
			}
			if n := server.Tries(); n != mostTries || len(server.Taken()) != 0 {
				t.Errorf("tried %d times", n)
			}
			server.Be(mailtest.Mood{})
			w.proposes(t) // something new to mail of: what was not mailed goes with it
			w.wait(24 * time.Hour)
			w.deliver(t)
			if taken := server.Taken(); len(taken) != 1 {
				t.Fatalf("%d mails", len(taken))
			} else if subject, _ := parts(t, taken[0]); subject != "共建：2 条未读通知" {
				t.Error(subject)
			}
		})
	}
}

func TestAServerThatWasAwayGetsTheMailWhenItIsBack(t *testing.T) {
	w, server, _ := posted(t, Immediate)
	right := w.Post.Send
	w.Post.Send = func(ctx context.Context, l mail.Letter) mail.Result {
		away, err := mail.Open(mail.Config{URL: "smtps://127.0.0.1:1", From: "a@example.org", Timeout: time.Second})
		must(t, err)
		return away.Send(ctx, l)
	}
	w.proposes(t)
	w.wait(gather)
	w.deliver(t)
	w.Post.Send = right
	w.deliver(t)
	if len(server.Taken()) != 0 {
		t.Error("it was tried again without a pause")
	}
	w.wait(firstWait)
	w.deliver(t)
	if n := len(server.Taken()); n != 1 {
		t.Errorf("%d mails", n)
	}
}

func TestAMailThatMayHaveBeenTakenIsNotSentAgain(t *testing.T) {
	for says, mood := range map[string]mailtest.Mood{"closed half-way": {Hang: true}, "too slow": {Slow: time.Second}} {
		t.Run(says, func(t *testing.T) {
			w, server, _ := posted(t, Immediate)
			server.Be(mood)
			w.proposes(t)
			w.wait(gather)
			w.deliver(t)
			server.Be(mailtest.Mood{})
			for range 100 {
				w.wait(10 * time.Minute)
				w.deliver(t)
			}
			if n := server.Tries(); n != 1 {
				t.Errorf("sent %d times", n)
			}
		})
	}
}

func TestAMailboxThatTakesNothingIsLeftAloneUntilItsPersonSaysOtherwise(t *testing.T) {
	w, server, p := posted(t, Immediate)
	server.Be(mailtest.Mood{Rcpt: 550})
	again := func(want int) {
		t.Helper()
		w.proposes(t)
		w.wait(time.Hour)
		w.deliver(t)
		if n := server.Tries(); n != want {
			t.Errorf("tried %d times, want %d", n, want)
		}
	}
	again(1)
	again(1)
	got, err := w.Settings(as(t, p))
	must(t, err)
	if got.MailRefused == nil || got.MailRefused.Code != 550 || !got.MailAvailable {
		t.Errorf("the settings say %+v", got.MailRefused)
	}
	got, err = w.Set(as(t, p), set(1, func(in *SetInput) { in.MailMode = new(Immediate) }))
	must(t, err)
	if got.MailRefused != nil {
		t.Error("asked anew, and still refused")
	}
	again(2)
	w.mailbox[p] = Account{Email: "another@example.org"}
	server.Be(mailtest.Mood{})
	if got, err := w.Settings(as(t, p)); err != nil || got.MailRefused != nil {
		t.Error("of another address it is said that it was refused")
	}
	again(3)
	if n := len(server.Taken()); n != 1 {
		t.Errorf("%d mails", n)
	}
}

func TestNobodyGetsMailWhoHasNotAskedForIt(t *testing.T) {
	w, server, p := posted(t, Immediate)
	w.mailbox[person(host(), "liaison")] = Account{Email: "someone@example.org"}
	w.proposes(t)
	_, err := w.Set(as(t, p), set(1, func(in *SetInput) { in.MailMode = new(None) }))
	must(t, err)
	w.wait(48 * time.Hour)
	w.deliver(t)
	if n := server.Tries(); n != 0 {
		t.Errorf("%d mails", n)
	}
}

func TestOneClickEndsTheMail(t *testing.T) {
	w, server, p := posted(t, Immediate)
	w.proposes(t)
	w.wait(gather)
	w.deliver(t)
	m := regexp.MustCompile(`List-Unsubscribe: <([^>]+)>`).FindStringSubmatch(strings.ReplaceAll(server.Taken()[0], "\n ", " "))
	if m == nil {
		t.Fatal(server.Taken()[0])
	}
	u, err := url.Parse(strings.TrimSpace(m[1]))
	must(t, err)
	call := func(method, path string) int {
		r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader("List-Unsubscribe=One-Click"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		answer := httptest.NewRecorder()
		w.Leave().ServeHTTP(answer, r)
		if strings.Contains(answer.Body.String(), "li.wei") || strings.Contains(answer.Body.String(), string(p)) {
			t.Errorf("the page tells who it is: %s", answer.Body)
		}
		return answer.Code
	}
	mode := func() MailMode {
		s, err := w.Settings(as(t, p))
		must(t, err)
		return s.MailMode
	}
	other := strings.Replace(u.Path, string(p), string(person(host(), "liaison")), 1)
	for _, bad := range []string{LeavePath, other, u.Path[:len(u.Path)-2], LeavePath + string(p), LeavePath + string(p) + "."} {
		if code := call(http.MethodPost, bad); code != http.StatusNotFound {
			t.Errorf("%s: %d", bad, code)
		}
	}
	if code := call(http.MethodGet, u.Path); code != http.StatusOK || mode() != Immediate {
		t.Errorf("a look alone: %d, %s", code, mode())
	}
	if code := call(http.MethodDelete, u.Path); code != http.StatusMethodNotAllowed {
		t.Errorf("DELETE: %d", code)
	}
	for range 2 {
		if code := call(http.MethodPost, u.Path); code != http.StatusOK || mode() != None {
			t.Errorf("one click: %d, %s", code, mode())
		}
	}
	w.Post.Secrets = func() [][]byte { return [][]byte{[]byte("two"), []byte("one")} }
	if code := call(http.MethodPost, u.Path); code != http.StatusOK {
		t.Errorf("after a rotation: %d", code)
	}
	if len(server.Taken()) != 1 {
		t.Errorf("%d mails", len(server.Taken()))
	}
}
