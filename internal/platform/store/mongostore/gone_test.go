package mongostore_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/store/mongostore"
	"github.com/cobuild/cobuild/internal/platform/store/mongostore/mongotest"
)

// meter is an object that counts.
type meter struct {
	store.Meta[string] `bson:",inline"`

	Count int `bson:"count"`
}

// harmed is a store whose line to the server can be harmed, and the same database by a sound one.
func harmed(t *testing.T) (l *line, bad, sound store.Backend) {
	t.Helper()
	uri, name := mongotest.Database(t)
	l, through := newLine(t, uri)
	s, err := mongostore.Open(t.Context(), mongostore.Options{
		URI: through, Database: name, Timeout: 3 * time.Second, Wait: time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.WithoutCancel(t.Context())) })
	return l, s, mongotest.Connect(t, uri, name)
}

func meters(t *testing.T, db store.Backend) *store.Collection[*meter] {
	t.Helper()
	c, err := store.Open(t.Context(), db, store.Options[*meter]{
		Schema: store.Schema{Name: "meters"},
		Policy: store.Policy[*meter]{May: func(context.Context, string, *meter) error { return nil }},
		Now:    time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func newMeter(id string) *meter {
	m := &meter{}
	m.SetKey(id)
	return m
}

func count(m *meter) error { m.Count++; return m.Tell("meter.counted", nil) }

func TestAWriteThatLandedBeforeTheLineWasCutIsRecognised(t *testing.T) {
	l, bad, sound := harmed(t)
	c, look := meters(t, bad), meters(t, sound)
	l.strike("insert", true)
	if _, err := c.Add(t.Context(), "add", newMeter("m")); err != nil {
		t.Fatalf("the new object is there, and was answered with %v", err)
	}
	l.strike("update", true)
	m, err := c.Change(t.Context(), "count", "m", count)
	if err != nil {
		t.Fatalf("the change is made, and was answered with %v", err)
	}
	was, err := look.Get(t.Context(), "m")
	if err != nil || was.Count != 1 || was.Rev != 2 || m.Count != 1 || len(was.Outbox) != 1 {
		t.Errorf("counted once, it is %+v, answered %+v, %v", was, m, err)
	}
}

func TestAWriteThatNeverReachedTheServerLeavesNothing(t *testing.T) {
	l, bad, sound := harmed(t)
	c, look := meters(t, bad), meters(t, sound)
	l.strike("insert", false)
	if _, err := c.Add(t.Context(), "add", newMeter("m")); !fault.Is(err, fault.CodeUnavailable) {
		t.Errorf("answered with %v", err)
	}
	if _, err := look.Get(t.Context(), "m"); !fault.Is(err, fault.CodeNotFound) {
		t.Errorf("something is there: %v", err)
	}
	if _, err := c.Add(t.Context(), "add", newMeter("m")); err != nil {
		t.Fatalf("on the mended line: %v", err)
	}
	l.strike("update", false)
	if _, err := c.Change(t.Context(), "count", "m", count); !fault.Is(err, fault.CodeUnavailable) {
		t.Errorf("answered with %v", err)
	}
	if was, err := look.Get(t.Context(), "m"); err != nil || was.Count != 0 || was.Rev != 1 || len(was.Outbox) != 0 {
		t.Errorf("the change left something: %+v, %v", was, err)
	}
}

// calls are all that can be asked of a back end.
func calls(db store.Backend) map[string]func(context.Context) error {
	doc := func(id string) bson.Raw {
		raw, _ := bson.Marshal(bson.D{{Key: "_id", Value: id}, {Key: "rev", Value: int64(1)}})
		return raw
	}
	scan := store.Scan{Collection: "meters", Branches: [][]any{{}}}
	return map[string]func(context.Context) error{
		"ensure":  func(ctx context.Context) error { return db.Ensure(ctx, tried) },
		"insert":  func(ctx context.Context) error { return db.Insert(ctx, "meters", doc("new")) },
		"replace": func(ctx context.Context) error { return db.Replace(ctx, "meters", 1, doc("m")) },
		"delete":  func(ctx context.Context) error { return db.Delete(ctx, "meters", "m", 1) },
		"get":     func(ctx context.Context) error { _, err := db.Get(ctx, "meters", "m"); return err },
		"many":    func(ctx context.Context) error { _, err := db.GetMany(ctx, "meters", []string{"m"}); return err },
		"count":   func(ctx context.Context) error { _, err := db.Count(ctx, scan, 5); return err },
		"ping":    db.Ping,
		"find": func(ctx context.Context) error {
			for _, err := range db.Find(ctx, scan) {
				if err != nil {
					return err
				}
			}
			return nil
		},
	}
}

func TestWhileTheServerIsGoneEverythingIsUnavailable(t *testing.T) {
	l, bad, sound := harmed(t)
	meters(t, bad)
	l.kill()
	var all sync.WaitGroup
	for name, call := range calls(bad) {
		all.Go(func() {
			begun := time.Now()
			if err := call(t.Context()); !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("%s answers %v", name, err)
			}
			if took := time.Since(begun); took > 20*time.Second {
				t.Errorf("%s took %v to say so", name, took)
			}
		})
	}
	all.Wait()
	if n, err := sound.Count(t.Context(), store.Scan{Collection: "meters", Branches: [][]any{{}}}, 5); n != 0 || err != nil {
		t.Errorf("something came through: %d, %v", n, err)
	}
	l.heal()
	for deadline := time.Now().Add(20 * time.Second); bad.Ping(t.Context()) != nil; {
		if time.Now().After(deadline) {
			t.Fatal("it does not find back to the server")
		}
	}
	if err := calls(bad)["insert"](t.Context()); err != nil {
		t.Errorf("back again, it answers %v", err)
	}
}

func TestACallerWhoHasGoneIsAnsweredUnavailable(t *testing.T) {
	db := mongotest.Open(t)
	meters(t, db)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for name, call := range calls(db) {
		if err := call(gone); !errors.Is(err, store.ErrUnavailable) || !errors.Is(err, context.Canceled) {
			t.Errorf("%s answers %v", name, err)
		}
	}
}

func TestAClosedStoreIsUnavailableAndCanBeClosedAgain(t *testing.T) {
	uri, name := mongotest.Database(t)
	db, err := mongostore.Open(t.Context(), mongostore.Options{URI: uri, Database: name})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := db.Close(t.Context()); err != nil {
			t.Errorf("close: %v", err)
		}
	}
	for name, call := range calls(db) {
		if err := call(t.Context()); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("%s answers %v", name, err)
		}
	}
}

