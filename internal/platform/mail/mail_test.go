package mail_test

import (
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/platform/mail"
	"github.com/cobuild/cobuild/internal/platform/mail/mailtest"
)

const from = "Cobuild <cobuild@example.org>"

func letter() mail.Letter {
	return mail.Letter{
		ID: "ntf1_x", To: "li.wei@example.org", Subject: "共建：3 条未读通知", Text: "三条\n", HTML: "<p>三条</p>", At: time.UnixMilli(0),
		Leave: "https://cobuild.test/mail/leave/x",
	}
}

func open(t *testing.T, address string, s *mailtest.Server, timeout time.Duration) *mail.Sender {
	t.Helper()
	m, err := mail.Open(mail.Config{URL: address, From: from, Roots: s.Roots, Timeout: timeout})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestALetterIsTakenOverTLSInEitherWayAndByPassword(t *testing.T) {
	for scheme, implicit := range map[string]bool{"smtps": true, "smtp": false} {
		s := mailtest.Start(t, implicit, false)
		s.Be(mailtest.Mood{Password: "p@ss/word"})
		address := scheme + "://cobuild:" + url.QueryEscape("p@ss/word") + "@" + s.Addr
		if r := open(t, address, s, 0).Send(t.Context(), letter()); r.Outcome != mail.Sent {
			t.Errorf("%s: %+v", scheme, r)
		}
		if taken := s.Taken(); len(taken) != 1 {
			t.Fatalf("%s: %d taken", scheme, len(taken))
		}
		got := s.Taken()[0]
		for _, want := range []string{
			"List-Unsubscribe: <https://cobuild.test/mail/leave/x>", "List-Unsubscribe-Post: List-Unsubscribe=One-Click", "Auto-Submitted: auto-generated",
			"Message-ID: <ntf1_x@127.0.0.1>", "multipart/alternative", "text/plain", "text/html", "To: <li.wei@example.org>",
		} {
			if !strings.Contains(got, want) {
				t.Errorf("%s: the letter lacks %q: %s", scheme, want, got)
			}
		}
		if r := open(t, scheme+"://cobuild:wrong@"+s.Addr, s, 0).Send(t.Context(), letter()); r.Outcome != mail.Later {
			t.Errorf("%s, with a wrong password: %+v", scheme, r)
		}
	}
}

func TestWithoutTLSNothingIsSentUnlessSaidSo(t *testing.T) {
	s := mailtest.Start(t, false, true)
	if r := open(t, "smtp://"+s.Addr, s, 0).Send(t.Context(), letter()); r.Outcome != mail.Later || s.Tries() != 0 {
		t.Errorf("got %+v", r)
	}
	if r := open(t, "smtp://"+s.Addr+"?tls=none", s, 0).Send(t.Context(), letter()); r.Outcome != mail.Sent {
		t.Errorf("when it is said so: %+v", r)
	}
	other := mailtest.Start(t, true, false)
	if r := open(t, "smtps://"+other.Addr, s, 0).Send(t.Context(), letter()); r.Outcome != mail.Later || other.Tries() != 0 {
		t.Errorf("to a server for which nobody vouches: %+v", r)
	}
}

func TestWhatWasNotTakenIsSortedByWhoCouldMendIt(t *testing.T) {
	for says, tc := range map[string]struct {
		mood mailtest.Mood
		want mail.Outcome
		code int
	}{
		"no such mailbox":                       {mailtest.Mood{Rcpt: 550}, mail.Refused, 550},
		"a mailbox elsewhere":                   {mailtest.Mood{Rcpt: 551}, mail.Refused, 551},
		"a full mailbox":                        {mailtest.Mood{Rcpt: 552}, mail.Later, 552},
		"a busy mailbox":                        {mailtest.Mood{Rcpt: 450}, mail.Later, 450},
		"a server that does not know us":        {mailtest.Mood{Mail: 550}, mail.Later, 550},
		"greylisted":                            {mailtest.Mood{Mail: 451}, mail.Later, 451},
		"the letter refused":                    {mailtest.Mood{Data: 554}, mail.Later, 554},
		"the letter refused for now":            {mailtest.Mood{Data: 451}, mail.Later, 451},
		"closed before the letter was taken":    {mailtest.Mood{Drop: true}, mail.Unsure, 0},
		"closed after it, without any answer":   {mailtest.Mood{Hang: true}, mail.Unsure, 0},
		"too slow to answer to the whole of it": {mailtest.Mood{Slow: time.Second}, mail.Unsure, 0},
	} {
		t.Run(says, func(t *testing.T) {
			s := mailtest.Start(t, true, false)
			s.Be(tc.mood)
			r := open(t, "smtps://"+s.Addr, s, 500*time.Millisecond).Send(t.Context(), letter())
			if r.Outcome != tc.want || r.Code != tc.code {
				t.Errorf("got %+v", r)
			}
			if strings.Contains(r.Stage, "@") {
				t.Errorf("the address is told: %q", r.Stage)
			}
		})
	}
}

func TestAServerThatIsAwayIsTriedLater(t *testing.T) {
	s := mailtest.Start(t, true, false)
	m := open(t, "smtps://"+s.Addr, s, 300*time.Millisecond)
	s.Stop()
	if r := m.Send(t.Context(), letter()); r.Outcome != mail.Later {
		t.Errorf("down: %+v", r)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // one that accepts and says nothing
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	if r := open(t, "smtp://"+l.Addr().String(), s, 300*time.Millisecond).Send(t.Context(), letter()); r.Outcome != mail.Later {
		t.Errorf("mute: %+v", r)
	}
	bad := letter()
	bad.To = "nobody"
	if r := m.Send(t.Context(), bad); r.Outcome != mail.Refused {
		t.Errorf("to no address: %+v", r)
	}
}

func TestAMistakenConfigurationIsRefusedWithoutRepeatingItsSecret(t *testing.T) {
	for _, tc := range [][2]string{
		{"", from},
		{"http://u:secret@h", from},
		{"smtps://", from},
		{"smtps://u:secret@h:0", from},
		{"smtps://u:secret@h:x", from},
		{"smtp://u:secret@h?tls=maybe", from},
		{"smtps://u:secret@h?tls=none", from},
		{"smtps://u:secret%zz@h", from},
		{"smtps://u:secret@h", ""},
		{"smtps://u:secret@h", "nobody"},
	} {
		if _, err := mail.Open(mail.Config{URL: tc[0], From: tc[1]}); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%v: %v", tc, err)
		}
	}
}
