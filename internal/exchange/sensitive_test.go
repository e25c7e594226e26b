package exchange_test

import (
	"testing"

	"github.com/cobuild/cobuild/internal/exchange"
)

func TestNumbersThatLeadToAPersonAreKnown(t *testing.T) {
	for text, want := range map[string]struct{ identity, reach bool }{
		"想要一本字典":                           {},
		"请在2026-11-26送到，共12份":              {},
		"2026年11月26日至2027年1月5日，8:00—17:30": {},
		"周六 9:00 到 11:30，30 人":             {},
		"编号 20261126001":                   {},
		"电话13812345678":                    {reach: true},
		"138 1234 5678":                    {reach: true},
		"１３８－１２３４－５６７８":                    {reach: true},
		"+86 138-1234-5678":                {reach: true},
		"0510-83590000 转 8":                {reach: true},
		"座机83590000":                       {reach: true},
		"xiaowang@example.org":             {reach: true},
		"320206199003071234":               {identity: true},
		"身份证：320206 19900307 123x":         {identity: true},
		"３２０２０６１９９００３０７１２３４":               {identity: true},
		"320206-1990-0307-1234":            {identity: true},
		"订单号 999999209913991234":           {},
	} {
		if got := exchange.Identified(text); got != want.identity {
			t.Errorf("%s: identity %v", text, got)
		}
		if got := exchange.Reachable(text); got != want.reach {
			t.Errorf("%s: reach %v", text, got)
		}
	}
}
