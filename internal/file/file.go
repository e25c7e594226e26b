// Package file is the room of files: photos, lists and papers that people send as evidence of what was done, or attach to
// a contract.
//
// A file is announced first, with its name, size, type and hash; its bytes come by a short-lived address and must be as
// announced. Then it waits to be attached to something, and from then on whoever may read that at this moment reads the
// file too, and nobody else. What nothing was attached to is forgotten after a day, its bytes too.
package file

import (
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/personal"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/web/transfer"
)

// What time does.
const (
	WaitsFor = 24 * time.Hour     // so long a file that has come waits to be attached
	KeptFor  = 7 * 24 * time.Hour // so long it can be seen that one expired or was removed before it was attached
	ClaimFor = 5 * time.Minute    // so long one file is held for one subject whose change is under way
)

// What a file may be.
const (
	MaxName        = 200 // characters
	DefaultMost    = 50 << 20
	HighestMost    = 2<<30 - 1 // bytes; the API's whole numbers reach no further
	MostADay       = 1000      // files that an organisation announces in a day
	SizesADay      = 40        // times the largest file: the bytes that it announces in a day
	MaxAttachments = 100       // of one contract
)

// File is what is known of a file; its bytes lie elsewhere.
type File struct {
	store.Meta[id.File] `bson:",inline"`

	Organisation id.Organisation `bson:"organisation"`
	Name         personal.Text   `bson:"name,omitempty"` // as people gave it; empty once its author was erased
	Size         int             `bson:"size"`           // bytes
	MediaType    string          `bson:"mediaType"`
	Sha256       string          `bson:"sha256"` // of the bytes, 64 hexadecimal digits
	Status       Status          `bson:"status"`
	Subject      string          `bson:"subject"`             // what it is attached to; empty while it is to nothing
	By           id.Person       `bson:"by,omitempty"`        // who announced it
	Blob         string          `bson:"blob,omitempty"`      // the key of its bytes; empty where there are none
	ExpiresAt    *time.Time      `bson:"expiresAt,omitempty"` // when time itself will change it next
	Claim        *Claim          `bson:"claim,omitempty"`

	audience []string // of its next event
}

// Claim holds a file for a subject that is about to name it, so that two that do so at once do not both get it.
type Claim struct {
	Subject string    `bson:"subject"`
	Until   time.Time `bson:"until"`
}

// IsNode marks a file as an object that the API finds by its identifier alone.
func (*File) IsNode() {}

// Attached says whether it belongs to something, whose readers read it.
func (f *File) Attached() bool { return f.Subject != "" }

// Stand tells how organisations stand to the file: its own one, until it is attached. From then on that is asked of what
// it is attached to.
func (f *File) Stand(r authz.Relation) []id.Organisation {
	if r == authz.Own && !f.Attached() {
		return []id.Organisation{f.Organisation}
	}
	return nil
}

// Audience lists the organisations that may read what it is attached to, for its events.
func (f *File) Audience() []string { return f.audience }

// mine stands for the file as a thing of its organisation, whatever it is attached to: for what its people do with it.
type mine struct{ *File }

// Stand says whose it is.
func (m mine) Stand(r authz.Relation) []id.Organisation {
	if r == authz.Own {
		return []id.Organisation{m.Organisation}
	}
	return nil
}

// Upload is where the bytes of a file are to be sent, and how.
type Upload struct {
	transfer.Address
	Headers []*Header
}

// Header is a header that a request must have.
type Header struct{ Name, Value string }

// Started is what startUpload answers: a file, and where its bytes are to be sent while they are awaited.
type Started struct {
	File   *File
	Upload *Upload
}
