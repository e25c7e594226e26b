package id

type (
	// ServiceAccount is a program that acts for an organisation.
	ServiceAccount string
	// APIKey is a key with which a service account comes.
	APIKey string
	// ClientKey is a public key by which a service account proves who it is.
	ClientKey string
	// Assertion is one proof of a service account that has been used up.
	Assertion string
)

// The kinds of what belongs to service accounts.
const (
	KindServiceAccount Kind = "sva"
	KindAPIKey         Kind = "apk"
	KindClientKey      Kind = "clk"
	KindAssertion      Kind = "ast"
)
