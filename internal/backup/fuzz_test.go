package backup_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/backup"
)

// sealed is a file of any head, body and tail, with an end that fits.
func sealed(head, body, tail []byte) []byte {
	out := append(append(bytes.Clone(head), body...), tail...)
	length := binary.LittleEndian.AppendUint32(nil, uint32(len(tail)))
	sum := sha256.Sum256(append(bytes.Clone(out), length...))
	return append(append(append(out, length...), sum[:]...), "COBUILD\x1a"...)
}

// parted takes a good file apart.
func parted(raw []byte) (head, body, tail []byte) {
	n := binary.LittleEndian.Uint32(raw)
	end := len(raw) - 44
	from := end - int(binary.LittleEndian.Uint32(raw[end:]))
	return raw[:n], raw[n:from], raw[from:end]
}

// Whatever a file holds, it is read or refused: within bounds, and without harm.
func FuzzAnyFileIsReadOrRefused(f *testing.F) {
	h := open(f, embedded(f))
	for n := range 3 {
		must(f, h.add(context.Background(), name(n), ""))
	}
	h.settle(f)
	for _, plain := range []bool{true, false} {
		raw, _ := backedUp(f, h.source(f), backup.Options{Plain: plain})
		head, body, tail := parted(raw)
		f.Add(head, body, tail)
		f.Add(head, body[:len(body)/2], tail)
		f.Add(head, append(bytes.Clone(body), body...), tail)
		f.Add(head, body, tail[:len(tail)/2])
		f.Add(head, []byte{0xff, 0xff, 0xff, 0x7f, 0}, tail)
	}
	empty, err := bson.Marshal(bson.D{})
	must(f, err)
	f.Add(empty, []byte{}, empty)
	f.Fuzz(func(t *testing.T, head, body, tail []byte) {
		raw := sealed(head, body, tail)
		file, err := backup.Open(t.Context(), bytes.NewReader(raw), int64(len(raw)), quiet)
		if err != nil {
			return
		}
		if err := file.Check(t.Context(), quiet); err != nil {
			return
		}
		if is := file.Contents(); is.Documents < 0 {
			t.Errorf("it holds %d documents", is.Documents)
		}
	})
}

func TestAFileThatDoesNotHoldWhatItSaysIsRefused(t *testing.T) {
	h := open(t, embedded(t))
	for n := range 3 {
		must(t, h.add(t.Context(), name(n), ""))
	}
	h.settle(t)
	raw, _ := backedUp(t, h.source(t), backup.Options{Plain: true})
	head, body, tail := parted(raw)
	says := func(old, is string) []byte { return bytes.Replace(body, []byte(old), []byte(is), 1) }
	for what, bad := range map[string][]byte{
		"half a body":         sealed(head, body[:len(body)/2], tail),
		"no body":             sealed(head, nil, tail),
		"a body twice":        sealed(head, append(bytes.Clone(body), body...), tail),
		"another document":    sealed(head, says("thing000", "thing009"), tail),
		"another collection":  sealed(head, says("things", "thongs"), tail),
		"another tail":        sealed(head, body, bytes.Replace(tail, []byte("things"), []byte("thongs"), 1)),
		"a tail that is none": sealed(head, body, tail[:9]),
		"a packing unknown":   sealed(bytes.Replace(head, []byte("\x05\x00\x00\x00none"), []byte("\x05\x00\x00\x00nine"), 1), body, tail),
	} {
		file, err := backup.Open(t.Context(), bytes.NewReader(bad), int64(len(bad)), quiet)
		if err == nil {
			err = file.Check(t.Context(), quiet)
		}
		if err == nil {
			t.Errorf("%s is taken for a backup", what)
		}
	}
	at := bytes.LastIndex(body, []byte("thing.made"))
	forged := bytes.Clone(body)
	forged[at] = 'T'
	file, err := backup.Open(t.Context(), bytes.NewReader(sealed(head, forged, tail)), int64(len(raw)), quiet)
	must(t, err)
	is(t, file.Check(t.Context(), quiet), backup.ErrLog)
}
