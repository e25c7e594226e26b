package publication

import (
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// ContractStatus is where a contract stands, in its own room's words.
type ContractStatus string

// signed says whether the parties have signed: before that there is nothing to make public.
func (s ContractStatus) signed() bool {
	return slices.Contains([]ContractStatus{"SIGNED", "ACTIVE", "SUSPENDED", "EXPIRED", "TERMINATED", "COMPLETED"}, s)
}

// ContractPart is what an organisation is in a contract, in its own room's words.
type ContractPart string

// The parts that decide; a witness does not.
const (
	host    ContractPart = "HOST"
	partner ContractPart = "PARTNER"
)

// CommunityType is the type of the community that hosts a contract.
type CommunityType string

// Facts are what this room knows of a contract, as it is now.
type Facts struct {
	Contract      id.Contract
	Status        ContractStatus
	Title         string
	Purpose       string
	Parties       []Party // also those that have left
	EffectiveOn   scalar.Date
	EndsOn        scalar.Date // the last day
	TimeZone      string      // IANA name
	Clauses       []*PublishedClause
	Commitments   []*PublishedCommitment
	Host          id.Organisation
	CommunityType CommunityType // the host's; told only of one contract at a time
	SubDistrict   id.Organisation
	District      id.Organisation
	Former        []id.Organisation // parties that had signed and have left
	Above         []id.Organisation
}

// Party is an organisation in a contract.
type Party struct {
	Organisation id.Organisation
	Part         ContractPart
	Name         string // as it stands in the text
	Left         bool
	Signature    *PublishedSignature // nil where it has not signed
}

// deciding are the host and the partners that have not left.
func (f *Facts) deciding() []id.Organisation {
	return f.who(func(p Party) bool { return !p.Left && (p.Part == host || p.Part == partner) })
}

// present are all parties that have not left.
func (f *Facts) present() []id.Organisation {
	return f.who(func(p Party) bool { return !p.Left })
}

func (f *Facts) who(is func(Party) bool) []id.Organisation {
	out := []id.Organisation{}
	for _, p := range f.Parties {
		if is(p) {
			out = append(out, p.Organisation)
		}
	}
	return out
}

// listed is what lists of published contracts are filtered and sorted by: of each fact only what is public, so that a
// filter finds out nothing else.
type listed struct {
	Parties       []id.Organisation `bson:"parties,omitempty"`
	Community     id.Organisation   `bson:"community,omitempty"`
	CommunityType CommunityType     `bson:"communityType,omitempty"`
	SubDistrict   id.Organisation   `bson:"subDistrict,omitempty"`
	District      id.Organisation   `bson:"district,omitempty"`
	Status        ContractStatus    `bson:"status,omitempty"`
	EffectiveOn   *scalar.Date      `bson:"effectiveOn,omitempty"`
	EndsOn        *scalar.Date      `bson:"endsOn,omitempty"`
}

// list brings what lists know of the contract up to date; nothing where nothing is public.
func (p *Publication) list(f *Facts) {
	p.Listed = nil
	if p.Status != Published {
		return
	}
	l := &listed{}
	if p.shows(Parties) {
		l.Parties = f.who(func(x Party) bool { return p.names(x) })
		l.Community, l.CommunityType, l.SubDistrict, l.District = f.Host, f.CommunityType, f.SubDistrict, f.District
	}
	if p.shows(ContractState) {
		l.Status = f.Status
	}
	if p.shows(Period) {
		l.EffectiveOn, l.EndsOn = &f.EffectiveOn, &f.EndsOn
	}
	p.Listed = l
}

// names says whether a party is shown as one: only who has agreed to it is, and a party that left goes on being so
// until it takes its consent back.
func (p *Publication) names(x Party) bool { return p.consents(x, Parties) }

func (p *Publication) consents(x Party, to PublicField) bool {
	return (x.Part == host || x.Part == partner) && slices.Contains(p.consentOf(x.Organisation), to)
}

// Happened is what an event says of a publication after what happened. It names no person and says nothing of the
// contract but its identifier.
type Happened struct {
	Contract       id.Contract     `bson:"contract"`
	Party          id.Organisation `bson:"party,omitempty"` // that acted; empty where the program did
	Status         Status          `bson:"status"`
	ProposedFields []PublicField   `bson:"proposedFields"`
	PublicFields   []PublicField   `bson:"publicFields"`
	At             time.Time       `bson:"at"`
}

// The events of this room. Each carries a Happened.
const (
	ToldProposed  = "publication.proposed"
	ToldAgreed    = "publication.agreed"    // by one party
	ToldPublished = "publication.published" // what is public has changed
	ToldWithdrawn = "publication.withdrawn"
)
