package ledger_test

import (
	"bytes"
	"strconv"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/ledger"
)

// BenchmarkVerifyAMillion reads and proves a million events like those of fulfilments, of a hundred thousand subjects.
func BenchmarkVerifyAMillion(b *testing.B) {
	const events = 1_000_000
	l := newBook()
	for i := range events {
		subject := string(id.Derived[id.Fulfilment](id.KindFulfilment, strconv.Itoa(i%100_000)))
		l.tell(b, subject, bson.D{
			{Key: "contract", Value: subject},
			{Key: "commitment", Value: subject},
			{Key: "provider", Value: subject},
			{Key: "receivers", Value: bson.A{subject}},
			{Key: "party", Value: subject},
			{Key: "dueOn", Value: "2026-03-01"},
			{Key: "status", Value: "REPORTED"},
			{Key: "late", Value: false},
			{Key: "was", Value: bson.D{{Key: "due", Value: 1}}},
			{Key: "is", Value: bson.D{{Key: "due", Value: 1}, {Key: "kept", Value: 1}}},
		})
	}
	file := l.export(b)
	b.SetBytes(int64(len(file)))
	for b.Loop() {
		if _, err := ledger.Verify(b.Context(), bytes.NewReader(file), nil, func(int64, int64) {}); err != nil {
			b.Fatal(err)
		}
	}
}
