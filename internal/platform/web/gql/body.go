package gql

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

// MaxBody is the largest request, in bytes.
const MaxBody = 1 << 20

// refusal is a request that is not executed, with its HTTP status.
type refusal struct {
	status int
	fault  *fault.Fault
}

func bad(detail string) *refusal {
	return &refusal{http.StatusBadRequest, fault.New(fault.Invalid, CodeBadRequest, "detail", detail)}
}

// read takes the GraphQL request out of an HTTP request.
func read(w http.ResponseWriter, r *http.Request) (*graphql.RawParams, *refusal) {
	if r.Method == http.MethodGet {
		return fromQuery(r.URL.RawQuery)
	}
	if !isJSON(r.Header.Get("Content-Type")) {
		return nil, &refusal{http.StatusUnsupportedMediaType, fault.New(fault.Invalid, CodeMediaType)}
	}
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, &refusal{http.StatusRequestEntityTooLarge, fault.New(fault.Invalid, CodeTooLarge, "max", MaxBody)}
	}
	if err != nil {
		return nil, bad("the body ended early")
	}
	return fromJSON(raw)
}

func isJSON(contentType string) bool {
	media, params, err := mime.ParseMediaType(contentType)
	charset := params["charset"]
	return err == nil && media == jsonType && (charset == "" || strings.EqualFold(charset, "utf-8"))
}

// fromQuery reads the parameters of a GET.
func fromQuery(raw string) (*graphql.RawParams, *refusal) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, bad("the query string is malformed")
	}
	parts := map[string]json.RawMessage{}
	for _, name := range []string{"query", "operationName", documentID} {
		if v, ok := values[name]; ok {
			if !utf8.ValidString(v[0]) {
				return nil, unreadable()
			}
			if name == "operationName" && v[0] == "" {
				continue // forms send empty fields
			}
			parts[name], _ = json.Marshal(v[0])
		}
	}
	for _, name := range []string{"variables", "extensions"} {
		if v := values.Get(name); v != "" {
			if why := sound([]byte(v)); why != nil {
				return nil, why
			}
			parts[name] = json.RawMessage(v)
		}
	}
	return params(parts)
}

// fromJSON reads the body of a POST. Keys that the specification does not name are left to those who know them.
func fromJSON(raw []byte) (*graphql.RawParams, *refusal) {
	if why := sound(raw); why != nil {
		return nil, why
	}
	raw = bytes.TrimLeft(raw, " \t\r\n")
	if len(raw) > 0 && raw[0] == '[' {
		return nil, &refusal{http.StatusBadRequest, fault.New(fault.Invalid, CodeBatch)}
	}
	var parts map[string]json.RawMessage
	if err := json.Unmarshal(raw, &parts); err != nil || parts == nil {
		return nil, bad("the body is not a JSON object")
	}
	return params(parts)
}

func params(parts map[string]json.RawMessage) (*graphql.RawParams, *refusal) {
	p, id := &graphql.RawParams{}, ""
	if err := json.Unmarshal(orNull(parts["query"]), &p.Query); err != nil {
		return nil, bad("“query” is not a string")
	}
	if err := json.Unmarshal(orNull(parts["operationName"]), &p.OperationName); err != nil {
		return nil, bad("“operationName” is not a string")
	}
	if err := object(parts["variables"], &p.Variables); err != nil {
		return nil, bad("“variables” is not a JSON object")
	}
	if err := object(parts["extensions"], &p.Extensions); err != nil {
		return nil, bad("“extensions” is not a JSON object")
	}
	if err := json.Unmarshal(orNull(parts[documentID]), &id); err != nil {
		return nil, bad("“documentId” is not a string")
	}
	if id != "" {
		p.Extensions = with(p.Extensions, documentID, id)
	}
	if p.Query == "" && !names(p) {
		return nil, bad("“query” is missing")
	}
	return p, nil
}

func orNull(raw json.RawMessage) []byte {
	if len(raw) == 0 {
		return []byte("null")
	}
	return raw
}

// object reads an object, numbers as they were written.
func object(raw json.RawMessage, into *map[string]any) error {
	d := json.NewDecoder(bytes.NewReader(orNull(raw)))
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		return err
	}
	if d.More() {
		return errors.New("more than one value")
	}
	return nil
}

// sound refuses text that Go's decoder would silently replace: bytes that are not UTF-8, and escapes of half a
// character.
func sound(raw []byte) *refusal {
	if !utf8.Valid(raw) || halfCharacter(raw) {
		return unreadable()
	}
	return nil
}

func unreadable() *refusal {
	return &refusal{http.StatusBadRequest, fault.New(fault.Invalid, fault.CodeNotUTF8)}
}

// halfCharacter finds an escape of one half of a surrogate pair without the other in JSON text.
func halfCharacter(raw []byte) bool {
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			continue
		}
		unit, ok := escaped(raw[i:])
		if !ok {
			i++ // another escape: skip what it escapes, a backslash perhaps
			continue
		}
		i += 5
		if !utf16.IsSurrogate(unit) {
			continue
		}
		next, ok := escaped(raw[i+1:])
		if !ok || utf16.DecodeRune(unit, next) == utf8.RuneError {
			return true
		}
		i += 6
	}
	return false
}

// escaped reads \uXXXX at the beginning of raw.
func escaped(raw []byte) (rune, bool) {
	if len(raw) < 6 || raw[0] != '\\' || raw[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(raw[2:6]), 16, 16)
	return rune(n), err == nil
}

// with adds a member to an object, which may be nil.
func with(o map[string]any, name string, v any) map[string]any {
	if o == nil {
		o = map[string]any{}
	}
	o[name] = v
	return o
}
