package search_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/page"
)

// many is how many things the benchmark looks among.
const many = 100_000

// The words of the benchmark's texts: names are of a place and what stands there, promises of what is done for whom.
var (
	places = strings.Fields("幸福 阳光 东湖 西河 南山 北塘 新华 建设 和平 人民 长江 太湖 梅园 荷花 桂花 金星 红旗 前进 光明 胜利 青石 白塔 清溪 古渡 桃园 竹林 松鹤 凤凰 龙泉 锦绣 翠屏 云台 春江 秋月 明珠 金桥 银杏 丹霞 玉泉 望江")
	kinds  = strings.Fields("花园社区 新村社区 家园社区 苑社区 里社区 小学 中学 医院 银行支行 物业服务有限公司 科技有限公司 公益服务社 幼儿园 卫生服务中心 派出所 研究院")
	deeds  = strings.Fields("垃圾分类宣传 免费理发 义诊 法律咨询 文艺汇演 消防演练 助餐送餐 课后托管 心理疏导 就业培训 环境整治 防诈宣讲 家电维修 读书会 慰问走访 绿化养护 楼道清洁 电动车充电 加装电梯协商 健康讲座")
	people = strings.Fields("老年人 独居老人 儿童 青少年 残疾人 退役军人 新就业群体 居民 困难家庭 志愿者")
)

func pickOf(r *rand.Rand, all []string) string { return all[min(r.IntN(len(all)), r.IntN(len(all)))] }

// town makes half organisations and half contracts of a hundred sub-districts, the same ones each time.
func town(w *world) {
	r := rand.New(rand.NewPCG(1, 2))
	name := func() string {
		return pickOf(r, places) + pickOf(r, places) + strconv.Itoa(r.IntN(900)+1) + "号" + pickOf(r, kinds)
	}
	for i := range many {
		if i%2 == 0 {
			n := name()
			w.all[id.Derived[string](id.KindCommunity, strconv.Itoa(i))] = &thing{
				id: id.Derived[string](id.KindCommunity, strconv.Itoa(i)), rev: 1, name: n, text: pickOf(r, places) + "路" + strconv.Itoa(r.IntN(300)) + "号",
			}
			continue
		}
		var promises []string
		for range 3 {
			promises = append(promises, "为"+pickOf(r, people)+"开展"+pickOf(r, deeds)+"，每月一次")
		}
		host, partner := name(), name()
		w.all[id.Derived[string](id.KindContract, strconv.Itoa(i))] = &thing{
			id: id.Derived[string](id.KindContract, strconv.Itoa(i)), rev: 1, name: host + "与" + partner + "结对共建协议",
			text:    strings.Join(append(promises, host, partner, "各方本着资源共享、优势互补、双向服务的原则结对共建"), "\n"),
			above:   []id.Organisation{part(i % 100), part(1000)},
			parties: []id.Organisation{id.Derived[id.Organisation](id.KindUnit, strconv.Itoa(i%5000))},
		}
	}
}

func part(n int) id.Organisation {
	return id.Derived[id.Organisation](id.KindSubDistrict, strconv.Itoa(n))
}

// BenchmarkSearch looks for two words among 100,000 things, as somebody who sees what is public, as the liaison of a party,
// as the supervisor of one sub-district in a hundred, and as that of the district above all.
func BenchmarkSearch(b *testing.B) {
	w := open(b, onFile(b))
	town(w)
	w.sorted()
	began := time.Now()
	w.build()
	took := time.Since(began)
	b.Logf("%d things taken up in %v, %.0f a second", many, took.Round(time.Millisecond), many/took.Seconds())
	for _, who := range []struct {
		name string
		authz.Actor
	}{
		{"public", nobody()},
		{"party", actor(authz.Liaison, id.Derived[id.Organisation](id.KindUnit, "7"))},
		{"sub-district", actor(authz.Supervisor, part(7))},
		{"district", actor(authz.Supervisor, part(1000))},
	} {
		b.Run(who.name, func(b *testing.B) {
			r := rand.New(rand.NewPCG(3, 4))
			ctx := authz.With(context.Background(), who.Actor)
			var all []time.Duration
			whole := 0
			for b.Loop() {
				text := pickOf(r, places) + pickOf(r, kinds) + " " + pickOf(r, deeds)
				if r.IntN(2) == 0 {
					text = pickOf(r, places) + " " + pickOf(r, kinds)
				}
				began := time.Now()
				c, err := w.Search(ctx, text, nil, page.Args{First: new(20)})
				must(b, err)
				all = append(all, time.Since(began))
				if c.Complete {
					whole++
				}
			}
			slices.Sort(all)
			b.ReportMetric(float64(all[len(all)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(all[len(all)*99/100].Microseconds())/1000, "p99-ms")
			b.ReportMetric(100*float64(whole)/float64(len(all)), "%whole")
		})
	}
}

// BenchmarkTakingUp makes the cards of contracts, without keeping them: how texts are taken apart.
func BenchmarkTakingUp(b *testing.B) {
	w := open(b, onFile(b))
	c := w.contract("幸福阳光128号花园社区与东湖小学结对共建协议", "为独居老人开展免费理发，每月一次\n为儿童开展课后托管，每月一次\n各方本着资源共享、优势互补、双向服务的原则结对共建", street, school)
	n := int64(0)
	for b.Loop() {
		n++
		changed := *w.all[c]
		changed.text = fmt.Sprint(changed.text, n%7)
		changed.rev = w.all[c].rev + 1
		w.all[c] = &changed
		w.tell(c)
	}
}
