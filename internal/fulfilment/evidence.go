package fulfilment

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/text"
)

// What a report may hold.
const (
	MaxNote        = 4000 // characters
	MaxReason      = 4000 // characters
	MaxEvidence    = 50
	MaxDescription = 1000 // characters
	MaxURL         = 2000 // characters
)

// EvidenceKind is a kind of proof.
type EvidenceKind string

// The kinds of evidence.
const (
	Photo          EvidenceKind = "PHOTO"
	Document       EvidenceKind = "DOCUMENT"
	AttendanceList EvidenceKind = "ATTENDANCE_LIST"
	Receipt        EvidenceKind = "RECEIPT"
	Link           EvidenceKind = "LINK"
	OtherEvidence  EvidenceKind = "OTHER"
)

// EvidenceKinds are all of them.
func EvidenceKinds() []EvidenceKind {
	return []EvidenceKind{Photo, Document, AttendanceList, Receipt, Link, OtherEvidence}
}

// Evidence is a proof of what was done: described, and either a file that was sent here, or where it lies elsewhere, with
// its address and its hash.
type Evidence struct {
	Kind        EvidenceKind `bson:"kind"`
	Description string       `bson:"description"`
	URL         *string      `bson:"url,omitempty"`
	Sha256      *string      `bson:"sha256,omitempty"` // of the file's bytes, 64 hexadecimal digits
	TakenOn     *scalar.Date `bson:"takenOn,omitempty"`

	File id.File `bson:"file,omitempty"` // empty where it lies elsewhere
}

// EvidenceInput is a proof as a client gives it.
type EvidenceInput struct {
	Kind        EvidenceKind
	Description string
	URL         *string
	Sha256      *string
	TakenOn     *scalar.Date

	File *id.File
}

// evidence checks what a client gives as proof.
func evidence(f *fault.List, in []*EvidenceInput) []*Evidence {
	if len(in) > MaxEvidence {
		f.Add(fault.New(fault.Invalid, fault.CodeTooMany, "max", MaxEvidence), "evidence")
		return nil
	}
	var out []*Evidence
	for i, e := range in {
		var faults fault.List
		out = append(out, e.checked(&faults))
		f.Add(faults.Err(), "evidence", strconv.Itoa(i))
	}
	return out
}

func (in *EvidenceInput) checked(f *fault.List) *Evidence {
	e := &Evidence{
		Kind: in.Kind, Description: text.Line(f, "description", in.Description, 1, MaxDescription),
		URL: in.URL, Sha256: in.Sha256, TakenOn: in.TakenOn,
	}
	if !slices.Contains(EvidenceKinds(), in.Kind) {
		f.Add(fault.New(fault.Invalid, fault.CodeMalformed, "want", "PHOTO, DOCUMENT, ATTENDANCE_LIST, RECEIPT, LINK, OTHER"), "kind")
	}
	if in.URL != nil {
		f.Add(webAddress(*in.URL), "url")
	} else if in.Kind == Link {
		f.Add(fault.New(fault.Invalid, CodeEvidenceLink), "url")
	}
	if in.Sha256 != nil && !sha256Hex.MatchString(*in.Sha256) {
		f.Add(fault.New(fault.Invalid, fault.CodeMalformed, "want", "64 × 0-9, a-f"), "sha256")
	}
	if in.File != nil {
		e.File = *in.File
		if in.URL != nil {
			f.Add(fault.New(fault.Invalid, CodeEvidenceTwice), "url")
		}
	}
	if in.TakenOn != nil && !in.TakenOn.Valid() {
		f.Add(fault.New(fault.Invalid, fault.CodeMalformed, "want", "YYYY-MM-DD"), "takenOn")
	}
	return e
}

var sha256Hex = regexp.MustCompile(`^[0-9a-f]{64}$`)

func webAddress(s string) error {
	if len(s) > MaxURL {
		return fault.New(fault.Invalid, fault.CodeTooLong, "max", MaxURL)
	}
	if _, err := text.Clean(s); err != nil {
		return err
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil {
		return fault.New(fault.Invalid, fault.CodeMalformed, "want", "https://…").Because(err)
	}
	return nil
}

// proves refuses a report that lacks evidence the commitment requires, or has some that was taken after today.
func (f *Fulfilment) proves(given []*Evidence, today scalar.Date) error {
	var faults fault.List
	var missing []string
	for _, k := range f.EvidenceRequired {
		if !slices.ContainsFunc(given, func(e *Evidence) bool { return e.Kind == k }) {
			missing = append(missing, string(k))
		}
	}
	if len(missing) > 0 {
		faults.Add(fault.New(fault.Refused, CodeEvidenceMissing, "kinds", strings.Join(missing, ", ")), "evidence")
	}
	for i, e := range given {
		if e.TakenOn != nil && *e.TakenOn > today {
			wrong := fault.New(fault.Invalid, CodeEvidenceFuture, "takenOn", *e.TakenOn, "today", today)
			faults.Add(wrong, "evidence", strconv.Itoa(i), "takenOn")
		}
	}
	return faults.Err()
}
