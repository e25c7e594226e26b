package gql_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/web/gql"
)

func hash(text string) string {
	h := sha256.Sum256([]byte(text))
	return hex.EncodeToString(h[:])
}

// named is the body of a request with the hash of a query, and its text where one is given.
func named(hash, text string) string {
	body := map[string]any{"extensions": map[string]any{"persistedQuery": map[string]any{"version": 1, "sha256Hash": hash}}}
	if text != "" {
		body["query"] = text
	}
	raw, _ := json.Marshal(body)
	return string(raw)
}

func TestARegisteredQueryIsAskedForByItsHashAlone(t *testing.T) {
	s, _ := bounded(t, func(*gql.Config) {})
	const q = "query Hello{hello}"
	a := send(t, s, post(named(hash(q), "")))
	if a.Status != 200 || a.code() != gql.CodePersistedNotFound || a.Errors[0].Message != "PersistedQueryNotFound" || a.Errors[0].Extensions.Retryable {
		t.Errorf("before it is registered: %d %s", a.Status, a.text)
	}
	for _, body := range []string{named(hash(q), q), named(hash(q), ""), named(strings.ToUpper(hash(q)), "")} {
		if a := send(t, s, post(body)); a.code() != "" || !strings.Contains(a.text, "world") {
			t.Errorf("%s: %s", body, a.text)
		}
	}
	x := `{"persistedQuery":{"version":1,"sha256Hash":"` + hash(q) + `"}}`
	if a := send(t, s, get("extensions", x, "operationName", "Hello")); a.code() != "" || !strings.Contains(a.text, "world") {
		t.Errorf("by GET: %s", a.text)
	}
	if a := send(t, s, get("extensions", x, "query", q)); a.code() != "" {
		t.Errorf("by GET with its text: %s", a.text)
	}
}

func TestAHashNamesItsOwnTextAlone(t *testing.T) {
	s, _ := bounded(t, func(*gql.Config) {})
	h := hash("{hello}")
	for name, body := range map[string]string{
		"another text":      named(h, "{thing{id}}"),
		"another version":   `{"query":"{hello}","extensions":{"persistedQuery":{"version":2,"sha256Hash":"` + h + `"}}}`,
		"no version":        `{"query":"{hello}","extensions":{"persistedQuery":{"sha256Hash":"` + h + `"}}}`,
		"no hash":           `{"query":"{hello}","extensions":{"persistedQuery":{"version":1}}}`,
		"a hash of numbers": `{"extensions":{"persistedQuery":{"version":1,"sha256Hash":7}}}`,
		"no object":         `{"extensions":{"persistedQuery":"x"}}`,
	} {
		if a := send(t, s, post(body)); a.code() != gql.CodePersistedMismatch {
			t.Errorf("%s: %s", name, a.text)
		}
	}
	if a := send(t, s, post(named(h, ""))); a.code() != gql.CodePersistedNotFound {
		t.Errorf("one of them was registered: %s", a.text)
	}
}

func TestOnlyWhatIsValidIsRegistered(t *testing.T) {
	s, _ := bounded(t, func(*gql.Config) {})
	for _, q := range []string{"{", "{nothing}", "{__schema{types{name}}}"} {
		send(t, s, post(named(hash(q), q)))
		if a := send(t, s, post(named(hash(q), ""))); a.code() != gql.CodePersistedNotFound {
			t.Errorf("%s: %s", q, a.text)
		}
	}
}

func TestAMutationIsNoMoreSentByGETThanBefore(t *testing.T) {
	s, _ := bounded(t, func(*gql.Config) {})
	const q = "mutation{change}"
	send(t, s, post(named(hash(q), q)))
	a := send(t, s, get("extensions", `{"persistedQuery":{"version":1,"sha256Hash":"`+hash(q)+`"}}`))
	if a.Status != 405 || a.code() != gql.CodeMethod {
		t.Errorf("got %d %s", a.Status, a.text)
	}
}

func TestOneCallerCannotPushOutWhatOthersHaveRegistered(t *testing.T) {
	s, e := bounded(t, func(*gql.Config) {})
	const q = "query Mine{hello}"
	send(t, s, post(named(hash(q), q), "Caller", "honest"))
	pad := strings.Repeat("#", 15_000)
	var last string
	for i := range 600 { // nine million bytes
		last = fmt.Sprintf("{a%d:hello}%s", i, pad)
		send(t, s, post(named(hash(last), last), "Caller", "flood"))
	}
	if a := send(t, s, post(named(hash(q), ""))); a.code() != "" {
		t.Errorf("it is gone: %s", a.text)
	}
	if a := send(t, s, post(named(hash(last), ""))); a.code() != "" {
		t.Errorf("the newest of a caller's own is kept: %s", a.text)
	}
	if n := e.Registered(); n > 4<<20/8+20_000 {
		t.Errorf("%d bytes are kept for one caller", n)
	}
	for i := range 400 {
		text := fmt.Sprintf("{b%d:hello}%s", i, pad)
		send(t, s, post(named(hash(text), text), "Caller", strconv.Itoa(i)))
	}
	if n := e.Registered(); n > 4<<20 {
		t.Errorf("%d bytes are kept", n)
	}
}

