package id

type (
	// Identity is who somebody is at an issuer outside, as far as it opens an account here.
	Identity string
	// Arrival is somebody's coming back from an issuer.
	Arrival string
)

// The kinds of signing in at issuers.
const (
	KindIdentity Kind = "idn"
	KindArrival  Kind = "arr"
)
