package contract

import "github.com/cobuild/cobuild/internal/id"

// Origin is the version of a template from which a contract was drafted. It is no part of what is signed.
type Origin struct {
	Template id.Template `bson:"template"`
	Version  int         `bson:"version"` // of its text
}
