package main

import (
	"encoding/json"
	"fmt"
	"io"
)

// raw is the file as gathered. What later rooms will import (needs, resources, posts, …) is left unread.
type raw struct {
	About        string            `json:"about"`
	Places       []rawPlace        `json:"places"`
	Examples     []rawExample      `json:"examples"`
	Needs        []json.RawMessage `json:"needs"`
	Resources    []json.RawMessage `json:"resources"`
	Posts        []json.RawMessage `json:"posts"`
	ProjectKinds []json.RawMessage `json:"project_kinds"`
	Calendar     []json.RawMessage `json:"calendar"`
	PointsRules  []json.RawMessage `json:"points_rules"`
}

// rawPlace is a district, or a part of one.
type rawPlace struct {
	NameZh             string          `json:"name_zh"`
	NameEn             string          `json:"name_en"`
	Level              string          `json:"level"` // DISTRICT, SUBDISTRICT, TOWN or ZONE
	Parent             string          `json:"parent"`
	Code               string          `json:"code"`
	ResidentCommittees json.RawMessage `json:"residents_committees"`
	VillageCommittees  json.RawMessage `json:"village_committees"`
	Area               json.RawMessage `json:"area_km2"`
	AsOf               json.RawMessage `json:"as_of"`
}

// rawExample is one reported example of co-building. A nil is unknown.
type rawExample struct {
	ID              string  `json:"id"`
	Source          *string `json:"source"`
	SourceQuality   string  `json:"source_quality"`
	Place           *string `json:"place"`
	Year            *int    `json:"year"`
	AgreementSigned *bool   `json:"agreement_signed"`
	Community       struct {
		Ref       string  `json:"ref"`
		Type      string  `json:"type"`
		TypeBasis *string `json:"type_basis"`
	} `json:"community"`
	Parties     []rawParty      `json:"parties"`
	Commitments []rawCommitment `json:"commitments"`
	OutcomeZh   *string         `json:"outcome_zh"`
	OutcomeEn   *string         `json:"outcome_en"`
}

type rawParty struct {
	Ref  string `json:"ref"`
	Kind string `json:"kind"`
}

// rawCommitment is what was promised or done; its provider is a party's reference, COMMUNITY, PARTNERS or a kind.
type rawCommitment struct {
	Provider   string       `json:"provider"`
	ActionZh   string       `json:"action_zh"`
	ActionEn   string       `json:"action_en"`
	Quantity   *json.Number `json:"quantity"`
	Unit       *string      `json:"unit"`
	Recurrence *string      `json:"recurrence"`
	Due        *string      `json:"due"`
}

// readRaw reads the gathered file; a member that the rules below do not know is an error, so that nothing new is
// silently lost.
func readRaw(r io.Reader) (raw, error) {
	var in raw
	dec := json.NewDecoder(r)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil {
		return raw{}, fmt.Errorf("read the raw file: %w", err)
	}
	return in, nil
}

// said is an optional text; empty where unknown.
func said(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
