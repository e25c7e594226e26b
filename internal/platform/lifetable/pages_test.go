package lifetable_test

import (
	"slices"
	"testing"

	"github.com/cobuild/cobuild/internal/platform/lifetable"
)

// words are how the Chinese page says who does something.
func words() map[string]string {
	return map[string]string{
		"drafting party": "起草方", "any party": "任一签约方", "invited party": "受邀方", "invited host or partner": "受邀的社区方或共建方",
		"host": "社区方", "partner": "共建方", "host or partner": "社区方或共建方", "signing right of a party": "签约方有签署权的人",
		"provider": "承诺方", "receiver": "受益方", "supervising body": "上级部门", "time": "时间",
	}
}

func TestBothPagesSayTheSame(t *testing.T) {
	for english, chinese := range map[string]string{
		"Contract": "Contract：契约", "Fulfilment": "Fulfilment：履约", "Amendment": "Amendment：变更",
	} {
		want, err := lifetable.Read("../../../docs/contract-life.md", english)
		if err != nil {
			t.Fatal(err)
		}
		got, err := lifetable.Read("../../../docs/contract-life.zh-CN.md", chinese)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != len(want) {
			t.Errorf("%s: %d lines in Chinese, %d in English", english, len(got), len(want))
		}
		for i := range min(len(got), len(want)) {
			w, g := want[i], got[i]
			for j, who := range w.Who {
				w.Who[j] = words()[who]
			}
			if w.State != g.State || w.Verb != g.Verb || !slices.Equal(w.Who, g.Who) || !slices.Equal(w.To, g.To) {
				t.Errorf("%s, line %d: %+v in Chinese, %+v in English", english, i+1, g, w)
			}
		}
	}
}
