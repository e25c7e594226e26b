package seed

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

func (p *Place) at(line int) { p.Line = line }
func (p *Place) line() int   { return p.Line }

func (s *Source) name() string       { return s.Key }
func (d *District) name() string     { return d.Key }
func (s *SubDistrict) name() string  { return s.Key }
func (c *Community) name() string    { return c.Key }
func (u *ResidentUnit) name() string { return u.Key }
func (p *Person) name() string       { return p.Key }
func (c *Contract) name() string     { return c.Key }

// record reads one record strictly: every member known by its exact name, none twice, every value of its type. What
// can be told of a refused record, its key above all, is in into nevertheless.
func record(raw json.RawMessage, into any) error {
	if len(raw) > MaxRecord {
		return fault.New(fault.Invalid, fault.CodeTooLong, "max", MaxRecord)
	}
	if !utf8.Valid(raw) {
		return fault.New(fault.Invalid, fault.CodeNotUTF8)
	}
	err := json.Unmarshal(raw, into)
	var faults fault.List
	walk(json.NewDecoder(bytes.NewReader(raw)), reflect.TypeOf(into).Elem(), nil, 0, &faults)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		path := strings.FieldsFunc(wrong.Field, func(r rune) bool { return r == '.' })
		faults = append(faults, fault.New(fault.Invalid, fault.CodeMalformed, "want", wrong.Type.String()).At(path...))
	} else if err != nil {
		faults = append(faults, fault.New(fault.Invalid, CodeNotJSON).Because(err))
	}
	return faults.Err()
}

// walk goes through one value beside the type it is read into. It returns false where the text ends.
func walk(dec *json.Decoder, t reflect.Type, path []string, depth int, faults *fault.List) bool {
	tok, err := dec.Token()
	if err != nil {
		return false
	}
	if depth > MaxDepth {
		*faults = append(*faults, fault.New(fault.Invalid, fault.CodeTooDeep, "max", MaxDepth).At(path...))
		return false
	}
	switch tok {
	case json.Delim('{'):
		return walkObject(dec, t, path, depth, faults)
	case json.Delim('['):
		return walkArray(dec, t, path, depth, faults)
	case nil:
		*faults = append(*faults, fault.New(fault.Invalid, fault.CodeMalformed, "want", "absent, not null").At(path...))
	}
	return true
}

func walkArray(dec *json.Decoder, t reflect.Type, path []string, depth int, faults *fault.List) bool {
	var of reflect.Type
	if t != nil && t.Kind() == reflect.Slice {
		of = t.Elem()
	}
	for i := 0; dec.More(); i++ {
		if !walk(dec, of, slices.Concat(path, []string{strconv.Itoa(i)}), depth+1, faults) {
			return false
		}
	}
	_, err := dec.Token()
	return err == nil
}

func walkObject(dec *json.Decoder, t reflect.Type, path []string, depth int, faults *fault.List) bool {
	known, seen := members(t), map[string]bool{}
	for dec.More() {
		tok, err := dec.Token()
		name, ok := tok.(string)
		if err != nil || !ok {
			return false
		}
		here := slices.Concat(path, []string{name})
		of, ok := known[name]
		switch {
		case !ok && t != nil:
			*faults = append(*faults, fault.New(fault.Invalid, CodeUnknownField, "field", name).At(here...))
		case seen[name]:
			*faults = append(*faults, fault.New(fault.Invalid, fault.CodeDuplicate, "value", name).At(here...))
		}
		seen[name] = true
		if !walk(dec, of, here, depth+1, faults) {
			return false
		}
	}
	_, err := dec.Token()
	return err == nil
}

// members are the names that an object of this type may have, and the types of their values.
func members(t reflect.Type) map[string]reflect.Type {
	if t == nil || t.Kind() != reflect.Struct {
		return nil
	}
	out := make(map[string]reflect.Type, t.NumField())
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name != "" && name != "-" {
			out[name] = f.Type
		}
	}
	return out
}
