// Package seed reads, checks and imports a file of organisations, people and contracts, so that a new installation
// begins with real input instead of an empty page.
//
// The format is "cobuild-seed/1", described in docs/seed-format.md. A file is read piece by piece within bounds, every
// record is checked with the rules of its room before the first one is imported, and whatever is refused is named with
// its line and key. Importing the same file again changes nothing; an interrupted import is continued by running it
// again.
package seed

import (
	"github.com/cobuild/cobuild/internal/platform/authz"
)

// Format is the name and version of the form that this program reads.
const Format = "cobuild-seed/1"

// Bounds of a file, so that reading a hostile one costs little.
const (
	MaxBytes    = 64 << 20  // of the whole file
	MaxRecord   = 256 << 10 // bytes of one record
	MaxRecords  = 100_000   // in one section
	MaxRefusals = 1_000     // listed; the rest is only counted
	MaxDepth    = 12        // of nested objects and arrays in one record
	maxText     = 2_000     // characters of a text that no room bounds
	maxNotes    = 200       // of one record
)

// Section is one of a file's lists, in the order in which they are imported.
type Section string

// The sections.
const (
	InHead          Section = "file" // the file as a whole
	InSources       Section = "sources"
	InDistricts     Section = "districts"
	InSubDistricts  Section = "subDistricts"
	InCommunities   Section = "communities"
	InResidentUnits Section = "residentUnits"
	InPeople        Section = "people"
	InContracts     Section = "contracts"
)

// File is a whole seed file. Its records point to each other by their keys.
type File struct {
	Format        string         `json:"format"`
	Name          string         `json:"name"` // the keys' name space: the same key in files of the same name is the same record
	About         string         `json:"about"`
	Sources       []Source       `json:"sources"`
	Districts     []District     `json:"districts"`
	SubDistricts  []SubDistrict  `json:"subDistricts"`
	Communities   []Community    `json:"communities"`
	ResidentUnits []ResidentUnit `json:"residentUnits"`
	People        []Person       `json:"people"`
	Contracts     []Contract     `json:"contracts"`
}

// Place says where in the file a record stands; a record that was never in a file has none.
type Place struct {
	Line int `json:"-"` // of the record's first character, from 1; 0 where unknown
}

// Source is where a record was reported. It is text for people to read; the program never fetches it.
type Source struct {
	Place   `json:"-"`
	Key     string `json:"key"`
	Quality string `json:"quality,omitempty"` // as "official", "media", "repost"
	Address string `json:"address,omitempty"`
	Year    int    `json:"year,omitempty"` // of the report
}

// Note is what conversion could not take over as it stood, or what it chose: a code that docs/seed-format.md explains
// in both languages, and the words of the source.
type Note struct {
	Code  string `json:"code"`
	About string `json:"about,omitempty"` // a part of the record: a commitment's key
	Said  string `json:"said,omitempty"`
}

// District is a supervising body over sub-districts.
type District struct {
	Place  `json:"-"`
	Key    string `json:"key"`
	Name   string `json:"name"`
	NameEn string `json:"nameEn,omitempty"`
	Code   string `json:"code,omitempty"` // administrative division code where the source states it, as "320206"
	Notes  []Note `json:"notes,omitempty"`
}

// SubDistrict is a supervising body over communities, within one district.
type SubDistrict struct {
	Place    `json:"-"`
	Key      string `json:"key"`
	District string `json:"district"`
	Kind     string `json:"kind"` // STREET, TOWN or ZONE
	Name     string `json:"name"`
	NameEn   string `json:"nameEn,omitempty"`
	Code     string `json:"code,omitempty"` // administrative division code where the source states it, as "320206001"
	Notes    []Note `json:"notes,omitempty"`
}

// Community is the hub of co-building. Which type it is of decides its strategy.
type Community struct {
	Place             `json:"-"`
	Key               string `json:"key"`
	SubDistrict       string `json:"subDistrict"`
	Type              string `json:"type"` // RURAL, OLD_ESTATE, COMMERCIAL or RESETTLEMENT
	Name              string `json:"name"`
	NameEn            string `json:"nameEn,omitempty"`
	TypeIsDemoChoice  bool   `json:"typeIsDemoChoice,omitempty"`  // the source does not state the type
	PlaceIsDemoChoice bool   `json:"placeIsDemoChoice,omitempty"` // the source does not state the sub-district
	Notes             []Note `json:"notes,omitempty"`
}

