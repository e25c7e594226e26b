package contract

import (
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/signing"
)

// Open freezes the text for signing: from now on its canonical bytes are what is shown, signed and exported.
func (c *Contract) Open(by By) error {
	if err := c.ready(VerbOpen, by.Party); err != nil {
		return err
	}
	frozen, err := c.canonical()
	if err != nil {
		return err
	}
	if err := c.move(VerbOpen, Signing); err != nil {
		return err
	}
	c.Frozen = &Frozen{Bytes: frozen, Hash: signing.Hash(frozen), At: by.At}
	c.Openings++
	c.Turn = ""
	return c.tell(ToldOpened, by.Party)
}

// Reopen takes the text back into negotiation. Signatures under it are void and kept in the history; who reopened it
// agrees to it no longer.
func (c *Contract) Reopen(by By, reason string) error {
	if err := c.ready(VerbReopen, by.Party); err != nil {
		return err
	}
	if err := c.move(VerbReopen, Negotiating); err != nil {
		return err
	}
	c.Void = append(c.Void, roll(c.Parties).void(c.TextVersion, by.At)...)
	c.disagree(c.Party(by.Party))
	if reason != "" && len(c.Remarks) < MaxRemarks {
		c.Remarks = append(c.Remarks, Remark{
			Organisation: by.Party, TextVersion: c.TextVersion, Body: reason, At: by.At, Person: by.Person,
		})
	}
	c.Frozen = nil
	return c.tell(ToldReopened, by.Party)
}

// Sign puts a party's signature under the frozen text. The last required one makes the contract SIGNED; it becomes
// ACTIVE on its first day.
func (c *Contract) Sign(by By, key, jws string) error {
	if err := c.ready(VerbSign, by.Party); err != nil {
		return err
	}
	if other := c.signedBy(by.Person); other != nil {
		return fault.New(fault.Refused, CodeTwoParties, "names", other.Name)
	}
	p := c.Party(by.Party)
	p.State = HasSigned
	p.Signature = &Signature{
		Organisation: by.Party, Key: key, JWS: jws, TextHash: c.Frozen.Hash, SignedAt: by.At, Person: by.Person,
	}
	to := Signed
	if roll(c.Parties).waits() {
		to = Signing
	}
	if err := c.move(VerbSign, to); err != nil {
		return err
	}
	if err := c.tell(ToldSigned, by.Party); err != nil || to == Signing {
		return err
	}
	c.SignedAt = &by.At
	c.settle()
	return c.tell(ToldSealed, by.Party)
}

// signedBy is the party for which a person has signed already: nobody closes a bargain with themselves.
func (c *Contract) signedBy(person id.Person) *Party {
	return roll(c.Parties).signedBy(person)
}

// statement is what a party's signature under the frozen text says.
func (c *Contract) statement(party id.Organisation) signing.Statement {
	return signing.Statement{
		Contract: c.ID, Version: c.signedVersion(), Party: party, Purpose: signing.PurposeSign, TextHash: c.Frozen.Hash,
	}
}

// signable is the text as it is signed: with the name of its form, so that later forms can differ.
type signable struct {
	Form string `json:"form"`
	Text
}

// textForm names the form of signed text.
const textForm = "cobuild-text/1"

func (c *Contract) canonical() ([]byte, error) { return signing.Canonical(signable{textForm, c.Text}) }
