package webhook

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"

	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/keyring"
)

// secretSize is the length of a secret in bytes, within the 24 to 64 of the Standard Webhooks.
const secretSize = 32

// Secret is what a webhook signs with. The secret itself is shown once and kept encrypted under the keyring.
type Secret struct {
	ID        string     `bson:"id"`
	CreatedAt time.Time  `bson:"createdAt"`
	EndsAt    *time.Time `bson:"endsAt,omitempty"` // nil while it has no successor
	Sealed    []byte     `bson:"sealed,omitempty"`
}

func (s *Secret) live(at time.Time) bool { return s.EndsAt == nil || at.Before(*s.EndsAt) }

// draw makes a secret of a webhook, and its text for whoever verifies.
func (s *Service) draw(of id.Webhook, at time.Time) (*Secret, string, error) {
	raw := make([]byte, secretSize+5)
	if _, err := io.ReadFull(s.Random, raw); err != nil {
		return nil, "", fmt.Errorf("webhook: no randomness: %w", err)
	}
	name := hex.EncodeToString(raw[secretSize:])
	sealed, err := s.Ring.Seal(keyring.Master, raw[:secretSize], place(of, name))
	if err != nil {
		return nil, "", fmt.Errorf("webhook: %w", err)
	}
	return &Secret{ID: name, CreatedAt: at, Sealed: sealed}, "whsec_" + base64.StdEncoding.EncodeToString(raw[:secretSize]), nil
}

// place is what a sealed secret belongs to.
func place(of id.Webhook, name string) []byte {
	return []byte("webhook\x00" + string(of) + "\x00" + name)
}

// succeed puts a secret in the place of the ones before: the last of them goes on for a day, unless it is to end at once.
func (w *Webhook) succeed(fresh *Secret, at time.Time, alone bool) {
	kept := w.Secrets[:0:0]
	if n := len(w.Secrets); n > 0 && !alone {
		was := w.Secrets[n-1]
		was.EndsAt = new(at.Add(Overlap))
		kept = append(kept, was)
	}
	kept = append(kept, fresh)
	w.Secrets = kept
}

// sign makes the header of signatures: one by each secret that is good at the moment.
func (s *Service) sign(w *Webhook, name string, at, stamp time.Time, body []byte) (string, error) {
	var all []string
	for _, one := range w.Secrets {
		if !one.live(at) {
			continue
		}
		raw, err := s.Ring.Unseal(keyring.Master, one.Sealed, place(w.ID, one.ID))
		if err != nil {
			return "", fmt.Errorf("webhook: secret %s: %w", one.ID, err)
		}
		signer, err := standard.NewWebhookRaw(raw)
		if err != nil {
			return "", fmt.Errorf("webhook: secret %s: %w", one.ID, err)
		}
		signature, err := signer.Sign(name, stamp, body)
		if err != nil {
			return "", fmt.Errorf("webhook: secret %s: %w", one.ID, err)
		}
		all = append(all, signature)
	}
	if len(all) == 0 {
		return "", fault.New(fault.Internal, fault.CodeInternal)
	}
	return strings.Join(all, " "), nil
}
