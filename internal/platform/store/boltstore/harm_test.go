package boltstore_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/cobuild/cobuild/internal/platform/store"
	"github.com/cobuild/cobuild/internal/platform/store/boltstore"
)

const childVar = "COBUILD_TEST_BOLT_CHILD"

// TestMain runs this program as the child that is killed, where it is asked to be one.
func TestMain(m *testing.M) {
	if path := os.Getenv(childVar); path != "" {
		if err := writeForever(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

var (
	byKind  = store.Field[string]("kind")
	byRank  = store.Field[int64]("rank")
	byTag   = store.Each[string]("tags")
	ranked  = store.Lookup(byKind.Asc(), byRank.Desc())
	tagged  = store.Lookup(byTag.Asc(), byRank.Asc())
	numbers = store.Unique(byRank.Asc())
)

func things(indexes ...store.Index) store.Schema {
	return store.Schema{Name: "things", Indexes: indexes}
}

func thing(id string, rev, rank int64) bson.Raw { return filled(id, rev, rank, 1500) }

func filled(id string, rev, rank int64, fill int) bson.Raw {
	raw, err := bson.Marshal(bson.D{
		{Key: "_id", Value: id},
		{Key: "rev", Value: rev},
		{Key: "kind", Value: "k"},
		{Key: "rank", Value: rank},
		{Key: "tags", Value: bson.A{"x", fmt.Sprint("t", rank%7)}},
		{Key: "fill", Value: strings.Repeat("x", fill)},
	})
	if err != nil {
		panic(err) // the document is the test's own
	}
	return raw
}

// writeForever is the child: several callers that insert and change, and say what was acknowledged.
func writeForever(path string) error {
	ctx := context.Background()
	s, err := boltstore.Open(path, boltstore.Options{})
	if err != nil {
		return err
	}
	if err := s.Ensure(ctx, things(ranked, tagged)); err != nil {
		return err
	}
	var out sync.Mutex
	failed := make(chan error)
	for w := range 4 {
		go func() {
			for i := int64(0); ; i++ {
				id := fmt.Sprintf("%d-%d", w, i/3)
				var err error
				if rev := i%3 + 1; rev == 1 {
					err = s.Insert(ctx, "things", thing(id, rev, i))
				} else {
					err = s.Replace(ctx, "things", rev-1, thing(id, rev, i))
				}
				if err != nil {
					failed <- err
					return
				}
				out.Lock()
				fmt.Println(id, i%3+1)
				out.Unlock()
			}
		}()
	}
	return <-failed
}

func TestAKilledProcessLosesNothingItAcknowledged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cobuild.db")
	for round := range 3 {
		acknowledged := killed(t, path, 150*(round+1))
		s := open(t, path)
		if err := s.Ensure(t.Context(), things(ranked, tagged)); err != nil {
			t.Fatal(err)
		}
		for id, rev := range acknowledged {
			doc, err := s.Get(t.Context(), "things", id)
			if err != nil {
				t.Fatalf("%s: %v", id, err)
			}
			if got, _ := doc.Lookup("rev").AsInt64OK(); got < rev {
				t.Fatalf("%s is at rev %d, acknowledged was %d", id, got, rev)
			}
		}
		if err := s.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

// killed runs the child until it has acknowledged so many writes, kills it in the midst, and tells what those were.
func killed(t *testing.T, path string, writes int) map[string]int64 {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childVar+"="+path)
	cmd.Stderr = os.Stderr
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := map[string]int64{}
	lines := bufio.NewScanner(pipe)
	for n := 0; lines.Scan(); n++ {
		var id string
		var rev int64
		if _, err := fmt.Sscan(lines.Text(), &id, &rev); err != nil {
			continue // cut in the midst
		}
		said[id] = max(said[id], rev)
		if n == writes {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil || len(said) == 0 {
		t.Fatalf("the child ended by itself after %d things", len(said))
	}
	return said
}

func TestASecondProcessIsToldWhoHasTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cobuild.db")
	open(t, path)
	_, err := boltstore.Open(path, boltstore.Options{Wait: 1})
	locked, ok := errors.AsType[*boltstore.LockedError](err)
	if !ok || locked.PID != os.Getpid() || locked.Path != path {
		t.Fatalf("got %v", err)
	}
}

func TestAFullDiskIsUnavailableAndLeavesNothingHalfWritten(t *testing.T) {
	s, err := boltstore.Open(filepath.Join(t.TempDir(), "cobuild.db"), boltstore.Options{MaxSize: 18 << 20})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	if err := s.Ensure(ctx, things(ranked, tagged)); err != nil {
		t.Fatal(err)
	}
	written := 0
	for ; err == nil && written < 500; written++ {
		err = s.Insert(ctx, "things", filled(fmt.Sprintf("%05d", written), 1, int64(written), 60_000))
	}
	if !errors.Is(err, store.ErrUnavailable) {
		t.Fatalf("after %d things: %v", written, err)
	}
	if _, err := s.Get(ctx, "things", fmt.Sprintf("%05d", written-1)); !errors.Is(err, store.ErrNotFound) {
		t.Fatalf("the refused one: %v", err)
	}
	if _, err := s.Get(ctx, "things", "00000"); err != nil {
		t.Fatalf("reading goes on: %v", err)
	}
	if err := s.Check(ctx); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestAClosedStoreIsUnavailable(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "cobuild.db"))
	ctx := t.Context()
	if err := s.Ensure(ctx, things()); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			err := s.Insert(ctx, "things", thing(strconv.Itoa(i), 1, 1))
			if err != nil && !errors.Is(err, store.ErrUnavailable) {
				t.Error(err)
			}
		})
	}
	if err := s.Close(ctx); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	_, err := s.Get(ctx, "things", "1")
	for _, err := range []error{err, s.Ping(ctx), s.Insert(ctx, "things", thing("x", 1, 1)), s.Delete(ctx, "things", "1", 1)} {
		if !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("got %v", err)
		}
	}
	if err := s.Close(ctx); err != nil {
		t.Fatalf("closing twice: %v", err)
	}
}

