// Package id holds the typed identifiers of everything Cobuild keeps.
//
// An identifier is opaque to clients: a three-letter kind, the version of its form, an underscore and 26 letters
// and digits, as in "ctr1_01k9x3c7m2h0v5t8w4qg6znbyd". The same string names the object in the API, in the store and
// in signed text. An identifier never changes and is never used again.
package id

import (
	"crypto/sha256"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"
)

// One type for each kind of thing, so that a unit cannot be passed where a contract is meant.
type (
	// Organisation is the identifier of any organisation: district, sub-district, community or resident unit.
	Organisation string
	// Person is somebody who signs in.
	Person string
	// Role is one holding of a role by a person in an organisation, from a day to a day.
	Role string
	// Session is one signing-in of a person.
	Session string
	// Invitation is an offer of a role, taken up with a one-time code.
	Invitation string
	// Contract is a co-building contract.
	Contract string
	// Commitment is one promise in a contract's text.
	Commitment string
	// Fulfilment is one occurrence of a commitment, and what was done for it.
	Fulfilment string
	// SigningKey is a key with which an organisation signs.
	SigningKey string
	// Appraisal is how one party of a contract judges another, on one occasion.
	Appraisal string
	// Criteria is a set of criteria by which parties judge each other.
	Criteria string

	// Publication is what the parties of a contract have said about showing it.
	Publication string
	// Published is a contract as everybody may see it.
	Published string
	// Notification is what one person is told of one event.
	Notification string
	// Amendment is a change of the text of a contract in force.
	Amendment string

	// SecurityEntry is something that happened at the door.
	SecurityEntry string
)

// Kind is the three-letter beginning of an identifier.
type Kind string

// The kinds of objects.
const (
	KindDistrict    Kind = "dst"
	KindSubDistrict Kind = "sub"
	KindCommunity   Kind = "com"
	KindUnit        Kind = "unt"
	KindPerson      Kind = "per"
	KindRole        Kind = "rol"
	KindSession     Kind = "ses"
	KindInvitation  Kind = "inv"
	KindContract    Kind = "ctr"
	KindCommitment  Kind = "cmt"
	KindFulfilment  Kind = "ful"
	KindSigningKey  Kind = "key"
	KindAppraisal   Kind = "apr"
	KindCriteria    Kind = "cri"

	KindPublication Kind = "pub"
	KindPublished   Kind = "pbc"

	KindNotification Kind = "ntf"
	KindAmendment    Kind = "amd"

	KindSecurityEntry Kind = "sec"
)

const form = "1"

// New makes a fresh identifier of a kind: ordered by the millisecond of its making, and unguessable beyond it.
func New[I ~string](k Kind, at time.Time, random io.Reader) I {
	u, err := ulid.New(ulid.Timestamp(at), random)
	if err != nil { // the random source is broken: nothing the program does would be safe
		panic("id: no randomness: " + err.Error())
	}
	return I(string(k) + form + "_" + strings.ToLower(u.String()))
}

// Derived makes the same identifier of a kind from the same words, so that doing a thing twice does it once.
func Derived[I ~string](k Kind, words ...string) I {
	sum := sha256.Sum256([]byte(strings.Join(words, "\x00")))
	var u ulid.ULID
	copy(u[:], sum[:16])
	u[0] &= 0x7f // the first of the 26 characters carries three bits
	return I(string(k) + form + "_" + strings.ToLower(u.String()))
}

// Twin makes the identifier of another view of a thing from the thing's own; empty where that is none.
func Twin[I ~string](k Kind, of string) I {
	if _, ok := KindOf(of); !ok {
		return ""
	}
	_, tail, _ := strings.Cut(of, "_")
	return I(string(k) + form + "_" + tail)
}

// Within makes the identifier of a part of an object, from the part's own short key.
func Within[I ~string](k Kind, whole, key string) I {
	_, tail, _ := strings.Cut(whole, "_")
	return I(string(k) + form + "_" + tail + "." + key)
}

// Whole takes an identifier made by Within apart again; ok is false for any other.
func Whole[I ~string](part string, k Kind) (whole I, key string, ok bool) {
	_, tail, found := strings.Cut(part, "_")
	head, key, cut := strings.Cut(tail, ".")
	if !found || !cut || key == "" {
		return "", "", false
	}
	return I(string(k) + form + "_" + head), key, true
}

var shape = regexp.MustCompile(`^([a-z]{3})1_[0-9a-hjkmnp-tv-z]{26}(\.[0-9a-zA-Z.-]{1,64})?$`)

// KindOf says what an identifier names; ok is false where s is no identifier at all.
func KindOf(s string) (k Kind, ok bool) {
	m := shape.FindStringSubmatch(s)
	if m == nil {
		return "", false
	}
	return Kind(m[1]), true
}

// Is says whether s is an identifier of the kind.
func Is(s string, k Kind) bool {
	got, ok := KindOf(s)
	return ok && got == k
}
