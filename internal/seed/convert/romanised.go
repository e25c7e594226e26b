package main

import "strings"

// romanised are the English names of the provinces and of the cities, counties and districts that the examples name.
func romanised() (provinces, parts map[string]string) {
	provinces = map[string]string{
		"北京市": "Beijing", "天津市": "Tianjin", "上海市": "Shanghai", "重庆市": "Chongqing",
		"江苏省": "Jiangsu", "浙江省": "Zhejiang", "安徽省": "Anhui", "福建省": "Fujian", "山东省": "Shandong",
		"广东省": "Guangdong", "湖北省": "Hubei", "湖南省": "Hunan", "河北省": "Hebei", "山西省": "Shanxi",
		"陕西省": "Shaanxi", "四川省": "Sichuan", "贵州省": "Guizhou", "甘肃省": "Gansu", "吉林省": "Jilin",
		"辽宁省": "Liaoning", "黑龙江省": "Heilongjiang", "内蒙古自治区": "Inner Mongolia",
	}
	parts = map[string]string{
		"无锡": "Wuxi", "江阴": "Jiangyin", "宜兴": "Yixing", "苏州": "Suzhou", "常熟": "Changshu", "镇江": "Zhenjiang",
		"南通": "Nantong", "泰州": "Taizhou", "泗洪县": "Sihong County", "南京": "Nanjing", "常州": "Changzhou",
		"昆山高新区": "Kunshan High-tech Zone", "无锡市锡山区": "Wuxi, Xishan District",
		"杭州": "Hangzhou", "宁波": "Ningbo", "德清县": "Deqing County", "建德": "Jiande", "温州": "Wenzhou",
		"嘉兴": "Jiaxing", "义乌": "Yiwu", "长兴县": "Changxing County",
		"昌平区": "Changping District", "海淀区": "Haidian District", "朝阳区": "Chaoyang District",
		"东城区": "Dongcheng District", "怀柔区": "Huairou District",
		"浦东新区": "Pudong New Area", "奉贤区": "Fengxian District", "宝山区": "Baoshan District",
		"河东区": "Hedong District", "两江新区": "Liangjiang New Area", "大渡口区": "Dadukou District",
		"武汉": "Wuhan", "成都": "Chengdu", "攀枝花": "Panzhihua", "广安": "Guang'an", "西安": "Xi'an",
		"深圳": "Shenzhen", "清远": "Qingyuan", "揭阳": "Jieyang", "珠海": "Zhuhai", "青岛": "Qingdao",
		"冠县": "Guan County", "临沂高新区": "Linyi High-tech Zone", "枣庄": "Zaozhuang", "济南": "Jinan",
		"清镇": "Qingzhen", "芜湖": "Wuhu", "合肥": "Hefei", "马鞍山": "Ma'anshan", "滁州": "Chuzhou",
		"泉州": "Quanzhou", "福州": "Fuzhou", "南平": "Nanping", "厦门": "Xiamen", "惠安县": "Hui'an County",
		"福鼎": "Fuding", "乌海": "Wuhai", "张家口": "Zhangjiakou", "邢台": "Xingtai", "天水": "Tianshui",
		"大同": "Datong", "湘潭": "Xiangtan", "株洲": "Zhuzhou", "丹东": "Dandong", "朝阳": "Chaoyang", "长春": "Changchun",
	}
	return provinces, parts
}

// districtEn is the English name of a district that a place names; empty where a part of it is not in the tables.
func districtEn(name string) string {
	provinces, parts := romanised()
	for zh, en := range provinces {
		rest, ok := strings.CutPrefix(name, zh)
		if !ok {
			continue
		}
		if rest == "" {
			return en
		}
		if part := parts[rest]; part != "" {
			return part + ", " + en
		}
		if part := parts[strings.TrimSuffix(rest, "市")]; part != "" {
			return part + ", " + en
		}
	}
	return ""
}
