package seed

import (
	"encoding/json"
	"errors"
	"io"
	"unicode/utf8"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

// Read reads a file piece by piece and refuses what is not of the format: text that is no JSON, unknown or repeated
// members, values of a wrong type, records over the bounds. It checks no reference and no rule of the domain; Check
// does. What was refused is not in the file that is returned.
func Read(r io.Reader) (File, []Refusal) {
	in := newLines(r, MaxBytes)
	rd := &reader{in: in, dec: json.NewDecoder(in), seen: map[string]bool{}}
	if err := rd.file(); err != nil {
		rd.stop(err)
	}
	return rd.out, rd.refused.list()
}

// reader is one reading of one file.
type reader struct {
	in      *lines
	dec     *json.Decoder
	out     File
	seen    map[string]bool // members of the file
	refused refusals
}

var (
	errNotJSON = errors.New("seed: not JSON")
	errTail    = errors.New("seed: text after the end")
)

func (rd *reader) file() error {
	if err := rd.expect('{'); err != nil {
		return err
	}
	for rd.dec.More() {
		t, err := rd.dec.Token()
		if err != nil {
			return err
		}
		name, ok := t.(string)
		if !ok {
			return errNotJSON
		}
		if err := rd.member(name); err != nil {
			return err
		}
	}
	if err := rd.expect('}'); err != nil {
		return err
	}
	if _, err := rd.dec.Token(); !errors.Is(err, io.EOF) || rd.in.over {
		return errTail
	}
	if rd.out.Format != Format {
		rd.refuse(1, fault.New(fault.Invalid, CodeFormat, "want", Format).At("format"))
	}
	return nil
}

// member reads one member of the file: a word about the whole, or a section.
func (rd *reader) member(name string) error {
	if rd.seen[name] {
		rd.refuse(rd.line(), fault.New(fault.Invalid, fault.CodeDuplicate, "value", name).At(name))
		return rd.skip()
	}
	rd.seen[name] = true
	switch Section(name) {
	case "format":
		return rd.word(name, &rd.out.Format)
	case "name":
		return rd.word(name, &rd.out.Name)
	case "about":
		return rd.word(name, &rd.out.About)
	case InSources:
		return list(rd, InSources, &rd.out.Sources)
	case InDistricts:
		return list(rd, InDistricts, &rd.out.Districts)
	case InSubDistricts:
		return list(rd, InSubDistricts, &rd.out.SubDistricts)
	case InCommunities:
		return list(rd, InCommunities, &rd.out.Communities)
	case InResidentUnits:
		return list(rd, InResidentUnits, &rd.out.ResidentUnits)
	case InPeople:
		return list(rd, InPeople, &rd.out.People)
	case InContracts:
		return list(rd, InContracts, &rd.out.Contracts)
	}
	rd.refuse(rd.line(), fault.New(fault.Invalid, CodeUnknownField, "field", name))
	return rd.skip()
}

// word reads a text about the whole file.
func (rd *reader) word(name string, into *string) error {
	raw, line, err := rd.value()
	if err != nil {
		return err
	}
	if !utf8.Valid(raw) {
		rd.refuse(line, fault.New(fault.Invalid, fault.CodeNotUTF8).At(name))
	} else if json.Unmarshal(raw, into) != nil || raw[0] != '"' {
		rd.refuse(line, fault.New(fault.Invalid, fault.CodeMalformed, "want", "string").At(name))
	}
	return nil
}

// placed is a record that knows where it stands.
type placed interface {
	at(line int)
	line() int
	name() string
}

// list reads one section, record by record.
func list[T any, P interface {
	*T
	placed
}](rd *reader, in Section, into *[]T) error {
	if err := rd.expect('['); errors.Is(err, errNotJSON) {
		return fault.New(fault.Invalid, fault.CodeMalformed, "want", "array").At(string(in))
	} else if err != nil {
		return err
	}
	for n := 0; rd.dec.More(); n++ {
		if n >= MaxRecords {
			return fault.New(fault.Invalid, fault.CodeTooMany, "max", MaxRecords).At(string(in))
		}
		raw, line, err := rd.value()
		if err != nil {
			return err
		}
		var one T
		if err := record(raw, &one); err != nil {
			rd.refused.add(in, P(&one).name(), line, err)
			continue
		}
		P(&one).at(line)
		*into = append(*into, one)
	}
	return rd.expect(']')
}

// value reads the next value whole and tells the line it begins on.
func (rd *reader) value() (json.RawMessage, int, error) {
	var raw json.RawMessage
	if err := rd.dec.Decode(&raw); err != nil {
		return nil, 0, err
	}
	return raw, rd.in.at(rd.dec.InputOffset() - int64(len(raw))), nil
}

func (rd *reader) skip() error { _, _, err := rd.value(); return err }

func (rd *reader) line() int { return rd.in.at(rd.dec.InputOffset()) }

func (rd *reader) expect(d json.Delim) error {
	t, err := rd.dec.Token()
	if err != nil {
		return err
	}
	if t != d {
		return errNotJSON
	}
	return nil
}

func (rd *reader) refuse(line int, err error) { rd.refused.add(InHead, "", line, err) }

// stop refuses the rest of a file that cannot be read on.
func (rd *reader) stop(err error) {
	f, ok := errors.AsType[*fault.Fault](err)
	switch {
	case ok:
	case rd.in.over:
		f = fault.New(fault.Invalid, fault.CodeTooLong, "max", MaxBytes)
	default:
		f = fault.New(fault.Invalid, CodeNotJSON).Because(err)
	}
	rd.refuse(rd.line(), f)
}
