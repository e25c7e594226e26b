package main

import (
	"regexp"
	"slices"
	"strings"

	"github.com/cobuild/cobuild/internal/seed"
)

// The keys of the district that stands for places which cannot be told, and of Huishan, whose parts are known.
const (
	fallbackKey = "place-not-known"
	huishanName = "江苏省无锡市惠山区"
	huishanCity = "江苏省无锡市"
)

var (
	provinceEnd  = regexp.MustCompile(`^(\p{Han}{2,6}?(?:省|自治区))(\p{Han}*)$`)
	municipality = regexp.MustCompile(`^((?:北京|天津|上海|重庆)市)(\p{Han}*)$`)
	areaEnd      = regexp.MustCompile(`(?:市|县|区|自治州|盟|旗)$`)
	outcomeArea  = regexp.MustCompile(`所在(\p{Han}{2,3}[区县])`)
)

// area is what a place's words say: the name of the district it lies in, and what they name within Huishan.
type area struct {
	district string // full name, as 江苏省苏州市; empty where it cannot be told
	part     string // sub-district or town; empty where not stated
}

// parsePlace reads the words of a place: province, city, district. A city without its 市 gets it; a city alone is
// taken as the district, because nothing narrower is known. A province alone, a cut-off text and no text at all
// cannot be told.
func parsePlace(s string) area {
	if rest, ok := strings.CutPrefix(s, huishanName); ok {
		return area{huishanName, rest}
	}
	if m := municipality.FindStringSubmatch(s); m != nil {
		if m[2] != "" && !areaEnd.MatchString(m[2]) {
			return area{}
		}
		return area{district: s}
	}
	m := provinceEnd.FindStringSubmatch(s)
	if m == nil || m[2] == "" {
		return area{}
	}
	if !areaEnd.MatchString(m[2]) {
		return area{district: s + "市"}
	}
	return area{district: s}
}

// areaOf is the area of an example. Where the place names a city alone and the outcome names the district, that
// district is meant.
func areaOf(e rawExample) area {
	a := parsePlace(said(e.Place))
	if m := outcomeArea.FindStringSubmatch(said(e.OutcomeZh)); m != nil && strings.HasSuffix(a.district, "市") {
		return parsePlace(a.district + m[1])
	}
	return a
}

// bodies are the supervising bodies that the examples need.
type bodies struct {
	districts    []seed.District
	subDistricts []seed.SubDistrict
	towns        []string // keys of Huishan's towns
	streets      []string // keys of Huishan's sub-districts
	huishan      string   // key
}

// newBodies takes Huishan and its parts from the places. Zones are statistical units: they are noted as such, and no
// community is placed in one by choice.
func newBodies(places []rawPlace) *bodies {
	b := &bodies{}
	for _, p := range places {
		if p.Level == "DISTRICT" {
			b.huishan = p.Code
			b.districts = append(b.districts, seed.District{Key: p.Code, Name: p.Parent + p.NameZh, NameEn: p.NameEn, Code: p.Code})
		}
	}
	for _, p := range places {
		sub := seed.SubDistrict{Key: p.Code, District: b.huishan, Name: p.NameZh, NameEn: p.NameEn, Code: p.Code}
		switch p.Level {
		case "SUBDISTRICT":
			sub.Kind = "STREET"
			b.streets = append(b.streets, p.Code)
		case "TOWN":
			sub.Kind = "TOWN"
			b.towns = append(b.towns, p.Code)
		case "ZONE":
			sub.Kind = "ZONE"
			sub.NameEn = strings.TrimSuffix(p.NameEn, " (statistical unit)")
			sub.Notes = []seed.Note{{Code: "STATISTICAL_UNIT"}}
		default:
			continue
		}
		b.subDistricts = append(b.subDistricts, sub)
	}
	return b
}

// within finds the sub-district for a community, and makes it where the examples need one: in Huishan by the words of
// the place, or else as the demo chooses; elsewhere the one that stands for an unstated sub-district.
func (b *bodies) within(a area, n int, kind string) (key string, chosen bool) {
	if a.district == huishanName || a.district == huishanCity {
		i := slices.IndexFunc(b.subDistricts, func(s seed.SubDistrict) bool { return a.part != "" && s.Name == a.part })
		if i >= 0 {
			return b.subDistricts[i].Key, false
		}
		choice := b.streets
		if kind == rural && len(b.towns) > 0 {
			choice = b.towns
		}
		return choice[n%len(choice)], true
	}
	key = a.district
	name, en := a.district, districtEn(a.district)
	var notes []seed.Note
	if key == "" {
		key, name, en = fallbackKey, "地区未载明", "Place not known"
		notes = []seed.Note{{Code: "PLACE_NOT_KNOWN"}}
	}
	sub := key + ".unstated"
	if !slices.ContainsFunc(b.districts, func(d seed.District) bool { return d.Key == key }) {
		b.districts = append(b.districts, seed.District{Key: key, Name: name, NameEn: en, Notes: notes})
		b.subDistricts = append(b.subDistricts, seed.SubDistrict{
			Key: sub, District: key, Kind: "STREET", Name: "街道未载明", NameEn: "Sub-district not stated",
			Notes: []seed.Note{{Code: "SUBDISTRICT_NOT_STATED"}},
		})
	}
	return sub, false
}
