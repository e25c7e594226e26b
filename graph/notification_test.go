package graph_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cobuild/cobuild/graph/graphtest"
	"github.com/cobuild/cobuild/internal/app"
	"github.com/cobuild/cobuild/internal/platform/mail"
	"github.com/cobuild/cobuild/internal/platform/mail/mailtest"
)

const notificationFields = `id kind text english: text(language: EN) at read readAt on organisation { id name } subject { __typename id ... on CoBuildingContract { title } ... on Fulfilment { dueOn } } `

// told is a person's inbox.
func told(t *testing.T, w *graphtest.Town, who, filter string) *graphtest.Answer {
	t.Helper()
	return w.Ask(t, who, `{ notifications(first: 50`+filter+`) { totalCount unreadCount pageInfo { hasNextPage } edges { cursor } nodes { `+notificationFields+` } } }`).Fine()
}

// kindsOf are the kinds of an inbox, the newest first.
func kindsOf(a *graphtest.Answer) string {
	var all []string
	for i := range a.Len("notifications.nodes") {
		all = append(all, a.Str(fmt.Sprintf("notifications.nodes.%d.kind", i)))
	}
	return strings.Join(all, " ")
}

func TestPeopleAreToldWhatConcernsThem(t *testing.T) {
	w := graphtest.NewTown(t)
	active(t, w)
	got := strings.Split(kindsOf(told(t, w, "liaison", "")), " ")
	if slices.Sort(got); strings.Join(got, " ") != "CONTRACT_ACTIVATED CONTRACT_PROPOSED CONTRACT_TO_SIGN" { // it has signed last itself
		t.Errorf("the liaison is told %s", got)
	}
	host := told(t, w, "secretary", "")
	if got := kindsOf(host); !strings.Contains(got, "CONTRACT_AGREED") || !strings.Contains(got, "CONTRACT_SIGNED") || strings.Contains(got, "CONTRACT_PROPOSED") {
		t.Errorf("the secretary is told %s", got)
	}
	for _, who := range []string{"steward", "supervisor", "auditor", "outsider", "stranger", "admin"} {
		if a := told(t, w, who, ""); strings.Contains(a.Text, "CONTRACT_") {
			t.Errorf("%s is told %s", who, a.Text)
		}
	}
	agreed := told(t, w, "secretary", ", filter: {kind: {eq: CONTRACT_AGREED}}")
	for path, want := range map[string]any{
		"text": "恒远机械有限公司同意了契约《长安社区与恒远机械共建契约》的文本。", "english": "恒远机械有限公司 has agreed to the text of the contract “长安社区与恒远机械共建契约”.",
		"organisation.id": w.Unit, "subject.__typename": "CoBuildingContract", "subject.title": "长安社区与恒远机械共建契约", "read": false, "readAt": nil, "on": nil,
	} {
		if got := agreed.Get("notifications.nodes.0." + path); got != want {
			t.Errorf("%s: got %v, want %v", path, got, want)
		}
	}
	w.Pass(t, 11*24*time.Hour) // 13 March, ten o'clock: a week before the donation
	soon := told(t, w, "liaison", ", filter: {kind: {in: [FULFILMENT_DUE_SOON]}, read: false}")
	if soon.Int("notifications.totalCount") != 2 || soon.Get("notifications.nodes.0.subject.dueOn") == nil || soon.Get("notifications.nodes.0.on") == nil {
		t.Errorf("what is due soon: %s", soon.Text)
	}
	w.Ask(t, "", `{ notifications(first: 1) { totalCount } }`).Is("UNAUTHENTICATED")
	w.Ask(t, "liaison", `{ notifications(first: 101) { totalCount } }`).Is("BAD_PAGE")
	w.Ask(t, "liaison", `{ notifications(first: 1, filter: {kind: {eq: GOSSIP}}) { totalCount } }`).Is("GRAPHQL_VALIDATION_FAILED")
}

