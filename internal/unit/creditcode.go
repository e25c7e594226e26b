package unit

import (
	"fmt"
	"strings"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

// The faults of unified social credit codes, in the order in which they are looked for.
const (
	CodeCreditLength    fault.Code = "CREDIT_CODE_LENGTH"            // length, want
	CodeCreditCharacter fault.Code = "CREDIT_CODE_CHARACTER"         // character, position
	CodeCreditAuthority fault.Code = "CREDIT_CODE_AUTHORITY"         // prefix
	CodeCreditRegion    fault.Code = "CREDIT_CODE_REGION"            // region
	CodeCreditCheck     fault.Code = "CREDIT_CODE_CHECK_CHARACTER"   // character
	CodeCreditRequired  fault.Code = "CREDIT_CODE_REQUIRED_FOR_KIND" // kind
)

// A unified social credit code (GB 32100-2015, 统一社会信用代码) has 18 characters: who registered the organisation,
// of which category, in which region (6 digits of GB/T 2260), its own 9 characters (GB 11714), and a check character.
const creditLength = 18

// creditLetters are the characters of a code in the order of their values 0 to 30: no I, O, S, V and Z, which are
// read as others. 31 being prime, the check finds any one wrong character and any two neighbours changed about.
const creditLetters = "0123456789ABCDEFGHJKLMNPQRTUWXY"

// creditCategories are, for each registering authority, the categories it registers.
const creditCategories = " 11 12 13 19" + // establishment of public bodies: organs, institutions, mass organisations
	" 21 29" + // foreign affairs
	" 31 32 33 34 35 39" + // justice: law firms, notaries, legal service, forensics, arbitration
	" 41 49" + // culture
	" 51 52 53 54 59" + // civil affairs: associations, private institutions, foundations, residents' committees
	" 61 62 69" + // tourism
	" 71 72 79" + // religion
	" 81 89" + // trade unions
	" 91 92 93" + // market regulation: enterprises, sole traders, farmers' co-operatives
	" A1 A9" + // the armed forces
	" N1 N2 N3 N9" + // agriculture: collective economic organisations of group, village, town
	" Y1 " // others

// ParseCreditCode reads a unified social credit code and gives it back in capitals. It says what is wrong with one
// that no authority can have issued.
func ParseCreditCode(s string) (string, error) {
	code := strings.TrimSpace(s)
	if n := len([]rune(code)); n != creditLength {
		return "", fault.New(fault.Invalid, CodeCreditLength, "length", n, "want", creditLength)
	}
	code = capitals(code)
	for i, r := range []rune(code) {
		if !strings.ContainsRune(creditLetters, r) {
			return "", fault.New(fault.Invalid, CodeCreditCharacter, "character", string(r), "position", i+1)
		}
	}
	if !strings.Contains(creditCategories, " "+code[:2]+" ") {
		return "", fault.New(fault.Invalid, CodeCreditAuthority, "prefix", code[:2])
	}
	if region := code[2:8]; strings.ContainsFunc(region, func(r rune) bool { return r > '9' }) {
		return "", fault.New(fault.Invalid, CodeCreditRegion, "region", region)
	}
	if code[17] != creditCheck(code[:17]) {
		return "", fault.New(fault.Invalid, CodeCreditCheck, "character", code[17:])
	}
	return code, nil
}

// capitals makes ASCII letters large and leaves all else as it is, so that no other script's letter becomes one of a
// code's.
func capitals(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r - 'a' + 'A'
		}
		return r
	}, s)
}

// creditCheck is the check character of the first 17: with weights 3⁰ to 3¹⁶ and itself, the sum is a multiple of 31.
func creditCheck(first string) byte {
	sum, weight := 0, 1
	for i := range len(first) {
		sum += strings.IndexByte(creditLetters, first[i]) * weight
		weight = weight * 3 % 31
	}
	return creditLetters[(31-sum%31)%31]
}

// ownCheck is the last of an organisation's own 9 characters (GB 11714), from the 8 digits before it.
func ownCheck(digits string) byte {
	sum := 0
	for i, weight := range []int{3, 7, 9, 10, 5, 8, 4, 2} {
		sum += int(digits[i]-'0') * weight
	}
	return "0123456789X0"[11-sum%11]
}

// ExampleCode is a code for examples and demonstrations: well formed to the last character, but of the region 000000,
// in which no authority registers anything. Each seq from 0 to 99,999,999 has a code of its own.
func ExampleCode(seq int) string {
	body := fmt.Sprintf("%08d", uint64(seq)%100_000_000)
	code := "91" + "000000" + body + string(ownCheck(body))
	return code + string(creditCheck(code))
}
