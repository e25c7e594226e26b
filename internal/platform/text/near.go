package text

import (
	"strings"

	"github.com/agnivade/levenshtein"
)

// Clip keeps what a caller sent from filling an answer: most bytes of it, and a sign where there was more.
func Clip(s string, most int) string {
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return strings.ToValidUTF8(s, "")
}

// Nearest is the word most like another one, in any case of letters; empty where none is much like it.
func Nearest(word string, among []string) string {
	word = strings.ToLower(word)
	best, least := "", 1+len([]rune(word))*2/3
	for _, w := range among {
		if d := levenshtein.ComputeDistance(word, strings.ToLower(w)); d < least {
			best, least = w, d
		}
	}
	return best
}