func TestNotificationsAreMarkedAsReadByTheirPersonAlone(t *testing.T) {
	w := graphtest.NewTown(t)
	active(t, w)
	inbox := told(t, w, "liaison", "")
	n := inbox.Int("notifications.unreadCount")
	first := inbox.Str("notifications.nodes.0.id")
	const ask = "notifications { id read readAt kind } marked unreadCount"
	w.Do(t, "", "markRead", m{"ids": []string{first}}, ask).Is("UNAUTHENTICATED")
	for _, who := range []string{"secretary", "admin", "outsider"} {
		if a := w.Do(t, who, "markRead", m{"ids": []string{first}}, ask).Is("NOT_FOUND"); a.At() != "ids.0" {
			t.Errorf("%s: %s", who, a.Text)
		}
		if a := w.Ask(t, who, `query($n: ID!) { node(id: $n) { id } }`, "n", first).Fine(); a.Get("node") != nil {
			t.Errorf("%s finds it: %s", who, a.Text)
		}
	}
	w.Do(t, "liaison", "markRead", m{}, ask).Is("MARK_WHAT")
	w.Do(t, "liaison", "markRead", m{"ids": []string{first}, "upTo": w.Now()}, ask).Is("MARK_WHAT")
	w.Do(t, "liaison", "markRead", m{"ids": []string{w.Unit}}, ask).Is("WRONG_ID")
	a := w.Do(t, "liaison", "markRead", m{"ids": []string{first}, "clientMutationId": "once"}, ask).Fine()
	if a.Int("it.marked") != 1 || a.Int("it.unreadCount") != n-1 || a.Get("it.notifications.0.read") != true || a.Get("it.clientMutationId") != "once" {
		t.Errorf("marked: %s", a.Text)
	}
	if a := w.Do(t, "liaison", "markRead", m{"ids": []string{first}, "clientMutationId": "once"}, ask).Fine(); a.Int("it.marked") != 0 || a.Int("it.unreadCount") != n-1 {
		t.Errorf("marked again: %s", a.Text)
	}
	if a := w.Do(t, "liaison", "markRead", m{"upTo": w.Now()}, ask).Fine(); a.Int("it.marked") != n-1 || a.Int("it.unreadCount") != 0 || a.Get("it.notifications") != nil {
		t.Errorf("all marked: %s", a.Text)
	}
	if a := w.Ask(t, "liaison", `query($n: ID!) { node(id: $n) { ... on Notification { read kind text subject { id } } } }`, "n", first).Fine(); a.Get("node.read") != true {
		t.Errorf("found by its identifier: %s", a.Text)
	}
}

func TestANotificationKeepsNoFactsForWhoseRightHasEnded(t *testing.T) {
	w := graphtest.NewTown(t)
	active(t, w)
	facts := func() *graphtest.Answer {
		return told(t, w, "liaison", ", filter: {kind: {eq: CONTRACT_PROPOSED}}")
	}
	if a := facts(); !strings.Contains(a.Text, "恒远机械共建契约") || !strings.Contains(a.Text, w.Community) {
		t.Fatalf("at first: %s", a.Text)
	}
	role := w.Ask(t, "liaison", `{ viewer { roles { id role } } }`).Fine().Str("viewer.roles.0.id")
	w.Do(t, "admin", "revokeRole", m{"role": role}, "person { id }").Fine()
	a := facts()
	for _, fact := range []string{"恒远机械", "长安社区", w.Community} {
		if strings.Contains(a.Text, fact) {
			t.Errorf("after the role has ended, %s is told: %s", fact, a.Text)
		}
	}
	for path, want := range map[string]any{"text": "有一份契约等待贵方商议。", "subject": nil, "organisation": nil, "on": nil} {
		if got := a.Get("notifications.nodes.0." + path); got != want {
			t.Errorf("%s: got %v, want %v", path, got, want)
		}
	}
	revoked := told(t, w, "liaison", ", filter: {kind: {eq: ROLE_REVOKED}}")
	if got := revoked.Str("notifications.nodes.0.text"); got != "您的任职已解除：恒远机械有限公司联络员。" || revoked.Str("notifications.nodes.0.subject.__typename") != "Person" {
		t.Errorf("of the role: %s", revoked.Text)
	}
}

