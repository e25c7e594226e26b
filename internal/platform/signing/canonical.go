// Package signing makes and checks signatures under contracts, and the file in which a contract leaves the server.
//
// What is signed is canonical JSON (JCS, RFC 8785): one text has exactly one sequence of bytes, whoever writes it. A
// party's signature is a detached JWS (RFC 7515) over a Statement, which binds the contract, its version, the party and
// the hash of the text. An exported contract (Bundle) carries all of it, sealed by the server; Verify checks such a file
// without asking anybody.
package signing

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gowebpki/jcs"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

// MaxInteger is the largest whole number that may stand in signed text, 2⁵³−1, and its negative the smallest: every
// JSON reader in the world takes it for the same number.
const MaxInteger = 1<<53 - 1

// Canonical is the one sequence of bytes of a value: its JSON by encoding/json, with members sorted and without spaces
// (JCS). What two readers could take differently is refused, with the path to it: fractions, exponents, minus zero and
// whole numbers beyond ±MaxInteger (NUMBER_NOT_SIGNABLE with value), text that is not UTF-8 (NOT_UTF8), a member that
// stands twice and anything that is no JSON (MALFORMED with want).
func Canonical(v any) ([]byte, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return nil, notJSON(err)
	}
	if err := signable(plain); err != nil {
		return nil, err
	}
	out, err := jcs.Transform(plain)
	if err != nil {
		return nil, notJSON(err)
	}
	return out, nil
}

// Hash names canonical bytes: "sha256:" and 64 hexadecimal digits.
func Hash(canonical []byte) string {
	sum := sha256.Sum256(canonical)
	return "sha256:" + hex.EncodeToString(sum[:])
}

func notJSON(err error) error {
	return fault.New(fault.Invalid, fault.CodeMalformed, "want", "JSON").Because(err)
}

// signable walks through JSON text and collects what must not stand in signed text.
func signable(doc []byte) error {
	var f fault.List
	w := walker{doc: doc, dec: json.NewDecoder(bytes.NewReader(doc)), faults: &f}
	w.dec.UseNumber()
	if err := w.value(nil); err != nil {
		return notJSON(err)
	}
	return f.Err()
}

type walker struct {
	doc    []byte
	dec    *json.Decoder
	faults *fault.List
}

// value reads one value that stands at path.
func (w walker) value(path []string) error {
	tok, raw, err := w.token()
	if err != nil {
		return err
	}
	switch t := tok.(type) {
	case json.Number:
		w.number(t.String(), path)
	case string:
		w.text(raw, path)
	case json.Delim:
		if t == '[' {
			return w.array(path)
		}
		return w.object(path)
	}
	return nil
}

func (w walker) array(path []string) error {
	for i := 0; w.dec.More(); i++ {
		if err := w.value(below(path, strconv.Itoa(i))); err != nil {
			return err
		}
	}
	_, err := w.dec.Token()
	return err
}

func (w walker) object(path []string) error {
	for w.dec.More() {
		tok, raw, err := w.token()
		if err != nil {
			return err
		}
		name, _ := tok.(string)
		w.text(raw, below(path, name))
		if err := w.value(below(path, name)); err != nil {
			return err
		}
	}
	_, err := w.dec.Token()
	return err
}

// token reads one token, with the bytes it was written in.
func (w walker) token() (json.Token, []byte, error) {
	from := w.dec.InputOffset()
	tok, err := w.dec.Token()
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, nil, err
	}
	return tok, w.doc[from:w.dec.InputOffset()], nil
}

func (w walker) number(s string, path []string) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n > MaxInteger || n < -MaxInteger || s == "-0" {
		*w.faults = append(*w.faults, fault.New(fault.Invalid, fault.CodeNumber, "value", s).At(path...))
	}
}

// text refuses a string that was no UTF-8. encoding/json writes such bytes as the escape \ufffd, and a real U+FFFD as
// itself.
func (w walker) text(raw []byte, path []string) {
	if !utf8.Valid(raw) || replaced(string(raw)) {
		*w.faults = append(*w.faults, fault.New(fault.Invalid, fault.CodeNotUTF8).At(path...))
	}
}

func replaced(raw string) bool {
	for {
		i := strings.IndexByte(raw, '\\')
		if i < 0 || i+1 >= len(raw) {
			return false
		}
		if len(raw) >= i+6 && strings.EqualFold(raw[i:i+6], `\ufffd`) {
			return true
		}
		raw = raw[i+2:]
	}
}

func below(path []string, step string) []string {
	return append(slices.Clip(path), step)
}
