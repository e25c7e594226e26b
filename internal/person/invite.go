package person

import (
	"context"
	"crypto/sha256"
	"strconv"
	"strings"
	"time"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/command"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/personal"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/text"
)

// InvitePersonInput is the input of invitePerson.
type InvitePersonInput struct {
	command.Once
	Role         authz.Role
	Organisation *id.Organisation // absent for an ADMINISTRATOR
	Signing      *bool
	From         *time.Time
	Until        *time.Time
	Name         *string // whom it is meant for
}

// Invited is a sent invitation with its code, which is shown this once.
type Invited struct {
	Invitation *Invitation
	Code       string
}

// roleTold of an invitation leaves out the name.
func (v *Invitation) told() roleTold {
	return roleTold{Role: v.Role, Organisation: v.Organisation, Signing: v.Signing, From: v.From, Until: v.Until}
}

// InvitePerson makes an invitation to take up a role. Its code is handed over by the caller, by whatever way they
// trust. A repeat under the same client mutation id answers ALREADY_DONE: nobody can show the code again.
func (s *Service) InvitePerson(ctx context.Context, in InvitePersonInput) (*Invited, error) {
	var f fault.List
	name := text.Optional(&f, "name", in.Name, MaxName)
	h, at, err := s.offer(ctx, in.Role, in.Organisation, in.Signing, in.From, in.Until)
	f.Add(err)
	if err := f.Err(); err != nil {
		return nil, err
	}
	if err := s.mayGrant(ctx, at, in.Role, h.Signing, ""); err != nil {
		return nil, err
	}
	v := &Invitation{
		Organisation: h.Organisation, Role: h.Role, Signing: h.Signing, From: h.From, Until: h.Until, Name: personal.Of(name),
		Status: InvitationSent, ExpiresAt: s.now().Add(InvitationLife), SentBy: h.GrantedBy,
		Above: h.Above, Hosts: at.facts.Communities,
	}
	v.ID = store.NewID[id.Invitation](ctx, id.KindInvitation, s.now(), s.Random)
	if err := v.Tell(EventInvited, v.told()); err != nil {
		return nil, err
	}
	return s.send(ctx, v)
}

// send keeps the invitation under a code that no other one begins like.
func (s *Service) send(ctx context.Context, v *Invitation) (*Invited, error) {
	for try := 0; ; try++ {
		selector, secret, err := newCode(s.Random)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256([]byte(secret))
		v.Selector, v.Secret = selector, sum[:]
		kept, err := s.invitations.Add(ctx, access.InvitationSend, v)
		if fault.Is(err, fault.CodeTaken) && try < 5 {
			continue
		}
		if err != nil {
			return nil, err
		}
		if once := store.OnceFrom(ctx); once != nil && once.Replayed {
			return nil, fault.New(fault.Refused, fault.CodeAlreadyDone, "id", once.ID).At("clientMutationId")
		}
		return &Invited{Invitation: kept, Code: shown(selector, secret)}, nil
	}
}

// RevokeInvitationInput is the input of revokeInvitation.
type RevokeInvitationInput struct {
	command.Change
	ID id.Invitation
}

// RevokeInvitation takes an invitation back that nobody has accepted yet.
func (s *Service) RevokeInvitation(ctx context.Context, in RevokeInvitationInput) (*Invitation, error) {
	v, err := s.invitations.Change(ctx, access.InvitationRevoke, string(in.ID), func(v *Invitation) error {
		if err := in.Expect(v.Version); err != nil {
			return err
		}
		return v.revoke(s.now())
	})
	if fault.Is(err, fault.CodeNotFound) {
		return nil, at(err, "id")
	}
	return v, err
}

// AcceptInvitationInput is the input of acceptInvitation. Whoever is signed in gives the code alone.
type AcceptInvitationInput struct {
	command.Once
	Code      string
	LoginName *string
	Password  *string
	Name      *string
	Email     *string
	Language  *Language
	Identity  *IdentityInput // instead of a password
}

// bare says whether nothing but the code was given.
func (in AcceptInvitationInput) bare() bool {
	return in.LoginName == nil && in.Password == nil && in.Name == nil && in.Email == nil && in.Language == nil && in.Identity == nil
}

// open is the input without the password, the identity and what is personal, as one text.
func (in AcceptInvitationInput) open() string {
	var all []string
	for _, s := range []*string{&in.Code, (*string)(in.Language)} {
		if s == nil {
			all = append(all, "-")
		} else {
			all = append(all, strconv.Quote(*s))
		}
	}
	return strings.Join(all, " ")
}

// found looks up the invitation of a code. Guesses are counted by where they come from, and at the invitation itself.
func (s *Service) found(ctx context.Context, code string) (*Invitation, error) {
	var v *Invitation
	_, err := s.guess(ctx, "code", func() (*Person, error) {
		var err error
		v, err = s.byCode(ctx, code)
		return &Person{}, err
	})
	return v, at(err, "code")
}

func (s *Service) byCode(ctx context.Context, code string) (*Invitation, error) {
	wrong := fault.New(fault.Refused, CodeInvitation)
	selector, secret, ok := readCode(code)
	if !ok {
		return nil, wrong
	}
	ctx = authz.AsSystem(ctx)
	l, err := s.invitations.List(ctx, store.Query{Where: bySelector.Is(selector), Limit: 1})
	if err != nil {
		return nil, err
	}
	if len(l.Items) == 0 {
		return nil, wrong
	}
	v := l.Items[0]
	if v.matches(secret) && v.Attempts < maxAttempts {
		return v, nil
	}
	_, err = s.invitations.Touch(ctx, access.InvitationRevoke, string(v.ID), func(v *Invitation) error { return v.tried() })
	if err != nil {
		return nil, err
	}
	return nil, wrong
}
