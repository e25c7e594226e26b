// Package bulk moves many objects at once: whole lists out of Cobuild as files, and files into it, line by line.
//
// Both are jobs that are worked off in the background, piece by piece. Each piece is run as whoever started the job, by
// the rights they have at that moment and from their budget, through the very operations that anybody sends: no job sees
// or does what its owner could not. After each piece the job notes how far it came; whoever takes it up after that, at
// this node or another one, goes on from there. An import names each of its lines to the server, so a line that was done
// before the end of the program is not done again.
package bulk

import (
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/lease"
	"github.com/cobuild/cobuild/internal/platform/scalar"
	"github.com/cobuild/cobuild/internal/platform/sheet"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Kind is which way a job moves things.
type Kind string

// The kinds.
const (
	Export Kind = "EXPORT"
	Import Kind = "IMPORT"
)

// Language is in which a job tells what is wrong.
type Language string

// The languages.
const (
	Chinese Language = "ZH_CN"
	English Language = "EN"
)

// State is how far a job is.
type State string

// The states.
const (
	AwaitingFile State = "AWAITING_FILE" // of an import that has no file yet
	Queued       State = "QUEUED"
	Running      State = "RUNNING"
	Waiting      State = "WAITING" // for its owner's budget, or for a place where too much is under way
	Done         State = "DONE"
	Failed       State = "FAILED"
	Cancelled    State = "CANCELLED"
	Expired      State = "EXPIRED" // its files are gone
)

// Verb is what is done to a job.
type Verb string

// The verbs.
const (
	VerbReceive Verb = "RECEIVE" // its file
	VerbTake    Verb = "TAKE"    // up, by a node that works
	VerbHold    Verb = "HOLD"    // back, until there is a budget
	VerbFinish  Verb = "FINISH"
	VerbFail    Verb = "FAIL"
	VerbCancel  Verb = "CANCEL"
	VerbExpire  Verb = "EXPIRE"
)

// next is the state that a verb leads to; ok is false where the verb has no place.
func next(from State, v Verb) (to State, ok bool) {
	under := from == Queued || from == Running || from == Waiting
	switch {
	case v == VerbReceive && from == AwaitingFile:
		return Queued, true
	case v == VerbTake && under:
		return Running, true
	case v == VerbHold && from == Running:
		return Waiting, true
	case v == VerbFinish && from == Running:
		return Done, true
	case v == VerbFail && under:
		return Failed, true
	case v == VerbCancel && (under || from == AwaitingFile):
		return Cancelled, true
	case v == VerbExpire && (from == AwaitingFile || from.over() && from != Expired):
		return Expired, true
	}
	return from, false
}

// over says whether nothing more will be done.
func (s State) over() bool { return s == Done || s == Failed || s == Cancelled || s == Expired }

// Job is an export or an import.
type Job struct {
	store.Meta[id.BulkJob] `bson:",inline"`

	Kind     Kind         `bson:"kind"`
	State    State        `bson:"state"`
	Format   sheet.Format `bson:"format"`
	Language Language     `bson:"language"`

	Query     *string      `bson:"query,omitempty"` // of an export, as its owner wrote it
	Variables *scalar.JSON `bson:"variables,omitempty"`
	Plan      *Plan        `bson:"plan,omitempty"`

	Mutation *string  `bson:"mutation,omitempty"` // of an import
	DryRun   bool     `bson:"dryRun"`
	Mapping  []Column `bson:"mapping,omitempty"` // of an export, the titles; of an import, what they stand for
	SHA256   *string  `bson:"sha256,omitempty"`  // that the file must have

	Rows       int  `bson:"rows"`            // done: rows written, or lines looked at
	Total      *int `bson:"total,omitempty"` // nil while it is not known
	FailedRows int  `bson:"failedRows"`      // lines with which something is wrong

	StartedAt   *time.Time `bson:"startedAt,omitempty"`
	EstimatedAt *time.Time `bson:"estimatedAt,omitempty"` // when it will be done at the pace so far
	EndedAt     *time.Time `bson:"endedAt,omitempty"`
	ExpiresAt   time.Time  `bson:"expiresAt"` // when its files go, or a file must have come
	Failure     *Problem   `bson:"failure,omitempty"`

	Owner `bson:",inline"`
	Work  `bson:",inline"`
}

// Column gives a column of a file its name.
type Column struct {
	Field string `bson:"field"` // as "community.name"
	Title string `bson:"title"`
}

// Plan is how an export is read.
type Plan struct {
	Query   string   `bson:"query"` // of a page
	First   string   `bson:"first"` // of the first page, which tells how many there are; empty where none does
	Path    []string `bson:"path"`
	Columns []string `bson:"columns"`
}

// Problem is what is wrong with a line of a file, or with the whole.
type Problem struct {
	Line    *int       `bson:"line,omitempty"` // as people count: the header is line 1 of a table
	Column  *string    `bson:"column,omitempty"`
	Code    fault.Code `bson:"code"`
	Message string     `bson:"message"` // for people, in the job's language
}

// Owner is who started a job, and with what.
type Owner struct {
	Person       id.Person         `bson:"person,omitempty"`
	Service      id.ServiceAccount `bson:"service,omitempty"`
	Session      id.Session        `bson:"session"`
	Scopes       []string          `bson:"scopes,omitempty"` // of a program's token
	Rights       []string          `bson:"rights,omitempty"` // the roles at the start: the job ends with any of them
	Organisation id.Organisation   `bson:"organisation,omitempty"`
	Programs     id.Organisation   `bson:"programs,omitempty"` // the same, of a program alone
	Author       string            `bson:"author"`
	Seat         *int              `bson:"seat,omitempty"`  // among those that its author has under way
	Bench        *int              `bson:"bench,omitempty"` // among those of its organisation
}

// Work is how far the work has come.
type Work struct {
	lease.Lease `bson:",inline"`

	Source string   `bson:"source,omitempty"` // of an import: the file as it came
	Lines  string   `bson:"lines,omitempty"`  // and as it was read, line by line
	Header []string `bson:"header,omitempty"` // of the file
	Offset int64    `bson:"offset"`           // up to where the lines are done
	Line   int      `bson:"line"`             // the last line that is done
	Parts  []string `bson:"parts,omitempty"`  // what was written so far
	Cursor *string  `bson:"cursor,omitempty"` // behind which the next page begins
	Whole  bool     `bson:"whole"`            // whether only the file is to be put together
	Result *File    `bson:"result,omitempty"`
	// Reports are the lines with which something is wrong, by the ending of the form they are in.
	Reports map[string]*File `bson:"reports,omitempty"`
}

// File is a file that is ready.
type File struct {
	Key    string `bson:"key"`
	Name   string `bson:"name"`
	Size   int64  `bson:"size"`
	SHA256 string `bson:"sha256"`
}

// IsNode marks what can be found by its identifier alone.
func (*Job) IsNode() {}

// BelongsTo is the person who started the job.
func (j *Job) BelongsTo() id.Person { return j.Person }

// Stand says which organisations stand to the job in a relation: its own, where a program started it.
func (j *Job) Stand(r authz.Relation) []id.Organisation {
	if r == authz.Own && j.Programs != "" {
		return []id.Organisation{j.Programs}
	}
	return nil
}

// Audience is the program's organisation; of a person's job there is none.
func (j *Job) Audience() []string {
	if j.Programs == "" {
		return nil
	}
	return []string{string(j.Programs)}
}

// move takes the job on by a verb.
func (j *Job) move(v Verb, now time.Time) error {
	to, ok := next(j.State, v)
	if !ok {
		return fault.New(fault.Refused, CodeState, "status", j.State)
	}
	j.State = to
	if to.over() && to != Expired {
		end := now.Add(KeptFor)
		j.EndedAt, j.ExpiresAt, j.DueAt = &now, end, &end
		j.Seat, j.Bench, j.EstimatedAt, j.Worker = nil, nil, nil, ""
	}
	if to == Expired {
		j.Seat, j.Bench, j.DueAt, j.Worker = nil, nil, nil, ""
	}
	return nil
}

// The events of this room. They say nothing of what was in the files.
const (
	ToldStarted = "bulkJob.started"
	ToldEnded   = "bulkJob.ended"
)

// told is what events say of a job.
type told struct {
	Kind       Kind         `bson:"kind"`
	Format     sheet.Format `bson:"format"`
	Mutation   string       `bson:"mutation,omitempty"`
	DryRun     bool         `bson:"dryRun,omitempty"`
	State      State        `bson:"state"`
	Rows       int          `bson:"rows"`
	FailedRows int          `bson:"failedRows,omitempty"`
}

func (j *Job) tell(what string) error {
	t := told{Kind: j.Kind, Format: j.Format, DryRun: j.DryRun, State: j.State, Rows: j.Rows, FailedRows: j.FailedRows}
	if j.Mutation != nil {
		t.Mutation = *j.Mutation
	}
	return j.Tell(what, t)
}
