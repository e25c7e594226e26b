package appraisal

import (
	"encoding/base64"
	"fmt"
	"io"

	"github.com/cobuild/cobuild/internal/access"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/signing"
)

// sealedForm names the form of a sealed text, so that a later one can be told from it.
const sealedForm = "cobuild-appraisal/1"

// sealedText is what lies under the seal, as it is hashed.
type sealedText struct {
	Form      string          `json:"form"`
	Appraisal id.Appraisal    `json:"appraisal"`
	Appraiser id.Organisation `json:"appraiser"`
	Appraised id.Organisation `json:"appraised"`
	Ratings   []sealedRating  `json:"ratings"`
	Comment   string          `json:"comment"`
	Salt      string          `json:"salt"`
}

type sealedRating struct {
	Key   string `json:"key"`
	Score int    `json:"score"`
}

// SealedText is the text whose SHA-256 is the hash, as canonical JSON (RFC 8785): once it is opened anybody can see that
// nothing was changed under the seal. Nil while it is sealed for the reader.
func (a *Appraisal) SealedText() (*string, error) {
	var none *string
	if a.Sealed == nil {
		return none, nil
	}
	text, err := a.canonical()
	if err != nil {
		return nil, err
	}
	s := string(text)
	return &s, nil
}

func (a *Appraisal) canonical() ([]byte, error) {
	t := sealedText{
		Form: sealedForm, Appraisal: a.ID, Appraiser: a.Appraiser, Appraised: a.Appraised,
		Comment: a.Sealed.Comment, Salt: a.Sealed.Salt, Ratings: make([]sealedRating, len(a.Sealed.Ratings)),
	}
	for i, r := range a.Sealed.Ratings {
		t.Ratings[i] = sealedRating{Key: r.Key, Score: r.Score}
	}
	return signing.Canonical(t)
}

// seal puts what an appraisal says under its hash.
func (a *Appraisal) seal(s *Sealed) error {
	a.Sealed = s
	text, err := a.canonical()
	if err != nil {
		return err
	}
	hash := signing.Hash(text)
	a.Hash = &hash
	return nil
}

// salt is 256 random bits: a new one for each submission, so that two alike cannot be told to be alike.
func salt(random io.Reader) (string, error) {
	b := make([]byte, 32)
	if _, err := io.ReadFull(random, b); err != nil {
		return "", fmt.Errorf("appraisal: salt: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(b), nil
}

// veil takes away what lies under the seal for everybody but the author's own people. The program itself has no more
// right to it, so that no room can show it by reading in the program's name; nor has who also speaks for the other side.
func (s *Service) veil(who authz.Actor, a *Appraisal) {
	if a.Status == Opened {
		return
	}
	own := !who.IsSystem() && s.table.Allows(who, access.AppraisalReadSealed, a)
	if !own || s.bothSides(who, a) {
		a.Sealed = nil
	}
}

// bothSides says whether somebody speaks for the appraiser and for the appraised.
func (s *Service) bothSides(who authz.Actor, a *Appraisal) bool {
	return !who.IsSystem() && s.table.Allows(who, access.AppraisalSubmit, a) && s.table.Allows(who, access.AppraisalAnswer, a)
}
