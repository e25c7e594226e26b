package main

import (
	"embed"
	"encoding/json"
	"fmt"
	"strings"
)

//go:embed en.json zh-CN.json
var wordFiles embed.FS

// words are the texts of the command line in one language.
type words struct {
	lang string
	say  map[string]string
}

// speak chooses the language by the environment: COBUILD_LANG, then the locale; English where neither says Chinese.
func speak(env func(string) string) (words, error) {
	lang := "en"
	for _, name := range []string{"COBUILD_LANG", "LC_ALL", "LC_MESSAGES", "LANG"} {
		v := strings.ToLower(env(name))
		if v == "" {
			continue
		}
		if strings.HasPrefix(v, "zh") {
			lang = "zh-CN"
		}
		break
	}
	raw, err := wordFiles.ReadFile(lang + ".json")
	if err != nil {
		return words{}, err
	}
	w := words{lang: lang}
	return w, json.Unmarshal(raw, &w.say)
}

// text is the sentence under a key, with its parameters in pairs of name and value.
func (w words) text(key string, pairs ...any) string {
	s, ok := w.say[key]
	if !ok {
		return key
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		s = strings.ReplaceAll(s, fmt.Sprintf("{%v}", pairs[i]), fmt.Sprint(pairs[i+1]))
	}
	return s
}
