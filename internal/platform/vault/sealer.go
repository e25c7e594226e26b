package vault

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/cobuild/cobuild/internal/platform/personal"
	"github.com/cobuild/cobuild/internal/platform/store"
)

// Kind is what is to be encrypted in a collection's documents.
type Kind struct {
	Collection string
	Own        bool     // the documents are people's: each is under its person's own secret
	Fields     []string // which personal texts there are
	Found      []string // those of them that are looked for by what they say
}

// BlindSuffix is what is added to the name of a text for that of its keyed hash.
const BlindSuffix = "Blind"

// Blind is what a text is found by: a keyed hash that tells nothing of it to who has no key. It is the same for as long
// as the store lasts, however often data keys rotate, because two nodes that made different ones at the same moment
// could not keep the texts apart.
func (v *Vault) Blind(field, text string) string {
	v.mu.Lock()
	key := v.blind
	v.mu.Unlock()
	mac := hmac.New(sha256.New, key)
	_, _ = mac.Write([]byte(field + "\x00" + text))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:18])
}

// Sealer encrypts the documents of a kind. Their collection is to be named to Watch.
func (v *Vault) Sealer(k Kind) store.Sealer {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.sealing[k.Collection] = true
	return &sealer{v, k}
}

type sealer struct {
	*Vault
	Kind
}

// The form of an encrypted text: one byte, the number of the data key, and what AES-256-GCM makes.
const form = 1

// Seal encrypts the texts of a document, puts the hashes of those that are looked for beside them, and notes the key.
func (s *sealer) Seal(ctx context.Context, doc bson.Raw) (bson.Raw, error) {
	n, err := s.current(ctx)
	if err != nil {
		return nil, err
	}
	of, secret, err := s.under(ctx, doc, n)
	if err != nil {
		return nil, err
	}
	at, out := bsoncore.AppendDocumentStart(make([]byte, 0, 2*len(doc)))
	for e := range elements(doc) {
		name := e.Key()
		sub, clear, binary := e.Value().BinaryOK()
		switch {
		case name == string(store.SealedWith) || s.blinded(name): // made anew below
			continue
		case !binary || sub != personal.Bare || !slices.Contains(s.Fields, name):
			out = append(out, e...)
			continue
		}
		box, err := s.box(ctx, of, secret)
		if err != nil {
			return nil, err
		}
		sealed := box.Seal(head(n), nil, clear, s.place(doc, name, n))
		out = bsoncore.AppendBinaryElement(out, name, personal.Sealed, sealed)
		if slices.Contains(s.Found, name) && len(clear) > 0 {
			out = bsoncore.AppendStringElement(out, name+BlindSuffix, s.Blind(name, string(clear)))
		}
	}
	out = bsoncore.AppendInt64Element(out, string(store.SealedWith), n)
	return bsoncore.AppendDocumentEnd(out, at)
}

// under is what a document is encrypted under. A person's secret is made with the first text there is to encrypt.
func (s *sealer) under(ctx context.Context, doc bson.Raw, n int64) (boxOf, []byte, error) {
	bare := false
	for e := range elements(doc) {
		sub, _, ok := e.Value().BinaryOK()
		bare = bare || ok && sub == personal.Bare
	}
	if !s.Own || !bare {
		return boxOf{key: n}, nil, nil
	}
	who := personOf(doc)
	own, err := s.shareFor(ctx, who)
	if err != nil {
		return boxOf{}, nil, err
	}
	if own.DestroyedAt != nil {
		return boxOf{}, nil, fmt.Errorf("%w: %s was erased", ErrKey, who)
	}
	return boxOf{who, n}, own.clear, nil
}

func (s *sealer) blinded(name string) bool {
	plain, is := strings.CutSuffix(name, BlindSuffix)
	return is && slices.Contains(s.Found, plain)
}

func head(n int64) []byte { return binary.AppendUvarint([]byte{form}, uint64(n)) } //nolint:gosec // numbers of keys grow from 1

// place ties a text to the collection, the document, the field and the key.
func (s *sealer) place(doc bson.Raw, name string, n int64) []byte {
	b := make([]byte, 0, 96)
	for _, word := range []string{s.Collection, personOf(doc), name} {
		b = append(append(b, word...), 0)
	}
	return strconv.AppendInt(b, n, 10)
}

// Open decrypts documents, in their order.
func (s *sealer) Open(ctx context.Context, docs []bson.Raw) ([]bson.Raw, error) {
	var people []string
	if s.Own {
		for _, d := range docs {
			if d != nil {
				people = append(people, personOf(d))
			}
		}
	}
	shares, err := s.sharesOf(ctx, people)
	if err != nil {
		return nil, err
	}
	out := make([]bson.Raw, len(docs))
	for i, d := range docs {
		if d == nil {
			continue
		}
		if out[i], err = s.open(ctx, d, shares); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (s *sealer) open(ctx context.Context, doc bson.Raw, shares map[string]*share) (bson.Raw, error) {
	at, out := bsoncore.AppendDocumentStart(make([]byte, 0, len(doc)))
	for e := range elements(doc) {
		sub, sealed, ok := e.Value().BinaryOK()
		if !ok || sub != personal.Sealed {
			out = append(out, e...)
			continue
		}
		clear, there, err := s.text(ctx, doc, e.Key(), sealed, shares)
		if err != nil {
			return nil, err
		}
		if there {
			out = bsoncore.AppendBinaryElement(out, e.Key(), personal.Bare, clear)
		}
	}
	return bsoncore.AppendDocumentEnd(out, at)
}

// text decrypts one text; there is false where its person's secret was destroyed.
func (s *sealer) text(ctx context.Context, doc bson.Raw, name string, sealed []byte, shares map[string]*share) (clear []byte, there bool, err error) {
	if len(sealed) < 2 || sealed[0] != form {
		return nil, false, ErrSealed
	}
	raw, length := binary.Uvarint(sealed[1:])
	if length <= 0 {
		return nil, false, ErrSealed
	}
	n := int64(raw) //nolint:gosec // as head wrote it; another one opens nothing
	of, secret := boxOf{key: n}, []byte(nil)
	if s.Own {
		own := shares[personOf(doc)]
		switch {
		case own == nil:
			return nil, false, fmt.Errorf("%w: the secret of %s", ErrKey, personOf(doc))
		case own.DestroyedAt != nil:
			return nil, false, nil
		}
		of.person, secret = personOf(doc), own.clear
	}
	box, err := s.box(ctx, of, secret)
	if err != nil {
		return nil, false, err
	}
	if clear, err = box.Open(nil, nil, sealed[1+length:], s.place(doc, name, n)); err != nil {
		return nil, false, fmt.Errorf("%w: %s of %s", ErrSealed, name, personOf(doc))
	}
	return clear, true, nil
}

// elements are the fields of a document that the store or the driver has made, so that it is whole.
func elements(doc bson.Raw) iter.Seq[bsoncore.Element] {
	return func(yield func(bsoncore.Element) bool) {
		if len(doc) < 5 {
			return
		}
		rest := []byte(doc[4:])
		for {
			e, more, ok := bsoncore.ReadElement(rest)
			if !ok || !yield(e) {
				return
			}
			rest = more
		}
	}
}
