package appraisal

import (
	_ "embed" // for the sets
	"encoding/json"
	"fmt"
)

//go:embed criteria.json
var builtInSets []byte

// CommunityTypes are the types of communities for which there are criteria.
func CommunityTypes() []CommunityType {
	return []CommunityType{"RURAL", "OLD_ESTATE", "COMMERCIAL", "RESETTLEMENT"}
}

// builtIn are the sets that come with the program: three criteria that every contract is judged by, and for each type
// what co-building aims at there.
func builtIn() ([]*Criteria, error) {
	var file struct {
		Common []*Criterion                   `json:"common"`
		Types  map[CommunityType][]*Criterion `json:"types"`
	}
	if err := json.Unmarshal(builtInSets, &file); err != nil {
		return nil, fmt.Errorf("appraisal: criteria.json: %w", err)
	}
	var out []*Criteria
	for _, t := range CommunityTypes() {
		items := append(append([]*Criterion{}, file.Common...), file.Types[t]...)
		out = append(out, &Criteria{CommunityType: t, Number: 1, BuiltIn: true, Items: items})
	}
	return out, nil
}
