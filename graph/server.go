package graph

import (
	"context"
	"log/slog"

	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/web/gql"
)

// Options of the schema's engine.
type Options struct {
	Limits gql.Limits   // without a price, the default ones; without weights, the schema's own
	Open   bool         // whether anonymous callers may introspect the schema too
	Log    *slog.Logger // takes unexpected errors
}

// NewServer makes the engine that answers the schema from the rooms.
func NewServer(rooms Rooms, o Options) *gql.Engine {
	if o.Limits.Price == 0 {
		o.Limits = gql.DefaultLimits()
	}
	if o.Limits.Weights == nil {
		o.Limits.Weights = Weights()
	}
	schema := NewExecutableSchema(Config{Resolvers: &Resolver{Rooms: rooms}, Directives: DirectiveRoot{Scope: scope}})
	return gql.New(gql.Config{
		Schema: schema,
		Limits: o.Limits,
		Open:   func(ctx context.Context) bool { return o.Open || authz.From(ctx).Known() },
		Around: once(schema.Schema()),
		Log:    o.Log,
	})
}

// Weights are the prices of the fields behind which there is more work than telling a value. A plain field costs 1, and
// a field of a page's member costs its price once for each member.
func Weights() map[string]int {
	return map[string]int{
		"sections":         50, // of a report: adds up every contract of a jurisdiction
		"byCommunityType":  50, // likewise
		"totalCount":       25, // looks at up to 10,000 objects; once for each condition of the filter
		"export":           25, // gathers a contract's text, keys and signatures, and seals them
		"differences":      10, // compares two versions of a text, part by part
		"canonicalText":    5,  // a whole text
		"signingStatement": 5,  // is written and canonicalised when asked for
		"sealedText":       5,  // likewise
	}
}