func TestAServerThatDoesNotAnswerIsGivenUpInTime(t *testing.T) {
	var lc net.ListenConfig
	silent, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = silent.Close() })
	for what, host := range map[string]string{"silent": silent.Addr().String(), "nobody": "127.0.0.1:1"} {
		begun := time.Now()
		_, err := mongostore.Open(t.Context(), mongostore.Options{
			URI: "mongodb://clerk:secret@" + host + "/", Database: "x", Timeout: time.Second, Wait: 500 * time.Millisecond,
		})
		if !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("%s: %v", what, err)
			continue
		}
		if took := time.Since(begun); took > 5*time.Second {
			t.Errorf("%s: it took %v to give up", what, took)
		}
		if text := err.Error(); !strings.Contains(text, host) || strings.Contains(text, "secret") {
			t.Errorf("%s: the error names no server, or a password: %s", what, text)
		}
	}
}

func TestABadConnectionStringIsToldWithoutThePassword(t *testing.T) {
	for _, uri := range []string{"", "http://x/", "mongodb://", "mongodb://clerk:sec/ret@x/", "mongodb://clerk:secret@x/?w=y&tls=perhaps"} {
		_, err := mongostore.Open(t.Context(), mongostore.Options{URI: uri, Database: "x"})
		if err == nil {
			t.Errorf("%q passes", uri)
			continue
		}
		if strings.Contains(err.Error(), "sec") {
			t.Errorf("%q: the error tells the password: %v", uri, err)
		}
	}
}

func TestNothingAcknowledgedIsLostWhenTheLineBreaksAgainAndAgain(t *testing.T) {
	l, bad, sound := harmed(t)
	c, look := meters(t, bad), meters(t, sound)
	const writers, most = 4, 6
	for w := range writers {
		if _, err := look.Add(t.Context(), "add", newMeter(strconv.Itoa(w))); err != nil {
			t.Fatal(err)
		}
	}
	var cuts atomic.Int32
	stop, cutting := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(cutting)
		for dice := rand.New(rand.NewPCG(3, 4)); ; {
			select {
			case <-stop:
				return
			case <-time.After(time.Duration(dice.IntN(60)) * time.Millisecond):
				l.cut()
				cuts.Add(1)
			}
		}
	}()
	var done, unsure [writers]int
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for cuts.Load() < most {
				_, err := c.Change(t.Context(), "count", strconv.Itoa(w), count)
				switch {
				case err == nil:
					done[w]++
				case fault.Is(err, fault.CodeUnavailable):
					unsure[w]++
				default:
					t.Errorf("answered with %v", err)
				}
			}
		})
	}
	all.Wait()
	close(stop)
	<-cutting
	for w := range writers {
		m, err := look.Get(t.Context(), strconv.Itoa(w))
		if err != nil {
			t.Fatal(err)
		}
		if m.Count < done[w] || m.Count > done[w]+unsure[w] || m.Rev != int64(m.Count+1) || len(m.Outbox) != m.Count {
			t.Errorf("%d acknowledged, %d unsure, and it is %d at rev %d with %d events", done[w], unsure[w], m.Count, m.Rev, len(m.Outbox))
		}
		if done[w] == 0 {
			t.Error("the test did not test: nothing came through")
		}
	}
}

func TestManyNodesMayStartAtOnce(t *testing.T) {
	uri, name := mongotest.Database(t)
	var all sync.WaitGroup
	for range 8 {
		db := mongotest.Connect(t, uri, name)
		all.Go(func() {
			if err := db.Ensure(t.Context(), tried); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}