func TestABackupOfAStoreInUseCanBeOpened(t *testing.T) {
	dir := t.TempDir()
	s := open(t, filepath.Join(dir, "cobuild.db"))
	ctx := t.Context()
	if err := s.Ensure(ctx, things(ranked)); err != nil {
		t.Fatal(err)
	}
	for i := range int64(200) {
		if err := s.Insert(ctx, "things", thing(strconv.FormatInt(i, 10), 1, i)); err != nil {
			t.Fatal(err)
		}
	}
	f, err := os.Create(filepath.Join(dir, "copy.db"))
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range int64(50) {
			if err := s.Insert(ctx, "things", thing(fmt.Sprint("later", i), 1, i)); err != nil {
				t.Error(err)
			}
		}
	})
	n, err := s.Backup(ctx, f)
	wg.Wait()
	if err := errors.Join(err, f.Close()); err != nil || n == 0 {
		t.Fatalf("%d bytes: %v", n, err)
	}
	copied := open(t, f.Name())
	if err := errors.Join(copied.Ensure(ctx, things(ranked)), copied.Check(ctx)); err != nil {
		t.Fatal(err)
	}
	if _, err := copied.Get(ctx, "things", "199"); err != nil {
		t.Fatal(err)
	}
}

func TestAnIndexThatWasUndeclaredForAWhileIsRightAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cobuild.db")
	ctx := t.Context()
	for i, schema := range []store.Schema{things(ranked, tagged), things(ranked), things(ranked, tagged)} {
		s := open(t, path)
		if err := s.Ensure(ctx, schema); err != nil {
			t.Fatal(err)
		}
		if err := s.Insert(ctx, "things", thing(strconv.Itoa(i), 1, int64(i))); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(s.Check(ctx), s.Close(ctx)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAUniqueIndexOverRepeatsIsRefusedAndLeavesNoTrace(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "cobuild.db"))
	ctx := t.Context()
	if err := s.Ensure(ctx, things()); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"1", "2"} {
		if err := s.Insert(ctx, "things", thing(id, 1, 7)); err != nil {
			t.Fatal(err)
		}
	}
	var wg sync.WaitGroup
	for i := range int64(30) { // in the same commits, and untouched by the refusal
		wg.Go(func() {
			if err := s.Insert(ctx, "things", thing(fmt.Sprint("other", i), 1, 100+i)); err != nil {
				t.Error(err)
			}
		})
	}
	err := s.Ensure(ctx, things(numbers))
	wg.Wait()
	if e, ok := errors.AsType[*store.ExistsError](err); !ok || e.Index != numbers.Name() || errors.Is(err, store.ErrUnavailable) {
		t.Fatalf("got %v", err)
	}
	if err := s.Delete(ctx, "things", "2", 1); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Ensure(ctx, things(numbers)), s.Check(ctx)); err != nil {
		t.Fatal(err)
	}
}

func TestAnOddDocumentIsRefusedAndTakesNoOthersWithIt(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "cobuild.db"))
	ctx := t.Context()
	if err := s.Ensure(ctx, things(ranked)); err != nil {
		t.Fatal(err)
	}
	odd, err := bson.Marshal(bson.D{{Key: "_id", Value: ""}, {Key: "rev", Value: int64(1)}})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 60 {
		wg.Go(func() {
			if i%20 == 10 {
				if err := s.Insert(ctx, "things", odd); err == nil {
					t.Error("a document without identifier was kept")
				}
				return
			}
			if err := s.Insert(ctx, "things", thing(strconv.Itoa(i), 1, int64(i))); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	n, err := s.Count(ctx, store.Scan{Collection: "things", Branches: [][]any{{}}}, 100)
	if err != nil || n != 57 {
		t.Fatalf("%d things, %v", n, err)
	}
	for says, field := range map[string]any{"a fraction": 1.5, "an array": bson.A{int64(1)}, "a document": bson.D{}} {
		doc, err := bson.Marshal(bson.D{{Key: "_id", Value: "odd"}, {Key: "rev", Value: int64(1)}, {Key: "rank", Value: field}})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Insert(ctx, "things", doc); err == nil || errors.Is(err, store.ErrUnavailable) {
			t.Errorf("%s in an index of single values: %v", says, err)
		}
	}
}
