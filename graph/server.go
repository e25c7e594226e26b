package graph

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/limit"
	"github.com/cobuild/cobuild/internal/platform/web/gql"
	"github.com/cobuild/cobuild/internal/playbook"
)

// Options of the schema's engine.
type Options struct {
	Limits gql.Limits   // without a price, the default ones; without weights and lengths of lists, the schema's own
	Open   bool         // whether anonymous callers may introspect the schema too
	Log    *slog.Logger // takes unexpected errors

	Charge      gql.Charge                       // takes prices from budgets; nil charges nobody
	Gate        *limit.Gate                      // lets in only so many operations at once; nil lets in all
	Deadline    time.Duration                    // of one operation; 0 for none
	Caller      func(ctx context.Context) string // whose memory of registered queries a request uses
	TrustedOnly bool                             // whether only documents of a manifest are run

	Live    gql.Live              // bounds of connections that stay open
	Callers gql.Callers           // who is calling on them
	Metrics prometheus.Registerer // takes how many there are; may be nil

	Heard func() int64 // how far this node has heard of what happened; may be nil
}

// NewServer makes the engine that answers the schema from the rooms.
func NewServer(rooms Rooms, o Options) *gql.Engine {
	if o.Limits.Price == 0 {
		o.Limits = gql.DefaultLimits()
	}
	if o.Limits.Weights == nil {
		o.Limits.Weights = Weights()
	}
	if o.Limits.Lists == nil {
		o.Limits.Lists = Lists()
	}
	schema := NewExecutableSchema(Config{Resolvers: &Resolver{Rooms: rooms, Subgraph: sync.OnceValue(SubgraphSDL)}, Directives: DirectiveRoot{Scope: scope}})
	return gql.New(gql.Config{
		Schema: schema,
		Limits: o.Limits,
		Open:   func(ctx context.Context) bool { return o.Open || authz.From(ctx).Known() },
		Around: once(schema.Schema()),
		Log:    o.Log,

		Charge: o.Charge, Gate: o.Gate, Deadline: o.Deadline, Caller: o.Caller, TrustedOnly: o.TrustedOnly,

		Live: o.Live, Callers: o.Callers, Metrics: o.Metrics, Alike: alike, Heard: o.Heard,
	})
}

// Weights are the prices of the fields behind which there is more work than telling a value. A plain field costs 1, and
// a field of a page's member costs its price once for each member.
func Weights() map[string]int {
	return map[string]int{
		"sections":         50,     // of a report: adds up every contract of a jurisdiction
		"byCommunityType":  50,     // likewise
		"totalCount":       25,     // looks at up to 10,000 objects; once for each condition of the filter
		"sdl":              10_000, // as long as the schema: gateways ask once, and /schema.graphqls has nearly the same
		"export":           25,     // gathers a contract's text, keys and signatures, and seals them
		"contractChanged":  10,     // once, for beginning; each event is answered as a query about it
		"commitmentDue":    10,     // likewise
		"differences":      10,     // compares two versions of a text, part by part
		"canonicalText":    5,      // a whole text
		"signingStatement": 5,      // is written and canonicalised when asked for
		"sealedText":       5,      // likewise

		"matches": 200, // judges up to 600 needs and resources

		"search": 300, // looks at up to 3,000 cards
		"trace":  10,  // asks several rooms

		"whoCanSee":          25, // goes through delegations and contracts
		"cooperationProfile": 3,  // asks the contracts what they share

		"applyPlaybook": 50, // makes some forty things
		"changesSince":  10, // compares two versions of a playbook, part by part
		"newer":         10, // likewise
	}
}

// Lists are how long lists are that are known to be short, so that what holds them within other lists can be asked for as
// a whole: everything that playbooks say of their templates.
func Lists() map[string]int {
	return map[string]int{"PlaybookProjectTemplate.form": playbook.MaxSections}
}
