// Package stream joins the two ends of a subscription: the room that knows what happened, and the transport that tells
// it to a client.
//
// The GraphQL executor stands between them and knows streams as Go channels, one goroutine and one set of rights for
// each, kept from its beginning to its end. Here it is asked twice instead: once to open the source, and then, for each
// event, to answer the operation anew, as a query about that event by a caller with the rights of that moment. So a
// subscription that waits costs next to nothing, and no field below it is answered by rights that have ended.
package stream

import (
	"context"

	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/fault"
)

// Event is one thing that happened, for one subscriber.
type Event struct {
	Seq   int64       // its place in the journal, from which a reader resumes; 0 where it has none
	Value any         // what the root field answers
	Of    string      // names the value and the state it was read in: equal for equal ones; "" is equal to nothing
	Actor authz.Actor // the subscriber, with the rights of this moment
}

// Source is where the events of one subscription come from.
type Source interface {
	// Next waits for the next event. io.EOF says that there will be none; any other error ends the subscription too,
	// and is told.
	Next(ctx context.Context) (*Event, error)
	// Close lets go of the source.
	Close()
}

// Joiner is a source that others of the same caller, who ask the same, can stand in for.
type Joiner interface {
	Source
	// Caught reads on until there is something to tell, or nothing is left: then everything that concerns the subscriber up
	// to the place at has been told.
	Caught(ctx context.Context) (at int64, idle bool, err error)
}

// Line is the way between a transport and a root field.
type Line struct {
	Resume *int64 // the place from which the transport was asked to resume; nil where it was not
	source Source
	event  *Event
}

type key struct{}

// With lays a line to the root field that an operation asks for.
func With(ctx context.Context, l *Line) context.Context { return context.WithValue(ctx, key{}, l) }

// Source is what the root field has opened; nil where it refused.
func (l *Line) Source() Source { return l.source }

// Telling is a context in which the root field answers an event.
func Telling(ctx context.Context, e *Event) context.Context {
	return context.WithValue(authz.With(ctx, e.Actor), key{}, &Line{event: e})
}

// Answer is what the resolver of a root field does: it opens the source, or answers the event that is being told. A
// place from which the transport resumes counts more than the one that the client wrote into its operation when it first
// connected.
func Answer[T any](ctx context.Context, after *int64, open func(after *int64) (Source, error)) (<-chan T, error) {
	l, _ := ctx.Value(key{}).(*Line)
	if l == nil {
		return nil, fault.New(fault.Internal, fault.CodeInternal)
	}
	answers := make(chan T, 1)
	if l.event != nil {
		v, ok := l.event.Value.(T)
		if !ok {
			return nil, fault.New(fault.Internal, fault.CodeInternal)
		}
		answers <- v
		return answers, nil
	}
	if l.Resume != nil {
		after = l.Resume
	}
	var err error
	l.source, err = open(after)
	close(answers)
	return answers, err
}
