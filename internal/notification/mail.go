package notification

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/mail"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Post is how mail goes out.
type Post struct {
	Send    func(ctx context.Context, l mail.Letter) mail.Result
	Look    string          // the address where people look into their inboxes
	Secrets func() [][]byte // under which addresses of unsubscription are signed, the current one first
	Log     *slog.Logger    // of what was not sent; it is told no address and no person
}

// MailTick sends the mail that is due: a bounded number, and says how many it has dealt with. Of several nodes one sends it.
// A mail says how many notifications of which kind there are, and nothing else: no name, no title, no text of a contract.
func (s *Service) MailTick(ctx context.Context, now time.Time) (int, error) {
	if s.Post == nil {
		return 0, nil
	}
	ctx = authz.AsSystem(ctx)
	now = now.UTC().Truncate(time.Millisecond)
	due, err := s.mailboxes.List(ctx, store.Query{Where: mailboxWake.Lte(now), Sort: []store.Order{mailboxWake.Asc()}, Limit: mailsPerTick})
	if err != nil {
		return 0, err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(mailsAtOnce)
	for _, b := range due.Items {
		g.Go(func() error { return s.mail(ctx, b.ID, now) })
	}
	return len(due.Items), g.Wait()
}

// mail sends one person what is due to them, and notes what became of it.
func (s *Service) mail(ctx context.Context, who id.Person, now time.Time) error {
	a, err := s.claim(ctx, who, now)
	if err != nil || a == nil {
		return err
	}
	counts, err := s.counted(ctx, a)
	if err != nil || len(counts) == 0 {
		return errors.Join(err, s.giveBack(ctx, a, err != nil), s.rest(ctx, a))
	}
	letter, err := s.letter(ctx, a, counts)
	if err != nil {
		return errors.Join(err, s.giveBack(ctx, a, true))
	}
	r := s.Post.Send(ctx, letter)
	if r.Outcome != mail.Sent {
		s.Post.Log.WarnContext(ctx, "mail", "outcome", r.Outcome, "code", r.Code, "stage", r.Stage, "try", a.tries)
	}
	switch r.Outcome {
	case mail.Later:
		return s.giveBack(ctx, a, true)
	case mail.Refused:
		return s.note(ctx, a, func(b *mailbox) {
			b.WakeAt, b.Tries, b.Refusal = nil, 0, &Refusal{At: s.now(), Code: r.Code, Address: hashed(a.to.Email)}
		})
	}
	if err := s.note(ctx, a, func(b *mailbox) { b.Tries = 0 }); err != nil {
		return err
	}
	return s.rest(ctx, a)
}

// rest sees to what came too late for a mail, and did not find the mailbox asleep.
func (s *Service) rest(ctx context.Context, a *attempt) error {
	n, _, err := s.notifications.Count(ctx, store.And(byPerson.Is(a.who), byMailed.Is(true), byUnread.Is(true), byCreated.Gte(a.until)), 1)
	if err != nil || n == 0 {
		return err
	}
	return s.knock(ctx, a.want)
}

// count is how many notifications of a kind there are.
type count struct {
	Kind Kind
	N    int
}

// counted counts what was written for a person in the time of a mail and is unread still, by kind, in the order of kinds.
func (s *Service) counted(ctx context.Context, a *attempt) ([]count, error) {
	found := map[Kind]int{}
	n := 0
	where := store.And(byPerson.Is(a.who), byMailed.Is(true), byUnread.Is(true), byCreated.Gte(a.from), byCreated.Lt(a.until))
	for one, err := range s.notifications.Walk(ctx, where, byCreated.Asc()) {
		if err != nil {
			return nil, err
		}
		found[one.Kind]++
		if n++; n == mostCounted {
			break
		}
	}
	var out []count
	for _, k := range Kinds() {
		if found[k] > 0 {
			out = append(out, count{k, found[k]})
		}
	}
	return out, nil
}

// letter puts a mail together in the person's language.
func (s *Service) letter(ctx context.Context, a *attempt, counts []count) (mail.Letter, error) {
	l, err := s.language(ctx, a.who)
	if err != nil {
		return mail.Letter{}, err
	}
	w, leave := s.words[l], s.leaving(a.who)
	sum := 0
	var lines []string
	for _, c := range counts {
		sum += c.N
		lines = append(lines, w.say("mail.line", "n", strconv.Itoa(c.N), "kind", w.say(string(c.Kind))))
	}
	total := strconv.Itoa(sum)
	text := slices.Concat([]string{w.say("mail.intro", "n", total), ""}, lines, []string{
		"", w.say("mail.look", "address", s.Post.Look), "", w.say("mail.leave", "address", leave), "",
	})
	var html strings.Builder
	err = mailTemplate().Execute(&html, map[string]any{
		"Lang": l.Tag(), "Intro": w.say("mail.intro", "n", total), "Lines": lines, "Look": s.Post.Look, "LookWord": w.say("mail.look.word"),
		"Leave": leave, "LeaveWord": w.say("mail.leave.word"),
	})
	return mail.Letter{
		ID: string(id.Derived[id.Notification](id.KindNotification, "mail", string(a.who), a.until.Format(time.RFC3339Nano))),
		To: a.to.Email, Subject: w.say("mail.subject", "n", total), Text: strings.Join(text, "\n"), HTML: html.String(), At: a.until, Leave: leave,
	}, err
}

// leaving is the address at which a person ends their mail with one click.
func (s *Service) leaving(who id.Person) string {
	return strings.TrimSuffix(s.Post.Look, "/") + LeavePath + url.PathEscape(s.pass(who))
}
