package exchange

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/organisation"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/text"
)

// Desk is what the rooms of needs and of resources stand on.
type Desk struct {
	Now     func() time.Time
	Random  io.Reader
	Cursors *page.Cursors
	Told    func() // wakes the relay; may be nil
	// Organisations tells of organisations, in the order of the identifiers.
	Organisations func(ctx context.Context, ids []id.Organisation) ([]organisation.Facts, error)
	// Category refuses the code of a category under which nothing new can be filed.
	Category func(ctx context.Context, code string) error
	// Below finds the codes of categories and of all below them; a fault names one that there is not.
	Below func(ctx context.Context, codes []string) ([]string, error)
}

// At is now, as documents keep it.
func (d *Desk) At() time.Time { return d.Now().UTC().Truncate(time.Millisecond) }

// Today is the day it is.
func (d *Desk) Today() scalar.Date { return scalar.DateOf(d.Now(), Zone()) }

// Fill takes up what is said of a need or a resource. asks is whether claims wait for the publisher's word where nothing is
// said of that.
func (d *Desk) Fill(ctx context.Context, f *fault.List, in *Input, l *Listing, asks bool) error {
	in.apply(f, l, asks, d.Today())
	if err := d.Category(ctx, l.Category); err != nil {
		if !told(err) {
			return err
		}
		f.Add(err, "category")
	}
	if len(l.Named) == 0 {
		return nil
	}
	found, err := d.Organisations(authz.AsSystem(ctx), l.Named)
	if err != nil {
		return err
	}
	for i, o := range found {
		if !o.Exists() {
			f.Add(fault.New(fault.NotFound, fault.CodeNotFound, "id", l.Named[i]), "organisations", strconv.Itoa(i))
		}
	}
	return nil
}

// told says whether a fault is about what a caller sent.
func told(err error) bool {
	k := fault.Of(err).Kind
	return k == fault.Invalid || k == fault.Refused
}

// Publish finds out for which organisation something is published, and where that lies. Whether the caller may do so is for
// the table to say.
func (d *Desk) Publish(ctx context.Context, table authz.Table, action string, named *id.Organisation, l *Listing) error {
	of, err := publisher(ctx, table, action, named)
	if err != nil {
		return fault.Of(err).At("publisher")
	}
	found, err := d.Organisations(authz.AsSystem(ctx), []id.Organisation{of})
	if err != nil {
		return err
	}
	switch {
	case !found[0].Exists():
		return fault.New(fault.NotFound, fault.CodeNotFound, "id", of).At("publisher")
	case found[0].Kind != organisation.KindCommunity && found[0].Kind != organisation.KindResidentUnit:
		return fault.New(fault.Invalid, CodePublisherKind).At("publisher")
	}
	l.House(found[0])
	return nil
}

func publisher(ctx context.Context, table authz.Table, action string, named *id.Organisation) (id.Organisation, error) {
	if named != nil {
		return *named, nil
	}
	a := authz.From(ctx)
	rule, _ := table.Rule(action)
	a = a.Under(rule, nil)
	var mine []id.Organisation
	for _, g := range rule.Who {
		for _, h := range a.Holdings {
			if g.As == authz.Own && g.Role == h.Role && !slices.Contains(mine, h.Organisation) {
				mine = append(mine, h.Organisation)
			}
		}
	}
	switch len(mine) {
	case 1:
		return mine[0], nil
	case 0:
		if err := table.Refusal(a, action); fault.Of(err).Code != fault.CodeForbidden {
			return "", err
		}
		return "", fault.New(fault.Forbidden, CodeNoPublisher)
	}
	return "", fault.New(fault.Invalid, CodePublisher, "organisations", mine)
}

// Claiming is what a claim is made of.
type Claiming struct {
	Claimant *id.Organisation // nil for the only one that the caller acts for
	Quantity int64
	Remark   *string
}

// Check refuses what no claim can be.
func (in Claiming) Check() (Claiming, error) {
	var f fault.List
	if in.Quantity < 1 || in.Quantity > MaxQuantity {
		f.Add(outOfRange(1, int64(MaxQuantity)), "quantity")
	}
	if in.Remark != nil {
		remark := text.Block(&f, "remark", *in.Remark, 0, MaxRemark)
		unidentified(&f, "remark", remark)
		if in.Remark = &remark; remark == "" {
			in.Remark = nil
		}
	}
	return in, f.Err()
}

// Reason checks why something is done.
func Reason(given *string) (*string, error) {
	if given == nil {
		return nil, nil //nolint:nilnil // no reason is none
	}
	var f fault.List
	s := text.Block(&f, "reason", *given, 0, MaxReason)
	unidentified(&f, "reason", s)
	if err := f.Err(); err != nil || s == "" {
		return nil, err
	}
	return &s, nil
}

// MustReason is Reason where one is needed.
func MustReason(given string) (*string, error) {
	if strings.TrimSpace(given) == "" {
		return nil, fault.New(fault.Invalid, fault.CodeRequired).At("reason")
	}
	return Reason(&given)
}

