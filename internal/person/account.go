package person

import (
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/personal"
	"github.com/cobuild/cobuild/internal/platform/text"
)

// Bounds of an account's fields, in characters; of an address in bytes.
const (
	MinLoginName = 3
	MaxLoginName = 64
	MaxName      = 60
	MaxEmail     = 254
)

// folded brings a name by which people sign in into the form in which it is kept and compared: lower case, full-width
// letters as plain ones, without surrounding spaces.
func folded(s string) string {
	if !utf8.ValidString(s) {
		return s
	}
	return strings.TrimSpace(norm.NFKC.String(strings.ToLower(norm.NFKC.String(s))))
}

// loginName checks a login name and gives it back folded: letters and digits of any script, and . _ - between them.
// It has no @, so that it is never taken for an address.
func loginName(f *fault.List, path, s string) string {
	before := len(*f)
	s = text.Line(f, path, folded(s), MinLoginName, MaxLoginName)
	if len(*f) > before {
		return s
	}
	last, _ := utf8.DecodeLastRuneInString(s)
	first, _ := utf8.DecodeRuneInString(s)
	if !wordy(first) || !wordy(last) || strings.ContainsFunc(s, func(r rune) bool { return !wordy(r) && !strings.ContainsRune("._-", r) }) {
		f.Add(fault.New(fault.Invalid, CodeLoginName), path)
	}
	return s
}

func wordy(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) }

// email checks an address and gives it back folded; nil stays nil.
func email(f *fault.List, path string, s *string) *string {
	if s == nil {
		return nil
	}
	before := len(*f)
	e := text.Line(f, path, folded(*s), 0, MaxEmail)
	if e == "" || len(*f) > before {
		return nil
	}
	a, err := mail.ParseAddress(e)
	if err != nil || a.Address != e || len(e) > MaxEmail {
		f.Add(fault.New(fault.Invalid, fault.CodeMalformed, "want", "name@example.org"), path)
	}
	return &e
}

// Account is what a new person brings.
type account struct {
	login    string
	name     string
	email    *string
	language Language
}

// accountOf checks what a new person brings, all faults at once.
func accountOf(f *fault.List, login, name string, mailbox *string, language *Language) account {
	login = loginName(f, "loginName", login)
	a := guestOf(f, name, mailbox, language)
	a.login = login
	return a
}

// guestOf checks what a new person brings who needs no login name: somebody else vouches for them.
func guestOf(f *fault.List, name string, mailbox *string, language *Language) account {
	a := account{
		name:     text.Line(f, "name", name, 1, MaxName),
		email:    email(f, "email", mailbox),
		language: Chinese,
	}
	if language != nil {
		a.language = *language
		if !language.Valid() {
			f.Add(fault.New(fault.Invalid, fault.CodeMalformed, "want", "ZH_CN, EN"), "language")
		}
	}
	return a
}

// names are those that no password may be.
func (a account) names() []string {
	all := []string{a.login, a.name}
	if a.email != nil {
		all = append(all, *a.email)
	}
	return all
}

// person is the account as a new object.
func (a account) person() *Person {
	p := &Person{Name: personal.Text(a.name), Email: personal.Of(a.email), Language: &a.language}
	if a.login != "" {
		p.LoginName = personal.Of(&a.login)
	}
	return p
}
