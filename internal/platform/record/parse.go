package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/text"
)

// rules are what is asked of JSON text beside its being JSON.
type rules struct {
	size, depth, values int
	keys                bool // whether keys are held to what records may have
}

func recordRules() rules { return rules{MaxRecord, MaxDepth, MaxNodes, true} }
func schemaRules() rules { return rules{MaxSchema, maxSchemaDepth, MaxNodes, false} }

// Parse reads a record: one object, within the bounds, that means the same to every reader. What is wrong is told with
// its path inside the record.
func Parse(raw JSON) (*Record, error) {
	n, err := parse(raw, recordRules())
	if err != nil {
		return nil, err
	}
	if n.kind != kindObject {
		return nil, fault.New(fault.Invalid, CodeNotObject, "got", n.kind.String())
	}
	return &Record{n}, nil
}

// Record is a record that has been read.
type Record struct{ root *node }

// JSON is the record as text, without needless space, in the order of its keys.
func (r *Record) JSON() JSON { return JSON(r.root.text(nil)) }

// parse reads one JSON value. The size is looked at before anything else.
func parse(raw JSON, r rules) (*node, error) {
	if len(raw) > r.size {
		return nil, fault.New(fault.Invalid, CodeTooLarge, "max", r.size, "size", len(raw))
	}
	if !utf8.ValidString(string(raw)) {
		return nil, fault.New(fault.Invalid, fault.CodeNotUTF8)
	}
	d := json.NewDecoder(bytes.NewReader([]byte(raw)))
	d.UseNumber()
	p := &parser{rules: r, d: d}
	n, err := p.value(0)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, p.broken(err)
	}
	return n, nil
}

// parser reads token by token, so that keys keep their order and repeated ones are seen.
type parser struct {
	rules
	d    *json.Decoder
	seen int
}

func (p *parser) broken(err error) error {
	return fault.New(fault.Invalid, CodeNotJSON, "at", p.d.InputOffset()).Because(err)
}

func (p *parser) value(depth int) (*node, error) {
	t, err := p.d.Token()
	if err != nil {
		return nil, p.broken(err)
	}
	if p.seen++; p.seen > p.values {
		return nil, fault.New(fault.Invalid, fault.CodeTooMany, "max", p.values)
	}
	switch x := t.(type) {
	case bool:
		return &node{kind: kindBool, raw: strconv.FormatBool(x)}, nil
	case json.Number:
		return &node{kind: kindNumber, raw: x.String()}, exact(x.String())
	case string:
		return &node{kind: kindText, raw: x}, p.said(x)
	case json.Delim:
		if depth >= p.depth {
			return nil, fault.New(fault.Invalid, fault.CodeTooDeep, "max", p.depth)
		}
		if x == '[' {
			return p.array(depth)
		}
		return p.object(depth)
	}
	return &node{}, nil
}

func (p *parser) array(depth int) (*node, error) {
	out := &node{kind: kindArray}
	for p.d.More() {
		e, err := p.value(depth + 1)
		if err != nil {
			return nil, fault.Of(err).At(strconv.Itoa(len(out.items)))
		}
		out.items = append(out.items, e)
	}
	if _, err := p.d.Token(); err != nil {
		return nil, p.broken(err)
	}
	return out, nil
}

func (p *parser) object(depth int) (*node, error) {
	out, had := &node{kind: kindObject}, map[string]bool{}
	for p.d.More() {
		t, err := p.d.Token()
		if err != nil {
			return nil, p.broken(err)
		}
		key, _ := t.(string)
		if had[key] {
			return nil, fault.New(fault.Invalid, fault.CodeDuplicate, "value", text.Clip(key, MaxKey)).At(text.Clip(key, MaxKey))
		}
		had[key] = true
		if p.keys && !fitKey(key) {
			return nil, fault.New(fault.Invalid, fault.CodeBadKey, "key", strconv.Quote(text.Clip(key, MaxKey)))
		}
		e, err := p.value(depth + 1)
		if err != nil {
			return nil, fault.Of(err).At(key)
		}
		out.members = append(out.members, member{key, e})
	}
	if _, err := p.d.Token(); err != nil {
		return nil, p.broken(err)
	}
	return out, nil
}

// said refuses what no text of a record may hold. The text itself is kept as it is.
func (p *parser) said(s string) error {
	if !p.keys {
		return nil
	}
	_, err := text.Clean(s)
	return err
}

// fitKey says whether a key may be one of a record: none that a store or a query would give a meaning of its own.
func fitKey(key string) bool {
	clean, err := text.Clean(key)
	return err == nil && clean == key && key != "" && utf8.RuneCountInString(key) <= MaxKey &&
		!strings.HasPrefix(key, "$") && !strings.ContainsAny(key, ".\n\t")
}

const (
	maxInteger  = 1<<53 - 1
	exactDigits = 15 // that every double keeps
)

// exact refuses a number that does not survive a double, as most readers keep numbers: integers beyond ±(2⁵³−1), and
// fractions of more than 15 digits.
func exact(s string) error {
	bad := fault.New(fault.Invalid, CodeNumber, "value", text.Clip(s, 40))
	if len(s) > 40 {
		return bad
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		return bad
	}
	if math.Abs(f) > maxInteger {
		return bad
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		if n > maxInteger || n < -maxInteger {
			return bad
		}
		return nil
	}
	mantissa, exponent, _ := strings.Cut(strings.ToLower(s), "e")
	digits := strings.Trim(strings.ReplaceAll(strings.TrimPrefix(mantissa, "-"), ".", ""), "0")
	if len(digits) > exactDigits || digits != "" && f == 0 {
		return bad
	}
	if e, err := strconv.Atoi(exponent); exponent != "" && (err != nil || e > 300 || e < -300) {
		return bad
	}
	return nil
}
