package match

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/cobuild/cobuild/internal/id"
)

// theme is one thing that people lack and others offer, as either of them says it. Needs and resources of one theme belong
// together; those of another theme in the same category do not.
type theme struct {
	category string
	lacked   []string
	offered  []string
}

// themes are made up for these figures alone: no weight was chosen by them that the reasons beside it do not give.
func themes() []theme {
	return []theme{
		{"ELDERS_MEALS", []string{"独居老人送餐上门", "高龄老人吃饭难", "老年人午餐没人做"}, []string{"爱心食堂配送", "老人送餐队", "助餐点供应盒饭"}},
		{"ELDERS_MEALS", []string{"老年食堂缺厨具", "助餐点灶台老旧"}, []string{"捐赠商用炊具", "厨房设备更新"}},
		{"ELDERS_HOME", []string{"行动不便老人理发", "老人出门剪发难"}, []string{"理发师上门服务", "便民剪发志愿队"}},
		{"ELDERS_HOME", []string{"老人家里保洁", "空巢老人打扫卫生"}, []string{"家政员入户助洁", "义务擦窗清扫"}},
		{"ELDERS_HOME", []string{"老人买菜不方便", "腿脚不好拎不动菜"}, []string{"代购日用品送到家", "蔬菜配送到户"}},
		{"HEALTH_CLINIC", []string{"血压血糖定期检查", "慢性病老人量血压"}, []string{"医院义诊团队", "社区健康筛查"}},
		{"HEALTH_CLINIC", []string{"儿童视力筛查", "学生近视防控"}, []string{"眼科医生进校园", "免费验光"}},
		{"HEALTH_TALKS", []string{"心脑血管病讲座", "老年健康知识"}, []string{"主任医师科普课", "健康大讲堂"}},
		{"CHILDREN_CARE", []string{"放学后没人看孩子", "双职工家庭托管"}, []string{"四点半课堂", "大学生志愿者辅导作业"}},
		{"CHILDREN_CARE", []string{"暑假孩子去处", "假期看护班"}, []string{"夏令营名额", "暑托班场地和老师"}},
		{"CHILDREN_CLASSES", []string{"科普课程进社区", "青少年科学兴趣"}, []string{"机器人体验课", "科技馆展品巡展"}},
		{"SAFETY_FRAUD", []string{"防诈骗宣传", "老人防电信诈骗"}, []string{"银行反诈讲师", "民警宣讲识骗"}},
		{"SAFETY_FIRE", []string{"消防通道整治", "楼道灭火器更换"}, []string{"消防演练与器材", "隐患排查队"}},
		{"FACILITIES_LIGHTS", []string{"楼道灯坏了没人修", "小区路灯不亮"}, []string{"电力检修队", "照明更换人工"}},
		{"FACILITIES_ROADS", []string{"小区道路坑洼", "破损路面修复"}, []string{"市政养护施工", "沥青路面材料"}},
		{"FACILITIES_PLAY", []string{"儿童游乐设施更新", "健身器材老旧"}, []string{"捐赠健身器材", "游乐场地改造资金"}},
		{"CULTURE_CLUBS", []string{"合唱团缺排练老师", "居民舞蹈队指导"}, []string{"音乐教师公益课", "文化馆辅导员"}},
		{"CULTURE_ROOMS", []string{"居民活动场地不足", "老年活动室太小"}, []string{"会议室周末开放", "学校礼堂借用"}},
		{"EMPLOYMENT_TRAINING", []string{"失业居民技能培训", "就业培训班"}, []string{"电工焊工课程", "职业学校实训"}},
		{"EMPLOYMENT_JOBS", []string{"本地岗位信息", "剩余劳动力找活干"}, []string{"工厂短期用工", "保洁保安招聘"}},
		{"RIGHTS_ADVICE", []string{"法律咨询", "邻里纠纷没处说理"}, []string{"律师坐班答疑", "司法所调解员"}},
		{"ENVIRONMENT_CLEAN", []string{"楼道杂物清理", "小广告清除"}, []string{"志愿者大扫除", "环卫作业班"}},
		{"ENVIRONMENT_GREEN", []string{"绿化带荒芜", "树枝挡住窗户"}, []string{"园林修剪", "苗木养护"}},
		{"SUPPORT_GOODS", []string{"困难家庭过冬物资", "低保户米面油"}, []string{"粮油捐赠", "爱心企业慰问品"}},
	}
}

func townCategories() []Filed {
	tops := map[string]bool{}
	var out []Filed
	for _, t := range themes() {
		var top string
		for i, r := range t.category {
			if r == '_' {
				top = t.category[:i]
			}
		}
		if !tops[top] {
			tops[top] = true
			out = append(out, Filed{top, "", top, top})
		}
		if !tops[t.category] {
			tops[t.category] = true
			out = append(out, Filed{t.category, top, t.category, t.category})
		}
	}
	return out
}

// town makes needs and resources at random, the same for the same seed: spread over squares of a city in which people live
// in quarters, over categories of unequal weight, filed wrongly now and then, often without a time, a place or an amount.
type town struct {
	r         *rand.Rand
	districts int
	made      int
	at        time.Time
	themeOf   map[string]int
}

