package signing

import (
	"encoding/json"

	"github.com/cobuild/cobuild/internal/id"
)

// Sharing is what a signed text lets parties read of one of them, in the names that the text gives them.
type Sharing struct {
	Subject string   // whose fields, by name
	Fields  []string // as DUTY_PHONE
	With    []string // by name; empty for every other party
	Purpose string
	Until   string // the last day
}

// sharingText is as much of a signed text as tells what it shares.
type sharingText struct {
	EndsOn  string `json:"endsOn"`
	Parties []struct {
		Organisation id.Organisation `json:"organisation"`
		Name         string          `json:"name"`
	} `json:"parties"`
	Sharing []struct {
		Subject id.Organisation   `json:"subject"`
		Fields  []string          `json:"fields"`
		With    []id.Organisation `json:"with"`
		Purpose string            `json:"purpose"`
		Until   string            `json:"until"`
	} `json:"sharing"`
}

// sharingOf reads what a text shares. A text of a form of its own, which tells it otherwise, shares nothing that could be
// printed: its bytes are signed all the same.
func sharingOf(text json.RawMessage) []Sharing {
	var t sharingText
	if json.Unmarshal(text, &t) != nil {
		return nil
	}
	name := func(o id.Organisation) string {
		for _, p := range t.Parties {
			if p.Organisation == o {
				return p.Name
			}
		}
		return string(o)
	}
	var out []Sharing
	for _, s := range t.Sharing {
		x := Sharing{Subject: name(s.Subject), Fields: s.Fields, Purpose: s.Purpose, Until: s.Until}
		if x.Until == "" {
			x.Until = t.EndsOn
		}
		for _, o := range s.With {
			x.With = append(x.With, name(o))
		}
		out = append(out, x)
	}
	return out
}

// amendedText is the text inside a signed amendment.
func amendedText(amendment json.RawMessage) json.RawMessage {
	var a struct {
		Text json.RawMessage `json:"text"`
	}
	if json.Unmarshal(amendment, &a) != nil {
		return nil
	}
	return a.Text
}
