// Package identity keeps who people are at issuers outside: at the identity provider of a district, or whatever other the
// operator trusts. Whoever signs in there opens the account with which that identity has been linked, and no other.
//
// An identity is linked in two ways alone: by its person, signed in here, who shows that both are theirs; or by taking up
// an invitation with it. It is never found by an e-mail address or a name: who gives out those there is not who gives
// them out here.
//
// Of an identity its digest is kept, not what the issuer calls the person. One document is one identity, under an
// identifier made of issuer and subject, so that no two accounts can have the same.
package identity

import (
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Most is how many identities an account can have.
const Most = 10

// Identity is who somebody is at an issuer, linked with their account.
type Identity struct {
	store.Meta[id.Identity] `bson:",inline"`

	Person     id.Person  `bson:"person"`
	Issuer     string     `bson:"issuer"` // what the issuer calls itself
	LinkedAt   time.Time  `bson:"linkedAt"`
	LastUsedAt *time.Time `bson:"lastUsedAt,omitempty"` // UTC; when it last opened a session
}

// BelongsTo says whose identity it is.
func (i *Identity) BelongsTo() id.Person { return i.Person }

// idOf is the identifier of whoever an issuer calls a subject.
func idOf(issuer, subject string) id.Identity {
	return id.Derived[id.Identity](id.KindIdentity, issuer, subject)
}

// ways lists the identities of one person, so that the last way to sign in is struck by nobody: each identity is a document
// of its own, and no change spans two. A name is struck from here first, so what stands here is never more than there is.
type ways struct {
	store.Meta[id.Identity] `bson:",inline"`

	Person     id.Person     `bson:"person"`
	Identities []id.Identity `bson:"identities"`
}

// BelongsTo says whose ways they are.
func (w *ways) BelongsTo() id.Person { return w.Person }

func waysOf(p id.Person) id.Identity {
	return id.Derived[id.Identity](id.KindIdentity, "ways", string(p))
}

// Issuer is an issuer as people are shown it.
type Issuer struct {
	Name  *string // its short name; nil where the operator trusts it no more
	Title string  // as people know it
	Start *string // the address at which signing in begins; likewise
}
