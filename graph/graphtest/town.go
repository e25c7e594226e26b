package graphtest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cobuild/cobuild/internal/app"
)

// Town is a house with a district, two communities and two units, their people and nothing signed yet.
//
// "secretary" leads Community and "liaison" speaks for Unit, both with the signing right; "supervisor" is an officer of
// SubDistrict and "auditor" of District; "steward" looks after a grid of Community; "outsider" speaks for OtherUnit,
// which is stationed in OtherCommunity, and "stranger" leads that.
type Town struct {
	*House
	District, SubDistrict, Community, Unit, OtherCommunity, OtherUnit string
}

// NewTown makes a town through GraphQL alone.
func NewTown(tb testing.TB, alter ...func(*app.Config)) *Town {
	tb.Helper()
	w := &Town{House: New(tb, alter...)}
	w.District = w.Do(tb, "admin", "registerDistrict", M{"name": "惠山区", "nameEn": "Huishan", "code": "320206"}, "district { id }").
		Fine().Str("it.district.id")
	w.SubDistrict = w.Do(tb, "admin", "registerSubDistrict", M{"district": w.District, "kind": "STREET", "name": "堰桥街道"},
		"subDistrict { id }").Fine().Str("it.subDistrict.id")
	w.Community = w.community(tb, "长安社区", "COMMERCIAL")
	w.OtherCommunity = w.community(tb, "新惠社区", "RESETTLEMENT")
	w.Unit = w.unit(tb, w.Community, "恒远机械有限公司", 1)
	w.OtherUnit = w.unit(tb, w.OtherCommunity, "明德小学", 2)
	w.person(tb, "supervisor", "SUPERVISOR", w.SubDistrict, false)
	w.person(tb, "auditor", "AUDITOR", w.District, false)
	w.person(tb, "secretary", "SECRETARY", w.Community, true)
	w.person(tb, "steward", "GRID_STEWARD", w.Community, false)
	w.person(tb, "liaison", "LIAISON", w.Unit, true)
	w.person(tb, "stranger", "SECRETARY", w.OtherCommunity, true)
	w.person(tb, "outsider", "LIAISON", w.OtherUnit, true)
	return w
}

// M is an input.
type M = map[string]any

func (w *Town) community(tb testing.TB, name, kind string) string {
	tb.Helper()
	return w.Do(tb, "admin", "registerCommunity", M{"type": kind, "name": name, "subDistrict": w.SubDistrict}, "community { id }").
		Fine().Str("it.community.id")
}

func (w *Town) unit(tb testing.TB, in, name string, n int) string {
	tb.Helper()
	return w.Do(tb, "admin", "registerResidentUnit", M{
		"kind": "ENTERPRISE", "name": name, "registrations": []M{{"community": in}}, "creditCode": CreditCode(n),
	}, "residentUnit { id }").Fine().Str("it.residentUnit.id")
}

func (w *Town) person(tb testing.TB, login, role, in string, signing bool) {
	tb.Helper()
	code := w.Do(tb, "admin", "invitePerson", M{"role": role, "organisation": in, "signing": signing}, "code").Fine().Str("it.code")
	w.Do(tb, "", "acceptInvitation", M{"code": code, "loginName": login, "password": Password, "name": "Name of " + login},
		"person { id }").Fine()
}

// CreditCode makes the n-th unified social credit code of the region 000000, which no authority issues.
func CreditCode(n int) string {
	const letters = "0123456789ABCDEFGHJKLMNPQRTUWXY"
	own, sum := fmt.Sprintf("%08d", n), 0
	for i, w := range []int{3, 7, 9, 10, 5, 8, 4, 2} {
		sum += int(own[i]-'0') * w
	}
	code := "91000000" + own + string("0X987654321"[sum%11])
	sum = 0
	for i, w := 0, 1; i < len(code); i, w = i+1, w*3%31 {
		sum += strings.IndexByte(letters, code[i]) * w
	}
	return code + string(letters[(31-sum%31)%31])
}
