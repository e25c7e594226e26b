package app

import (
	"context"
	"net/http"

	"github.com/cobuild/cobuild/internal/file"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/blob"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/web/gql"
	"github.com/cobuild/cobuild/internal/platform/web/transfer"
)

// Files say where the bytes of files are kept.
type Files struct {
	Bucket *blob.Bucket // nil where none are kept; closed by who opened it
	Most   int          // bytes of one file; 0 for the usual
}

// transfers make the door ready through which bytes come and go. Rooms put their files behind it.
func (a *App) transfers() {
	a.Transfers = transfer.New(transfer.Config{
		Bucket: a.Config.Files.Bucket, Now: a.Now, Again: a.again, Refuse: refuseTransfer,
		Secrets: a.cursorSecrets,
	})
}

func (a *App) files(ctx context.Context) error {
	var err error
	a.Files, err = file.Open(ctx, a.Backend, file.Service{
		Now: a.Now, Random: a.Random, Cursors: a.Cursors, Told: a.told, Vault: a.Vault, Door: a.Transfers, Most: a.Config.Files.Most,
		Readable: func(ctx context.Context, subjects []string) ([]bool, error) { return a.rooms().Visible(ctx, subjects) },
		Names:    a.namesFile, Contract: a.contractOfFiles,
	})
	if err == nil {
		a.Vault.Watch(a.Files.Sealed()...)
	}
	return err
}

// claimEvidence holds the files that a report is about to name.
func (a *App) claimEvidence(ctx context.Context, f id.Fulfilment, of id.Organisation, files []id.File) ([]string, error) {
	found, err := a.Files.Claims(ctx, string(f), of, files)
	if err != nil {
		return nil, err
	}
	out := make([]string, len(found))
	for i, one := range found {
		out[i] = one.Sha256
	}
	return out, nil
}

func (a *App) settleEvidence(ctx context.Context, f id.Fulfilment, files []id.File) error {
	return a.Files.Settle(ctx, string(f), files)
}

// namesFile says whether what a file was claimed for names it.
func (a *App) namesFile(ctx context.Context, subject string, f id.File) (bool, error) {
	if id.Is(subject, id.KindFulfilment) {
		return a.Fulfilments.NamesFile(ctx, id.Fulfilment(subject), f)
	}
	return false, nil
}

// contractOfFiles tells the files' room what it wants to know of a contract that the caller reads.
func (a *App) contractOfFiles(ctx context.Context, c id.Contract) (file.Contract, error) {
	found, err := a.Contracts.Contract(ctx, c)
	if err != nil {
		return file.Contract{}, err
	}
	return file.Contract{Parties: found.Stand(authz.Partying), Audience: found.Audience()}, nil
}

// refuseTransfer answers in the same form as GraphQL does.
func refuseTransfer(w http.ResponseWriter, r *http.Request, err error) {
	f := fault.Of(err)
	status := map[fault.Code]int{
		gql.CodeMethod: http.StatusMethodNotAllowed, transfer.CodeTooLarge: http.StatusRequestEntityTooLarge,
		file.CodeNotThatType: http.StatusUnsupportedMediaType, transfer.CodeTooSlow: http.StatusRequestTimeout,
	}[f.Code]
	if status == 0 {
		refusePaper(w, r, f)
		return
	}
	gql.Refuse(r.Context(), w, status, f)
}
