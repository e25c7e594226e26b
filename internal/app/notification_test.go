package app_test

import (
	"slices"
	"testing"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/notification"
	"github.com/cobuild/cobuild/internal/platform/page"
)

// kinds are what a person's inbox holds, the newest first.
func (h *house) kinds(who id.Person, f *notification.Filter) (out []notification.Kind) {
	h.t.Helper()
	for _, n := range all(h.t, func(a page.Args) (*page.Connection[*notification.Notification], error) {
		l, err := h.Notifications.Inbox(h.as(who), f, a)
		if err != nil {
			return nil, err
		}
		return l.Connection, nil
	}) {
		out = append(out, n.Kind)
	}
	return out
}

func (h *house) unread(who id.Person) int {
	h.t.Helper()
	l, err := h.Notifications.Inbox(h.as(who), nil, page.Args{First: new(1)})
	must(h.t, err)
	n, err := l.UnreadCount(h.as(who))
	must(h.t, err)
	return n
}

func TestPeopleAreToldOnceAndRemindedOnEitherStoreThoughTwoNodesTell(t *testing.T) {
	for name, at := range both() {
		t.Run(name, func(t *testing.T) {
			s := at(t)
			h := open(t, s.node())
			second := h.another(s.node())
			w := h.town(2)
			c := h.active(w, w.text("2026-03-02", "2026-12-31", w.once("2026-03-31", 1)))
			stop := run(t, h, second)
			h.clock.set(instant(t, "2026-03-25T12:00:00+08:00"))
			h.settle()
			stop()
			h.settle()
			provider := w.liaisons[0]
			got := h.kinds(provider, nil)
			once := map[notification.Kind]int{}
			for _, k := range got {
				once[k]++
			}
			for _, k := range []notification.Kind{notification.ContractProposed, notification.ContractToSign, notification.ContractActivated, notification.FulfilmentDueSoon} {
				if once[k] != 1 {
					t.Errorf("%s is told %d times: %v", k, once[k], got)
				}
			}
			if slices.Contains(h.kinds(w.liaisons[1], nil), notification.FulfilmentDueSoon) {
				t.Error("who promised nothing is reminded of it")
			}
			due := notification.FulfilmentDueSoon
			equal(t, "by kind", len(h.kinds(provider, &notification.Filter{Kind: &notification.KindChoice{Eq: &due}})), 1)

			equal(t, "unread", h.unread(provider), len(got))
			m, err := h.Notifications.MarkRead(h.as(provider), notification.MarkInput{UpTo: new(h.clock.now())})
			must(t, err)
			equal(t, "marked", m.Marked, len(got))
			equal(t, "unread on the other node", second.unread(provider), 0)

			h.at("2026-04-01T12:00:00+08:00")
			equal(t, "the newest", h.kinds(provider, &notification.Filter{Read: new(false)})[0], notification.FulfilmentOverdue)
			equal(t, "contract", h.contract(c.ID).Version, c.Version)
		})
	}
}