// Claim makes a claim on what is open to claims. among are the organisations that the caller may claim for.
func (d *Desk) Claim(ctx context.Context, l *Listing, kind id.Kind, whole string, among []id.Organisation, in Claiming) (*Claim, error) {
	at := d.At()
	if l.Expired(at) {
		return nil, fault.New(fault.Refused, CodeExpired, "validUntil", l.ValidUntil)
	}
	who, err := claimant(l, among, in.Claimant, authz.From(ctx).IsSystem())
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(l.Claims, func(c *Claim) bool { return c.Claimant == who && c.Status.Live() }); i >= 0 {
		return nil, fault.New(fault.Refused, CodeClaimed, "claim", l.Claims[i].ID)
	}
	if in.Quantity > l.Left() {
		return nil, fault.New(fault.Refused, CodeTooLittle, "left", l.Left()).At("quantity")
	}
	if err := l.room(); err != nil {
		return nil, err
	}
	key, err := d.key()
	if err != nil {
		return nil, err
	}
	c := &Claim{
		ID: id.Within[id.Claim](kind, whole, key), Claimant: who, Quantity: in.Quantity, Remark: in.Remark, By: authz.From(ctx).Author(), At: at,
	}
	if once := store.OnceFrom(ctx); once != nil {
		c.Once = once.Key
	}
	to := ClaimAccepted
	if l.AsksAcceptance {
		to = ClaimPending
	}
	if err := c.Move(ClaimMake, to, at); err != nil {
		return nil, err
	}
	l.Claims = append(l.Claims, c)
	return c, nil
}

// claimant is the organisation that claims: the one that is named, or the only one that can. anyone says that the program
// itself claims, for whom it names.
func claimant(l *Listing, among []id.Organisation, named *id.Organisation, anyone bool) (id.Organisation, error) {
	if named != nil {
		switch {
		case *named == l.Publisher:
			return "", fault.New(fault.Refused, CodeSelfClaim).At("claimant")
		case !anyone && !slices.Contains(among, *named):
			return "", fault.New(fault.Forbidden, CodeNoClaimant, "organisation", *named).At("claimant")
		}
		return *named, nil
	}
	others := slices.DeleteFunc(slices.Clone(among), func(o id.Organisation) bool { return o == l.Publisher })
	switch {
	case len(others) == 1:
		return others[0], nil
	case len(others) > 1:
		return "", fault.New(fault.Invalid, CodeClaimant, "organisations", others).At("claimant")
	}
	return "", fault.New(fault.Refused, CodeSelfClaim)
}

// room makes room for one more claim: the oldest ended one goes.
func (l *Listing) room() error {
	if len(l.Claims) < MaxClaims {
		return nil
	}
	i := slices.IndexFunc(l.Claims, func(c *Claim) bool { return !c.Status.Live() })
	if i < 0 {
		return fault.New(fault.Refused, CodeClaimsFull, "max", MaxClaims)
	}
	l.Claims = slices.Delete(l.Claims, i, i+1)
	return nil
}

// key names a claim within what it is on. It is fresh for every claim: a client that gives a mutation a name which it gave long
// ago makes a claim of its own.
func (d *Desk) key() (string, error) {
	raw := make([]byte, 10)
	if _, err := io.ReadFull(d.Random, raw); err != nil {
		return "", fmt.Errorf("claim: no randomness: %w", err)
	}
	return hex.EncodeToString(raw), nil
}

// Made is the claim that a mutation has made, today's where it was made before.
func (l *Listing) Made(ctx context.Context, fresh *Claim) *Claim {
	if fresh != nil {
		return l.Find(fresh.ID)
	}
	once := store.OnceFrom(ctx)
	for _, c := range slices.Backward(l.Claims) { // the last that was made under the name
		if once != nil && c.Once == once.Key {
			return c
		}
	}
	return nil
}

// Find finds a claim; nil where there is none.
func (l *Listing) Find(c id.Claim) *Claim {
	i := slices.IndexFunc(l.Claims, func(x *Claim) bool { return x.ID == c })
	if i < 0 {
		return nil
	}
	return l.Claims[i]
}

// Claimed finds a claim that a step is about, or says that there is none.
func (l *Listing) Claimed(c id.Claim) (*Claim, error) {
	found := l.Find(c)
	if found == nil {
		return nil, fault.New(fault.NotFound, fault.CodeNotFound, "id", c)
	}
	return found, nil
}

// Lapse ends claims that have not ended, all or those in one state, and says which.
func (l *Listing) Lapse(at time.Time, which ...ClaimStatus) []*Claim {
	var out []*Claim
	for _, c := range l.Claims {
		if slices.Contains(which, c.Status) && c.Move(ClaimLapse, ClaimLapsed, at) == nil {
			out = append(out, c)
		}
	}
	return out
}

// Has says whether a claim is in one of some states.
func (l *Listing) Has(states ...ClaimStatus) bool {
	return slices.ContainsFunc(l.Claims, func(c *Claim) bool { return slices.Contains(states, c.Status) })
}
