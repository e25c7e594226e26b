// Command provider is an OpenID provider for tests: a real one of a library, in a process of its own, with two people, one
// client and a page to sign in at. It is no part of Cobuild; its module is its own, so that Cobuild's needs none of it.
//
// It prints its issuer when it answers. POST /test/rotate gives it a new key; the old ones stay in its key set.
package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/op"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	addr := flag.String("addr", "127.0.0.1:0", "address to listen on")
	client := flag.String("client", "cobuild", "identifier of the one client")
	secret := flag.String("secret", "", "the client's secret")
	back := flag.String("redirect", "", "addresses to which the client's users return, separated by commas")
	flag.Parse()
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", *addr)
	if err != nil {
		return err
	}
	issuer := "http://" + l.Addr().String()
	storage.RegisterClients(storage.WebClient(*client, *secret, strings.Split(*back, ",")...))
	keys := &rotating{Storage: storage.NewStorage(town{})}
	if err := keys.rotate(); err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /test/rotate", func(w http.ResponseWriter, _ *http.Request) {
		if err := keys.rotate(); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	mux.Handle("/", exampleop.SetupServer(issuer, keys, slog.New(slog.DiscardHandler), false))
	fmt.Println("Issuer", issuer)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// rotating is the library's store in memory, with keys that change.
type rotating struct {
	*storage.Storage

	mu   sync.Mutex
	keys []*key // the newest first
}

// key is a key by which tokens are signed.
type key struct {
	id      string
	private *rsa.PrivateKey
}

func (r *rotating) rotate() error {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keys = slices.Insert(r.keys, 0, &key{rand.Text(), private})
	return nil
}

// SigningKey is the newest key.
func (r *rotating) SigningKey(context.Context) (op.SigningKey, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return signing{r.keys[0]}, nil
}

// SignatureAlgorithms are those of the keys.
func (r *rotating) SignatureAlgorithms(context.Context) ([]jose.SignatureAlgorithm, error) {
	return []jose.SignatureAlgorithm{jose.RS256}, nil
}

// KeySet is every key there has been.
func (r *rotating) KeySet(context.Context) ([]op.Key, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []op.Key
	for _, k := range r.keys {
		all = append(all, public{k})
	}
	return all, nil
}

// signing is a key as the library signs with it.
type signing struct{ *key }

func (k signing) ID() string                                  { return k.id }
func (k signing) Key() any                                    { return k.private }
func (k signing) SignatureAlgorithm() jose.SignatureAlgorithm { return jose.RS256 }

// public is a key as the library shows it.
type public struct{ *key }

func (k public) ID() string                         { return k.id }
func (k public) Key() any                           { return &k.private.PublicKey }
func (k public) Use() string                        { return "sig" }
func (k public) Algorithm() jose.SignatureAlgorithm { return jose.RS256 }

// town is who can sign in.
type town struct{}

func (town) people() []*storage.User {
	return []*storage.User{
		{ID: "subject-of-li", Username: "li", Password: "the password at the issuer", Email: "li@example.org", EmailVerified: true},
		{ID: "subject-of-wang", Username: "wang", Password: "the password at the issuer", Email: "wang@example.org", EmailVerified: true},
	}
}

func (t town) find(is func(*storage.User) bool) *storage.User {
	all := t.people()
	if i := slices.IndexFunc(all, is); i >= 0 {
		return all[i]
	}
	return nil
}

// GetUserByID finds somebody by what the provider calls them.
func (t town) GetUserByID(id string) *storage.User {
	return t.find(func(u *storage.User) bool { return u.ID == id })
}

// GetUserByUsername finds somebody by the name they sign in with.
func (t town) GetUserByUsername(name string) *storage.User {
	return t.find(func(u *storage.User) bool { return u.Username == name })
}

// ExampleClientID is asked for by the library, and used by nobody here.
func (town) ExampleClientID() string { return "nobody" }
