package notification

import (
	"context"
	"slices"
	"strconv"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// MailMode is how somebody wants mail.
type MailMode string

// The modes.
const (
	None      MailMode = "NONE"      // no mail: what everybody has until they ask for it
	Digest    MailMode = "DIGEST"    // once a day, at the hour chosen
	Immediate MailMode = "IMMEDIATE" // soon after it happened, several together
)

// DefaultHour is when a digest comes where nobody chose another hour.
const DefaultHour = 8

// Settings are how a person wants to be told. Nobody who has changed nothing has any kept.
type Settings struct {
	store.Meta[id.Person] `bson:",inline"`
	Language              *Language `bson:"language,omitempty"` // nil for the account's
	MailMode              MailMode  `bson:"mailMode"`
	DigestHour            int       `bson:"digestHour"`      // 0 to 23, in Asia/Shanghai
	Own                   []Wish    `bson:"kinds,omitempty"` // the kinds that are not as they are for everybody

	MailAvailable bool     `bson:"-"` // whether this server sends any
	MailRefused   *Refusal `bson:"-"` // since when nothing is sent, because the address takes none; nil where it does
}

// Wish is how one kind is wanted.
type Wish struct {
	Kind  Kind `bson:"kind"`
	InApp bool `bson:"inApp"` // in the inbox
	Mail  bool `bson:"mail"`  // counted in mail
}

const settingsOf = store.Field[id.Person]("_id")

func settingsSchema() store.Schema { return store.Schema{Name: "notification_settings"} }

// BelongsTo says whose they are.
func (s *Settings) BelongsTo() id.Person { return s.ID }

// standard are the settings of somebody who has changed nothing.
func standard(p id.Person) *Settings {
	s := &Settings{MailMode: None, DigestHour: DefaultHour}
	s.ID = p
	return s
}

// usual is how a kind is wanted by who has not said: all are shown, and mail tells of what waits for somebody's answer.
func (k Kind) usual() Wish {
	asks := []Kind{
		ContractProposed, ContractChangesRequested, ContractToSign, ContractStepProposed, ContractNoticeGiven, ContractCompletionAnnounced,
		ContractEndsSoon, AmendmentProposed, AmendmentChangesRequested, AmendmentToSign, FulfilmentDueSoon, FulfilmentOverdue,
		FulfilmentReported, FulfilmentDisputed, FulfilmentOutcomeProposed, AppraisalInvited, PublicationProposed,
		WebhookSuspended, WebhookGone,

		ProjectApplied, ProjectReturned,
	}
	return Wish{Kind: k, InApp: true, Mail: slices.Contains(asks, k)}
}

// Kinds are how each kind is wanted, in the order of all kinds.
func (s *Settings) Kinds() []*Wish {
	out := make([]*Wish, 0, len(Kinds()))
	for _, k := range Kinds() {
		w := s.wish(k)
		out = append(out, &w)
	}
	return out
}

func (s *Settings) wish(k Kind) Wish {
	if i := slices.IndexFunc(s.Own, func(w Wish) bool { return w.Kind == k }); i >= 0 {
		return s.Own[i]
	}
	return k.usual()
}

// wants says whether a kind is shown in the inbox, and whether it is counted in mail.
func (s *Settings) wants(k Kind) (shown, mailed bool) {
	w := s.wish(k)
	return w.InApp, w.Mail && s.MailMode != None
}

// set makes a wish the person's own; one that is as usual is forgotten.
func (s *Settings) set(w Wish) {
	s.Own = slices.DeleteFunc(s.Own, func(had Wish) bool { return had.Kind == w.Kind })
	if w != w.Kind.usual() {
		s.Own = append(s.Own, w)
	}
}

// wants finds the settings of people, in the order of ids.
func (s *Service) wants(ctx context.Context, people []id.Person) ([]*Settings, error) {
	keys := make([]string, len(people))
	for i, p := range people {
		keys[i] = string(p)
	}
	out, err := s.settings.GetMany(ctx, keys)
	if err != nil {
		return nil, err
	}
	for i, w := range out {
		if w == nil {
			out[i] = standard(people[i])
		}
	}
	return out, nil
}

// Settings are the caller's.
func (s *Service) Settings(ctx context.Context) (*Settings, error) {
	who, err := authz.Personally(ctx)
	if err != nil {
		return nil, err
	}
	all, err := s.wants(ctx, []id.Person{who})
	if err != nil {
		return nil, err
	}
	return s.posted(ctx, all[0])
}

// posted adds how mail to the person fares.
func (s *Service) posted(ctx context.Context, x *Settings) (*Settings, error) {
	x.MailAvailable = s.Post != nil
	b, err := s.mailboxes.Get(authz.AsSystem(ctx), string(x.ID))
	if err != nil || b.Refusal == nil {
		return x, gone(err)
	}
	accounts, err := s.Accounts(ctx, []id.Person{x.ID})
	if err != nil {
		return nil, err
	}
	if b.Refusal.Address == hashed(accounts[0].Email) {
		x.MailRefused = b.Refusal
	}
	return x, nil
}

// SetInput is the input of setNotificationSettings. What is absent stays as it is.
type SetInput struct {
	command.Change
	Language   *Language
	MailMode   *MailMode
	DigestHour *int
	Kinds      []*WishInput
}

// WishInput is how a kind is to be wanted. What is absent stays as it is.
type WishInput struct {
	Kind  Kind
	InApp *bool
	Mail  *bool
}

// Set changes how the caller wants to be told. It counts for what happens from then on.
func (s *Service) Set(ctx context.Context, in SetInput) (*Settings, error) {
	x, err := s.set(ctx, in)
	if err != nil {
		return nil, err
	}
	if err := s.reset(authz.AsSystem(ctx), x, in.MailMode != nil); err != nil {
		return nil, err
	}
	return s.posted(ctx, x)
}

func (s *Service) set(ctx context.Context, in SetInput) (*Settings, error) {
	who, err := authz.Personally(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.check(ctx, who, in); err != nil {
		return nil, err
	}
	changed, err := s.settings.Change(ctx, access.NotificationSet, string(who), func(x *Settings) error {
		if err := in.Expect(x.Version); err != nil {
			return err
		}
		in.apply(x)
		return nil
	})
	if !fault.Is(err, fault.CodeNotFound) {
		return changed, err
	}
	x := standard(who)
	if err := in.Expect(x.Version); err != nil {
		return nil, err
	}
	in.apply(x)
	x, err = s.settings.Add(ctx, access.NotificationSet, x)
	if fault.Is(err, fault.CodeTaken) { // they were made in this moment
		return s.set(ctx, in)
	}
	return x, err
}

// check says what is wrong with the input, all at once.
func (s *Service) check(ctx context.Context, who id.Person, in SetInput) error {
	var faults fault.List
	if h := in.DigestHour; h != nil && (*h < 0 || *h > 23) {
		faults.Add(fault.New(fault.Invalid, fault.CodeOutOfRange, "min", 0, "max", 23), "digestHour")
	}
	seen := map[Kind]bool{}
	for i, w := range in.Kinds {
		if seen[w.Kind] {
			faults.Add(fault.New(fault.Invalid, fault.CodeDuplicate, "value", w.Kind), "kinds", strconv.Itoa(i), "kind")
		}
		seen[w.Kind] = true
	}
	if in.MailMode != nil && *in.MailMode != None {
		accounts, err := s.Accounts(ctx, []id.Person{who})
		if err != nil {
			return err
		}
		if accounts[0].Email == "" {
			faults.Add(fault.New(fault.Refused, CodeNoAddress), "mailMode")
		}
	}
	return faults.Err()
}

func (in SetInput) apply(x *Settings) {
	if in.Language != nil {
		x.Language = in.Language
	}
	if in.MailMode != nil {
		x.MailMode = *in.MailMode
	}
	if in.DigestHour != nil {
		x.DigestHour = *in.DigestHour
	}
	for _, w := range in.Kinds {
		wish := x.wish(w.Kind)
		if w.InApp != nil {
			wish.InApp = *w.InApp
		}
		if w.Mail != nil {
			wish.Mail = *w.Mail
		}
		x.set(wish)
	}
}
