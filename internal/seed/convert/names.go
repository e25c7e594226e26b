package main

import (
	"fmt"
	"strconv"
)

// name is a name, or a part of one, in Chinese and in English. Words are made of two rare characters and their
// readings, so that an invented name is plausible and belongs to nobody.
type name struct{ zh, en string }

func estateWords() (first, second []name) {
	return []name{{"澄", "Cheng"}, {"棠", "Tang"}, {"芸", "Yun"}, {"槿", "Jin"}, {"苓", "Ling"}, {"荻", "Di"}, {"蘅", "Heng"}, {"岫", "Xiu"}, {"沅", "Yuan"}, {"霁", "Ji"}, {"菖", "Chang"}, {"荑", "Ti"}},
		[]name{{"汀", "ting"}, {"渚", "zhu"}, {"坞", "wu"}, {"泊", "po"}, {"畹", "wan"}, {"陌", "mo"}, {"埠", "bu"}, {"浦", "pu"}, {"畈", "fan"}, {"埂", "geng"}, {"圩", "wei"}, {"泾", "jing"}}
}

func unitWords() (first, second []name) {
	return []name{{"翎", "Ling"}, {"珩", "Heng"}, {"璟", "Jing"}, {"峤", "Qiao"}, {"砚", "Yan"}, {"桐", "Tong"}, {"皓", "Hao"}, {"菽", "Shu"}, {"觅", "Mi"}, {"曦", "Xi"}, {"琭", "Lu"}, {"樾", "Yue"}, {"旸", "Yang"}, {"垚", "Yao"}, {"铎", "Duo"}, {"笙", "Sheng"}},
		[]name{{"垣", "yuan"}, {"岑", "cen"}, {"穗", "sui"}, {"帧", "zhen"}, {"笺", "jian"}, {"庐", "lu"}, {"畦", "qi"}, {"泓", "hong"}, {"埏", "shan"}, {"槎", "cha"}, {"翊", "yi"}, {"秣", "mo"}, {"弦", "xian"}, {"笠", "li"}, {"缇", "ti"}, {"辔", "pei"}}
}

func personWords() (family, first, second []name) {
	return []name{{"陈", "Chen"}, {"林", "Lin"}, {"周", "Zhou"}, {"吴", "Wu"}, {"徐", "Xu"}, {"孙", "Sun"}, {"朱", "Zhu"}, {"高", "Gao"}, {"何", "He"}, {"郭", "Guo"}, {"罗", "Luo"}, {"梁", "Liang"}, {"宋", "Song"}, {"郑", "Zheng"}, {"谢", "Xie"}, {"韩", "Han"}, {"唐", "Tang"}, {"冯", "Feng"}, {"董", "Dong"}, {"程", "Cheng"}, {"曹", "Cao"}, {"袁", "Yuan"}, {"邓", "Deng"}},
		[]name{{"予", "Yu"}, {"清", "Qing"}, {"知", "Zhi"}, {"若", "Ruo"}, {"景", "Jing"}, {"书", "Shu"}, {"明", "Ming"}, {"思", "Si"}, {"怀", "Huai"}, {"文", "Wen"}, {"以", "Yi"}, {"安", "An"}, {"其", "Qi"}, {"映", "Ying"}, {"可", "Ke"}, {"望", "Wang"}},
		[]name{{"宁", "ning"}, {"岚", "lan"}, {"远", "yuan"}, {"和", "he"}, {"禾", "he"}, {"舟", "zhou"}, {"川", "chuan"}, {"晴", "qing"}, {"谦", "qian"}, {"溪", "xi"}, {"松", "song"}, {"言", "yan"}, {"朗", "lang"}, {"序", "xu"}, {"然", "ran"}, {"初", "chu"}}
}

// number is a reference's number: 12 for C012 and for EX012.
func number(ref string) (int, error) {
	for i, r := range ref {
		if r >= '0' && r <= '9' {
			n, err := strconv.Atoi(ref[i:])
			if err != nil || n < 1 {
				break
			}
			return n, nil
		}
	}
	return 0, fmt.Errorf("%q is no reference", ref)
}

// word is the n-th invented word, each n another one: when the pairs are used up, the next round is numbered.
func word(n int, first, second []name) (zh, en string) {
	a := first[n%len(first)]
	b := second[(n/len(first)+n)%len(second)]
	zh, en = a.zh+b.zh, a.en+b.en
	if round := n / (len(first) * len(second)); round > 0 {
		zh, en = zh+strconv.Itoa(round+1), en+" "+strconv.Itoa(round+1)
	}
	return zh, en
}

// communityName invents the name of a community by its number and type.
func communityName(n int, kind string) (zh, en string) {
	a, b := estateWords()
	zh, en = word(n, a, b)
	switch kind {
	case rural:
		return zh + "村", en + " Village"
	case oldEstate:
		return zh + "新村社区", en + " New Village Community"
	case resettlement:
		return zh + "家园社区", en + " Homestead Community"
	}
	return zh + "花园社区", en + " Garden Community"
}

// unitName invents the name of a resident unit by its number and kind.
func unitName(n int, kind string) (zh, en string) {
	a, b := unitWords()
	zh, en = word(n, a, b)
	end, ok := map[string]name{
		"SCHOOL":              {"实验学校", " Experimental School"},
		"HOSPITAL":            {"医院", " Hospital"},
		"ENTERPRISE":          {"实业有限公司", " Industries Co., Ltd."},
		"GOVERNMENT_AGENCY":   {"公共事务办公室", " Public Affairs Office"},
		"BANK":                {"银行社区支行", " Bank, Community Branch"},
		"PROPERTY_MANAGER":    {"物业服务有限公司", " Property Services Co., Ltd."},
		"SOCIAL_ORGANISATION": {"社区公益服务社", " Community Service Society"},
		"MILITARY":            {"驻地部队", " Garrison"},
		"RESEARCH_INSTITUTE":  {"科学研究所", " Research Institute"},
	}[kind]
	if !ok {
		end = name{"联合服务站", " Joint Service Station"}
	}
	return zh + end.zh, en + end.en
}

// personName invents a person's name. Nobody is meant.
func personName(n int) (zh, en string) {
	f, a, b := personWords()
	x, y, z := f[n%len(f)], a[(n*7+3)%len(a)], b[(n*5+n/len(b))%len(b)]
	return x.zh + y.zh + z.zh, x.en + " " + y.en + z.en
}
