// Package mail hands letters to an SMTP server, and says of each that was not taken whether to try again.
//
// A letter is sent at most once: where the connection breaks after the whole of it was handed over and before the server
// has answered, nobody can know, and it counts as sent.
package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"time"

	smtp "github.com/wneessen/go-mail"
)

// Config says which server takes letters, and who they are from.
type Config struct {
	// URL is as smtps://user:password@host:465 (TLS from the beginning) or smtp://user:password@host:587 (STARTTLS, without
	// which nothing is sent, unless ?tls=none is added). It holds a secret: no error repeats it.
	URL     string
	From    string         // as "Cobuild <cobuild@example.org>"
	Timeout time.Duration  // of one letter; 0 is 30 seconds
	Roots   *x509.CertPool // whose certificates are trusted; nil for those that the system trusts
}

// Letter is what one person is sent.
type Letter struct {
	ID      string // names the letter; the same for a repeat
	To      string
	Subject string
	Text    string
	HTML    string
	At      time.Time
	Leave   string // the address at which one click ends such mail; empty for none
}

// Sender sends letters.
type Sender struct {
	host     string
	options  []smtp.Option
	implicit *tls.Config // TLS from the beginning; nil where there is none or it comes by STARTTLS
	from     string
	timeout  time.Duration
}

// The mistakes of a configuration.
var (
	ErrURL  = errors.New("mail: the address of the SMTP server is smtps://… or smtp://…, with a host")
	ErrFrom = errors.New("mail: the sender is no mail address")
)

// Open checks the configuration. It does not connect: a server that is away is no reason not to start.
func Open(c Config) (*Sender, error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Hostname() == "" || u.Scheme != "smtp" && u.Scheme != "smtps" {
		return nil, ErrURL // without the cause, which would repeat the address
	}
	if err := smtp.NewMsg().From(c.From); err != nil {
		return nil, ErrFrom
	}
	if c.Timeout == 0 {
		c.Timeout = 30 * time.Second
	}
	sender := &Sender{host: u.Hostname(), from: c.From, timeout: c.Timeout}
	if err := sender.configure(u, c.Roots); err != nil {
		return nil, err
	}
	if _, err := smtp.NewClient(sender.host, sender.options...); err != nil {
		return nil, ErrURL
	}
	return sender, nil
}

func (s *Sender) configure(u *url.URL, roots *x509.CertPool) error {
	trust := &tls.Config{ServerName: s.host, RootCAs: roots, MinVersion: tls.VersionTLS12}
	port, policy := 587, smtp.TLSMandatory
	switch mode := u.Query().Get("tls"); {
	case u.Scheme == "smtps" && mode == "":
		port, policy, s.implicit = 465, smtp.TLSOpportunistic, trust // there is nothing left to start
	case u.Scheme == "smtp" && mode == "none":
		policy = smtp.NoTLS
	case mode != "":
		return ErrURL
	}
	if given := u.Port(); given != "" {
		n, err := strconv.Atoi(given)
		if err != nil || n < 1 || n > 65535 {
			return ErrURL
		}
		port = n
	}
	s.options = []smtp.Option{smtp.WithTLSPolicy(policy), smtp.WithPort(port), smtp.WithTimeout(s.timeout), smtp.WithTLSConfig(trust)}
	if user := u.User.Username(); user != "" {
		password, _ := u.User.Password()
		s.options = append(s.options, smtp.WithSMTPAuth(smtp.SMTPAuthAutoDiscover), smtp.WithUsername(user), smtp.WithPassword(password))
	}
	return nil
}

// Outcome says what became of a letter.
type Outcome string

// The outcomes.
const (
	Sent    Outcome = "SENT"    // the server has taken it
	Unsure  Outcome = "UNSURE"  // it may have been taken: it must not be sent again
	Later   Outcome = "LATER"   // it was not taken; trying again may help
	Refused Outcome = "REFUSED" // the server will never take letters to this address
)

// Result is the outcome, and the reply code of the server where it gave one.
type Result struct {
	Outcome Outcome
	Code    int
	Stage   string // how far it came; without any address
}

// Send hands a letter over.
func (s *Sender) Send(ctx context.Context, l Letter) Result {
	m, err := s.message(l)
	if err != nil {
		return Result{Outcome: Refused, Stage: "the address"}
	}
	var line net.Conn
	client, err := smtp.NewClient(s.host, append(slices.Clone(s.options), smtp.WithDialContextFunc(
		func(ctx context.Context, network, address string) (_ net.Conn, err error) {
			line, err = s.dial(ctx, network, address)
			return line, err
		}))...)
	if err != nil {
		return Result{Outcome: Later, Stage: "the configuration"}
	}
	err = client.DialAndSendWithContext(ctx, m)
	if line != nil { // the library leaves it open where the server was not to its liking
		_ = line.Close()
	}
	if err == nil || m.IsDelivered() {
		return Result{Outcome: Sent}
	}
	return result(err)
}

// dial connects, and lets no server keep us waiting for its first words.
func (s *Sender) dial(ctx context.Context, network, address string) (net.Conn, error) {
	line, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if until, ok := ctx.Deadline(); ok {
		err = line.SetDeadline(until)
	}
	if err == nil && s.implicit != nil {
		secure := tls.Client(line, s.implicit)
		if err = secure.HandshakeContext(ctx); err == nil {
			return secure, nil
		}
	}
	if err != nil {
		return nil, errors.Join(err, line.Close())
	}
	return line, nil
}

// result sorts a failure by who could mend it. Only what the server says of the recipient is about the recipient.
func result(err error) Result {
	f, ok := errors.AsType[*smtp.SendError](err)
	if !ok {
		return Result{Outcome: Later, Stage: "the connection"}
	}
	r := Result{Outcome: Later, Code: f.ErrorCode(), Stage: f.Reason.String()}
	switch {
	case f.Reason == smtp.ErrSMTPRcptTo && permanent(r.Code):
		r.Outcome = Refused
	case f.Reason == smtp.ErrSMTPDataClose && r.Code == 0:
		r.Outcome = Unsure
	}
	return r
}

// permanent says whether a reply is about the mailbox and for good: 550, 551 and 553. The others of their class, as a full
// mailbox (552) or a server that takes nothing at all (554), may pass.
func permanent(code int) bool { return code == 550 || code == 551 || code == 553 }

func (s *Sender) message(l Letter) (*smtp.Msg, error) {
	m := smtp.NewMsg()
	if err := errors.Join(m.From(s.from), m.To(l.To)); err != nil {
		return nil, fmt.Errorf("mail: %w", err)
	}
	m.Subject(l.Subject)
	m.SetDateWithValue(l.At)
	m.SetMessageIDWithValue(l.ID + "@" + s.host)
	m.SetGenHeader("Auto-Submitted", "auto-generated")
	if l.Leave != "" {
		m.SetGenHeader("List-Unsubscribe", "<"+l.Leave+">")
		m.SetGenHeader("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
	}
	m.SetBodyString(smtp.TypeTextPlain, l.Text)
	m.AddAlternativeString(smtp.TypeTextHTML, l.HTML)
	return m, nil
}