const manifest = `{
	"one": "query Hello{hello}",
	"two": "query Thing{thing{id}}"
}`

const apolloManifest = `{"format":"apollo-persisted-query-manifest","version":1,"operations":[
	{"id":"one","name":"Hello","type":"query","body":"query Hello{hello}"}]}`

func trusting(t *testing.T, only bool, text string) (answers func(body string) answer, trust func(string) error) {
	t.Helper()
	s, e := bounded(t, func(c *gql.Config) { c.TrustedOnly = only })
	trust = func(text string) error {
		m, err := gql.ReadManifest([]byte(text))
		if err != nil {
			return err
		}
		return e.Trust(m)
	}
	if err := trust(text); err != nil {
		t.Fatal(err)
	}
	return func(body string) answer { return send(t, s, post(body)) }, trust
}

func TestATrustedDocumentIsRunByItsName(t *testing.T) {
	const text = "query Hello{hello}"
	for _, m := range []string{manifest, apolloManifest} {
		for _, only := range []bool{false, true} {
			ask, _ := trusting(t, only, m)
			for _, body := range []string{
				`{"documentId":"one"}`,
				`{"documentId":"sha256:` + hash(text) + `"}`,
				`{"documentId":"one","query":` + quoted(text) + `}`,
				named(hash(text), ""),
				named("one", ""),
				`{"query":` + quoted(text) + `}`,
			} {
				if a := ask(body); a.code() != "" || !strings.Contains(a.text, "world") {
					t.Errorf("trusted only %t: %s: %s", only, body, a.text)
				}
			}
			for body, want := range map[string]fault.Code{
				`{"documentId":"three"}`:                    gql.CodeNoDocument,
				`{"documentId":"one","query":"{thing{a}}"}`: gql.CodeNoDocument,
				`{"documentId":7}`:                          gql.CodeBadRequest,
				`{"documentId":""}`:                         gql.CodeBadRequest,
			} {
				if a := ask(body); a.code() != want {
					t.Errorf("%s: %s", body, a.text)
				}
			}
		}
	}
	s, e := bounded(t, func(*gql.Config) {})
	m, _ := gql.ReadManifest([]byte(manifest))
	if err := e.Trust(m); err != nil || m.Len() != 2 {
		t.Fatal(m.Len(), err)
	}
	if a := send(t, s, get("documentId", "one")); a.code() != "" {
		t.Errorf("by GET: %s", a.text)
	}
}

func TestAServerThatTrustsNothingElseRunsNothingElse(t *testing.T) {
	ask, _ := trusting(t, true, manifest)
	for body, want := range map[string]fault.Code{
		`{"query":"{hello}"}`:                        gql.CodeNotTrusted,
		`{"query":"query Hello{hello} "}`:            gql.CodeNotTrusted,
		`{"query":"mutation{change}"}`:               gql.CodeNotTrusted,
		named(hash("{hello}"), "{hello}"):            gql.CodeNotTrusted,
		named(hash("{hello}"), ""):                   gql.CodePersistedOff,
		named(hash("query Hello{hello}"), "{hello}"): gql.CodeNotTrusted,
	} {
		if a := ask(body); a.code() != want {
			t.Errorf("%s: got %s, want %s", body, a.text, want)
		}
	}
}

func TestABadManifestIsNamedByItsPlaceAndTheOldOneStays(t *testing.T) {
	ask, trust := trusting(t, true, manifest)
	for text, want := range map[string]string{
		"{\n\"one\": \"{hello}\",\n\"two\" \"{hello}\"}": "line 3",
		`["one"]`:         "line 1",
		`{"one": 7}`:      `"one"`,
		`{"": "{hello}"}`: `""`,
		`{"one": ""}`:     `"one"`,
		`{"good": "{hello}", "bad": "{nothing}"}`: `"bad"`,
		`{"broken": "{"}`:                         `"broken"`,
		`{"deep": "` + strings.Repeat("{thing", 300) + "{id}" + strings.Repeat("}", 300) + `"}`: "QUERY_TOO_DEEP",
		`{"format":"apollo-persisted-query-manifest","operations":[{"id":"x"}]}`:                `operation 0`,
		`{"format":"apollo-persisted-query-manifest","operations":7}`:                           `operations`,
	} {
		if err := trust(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: got %v, want it to name %s", text, err, want)
		}
	}
	if a := ask(`{"documentId":"one"}`); a.code() != "" {
		t.Errorf("the old documents are gone: %s", a.text)
	}
	if err := trust(`{"new": "{hello}"}`); err != nil {
		t.Fatal(err)
	}
	if a := ask(`{"documentId":"one"}`); a.code() != gql.CodeNoDocument {
		t.Errorf("a document of the old manifest still runs: %s", a.text)
	}
}