func townOf(seed uint64, districts int, at time.Time) *town {
	return &town{r: rand.New(rand.NewPCG(seed, 7)), districts: districts, at: at, themeOf: map[string]int{}} //nolint:gosec // for tests
}

// choose picks a theme: the first ones more often, as in life.
func (w *town) choose() int {
	n := len(themes())
	return min(int(w.r.ExpFloat64()*float64(n)/3), n-1)
}

func (w *town) chance(percent int) bool { return w.r.IntN(100) < percent }

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// item makes one at a place of the town, or anywhere in it.
func (w *town) item(side Side, n int, all []theme, near *Point) *Item {
	w.made++
	t := all[n]
	kind, said := id.KindNeed, t.lacked
	if side == ResourceSide {
		kind, said = id.KindResource, t.offered
		if w.chance(40) { // in the very words of those who lack it
			said = t.lacked
		}
	}
	i := &Item{
		ID: id.Derived[string](kind, fmt.Sprint(side, w.made)), Side: side, Standing: Free, Category: t.category,
		Title: pick(w.r, []string{"", "社区", "居民", "长期"}) + pick(w.r, said) + pick(w.r, []string{"", "服务", "项目"}), Audience: []string{"public"},
	}
	w.themeOf[i.ID] = n
	d := w.r.IntN(w.districts)
	place := Point{120 + 0.25*float64(d%8) + w.r.Float64()*0.25, 31 + 0.25*float64(d/8) + w.r.Float64()*0.25}
	if near != nil {
		d = int((near.Lon-120)/0.25) + 8*int((near.Lat-31)/0.25)
		place = Point{near.Lon + w.r.NormFloat64()*0.01, near.Lat + w.r.NormFloat64()*0.01}
	}
	sub := int((place.Lon-120)/0.05) + 1000*int((place.Lat-31)/0.05)
	i.Above = []id.Organisation{org(id.KindSubDistrict, fmt.Sprint("s", sub)), org(id.KindDistrict, fmt.Sprint("d", d))}
	if near != nil || !w.chance(15) {
		i.Place = &place
	}
	i.Organisation = org(id.KindUnit, fmt.Sprint("u", w.r.IntN(50), sub))
	i.Kind = pick(w.r, organisationKinds()[1:])
	if side == NeedSide {
		i.Organisation, i.Kind, i.Type = org(id.KindCommunity, fmt.Sprint("c", w.r.IntN(6), sub)), "COMMUNITY", pick(w.r, communityTypes())
	}
	w.finish(i)
	return i
}

// finish says when, how much, and now and then files it wrongly.
func (w *town) finish(i *Item) {
	if w.chance(60) {
		i.Windows = []Window{{Recurrence: "FREQ=WEEKLY;BYDAY=" + pick(w.r, []string{"MO", "TU", "WE", "TH", "FR", "SA", "SU", "MO,WE,FR", "SA,SU", "TU,TH"})}}
	}
	if w.chance(75) {
		i.Unit = pick(w.r, []string{"次", "次", "次", "份", "人"})
		i.Left = new(int64(1 + w.r.IntN(60)))
	}
	if w.chance(70) {
		i.ValidUntil = new(w.at.Add(time.Duration(1+w.r.IntN(300)) * 24 * time.Hour))
	}
	if w.chance(10) {
		i.Category = w.misfiled(i.Category)
	}
}

// misfiled is the category above, or one beside it.
func (w *town) misfiled(code string) string {
	t := treeOf(townCategories())
	if w.chance(50) {
		return t.of[code].Parent
	}
	beside := slices.DeleteFunc(slices.Clone(t.codes), func(c string) bool { return t.of[c].Parent != t.of[code].Parent })
	return pick(w.r, beside)
}

// serves is the truth that the figures are measured by: the same theme, within reach, on some day that both can, with at
// least three tenths of what is lacking, and a fortnight to go. It knows neither weights nor categories.
func (w *town) serves(need, resource *Item) bool {
	if w.themeOf[need.ID] != w.themeOf[resource.ID] {
		return false
	}
	if resource.ValidUntil != nil && resource.ValidUntil.Sub(w.at) < 14*24*time.Hour {
		return false
	}
	if need.Place != nil && resource.Place != nil {
		if need.Place.metres(*resource.Place) > 5000 {
			return false
		}
	} else if need.Above[0] != resource.Above[0] {
		return false
	}
	if need.Left != nil && resource.Left != nil && need.Unit == resource.Unit && *resource.Left*10 < *need.Left*3 {
		return false
	}
	if len(need.Windows) > 0 && len(resource.Windows) > 0 {
		return sharesADay(need.Windows[0].Recurrence, resource.Windows[0].Recurrence)
	}
	return true
}

func sharesADay(a, b string) bool {
	const before = len("FREQ=WEEKLY;BYDAY=")
	for i := before; i < len(a); i += 3 {
		for j := before; j < len(b); j += 3 {
			if a[i:i+2] == b[j:j+2] {
				return true
			}
		}
	}
	return false
}
