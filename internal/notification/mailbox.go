package notification

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// The bounds of mail.
const (
	gather       = 5 * time.Minute // what comes within it goes in one mail
	mostTries    = 6               // of one mail; then it is given up
	mailsPerTick = 20
	mailsAtOnce  = 4
	mostCounted  = 1000 // notifications that one mail counts
	firstWait    = time.Minute
	settling     = 2 * time.Second // what was written so shortly ago may not all be there yet: it is for the next mail
)

// mailbox is what is to be mailed to a person, and when. It is made when something is to be mailed for the first time.
type mailbox struct {
	store.Meta[id.Person] `bson:",inline"`

	WakeAt  *time.Time  `bson:"wakeAt,omitempty"` // when to mail next; nil where nothing waits
	From    time.Time   `bson:"from"`             // what was written before has been mailed
	Day     scalar.Date `bson:"day,omitempty"`    // of the last digest
	Tries   int         `bson:"tries,omitempty"`  // of the mail that is under way
	Refusal *Refusal    `bson:"refusal,omitempty"`
}

// Refusal is that a server will not take mail to somebody's address. It ends with another address, or when the person asks
// for mail anew.
type Refusal struct {
	At      time.Time `bson:"at"`
	Code    int       `bson:"code"`    // of the server
	Address string    `bson:"address"` // hash of the address, to know it again
}

const mailboxWake = store.Field[time.Time]("wakeAt")

func mailboxSchema() store.Schema {
	return store.Schema{Name: "notification_mailboxes", Indexes: []store.Index{store.Sparse(mailboxWake.Asc())}}
}

// ready is when mail is due that begins to wait now: a digest at the hour chosen, not twice on one day.
func (b *mailbox) ready(want *Settings, now time.Time) time.Time {
	if want.MailMode == Immediate {
		return now.Add(gather)
	}
	china := zone(defaultZone)
	at := scalar.DateOf(now, china).In(china).Add(time.Duration(want.DigestHour) * time.Hour)
	for !at.After(now) || scalar.DateOf(at, china) <= b.Day {
		at = at.AddDate(0, 0, 1)
	}
	return at
}

// knock notes that something is to be mailed to a person.
func (s *Service) knock(ctx context.Context, want *Settings) error {
	_, err := s.mailboxes.Touch(ctx, access.NotificationKeep, string(want.ID), func(b *mailbox) error {
		if b.WakeAt != nil {
			return errNothing
		}
		at := b.ready(want, s.now())
		b.WakeAt = &at
		return nil
	})
	if !fault.Is(err, fault.CodeNotFound) {
		return ignore(err)
	}
	b := &mailbox{}
	b.ID = want.ID
	at := b.ready(want, s.now())
	b.WakeAt = &at
	_, err = s.mailboxes.Add(ctx, access.NotificationKeep, b)
	if fault.Is(err, fault.CodeTaken) { // another node was quicker
		return s.knock(ctx, want)
	}
	return err
}

// reset brings a mailbox up to settings that have changed. Who asks for mail asks to have their address tried again.
func (s *Service) reset(ctx context.Context, want *Settings, asked bool) error {
	_, err := s.mailboxes.Touch(ctx, access.NotificationKeep, string(want.ID), func(b *mailbox) error {
		if asked {
			b.Refusal = nil
		}
		switch {
		case want.MailMode == None:
			b.WakeAt, b.Tries = nil, 0
		case b.WakeAt != nil && b.Tries == 0:
			at := b.ready(want, s.now())
			b.WakeAt = &at
		}
		return nil
	})
	return gone(err)
}

// attempt is a mail that one node has taken upon itself: the mailbox already says that it was sent, so that no other node
// sends it too, whatever becomes of this one.
type attempt struct {
	who   id.Person
	to    Account
	want  *Settings
	from  time.Time // of what is counted
	until time.Time
	day   scalar.Date // of the last digest before
	tries int
}

// claim takes the mail of a mailbox that is due upon this node; nil where there is none to send.
func (s *Service) claim(ctx context.Context, who id.Person, now time.Time) (*attempt, error) {
	wants, err := s.wants(ctx, []id.Person{who})
	if err != nil {
		return nil, err
	}
	accounts, err := s.Accounts(ctx, []id.Person{who})
	if err != nil {
		return nil, err
	}
	a := &attempt{who: who, to: accounts[0], want: wants[0], until: now.Add(-settling)}
	send := false
	_, err = s.mailboxes.Touch(ctx, access.NotificationKeep, string(who), func(b *mailbox) error {
		if b.WakeAt == nil || b.WakeAt.After(now) {
			return errNothing // somebody was quicker
		}
		b.WakeAt, send = nil, false
		switch today := scalar.DateOf(now, zone(defaultZone)); {
		case a.want.MailMode == None, a.to.Email == "", b.Refusal != nil && b.Refusal.Address == hashed(a.to.Email):
			b.Tries = 0
			return nil
		case a.want.MailMode == Digest && b.Day >= today:
			at := b.ready(a.want, now)
			b.WakeAt = &at
			return nil
		case a.want.MailMode == Digest:
			a.day, b.Day = b.Day, today
		}
		a.from, b.From = b.From, a.until
		b.Tries++
		b.Refusal = nil
		a.tries, send = b.Tries, true
		return nil
	})
	if err != nil || !send {
		return nil, ignore(gone(err))
	}
	return a, nil
}

// hashed is an address in a form that tells only whether another one is the same.
func hashed(address string) string {
	sum := sha256.Sum256([]byte(address))
	return hex.EncodeToString(sum[:])
}

// giveBack undoes a claim whose mail was surely not sent: it is tried again later, and after too many tries given up.
func (s *Service) giveBack(ctx context.Context, a *attempt, again bool) error {
	return s.note(ctx, a, func(b *mailbox) {
		if b.From.Equal(a.until) {
			b.From = a.from
		}
		if a.want.MailMode == Digest {
			b.Day = a.day
		}
		switch {
		case again && a.tries < mostTries:
			at := s.now().Add(firstWait << (a.tries - 1))
			b.WakeAt = &at
		default:
			b.Tries = 0
		}
	})
}

// note writes down what became of a mail.
func (s *Service) note(ctx context.Context, a *attempt, change func(*mailbox)) error {
	_, err := s.mailboxes.Touch(ctx, access.NotificationKeep, string(a.who), func(b *mailbox) error {
		change(b)
		return nil
	})
	return gone(err)
}
