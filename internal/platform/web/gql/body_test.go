package gql

import (
	"encoding/json"
	"strings"
	"testing"
)

func FuzzBody(f *testing.F) {
	for _, seed := range []string{
		`{"query":"{a}"}`, `{"query":"{a}","variables":{"b":"\ud83d\ude00"}}`, `{"query":"\ud83d"}`, `{"query":"\\ud83d"}`, `[]`, `{"query":1}`,
		`{"query":"\ud83d\u0041"}`, `{"query":"\ufffd"}`, "\xff", `{"\ud83d":1}`, `{"query":"{a}","variables":{"n":12345678901234567890}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		p, why := fromJSON(raw)
		switch {
		case why != nil && (why.status != 400 || p != nil):
			t.Fatalf("refused with %d and %v", why.status, p)
		case why == nil && p.Query == "":
			t.Fatal("accepted without a query")
		}
		var v any
		if sound(raw) != nil || json.Unmarshal(raw, &v) != nil {
			return
		}
		text, _ := json.Marshal(v)
		meant := strings.Contains(string(raw), "\ufffd") || strings.Contains(strings.ToLower(string(raw)), `\ufffd`)
		if strings.Contains(string(text), "\ufffd") && !meant {
			t.Fatalf("the decoder put a replacement sign into %q", raw)
		}
	})
}
