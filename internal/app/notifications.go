package app

import (
	"context"
	"net/http"

	"github.com/cobuild/cobuild/internal/contract"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/notification"
	"github.com/cobuild/cobuild/internal/person"
	"github.com/cobuild/cobuild/internal/platform/mail"
)

// Mail is how the application sends mail.
type Mail struct {
	Sender    *mail.Sender
	PublicURL string // where people find this server, as https://cobuild.example.org
}

// post is how notifications are mailed; nil where no mail is sent.
func (a *App) post() *notification.Post {
	var none *notification.Post
	if a.Mail == nil {
		return none
	}
	return &notification.Post{
		Send: a.Mail.Sender.Send, Look: a.Mail.PublicURL, Log: a.Log,
		Secrets: a.cursorSecrets,
	}
}

// leave answers the addresses at which people end their mail; nil where no mail is sent.
func (a *App) leave() http.Handler {
	var none http.Handler
	if a.Mail == nil {
		return none
	}
	return a.Notifications.Leave()
}

func (a *App) notifications(ctx context.Context) error {
	var err error
	a.Notifications, err = notification.Open(ctx, a.Backend, notification.Service{
		Now: a.Now, Cursors: a.Cursors, Told: a.told,
		Holders: a.People.Holders, Accounts: a.accounts, Readable: a.readable, Titles: a.titles, Organisations: a.Directory.Facts, Post: a.post(),
	})
	return err
}

// accounts are people as they are to be reached.
func (a *App) accounts(ctx context.Context, ids []id.Person) ([]notification.Account, error) {
	found, err := a.People.Accounts(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]notification.Account, len(ids))
	for i, p := range found {
		if p != nil {
			out[i] = account(p)
		}
	}
	return out, nil
}

func account(p *person.Person) notification.Account {
	var to notification.Account
	if p.Email != nil {
		to.Email = p.Email.Clear()
	}
	if p.Language != nil {
		to.Language = notification.Language(*p.Language)
	}
	return to
}

// titles are those of contracts that the caller may read.
func (a *App) titles(ctx context.Context, ids []id.Contract) ([]string, error) {
	return plucked(ctx, ids, a.Contracts.Many, func(c *contract.Contract) string { return c.Title })
}

// readable says of each object that people are told of whether the caller may read it now.
func (a *App) readable(ctx context.Context, ids []string) ([]bool, error) {
	out := make([]bool, len(ids))
	for kind, look := range map[id.Kind]func(context.Context, []string) ([]bool, error){
		id.KindContract:    seen(a.Contracts.Many),
		id.KindFulfilment:  seen(a.Fulfilments.Many),
		id.KindAppraisal:   seen(a.Appraisals.Many),
		id.KindAmendment:   seen(a.Contracts.ManyAmendments),
		id.KindPublication: seen(a.Publications.Many),
		id.KindPerson:      seen(a.People.Many),
		id.KindWebhook:     seen(a.Webhooks.Many),
		id.KindNeed:        seen(a.Needs.Many),
		id.KindResource:    seen(a.Resources.Many),
	} {
		var ask []string
		var at []int
		for i, s := range ids {
			if id.Is(s, kind) {
				ask, at = append(ask, s), append(at, i)
			}
		}
		if len(ask) == 0 {
			continue
		}
		found, err := look(ctx, ask)
		if err != nil {
			return nil, err
		}
		for n, i := range at {
			out[i] = found[n]
		}
	}
	return out, nil
}

// seen turns a room's finder into one that only says what was found.
func seen[I ~string, T any](find func(context.Context, []I) ([]*T, error)) func(context.Context, []string) ([]bool, error) {
	return func(ctx context.Context, ids []string) ([]bool, error) {
		own := make([]I, len(ids))
		for i, s := range ids {
			own[i] = I(s)
		}
		return plucked(ctx, own, find, func(*T) bool { return true })
	}
}

// plucked takes one thing of each object that is found, and looks for an object once however often it is named; the zero
// thing where there is none.
func plucked[I ~string, T, V any](ctx context.Context, ids []I, find func(context.Context, []I) ([]*T, error), of func(*T) V) ([]V, error) {
	at := map[I]int{}
	var ask []I
	for _, i := range ids {
		if _, known := at[i]; !known && i != "" {
			at[i] = len(ask)
			ask = append(ask, i)
		}
	}
	out := make([]V, len(ids))
	if len(ask) == 0 {
		return out, nil
	}
	found, err := find(ctx, ask)
	if err != nil {
		return nil, err
	}
	for n, i := range ids {
		if i != "" && found[at[i]] != nil {
			out[n] = of(found[at[i]])
		}
	}
	return out, nil
}
