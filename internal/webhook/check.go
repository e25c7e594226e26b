package webhook

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/outbound"
	"github.com/cobuild/cobuild/internal/platform/text"
)

// types checks of which types of events a webhook is to hear.
func (s *Service) types(f *fault.List, asked []string) []string {
	if len(asked) > MaxTypes {
		f.Add(fault.New(fault.Invalid, fault.CodeTooMany, "max", MaxTypes), "events")
		return nil
	}
	known := s.Types()
	for i, one := range asked {
		at := strconv.Itoa(i)
		switch {
		case slices.Contains(asked[:i], one):
			f.Add(fault.New(fault.Invalid, fault.CodeDuplicate, "value", clipped(one)), "events", at)
		case !slices.ContainsFunc(known, func(k string) bool { return covers(one, k) }):
			f.Add(fault.New(fault.Invalid, CodeType, "type", clipped(one), "meant", meant(known, one)), "events", at)
		}
	}
	return asked
}

// covers says whether a type is the asked one, or begins as "contract.*" asks.
func covers(asked, known string) bool {
	if head, all := strings.CutSuffix(asked, "*"); all && strings.HasSuffix(head, ".") {
		return strings.HasPrefix(known, head)
	}
	return asked == known
}

// meant is the known type, or the beginning of several, that is most like what was asked for.
func meant(known []string, asked string) string {
	words := slices.Clone(known)
	for _, k := range known {
		if head, _, ok := strings.Cut(k, "."); ok {
			words = append(words, head+".*")
		}
	}
	return cmp.Or(text.Nearest(clipped(asked), words), "contract.*")
}

func clipped(s string) string { return text.Clip(s, 60) }

// selected checks a selection; an empty one is none.
func (s *Service) selected(ctx context.Context, f *fault.List, asked *string) *string {
	if asked == nil {
		return nil
	}
	n := len(*f)
	chosen := text.Block(f, "selection", *asked, 0, MaxSelection)
	if chosen == "" || len(*f) > n {
		return nil
	}
	f.Add(s.Check(ctx, chosen), "selection")
	return &chosen
}

// form checks how an address is written.
func (s *Service) form(f *fault.List, address string) string {
	address = text.Line(f, "url", address, 1, outbound.MaxAddress)
	if _, err := s.Guard.Parse(address); err != nil && address != "" {
		f.Add(s.refusal(err, address), "url")
	}
	return address
}

// reached finds out whether something answers at an address, and is none of the places that are nobody's business.
func (s *Service) reached(ctx context.Context, address string) error {
	if err := s.Reach(ctx, address); err != nil {
		return s.refusal(err, address).At("url")
	}
	return nil
}

// refusal says to people what is wrong with an address.
func (s *Service) refusal(err error, address string) *fault.Fault {
	host := ""
	if u, bad := url.Parse(address); bad == nil {
		host = clipped(u.Host)
	}
	switch {
	case errors.Is(err, outbound.ErrPlain):
		return fault.New(fault.Invalid, CodePlain)
	case errors.Is(err, outbound.ErrCredentials):
		return fault.New(fault.Invalid, CodeCredentials)
	case errors.Is(err, outbound.ErrPort):
		return fault.New(fault.Refused, CodePort, "ports", strings.Trim(strings.ReplaceAll(fmt.Sprint(s.Guard.Ports()), " ", ", "), "[]"))
	case errors.Is(err, outbound.ErrPrivate):
		return fault.New(fault.Refused, CodePrivate, "host", host)
	case errors.Is(err, outbound.ErrUnreachable):
		return fault.New(fault.Refused, CodeUnreachable, "host", host).Because(err)
	}
	return fault.New(fault.Invalid, fault.CodeMalformed, "want", "https://example.org/path").Because(err)
}
