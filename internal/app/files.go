package app

import (
	"net/http"

	"github.com/cobuild/cobuild/internal/platform/blob"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/keyring"
	"github.com/cobuild/cobuild/internal/platform/web/gql"
	"github.com/cobuild/cobuild/internal/platform/web/transfer"
)

// Files say where the bytes of files are kept.
type Files struct {
	Bucket *blob.Bucket // nil where none are kept; closed with the application
}

func (f Files) close() error {
	if f.Bucket == nil {
		return nil
	}
	return f.Bucket.Close()
}

// transfers make the door ready through which bytes come and go. Rooms put their files behind it.
func (a *App) transfers() {
	a.Transfers = transfer.New(transfer.Config{
		Bucket: a.Config.Files.Bucket, Now: a.Now, Again: a.again, Refuse: refuseTransfer,
		Secrets: func() [][]byte { return secrets(a.Keyring, keyring.Cursor) },
	})
}

// refuseTransfer answers in the same form as GraphQL does.
func refuseTransfer(w http.ResponseWriter, r *http.Request, err error) {
	f := fault.Of(err)
	status := map[fault.Code]int{
		gql.CodeMethod: http.StatusMethodNotAllowed, transfer.CodeTooLarge: http.StatusRequestEntityTooLarge,
		transfer.CodeTooSlow: http.StatusRequestTimeout,
	}[f.Code]
	if status == 0 {
		refusePaper(w, r, f)
		return
	}
	gql.Refuse(r.Context(), w, status, f)
}
