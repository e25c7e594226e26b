package gql

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// maxOperationID is the longest id of an operation, in bytes.
const maxOperationID = 128

// message is one message of the protocol, either way.
type message struct {
	ID      string          `json:"id,omitempty"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// bytes is the message as it is sent. Its payload is JSON already and goes in as it is.
func (m message) bytes() []byte {
	var b bytes.Buffer
	b.Grow(len(m.Payload) + len(m.ID) + 64)
	b.WriteString(`{"type":"` + m.Type + `"`)
	if m.ID != "" {
		id, _ := json.Marshal(m.ID) // a string is never refused
		b.WriteString(`,"id":`)
		b.Write(id)
	}
	if len(m.Payload) > 0 {
		b.WriteString(`,"payload":`)
		b.Write(m.Payload)
	}
	b.WriteByte('}')
	return b.Bytes()
}

// readMessage reads what a client sent, or says why it is none of the protocol's.
func readMessage(raw []byte) (m message, why string) {
	if sound(raw) != nil {
		return m, "Invalid message: not UTF-8"
	}
	var parts map[string]json.RawMessage
	if err := json.Unmarshal(raw, &parts); err != nil || parts == nil {
		return m, "Invalid message: not a JSON object"
	}
	if err := json.Unmarshal(orNull(parts["type"]), &m.Type); err != nil || m.Type == "" {
		return m, "Invalid message: no type"
	}
	_ = json.Unmarshal(orNull(parts["id"]), &m.ID) // anything but a text is as good as none
	m.Payload = parts["payload"]
	switch m.Type {
	case "connection_init", "ping", "pong":
		if first := bytes.TrimLeft(m.Payload, " \t\r\n"); len(first) > 0 && first[0] != '{' && string(first) != "null" {
			return m, "Invalid message: payload is not an object"
		}
	case "subscribe", "complete":
		if m.ID == "" || len(m.ID) > maxOperationID {
			return m, "Invalid message: id is not a text of 1 to 128 bytes"
		}
	default:
		return m, "Invalid message: unknown type"
	}
	return m, ""
}

// paramsOf reads the request in a subscribe message.
func paramsOf(m message) (*graphql.RawParams, string) {
	var parts map[string]json.RawMessage
	if err := json.Unmarshal(orNull(m.Payload), &parts); err != nil || parts == nil {
		return nil, "Invalid message: payload is not an object"
	}
	p, why := params(parts)
	if why != nil {
		return nil, "Invalid message: " + detail(why)
	}
	return p, ""
}

func detail(why *refusal) string {
	text, _ := why.fault.Params["detail"].(string)
	return strings.NewReplacer("“", "", "”", "").Replace(text)
}

// bearerOf finds the token in a connection_init: {"Authorization": "Bearer …"}, as a header would have it, or
// {"token": "…"}.
func bearerOf(payload json.RawMessage) string {
	var parts map[string]any
	if json.Unmarshal(orNull(payload), &parts) != nil {
		return ""
	}
	for name, v := range parts {
		text, _ := v.(string)
		switch {
		case name == "token":
			return text
		case strings.EqualFold(name, "Authorization"):
			scheme, token, _ := strings.Cut(text, " ")
			if !strings.EqualFold(scheme, "Bearer") {
				return text // is refused as it stands
			}
			return strings.TrimSpace(token)
		}
	}
	return ""
}

// errorsOf is the payload of an error message.
func errorsOf(errs gqlerror.List) json.RawMessage {
	raw, err := json.Marshal(errs)
	if err != nil {
		return json.RawMessage(`[{"message":"INTERNAL"}]`)
	}
	return raw
}
