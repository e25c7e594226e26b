// Package record is the engine of flexible records: JSON objects whose form people describe themselves, by a JSON Schema
// (draft 2020-12), and of which they declare some fields by which objects are found and sorted.
//
// It reads JSON text without losing the order of keys or the way a number is written, and refuses what two readers would
// understand differently: repeated keys, numbers that do not survive a double, keys that stores and queries give a meaning
// of their own. It holds records against schemas within bounds, changes them by patches (RFC 7396, RFC 6902), and brings
// them from one version of a schema to the next by declared steps. It keeps nothing and knows of no room.
package record

import (
	"io"
	"strconv"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

// The bounds of records and schemas.
const (
	MaxRecord  = 256 << 10 // bytes of a record
	MaxSchema  = 64 << 10  // bytes of a schema
	MaxDepth   = 16        // objects and arrays within each other in a record
	MaxNodes   = 20_000    // values in a record, all together
	MaxKey     = 100       // characters of a key
	MaxIndexed = 200       // characters of a text by which records are found
	MaxFields  = 6         // declared for finding and sorting
	MaxOps     = 200       // operations of one patch
	MaxSteps   = 50        // of one migration

	maxSchemaDepth = 40   // objects and arrays within each other in a schema
	maxWay         = 100  // steps to a sub-schema, also by references
	maxReached     = 2000 // sub-schemas, each counted as often as it is reached
	maxFaults      = 20   // told of one record
)

// The codes of this package, with the parameters of their sentences.
const (
	CodeNotJSON     fault.Code = "RECORD_NOT_JSON"          // at: byte
	CodeNotObject   fault.Code = "RECORD_NOT_AN_OBJECT"     // got
	CodeTooLarge    fault.Code = "RECORD_TOO_LARGE"         // max, size: bytes
	CodeNumber      fault.Code = "RECORD_NUMBER_INEXACT"    // value
	CodeRequired    fault.Code = "RECORD_FIELD_REQUIRED"    // field
	CodeUnknown     fault.Code = "RECORD_FIELD_UNKNOWN"     // field
	CodeType        fault.Code = "RECORD_FIELD_TYPE"        // want, got
	CodeRule        fault.Code = "RECORD_RULE_BROKEN"       // rule, want
	CodeCostly      fault.Code = "RECORD_TOO_COSTLY"        //
	CodePatch       fault.Code = "RECORD_PATCH_FAILED"      // op, at
	CodePatchForm   fault.Code = "RECORD_PATCH_MALFORMED"   // want
	CodeRemote      fault.Code = "SCHEMA_REMOTE_REFERENCE"  // ref
	CodeNoTarget    fault.Code = "SCHEMA_REFERENCE_UNKNOWN" // ref
	CodeRecursive   fault.Code = "SCHEMA_RECURSIVE"         // ref
	CodeWide        fault.Code = "SCHEMA_TOO_WIDE"          // max
	CodePattern     fault.Code = "SCHEMA_PATTERN"           // pattern, detail
	CodeSchema      fault.Code = "SCHEMA_NOT_VALID"         // detail
	CodeKeyword     fault.Code = "SCHEMA_KEYWORD"           // keyword
	CodeOpen        fault.Code = "SCHEMA_NOT_CLOSED"        //
	CodeDialect     fault.Code = "SCHEMA_DIALECT"           // want
	CodeNoField     fault.Code = "FIELD_NOT_IN_SCHEMA"      // path
	CodeFieldType   fault.Code = "FIELD_TYPE_DIFFERS"       // path, want, got
	CodePointer     fault.Code = "FIELD_PATH_MALFORMED"     // want
	CodeStep        fault.Code = "MIGRATION_STEP_FAILED"    // step, at
	CodeStepForm    fault.Code = "MIGRATION_STEP_MALFORMED" // do, want
	CodeStepNowhere fault.Code = "MIGRATION_PATH_EMPTY"     // path
	CodeNotDeclared fault.Code = "FIELD_NOT_DECLARED"       // path, declared
	CodeValue       fault.Code = "FIELD_VALUE"              // want

	CodePatternLarge  fault.Code = "SCHEMA_PATTERN_TOO_LARGE"  // pattern, size, max: instructions
	CodePatternsLarge fault.Code = "SCHEMA_PATTERNS_TOO_LARGE" // size, max: instructions
)

// JSON is a JSON value as text: what clients send and get where the form is their own. It comes as a value of GraphQL,
// whose objects have no order, so that keys are then sorted; or as a string that holds the text itself, of which the order
// of keys and the form of numbers are kept.
type JSON string

// MarshalGQL writes the value itself.
func (j JSON) MarshalGQL(w io.Writer) {
	if j == "" {
		j = "null"
	}
	_, _ = io.WriteString(w, string(j))
}

// UnmarshalGQL takes a value as it comes. What is wrong with it is told by who knows what it is for.
func (j *JSON) UnmarshalGQL(v any) error {
	if s, ok := v.(string); ok {
		*j = JSON(s)
		return nil
	}
	n, err := nodeOf(v, 0)
	if err != nil {
		return err
	}
	*j = JSON(n.text(nil))
	return nil
}

// MarshalJSON embeds the value itself.
func (j JSON) MarshalJSON() ([]byte, error) {
	if j == "" {
		return []byte("null"), nil
	}
	return []byte(j), nil
}

// UnmarshalJSON takes the value as it is written.
func (j *JSON) UnmarshalJSON(b []byte) error {
	*j = JSON(b)
	return nil
}

// Literal is a JSON value as text that comes as a value of GraphQL alone: a string is a string.
type Literal string

// MarshalGQL writes the value itself.
func (l Literal) MarshalGQL(w io.Writer) { JSON(l).MarshalGQL(w) }

// UnmarshalGQL takes a value as it comes.
func (l *Literal) UnmarshalGQL(v any) error {
	n, err := nodeOf(v, 0)
	if err != nil {
		return err
	}
	*l = Literal(n.text(nil))
	return nil
}

// Value is one JSON value by which records are asked for: a text, a number or a boolean.
type Value struct {
	Text   *string
	Number *string
	Bool   *bool
}

// MarshalGQL writes the value.
func (v Value) MarshalGQL(w io.Writer) {
	switch {
	case v.Text != nil:
		_, _ = w.Write(quoted(nil, *v.Text))
	case v.Number != nil:
		_, _ = io.WriteString(w, *v.Number)
	case v.Bool != nil:
		_, _ = io.WriteString(w, strconv.FormatBool(*v.Bool))
	default:
		_, _ = io.WriteString(w, "null")
	}
}

// UnmarshalGQL takes a value as it comes.
func (v *Value) UnmarshalGQL(in any) error {
	n, err := nodeOf(in, 0)
	if err != nil {
		return err
	}
	switch n.kind {
	case kindText:
		v.Text = &n.raw
	case kindNumber:
		v.Number = &n.raw
	case kindBool:
		v.Bool = new(n.raw == "true")
	default:
		return fault.New(fault.Invalid, CodeValue, "want", "text, number or boolean")
	}
	return nil
}
