package access

import (
	"fmt"
	"io"
	"strings"

	"github.com/cobuild/cobuild/internal/platform/authz"
)

// Print writes the table for people, as docs/permissions.md.
func Print(w io.Writer) error {
	_, err := io.WriteString(w, page())
	return err
}

func page() string {
	var b strings.Builder
	b.WriteString(`# Who may do what

Printed by ` + "`make generate`" + ` from the one table in ` + "`internal/access/table.go`" + `; what is not listed is denied.

A role counts by the way its organisation stands to the object: **own** (the organisation is the object, or the object
is its part), **host** (the community that hosts a unit or a contract), **party**, **drafter**, **provider**,
**receiver**, **lender** and **borrower** of an office, **reader** (a contract in force shares something with it), **decider** (a host or partner), **consenter** (whose consent stands), **above** (a sub-district or district
that supervises it). *SIGNER* is whoever holds the signing right of an organisation. A service account needs the scope
besides; a person who has signed in has them all. *Lent*: a role that is held by delegation counts too, or counts for who
has no other side in the matter.

| Action | Verb | Who | And | Scope | Lent |
|---|---|---|---|---|---|
`)
	for _, r := range Table() {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s |\n", r.Action, r.Says, who(r.Who), r.Note, r.Scope, borrowed(r))
	}
	return b.String()
}

func borrowed(r authz.Rule) string {
	switch {
	case !r.Lent || len(r.Who) == 0:
		return ""
	case r.Sided:
		return "without another side"
	}
	return "yes"
}

func who(grants []authz.Grant) string {
	if len(grants) == 0 {
		return "nobody"
	}
	words := make([]string, len(grants))
	for i, g := range grants {
		switch {
		case g.Role == authz.Anyone:
			words[i] = "anyone"
		case g.Role == authz.Itself:
			words[i] = "the person concerned"
		case g.As == authz.Anywhere:
			words[i] = string(g.Role)
		default:
			words[i] = string(g.Role) + " (" + strings.ToLower(string(g.As)) + ")"
		}
	}
	return strings.Join(words, ", ")
}
