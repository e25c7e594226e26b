package ledger

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"strconv"
)

// Format names the form of an export: BSON documents one behind the other, as tools for BSON read them. The first is the
// head, then comes every event in the order of its place, and a last one that seals the head.
const Format = "cobuild.audit.v1"

// Head is what an export says of itself.
type Head struct {
	Size       int64    // how many events follow
	Checkpoint []byte   // the log's signed checkpoint of just so many events
	Witnessed  [][]byte // checkpoints that witnesses have counter-signed, of as many events or fewer
	Keys       []Key    // of the log and of its witnesses
}

// Writer writes an export.
type Writer struct {
	to   *bufio.Writer
	seal Hash
	left int64
	buf  []byte
}

// NewWriter begins an export.
func NewWriter(to io.Writer, h Head) (*Writer, error) {
	doc := h.document()
	w := &Writer{to: bufio.NewWriterSize(to, 1<<20), seal: sha256.Sum256(doc), left: h.Size}
	_, err := w.to.Write(doc)
	return w, err
}

// Add writes the next event's document as the store has it.
func (w *Writer) Add(doc []byte) error {
	if w.left--; w.left < 0 {
		return fmt.Errorf("%w: more events than the head says", ErrMalformed)
	}
	rest, err := inside(doc)
	if err != nil {
		return err
	}
	out, at := begin(w.buf[:0])
	for len(rest) > 0 {
		var el element
		if el, rest, err = next(rest); err != nil {
			return err
		}
		if string(el.name) != "rev" { // the store's own affair
			out = appendElement(out, el)
		}
	}
	w.buf = end(out, at)
	_, err = w.to.Write(w.buf)
	return err
}

// Close ends the export.
func (w *Writer) Close() error {
	if w.left != 0 {
		return fmt.Errorf("%w: %d events are missing", ErrMalformed, w.left)
	}
	if _, err := w.to.Write(tail(w.seal)); err != nil {
		return err
	}
	return w.to.Flush()
}

// tail is an export's last document.
func tail(seal Hash) []byte {
	out, at := begin(nil)
	return end(appendBinary(out, "seal", seal[:]), at)
}

func (h Head) document() []byte {
	out, at := begin(nil)
	out = appendText(out, "format", Format)
	out = append(append(append(out, kindInt64), "size"...), 0)
	out = binary.LittleEndian.AppendUint64(out, uint64(h.Size))
	out = appendText(out, "checkpoint", string(h.Checkpoint))
	out = appendTexts(out, "witnessed", len(h.Witnessed), func(i int) string { return string(h.Witnessed[i]) })
	out = appendTexts(out, "keys", len(h.Keys), func(i int) string { return h.Keys[i].String() })
	return end(out, at)
}

// readHead is a head again; only the very bytes that document writes are one.
func readHead(doc []byte) (h Head, err error) {
	rest, err := inside(doc)
	for err == nil && len(rest) > 0 {
		var el element
		if el, rest, err = next(rest); err != nil {
			break
		}
		var text []byte
		var list []string
		switch string(el.name) {
		case "size":
			h.Size, err = el.number()
		case "checkpoint":
			text, err = el.text()
			h.Checkpoint = bytes.Clone(text)
		case "witnessed":
			list, err = el.texts()
			for _, s := range list {
				h.Witnessed = append(h.Witnessed, []byte(s))
			}
		case "keys":
			list, err = el.texts()
			for _, s := range list {
				var k Key
				if k, err = ParseKey(s); err != nil {
					break
				}
				h.Keys = append(h.Keys, k)
			}
		}
	}
	if err == nil && !bytes.Equal(h.document(), doc) {
		err = fmt.Errorf("%w: not the head of an export", ErrMalformed)
	}
	return h, err
}

func appendText(out []byte, name, s string) []byte {
	out = append(append(append(out, kindString), name...), 0)
	out = binary.LittleEndian.AppendUint32(out, uint32(len(s)+1))
	return append(append(out, s...), 0)
}

func appendTexts(out []byte, name string, n int, at func(int) string) []byte {
	out = append(append(append(out, kindArray), name...), 0)
	out, list := begin(out)
	for i := range n {
		out = appendText(out, strconv.Itoa(i), at(i))
	}
	return end(out, list)
}

func (el element) texts() (out []string, err error) {
	if el.kind != kindArray {
		return nil, el.wrong()
	}
	rest, err := inside(el.value)
	for err == nil && len(rest) > 0 {
		var one element
		var s []byte
		if one, rest, err = next(rest); err != nil {
			break
		}
		if s, err = one.text(); err == nil {
			out = append(out, string(s))
		}
	}
	return out, err
}
