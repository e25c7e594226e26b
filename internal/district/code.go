package district

import (
	"strings"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

// The faults of codes.
const (
	CodeBadDivision   fault.Code = "DIVISION_CODE_INVALID"  // want
	CodeOtherDistrict fault.Code = "DIVISION_CODE_MISMATCH" // want
)

// provinces are the first two digits that GB/T 2260 gives to provinces, autonomous regions, municipalities and
// special administrative regions.
const provinces = "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82"

// CheckCode refuses what cannot be the code of a district, a county or a city without districts (GB/T 2260): six
// digits, of a province that exists, not the province itself.
func CheckCode(code string) error {
	const want = "GB/T 2260, 320206"
	known := len(code) == 6 && numeric(code) && strings.Contains(provinces, code[:2])
	if !known || code[2:] == "0000" {
		return fault.New(fault.Invalid, CodeBadDivision, "want", want)
	}
	return nil
}

// CheckSubCode refuses what cannot be the code of a sub-district (GB/T 10114): the code of its district, and three
// digits that are not all nought. of is the district's code, empty where it has none.
func CheckSubCode(code, of string) error {
	if len(code) != 9 || !numeric(code) || CheckCode(code[:6]) != nil || code[6:] == "000" {
		return fault.New(fault.Invalid, CodeBadDivision, "want", "GB/T 10114, 320206001")
	}
	if of != "" && code[:6] != of {
		return fault.New(fault.Refused, CodeOtherDistrict, "want", of)
	}
	return nil
}

func numeric(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' }) < 0
}
