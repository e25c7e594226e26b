package authz

import (
	"context"
	"log/slog"
	"time"
)

// Proof is what a caller came with, for connections that outlive one request: they end when it does.
type Proof struct {
	Bearer Secret    // the token or key as it was sent; empty where none was
	Ends   time.Time // when it stops being good; zero where only its withdrawal ends it
}

// Secret is a text that stays out of logs.
type Secret string

// String hides the secret.
func (Secret) String() string { return "(hidden)" }

// LogValue hides the secret.
func (Secret) LogValue() slog.Value { return slog.StringValue("(hidden)") }

type proofKey struct{}

// WithProof keeps what the caller came with.
func WithProof(ctx context.Context, p Proof) context.Context {
	return context.WithValue(ctx, proofKey{}, p)
}

// ProofFrom is what the caller came with; the zero Proof where nothing is known.
func ProofFrom(ctx context.Context) Proof { p, _ := ctx.Value(proofKey{}).(Proof); return p }

// Over says whether the proof has ended by a moment.
func (p Proof) Over(at time.Time) bool { return !p.Ends.IsZero() && !at.Before(p.Ends) }
