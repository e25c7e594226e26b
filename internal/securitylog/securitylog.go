// Package securitylog is the room of what happens at the door (安全日志): who signed in and from where, what was refused,
// which key was used.
//
// It is apart from the journal, which is kept for ever and proves what became of contracts: what anybody can cause
// without an account must not grow what is kept. So the log forgets after 90 days, and what is alike within one hour is
// one entry that counts. However many guesses come, there is a fixed number of entries for each account and hour.
package securitylog

import (
	"crypto/sha256"
	"encoding/binary"
	"net/netip"
	"strconv"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// The bounds of the log.
const (
	KeptFor = 90 * 24 * time.Hour // then an entry is swept away
	hour    = time.Hour           // what is alike within one is one entry
	places  = 16                  // entries of a kind for one account and hour, by where it came from
	waiting = 10_000              // refusals that wait in memory to be written; more are counted among these
)

// Entry is what happened at the door, as often as it happened alike within an hour.
type Entry struct {
	store.Meta[id.SecurityEntry] `bson:",inline"`
	Kind                         Kind            `bson:"kind"`
	Person                       id.Person       `bson:"person,omitempty"`       // whose account it is about
	Organisation                 id.Organisation `bson:"organisation,omitempty"` // whose key or service account it is about
	Subject                      string          `bson:"subject,omitempty"`      // the session, key or account, of the latest
	Code                         fault.Code      `bson:"code,omitempty"`         // with what it was refused
	Operation                    string          `bson:"operation,omitempty"`    // what was asked for, in the schema's words
	Credential                   string          `bson:"credential,omitempty"`   // with what a program came, by its identifier
	Network                      string          `bson:"network,omitempty"`      // where it came from; empty where from several
	Client                       string          `bson:"client,omitempty"`       // in what program, roughly; likewise
	At                           time.Time       `bson:"at"`                     // of the first
	LastAt                       time.Time       `bson:"lastAt"`
	Count                        int             `bson:"count"`
	ExpiresAt                    time.Time       `bson:"expiresAt"`
}

// IsNode marks what can be found by its identifier alone.
func (*Entry) IsNode() {}

// BelongsTo says whose account it is about.
func (e *Entry) BelongsTo() id.Person { return e.Person }

// Stand names the organisation whose key or service account it is about.
func (e *Entry) Stand(r authz.Relation) []id.Organisation {
	if r != authz.Own || e.Organisation == "" {
		return nil
	}
	return []id.Organisation{e.Organisation}
}

// Deed is what a room or the edge tells the log of. What it leaves out is not known or does not matter.
type Deed struct {
	Kind         Kind
	Person       id.Person
	Organisation id.Organisation
	Subject      string
	Code         fault.Code
	Operation    string

	// Credential is with what a program came that is known to be its own: its API key, client key or client secret. Each
	// has entries of its own, which is bounded because an account has few of them.
	Credential string
}

// entry is the first of its kind in its hour.
func (d Deed) entry(address, client string, now time.Time) *Entry {
	e := &Entry{
		Kind: d.Kind, Person: d.Person, Organisation: d.Organisation, Subject: d.Subject, Code: d.Code, Operation: d.Operation,
		Credential: d.Credential, Network: network(address), Client: client, At: now, LastAt: now, Count: 1, ExpiresAt: now.Add(KeptFor),
	}
	e.ID = e.slot(now)
	return e
}

// slot is the identifier of the entry that counts this deed and those alike. Whatever comes, an account has a fixed
// number of them in an hour; what falls together by chance is counted together.
func (e *Entry) slot(now time.Time) id.SecurityEntry {
	sum := sha256.Sum256([]byte(e.Network + "\x00" + e.Client + "\x00" + string(e.Code) + "\x00" + e.Operation))
	place := binary.BigEndian.Uint64(sum[:8]) % places
	return id.Derived[id.SecurityEntry](id.KindSecurityEntry, string(e.Kind), string(e.Person), string(e.Organisation),
		strconv.FormatInt(now.Truncate(hour).Unix(), 10), strconv.FormatUint(place, 10), e.Credential)
}

// count adds what happened alike. Where it differs, it says nothing rather than something that holds for a part only.
func (e *Entry) count(more *Entry) error {
	e.Count += more.Count
	if more.LastAt.After(e.LastAt) {
		e.LastAt, e.Subject = more.LastAt, more.Subject
	}
	if more.At.Before(e.At) {
		e.At = more.At
	}
	for _, same := range []struct{ mine, its *string }{
		{&e.Network, &more.Network}, {&e.Client, &more.Client}, {&e.Operation, &more.Operation}, {(*string)(&e.Code), (*string)(&more.Code)},
	} {
		if *same.mine != *same.its {
			*same.mine = ""
		}
	}
	return nil
}

// network is the part of an address that tells a place, and not a household: 24 bits of IPv4, 48 of IPv6.
func network(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return ""
	}
	a = a.Unmap().WithZone("")
	bits := 48
	if a.Is4() {
		bits = 24
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return ""
	}
	return p.String()
}
