// Package mongostore keeps documents in MongoDB, or in any server that speaks its protocol: one node, a replica set or
// a sharded cluster.
//
// It asks little of the server, so that it runs on many: inserts, replacements and deletions of one document, finds and
// counts by an index. There are no transactions, no upserts, no change streams, no aggregation of its own and no
// collation: strings compare by bytes. What a change must be sure of is in the filter it is written with, the
// document's identifier and its rev.
package mongostore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"

	"github.com/cobuild/cobuild/internal/platform/store"
)

// Options say where the server is and how long to wait for it. Of what the connection string itself says, the pool,
// the names and the timeouts win over what is here and over the defaults.
type Options struct {
	URI      string        // connection string, "mongodb://…" or "mongodb+srv://…"
	Database string        // name of the database; required
	AppName  string        // what the server's log calls this program; "cobuild" where empty
	Timeout  time.Duration // bound of one operation without a deadline of its own; 15 s where zero
	Wait     time.Duration // bound of finding and connecting to a server; 5 s where zero
	Pool     uint64        // most connections to one server; 100 where zero
}

// Store is the back end on MongoDB.
type Store struct {
	client *mongo.Client
	db     *mongo.Database
}

var _ store.Backend = (*Store)(nil)

// Open connects and asks the server to answer once, so that a wrong address is told at the start and not by the first
// request. The error names the servers, never a password.
func Open(ctx context.Context, o Options) (*Store, error) {
	if err := checkName(o.Database); err != nil {
		return nil, err
	}
	c := o.client()
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("mongodb: the connection string: %w", err)
	}
	client, err := mongo.Connect(c)
	if err != nil {
		return nil, fmt.Errorf("mongodb: the connection string: %w", err)
	}
	s := &Store{client: client, db: client.Database(o.Database)}
	if err := s.Ping(ctx); err != nil {
		err = fmt.Errorf("mongodb: no answer from %s: %w", strings.Join(c.Hosts, ", "), err)
		return nil, errors.Join(err, client.Disconnect(context.WithoutCancel(ctx)))
	}
	return s, nil
}

// client makes the driver's options.
//
// Writes wait for a majority and reads see only what a majority holds: what was answered or moved to the journal is
// never rolled back by an election. Reads go to the primary, so a caller sees its own writes.
//
// Retries are on. A replica set then counts a write that the driver repeats once; a server that does not know of this
// may apply it twice, which is harmless here: the second insert meets the first one's identifier, the second
// replacement meets another rev, and both are recognised by the `write` mark that every document carries.
func (o Options) client() *options.ClientOptions {
	c := options.Client().ApplyURI(o.URI)
	c.SetWriteConcern(writeconcern.Majority()).SetReadConcern(readconcern.Majority()).SetReadPreference(readpref.Primary())
	c.SetRetryWrites(true).SetRetryReads(true)
	if c.AppName == nil {
		c.SetAppName(orElse(o.AppName, "cobuild"))
	}
	if c.Timeout == nil {
		c.SetTimeout(orElse(o.Timeout, 15*time.Second))
	}
	wait := orElse(o.Wait, 5*time.Second)
	if c.ServerSelectionTimeout == nil {
		c.SetServerSelectionTimeout(wait)
	}
	if c.ConnectTimeout == nil {
		c.SetConnectTimeout(wait)
	}
	if c.MaxPoolSize == nil {
		c.SetMaxPoolSize(orElse(o.Pool, 100))
	}
	return c
}

// Ping says whether the primary can be reached: the only one that takes writes.
func (s *Store) Ping(ctx context.Context) error {
	return failure(s.client.Ping(ctx, readpref.Primary()))
}

// Close waits for what is under way, as long as ctx allows, and disconnects.
func (s *Store) Close(ctx context.Context) error {
	err := s.client.Disconnect(ctx)
	if errors.Is(err, mongo.ErrClientDisconnected) {
		return nil
	}
	return failure(err)
}

// checkName refuses a database's name that the server would refuse, or read otherwise.
func checkName(name string) error {
	if name == "" || len(name) > 63 || strings.ContainsAny(name, "/\\. \"$*<>:|?\x00") {
		return fmt.Errorf("mongodb: %q cannot be a database's name", name)
	}
	return nil
}

// orElse is v, or the default where v is zero.
func orElse[V comparable](v, otherwise V) V {
	var zero V
	if v == zero {
		return otherwise
	}
	return v
}
