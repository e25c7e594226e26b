// Package request carries what is known of one HTTP request through the layers: its id, what it asked for and which
// faults it met. The edge reads it when the request is answered, for the access log and the measures.
package request

import (
	"context"
	"sync"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

// Info is what is known of one request. A nil Info takes notes and forgets them.
type Info struct {
	ID      string   // accepted from the caller or made here; echoed in X-Request-Id
	Address string   // where the request comes from, for slowing down guesses; never logged
	Agent   string   // what the caller's program calls itself, as it was sent; never logged
	Accept  []string // the forms of an answer that the caller reads, as they were sent

	mu        sync.Mutex
	operation string
	codes     []fault.Code
}

type key struct{}

// With puts the request's Info into its context.
func With(ctx context.Context, i *Info) context.Context { return context.WithValue(ctx, key{}, i) }

// From finds the Info of the request; nil outside any.
func From(ctx context.Context) *Info { i, _ := ctx.Value(key{}).(*Info); return i }

// ID is the request's id; empty outside any request.
func ID(ctx context.Context) string {
	if i := From(ctx); i != nil {
		return i.ID
	}
	return ""
}

// Address is where the request comes from; empty outside any request.
func Address(ctx context.Context) string {
	if i := From(ctx); i != nil {
		return i.Address
	}
	return ""
}

// Accept is which forms of an answer the caller reads, as the header says it; none outside any request.
func Accept(ctx context.Context) []string {
	if i := From(ctx); i != nil {
		return i.Accept
	}
	return nil
}

// Client is in what program the request was made, roughly: enough for people to know their own sessions apart, and no
// more. Empty where that cannot be told.
func Client(ctx context.Context) string {
	if i := From(ctx); i != nil {
		return client(i.Agent)
	}
	return ""
}

// Name notes what the request asks for: a word from the schema, never from the caller, so that there are few of them.
func (i *Info) Name(operation string) {
	if i == nil {
		return
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.operation = operation
}

// Met notes a fault that the caller is told of.
func (i *Info) Met(c fault.Code) {
	if i == nil {
		return
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.codes = append(i.codes, c)
}

// Operation is what the request asked for; empty where it got no further than the door.
func (i *Info) Operation() string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.operation
}

// Codes are the faults that the caller was told of.
func (i *Info) Codes() []fault.Code {
	i.mu.Lock()
	defer i.mu.Unlock()
	return append([]fault.Code(nil), i.codes...)
}
