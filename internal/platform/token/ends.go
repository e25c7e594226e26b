package token

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
)

// Ends is when a token that has been verified stops being good; zero for a text that says no such thing, as an API key.
// It verifies nothing.
func Ends(text string) time.Time {
	parts := strings.Split(text, ".")
	if len(text) > MaxLength || len(parts) != 3 {
		return time.Time{}
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return time.Time{}
	}
	var said struct {
		Exp float64 `json:"exp"`
	}
	if json.Unmarshal(raw, &said) != nil || said.Exp <= 0 || said.Exp > 1<<40 {
		return time.Time{}
	}
	return time.UnixMilli(int64(said.Exp * 1000)).UTC()
}