func TestPeopleSayHowTheyWantToBeTold(t *testing.T) {
	w := graphtest.NewTown(t)
	const ask = "settings { version language mailMode digestHour kinds { kind inApp mail } }"
	if a := w.Ask(t, "liaison", `{ notificationSettings { version language mailMode digestHour kinds { kind inApp mail } } }`).Fine(); a.Int("notificationSettings.version") != 0 ||
		a.Str("notificationSettings.mailMode") != "NONE" || a.Int("notificationSettings.digestHour") != 8 || a.Get("notificationSettings.kinds.1.mail") != true {
		t.Errorf("as they are for everybody: %s", a.Text)
	}
	w.Ask(t, "", `{ notificationSettings { version } }`).Is("UNAUTHENTICATED")
	w.Do(t, "", "setNotificationSettings", m{"expectedVersion": 0}, ask).Is("UNAUTHENTICATED")
	for at, bad := range map[string]m{
		"expectedVersion": {"expectedVersion": 4}, "digestHour": {"expectedVersion": 0, "digestHour": 24}, "mailMode": {"expectedVersion": 0, "mailMode": "DIGEST"},
		"kinds.1.kind": {"expectedVersion": 0, "kinds": []m{{"kind": "ROLE_GRANTED"}, {"kind": "ROLE_GRANTED"}}},
	} {
		if a := w.Do(t, "liaison", "setNotificationSettings", bad, ask); a.At() != at {
			t.Errorf("%s: %s", at, a.Text)
		}
	}
	in := m{"expectedVersion": 0, "language": "EN", "digestHour": 20, "kinds": []m{{"kind": "CONTRACT_PROPOSED", "inApp": false}}, "clientMutationId": "x"}
	for range 2 {
		if a := w.Do(t, "liaison", "setNotificationSettings", in, ask).Fine(); a.Int("it.settings.version") != 1 || a.Str("it.settings.language") != "EN" || a.Get("it.settings.kinds.1.inApp") != false {
			t.Errorf("set: %s", a.Text)
		}
	}
	active(t, w)
	a := told(t, w, "liaison", "")
	if got := kindsOf(a); strings.Contains(got, "CONTRACT_PROPOSED") || a.Get("notifications.nodes.0.text") != a.Get("notifications.nodes.0.english") {
		t.Errorf("told: %s", a.Text)
	}
}

func TestADigestIsMailedAndEndedByOneClick(t *testing.T) {
	server := mailtest.Start(t, true, false)
	sender, err := mail.Open(mail.Config{URL: "smtps://" + server.Addr, From: "Cobuild <cobuild@example.org>", Roots: server.Roots})
	if err != nil {
		t.Fatal(err)
	}
	w := graphtest.NewTown(t, func(c *app.Config) { c.Mail = &app.Mail{Sender: sender, PublicURL: "https://cobuild.test"} })
	code := w.Do(t, "admin", "invitePerson", m{"role": "LIAISON", "organisation": w.Unit}, "code").Fine().Str("it.code")
	w.Do(t, "", "acceptInvitation", m{"code": code, "loginName": "second", "password": graphtest.Password, "name": "李伟", "email": "li.wei@example.org", "language": "EN"}, "person { id }").Fine()
	const ask = "settings { mailMode mailAvailable mailRefused { at code } }"
	if a := w.Do(t, "second", "setNotificationSettings", m{"expectedVersion": 0, "mailMode": "DIGEST", "digestHour": 18}, ask).Fine(); a.Get("it.settings.mailAvailable") != true || a.Get("it.settings.mailRefused") != nil {
		t.Errorf("set: %s", a.Text)
	}
	w.Do(t, "liaison", "setNotificationSettings", m{"expectedVersion": 0, "mailMode": "DIGEST"}, ask).Is("NO_MAIL_ADDRESS")
	negotiated(t, w)
	w.Pass(t, 7*time.Hour) // five in the afternoon
	if n := len(server.Taken()); n != 0 {
		t.Fatalf("before its hour there are %d mails", n)
	}
	w.Pass(t, time.Hour)
	w.Pass(t, time.Hour)
	taken := server.Taken()
	if len(taken) != 1 || !strings.Contains(taken[0], "A contract has been proposed to you.") || !strings.Contains(taken[0], "Subject: Cobuild: 1 unread notifications") {
		t.Fatalf("mailed: %v", taken)
	}
	for _, fact := range []string{"李伟", "长安", "恒远", "ctr1_"} {
		if strings.Contains(taken[0], fact) {
			t.Errorf("the mail tells %s", fact)
		}
	}
	if log := w.Log(); strings.Contains(log, "li.wei") {
		t.Error("the log holds an address")
	}
	path := regexp.MustCompile(`https://cobuild\.test(/mail/leave/[^>\s]+)>`).FindStringSubmatch(strings.ReplaceAll(taken[0], "\n ", ""))
	if path == nil {
		t.Fatal(taken[0])
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path[1], strings.NewReader("List-Unsubscribe=One-Click"))
	answer := httptest.NewRecorder()
	w.Handler.ServeHTTP(answer, r)
	if a := w.Ask(t, "second", `{ notificationSettings { mailMode } }`).Fine(); answer.Code != http.StatusOK || a.Str("notificationSettings.mailMode") != "NONE" {
		t.Errorf("one click: %d, %s", answer.Code, a.Text)
	}
}
