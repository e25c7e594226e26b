package access

import "github.com/cobuild/cobuild/internal/platform/authz"

// The actions of matching.
const (
	MatchRead = "match.read"
	MatchKeep = "match.keep"
)

func matches() authz.Table {
	return authz.Table{
		rule(MatchRead, "matches", to(anywhere, secretary, liaison, steward, supervisor, auditor, administrator), "between needs and resources that they may read; how a partner keeps its promises, as with its cooperation record"),
		rule(MatchKeep, "–", nil, "what finds candidates, and what organisations have open: the program itself"),
	}
}
