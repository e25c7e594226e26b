// Package explorer serves GraphiQL to people who want to try the API by hand: as whoever holds the token they give it,
// with examples for each role and the price of what they ask. Everything it needs is within the program, so it works in
// a closed network; it is built by deploy/explorer/build.sh.
package explorer

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html/template"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"
)

//go:embed dist examples.json
var files embed.FS

// policy lets the page have what its own server gives it and nothing else. Styles are written into elements by the
// editor and by its menus as they open; scripts are not.
const policy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src data:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Example is an operation to begin with.
type Example struct {
	Role      string            `json:"role"`  // who may try it: ANYBODY, or a role's name
	Title     map[string]string `json:"title"` // by language
	Query     string            `json:"query"`
	Variables map[string]any    `json:"variables,omitempty"`
}

// Examples are the operations that the page offers.
func Examples() ([]Example, error) {
	raw, err := files.ReadFile("examples.json")
	if err != nil {
		return nil, err
	}
	var all []Example
	if err := json.Unmarshal(raw, &all); err != nil {
		return nil, fmt.Errorf("the explorer's examples: %w", err)
	}
	return all, nil
}

// file is one answer, ready to be sent.
type file struct {
	kind, tag, cache string
	plain            []byte
	zipped           func() []byte // made when the first reader takes it
}

// New makes the handler of /explorer and what is below it. price is the header by which this server tells a price
// without running anything; empty where it tells none.
func New(price string) (http.Handler, error) {
	served := map[string]file{}
	names, err := files.ReadDir("dist")
	if err != nil {
		return nil, err
	}
	for _, f := range names {
		if err := take(served, "dist/"+f.Name(), price); err != nil {
			return nil, err
		}
	}
	if err := take(served, "examples.json", price); err != nil {
		return nil, err
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/explorer"), "/")
		if name == "" {
			name = "index.html"
		}
		f, ok := served[name]
		if !ok {
			http.NotFound(w, r)
			return
		}
		f.answer(w, r)
	}), nil
}

// take reads one file and makes it ready. What has a name that changes with its content is kept by browsers for good.
func take(served map[string]file, from, price string) error {
	raw, err := files.ReadFile(from)
	if err != nil {
		return err
	}
	name := path.Base(from)
	f := file{kind: mime.TypeByExtension(path.Ext(name)), cache: "no-cache"}
	switch path.Ext(name) {
	case ".html":
		page, err := template.New(name).Parse(string(raw))
		if err != nil {
			return err
		}
		var b bytes.Buffer
		if err := page.Execute(&b, map[string]string{"Price": price}); err != nil {
			return err
		}
		raw = b.Bytes()
	case ".js", ".css":
		f.cache = "public, max-age=31536000, immutable"
	}
	sum := sha256.Sum256(raw)
	f.plain, f.tag = raw, hex.EncodeToString(sum[:12])
	f.zipped = sync.OnceValue(func() []byte { return zip(raw) })
	served[name] = f
	return nil
}

func zip(raw []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(raw) // into memory, where nothing fails
	_ = w.Close()
	return b.Bytes()
}

// answer sends the file, compressed where the reader takes it. The two forms have tags of their own.
func (f file) answer(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("Content-Type", f.kind)
	h.Set("Cache-Control", f.cache)
	h.Add("Vary", "Accept-Encoding")
	body, tag := f.plain, f.tag
	if takesGzip(r) {
		h.Set("Content-Encoding", "gzip")
		body, tag = f.zipped(), tag+"-gzip"
	}
	h.Set("ETag", `"`+tag+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

// takesGzip says whether the reader takes gzip. One that weighs codings against each other gets the plain file, which is
// always right.
func takesGzip(r *http.Request) bool {
	for coding := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		if strings.TrimSpace(coding) == "gzip" {
			return true
		}
	}
	return false
}