// ResidentUnit is an organisation stationed in the area of one or more communities.
type ResidentUnit struct {
	Place       `json:"-"`
	Key         string   `json:"key"`
	Kind        string   `json:"kind"`
	Name        string   `json:"name"`
	NameEn      string   `json:"nameEn,omitempty"`
	CreditCode  string   `json:"creditCode,omitempty"` // optional for MILITARY only
	Communities []string `json:"communities"`          // it reports to each; the first is where it is stationed
}

// Person acts for one organisation. Nobody imported can sign in before getting a password. The same login name is the
// same person, in every file.
type Person struct {
	Place        `json:"-"`
	Key          string     `json:"key"`
	LoginName    string     `json:"loginName,omitempty"` // the file's name, a dot and the key where absent
	Name         string     `json:"name"`
	NameEn       string     `json:"nameEn,omitempty"`
	Role         authz.Role `json:"role"`
	Organisation string     `json:"organisation,omitempty"` // key; absent for an ADMINISTRATOR alone
	SigningRight bool       `json:"signingRight,omitempty"`
}

// Stage is how far an import takes a contract; time takes it further.
type Stage string

// The stages.
const (
	Draft       Stage = "DRAFT"
	Negotiating Stage = "NEGOTIATING"
	Signing     Stage = "SIGNING" // open for signing, signed by the host alone
	Signed      Stage = "SIGNED"
)

// Contract is what a community and its partners promise each other.
type Contract struct {
	Place            `json:"-"`
	Key              string       `json:"key"`
	Title            string       `json:"title"`
	TitleEn          string       `json:"titleEn,omitempty"`
	Host             string       `json:"host"`    // key of a community
	Parties          []Party      `json:"parties"` // all but the host
	Purpose          string       `json:"purpose,omitempty"`
	Clauses          []Clause     `json:"clauses"`
	Commitments      []Commitment `json:"commitments"`
	EffectiveOn      string       `json:"effectiveOn"` // date
	EndsOn           string       `json:"endsOn"`      // date, the last day
	Stage            Stage        `json:"stage"`
	Source           string       `json:"source,omitempty"` // key of a source
	AgreementStated  bool         `json:"agreementStated"`  // the source says that an agreement was signed
	TypeIsDemoChoice bool         `json:"typeIsDemoChoice,omitempty"`
	DemoChoice       bool         `json:"demoChoice,omitempty"` // the demo put these parties together
	OutcomeZh        string       `json:"outcomeZh,omitempty"`
	OutcomeEn        string       `json:"outcomeEn,omitempty"`
	Notes            []Note       `json:"notes,omitempty"`

	Sharing []Sharing `json:"sharing,omitempty"`
}

// Sharing is what a contract lets parties read of its host or of a partner.
type Sharing struct {
	Subject string   `json:"subject"`        // key of the host or of a partner
	Fields  []string `json:"fields"`         // as DUTY_PHONE
	With    []string `json:"with,omitempty"` // keys of parties; every other one where absent
	Purpose string   `json:"purpose"`
	Until   string   `json:"until,omitempty"` // date, the last day; the contract's where absent
}

// Party is an organisation's part in a contract: PARTNER or WITNESS.
type Party struct {
	Organisation string `json:"organisation"`
	Part         string `json:"part"`
}

// Clause is one paragraph of a contract's text.
type Clause struct {
	Key     string `json:"key"` // short, unique within its contract
	Heading string `json:"heading"`
	Body    string `json:"body"`
}

// Commitment is what one party promises others: with a rhythm, standing, or once until a day.
type Commitment struct {
	Key        string   `json:"key"` // short, unique within its contract
	Provider   string   `json:"provider"`
	Receivers  []string `json:"receivers"`
	Action     string   `json:"action"`
	ActionEn   string   `json:"actionEn,omitempty"`
	Quantity   string   `json:"quantity,omitempty"` // decimal
	Unit       string   `json:"unit,omitempty"`
	Recurrence string   `json:"recurrence,omitempty"` // RFC 5545 rule, without DTSTART
	Standing   bool     `json:"standing,omitempty"`   // in force all the time, reviewed quarterly
	DueOn      string   `json:"dueOn,omitempty"`      // date: the day by which it is done, for what is done once
	StartsOn   string   `json:"startsOn,omitempty"`   // date: the first possible day, the contract's first where absent
	Evidence   []string `json:"evidence,omitempty"`   // kinds of proof required, as PHOTO
	Weight     int      `json:"weight,omitempty"`     // 1 to 100 in the rate of fulfilment, 1 where absent
}
