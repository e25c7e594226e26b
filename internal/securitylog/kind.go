package securitylog

// Kind is what happened at the door.
type Kind string

// The kinds.
const (
	SignedIn        Kind = "SIGNED_IN"
	SignInRefused   Kind = "SIGN_IN_REFUSED"   // a wrong password, or no such account
	SignInSlowed    Kind = "SIGN_IN_SLOWED"    // too many wrong ones: not even looked at
	SignedOut       Kind = "SIGNED_OUT"        // or a session was ended
	RefreshReused   Kind = "REFRESH_REUSED"    // a copied refresh token: the session has ended
	PasswordChanged Kind = "PASSWORD_CHANGED"  // all other sessions have ended
	PasswordRefused Kind = "PASSWORD_REFUSED"  // the old password was wrong
	TokenRefused    Kind = "TOKEN_REFUSED"     // a bearer token that does not hold
	ActionRefused   Kind = "ACTION_REFUSED"    // somebody known asked for what they may not do
	KeyUsed         Kind = "SIGNING_KEY_USED"  // an organisation's signing key signed
	KeyRefused      Kind = "SIGNATURE_REFUSED" // a signature made elsewhere does not hold
)

// What happens when people sign in at issuers outside.
const (
	SignedInByIssuer Kind = "SIGNED_IN_BY_ISSUER"
	IssuerRefused    Kind = "ISSUER_SIGN_IN_REFUSED" // it came back with something that does not hold, or opens no account
	IdentityLinked   Kind = "IDENTITY_LINKED"        // a way more to sign in
	IdentityUnlinked Kind = "IDENTITY_UNLINKED"
)

// What programs come with.
const (
	APIKeyUsed    Kind = "API_KEY_USED"
	APIKeyRefused Kind = "API_KEY_REFUSED" // wrong, expired or revoked, or its account is stopped
	TokenIssued   Kind = "TOKEN_ISSUED"    // at /oauth/token, to a client that proved who it is
	ClientRefused Kind = "CLIENT_REFUSED"  // a client that did not
)

// Kinds are all of them.
func Kinds() []Kind {
	return []Kind{
		SignedIn, SignInRefused, SignInSlowed, SignedOut, RefreshReused, PasswordChanged, PasswordRefused, TokenRefused, ActionRefused,
		KeyUsed, KeyRefused,
		SignedInByIssuer, IssuerRefused, IdentityLinked, IdentityUnlinked,
		APIKeyUsed, APIKeyRefused, TokenIssued, ClientRefused,
	}
}

// loud says whether somebody without any right can cause it as often as they like, or a program does with every request.
// It is written together with others like it, some moments later.
func (k Kind) loud() bool {
	switch k {
	case SignInRefused, SignInSlowed, PasswordRefused, TokenRefused, ActionRefused, KeyRefused,
		IssuerRefused, APIKeyUsed, APIKeyRefused, TokenIssued, ClientRefused:
		return true
	}
	return false
}
