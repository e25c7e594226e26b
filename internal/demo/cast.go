package demo

import (
	"fmt"
	"slices"

	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/seed"
	"github.com/cobuild/cobuild/internal/unit"
)

// Who plays: keys of the file of examples, and of what the demo adds to it.
const (
	community        = "C001" // commercial, in Huishan
	manager          = "U002" // its property manager
	secretaryKey     = community + ".secretary"
	liaisonKey       = manager + ".liaison"
	stranger         = "demo.stranger" // a unit elsewhere that has no contract with anybody
	outsiderKey      = stranger + ".liaison"
	supervisorKey    = "demo.supervisor"
	auditorKey       = "demo.auditor"
	administratorKey = "demo.administrator"

	firstKey = "EX001"      // the contract that is made first: by its day an interrupted filling is continued
	lastKey  = "demo-draft" // the one that is made last: where it is, the installation is full

	patrolKey = "demo-patrol" // the daily one
	alarmKey  = "demo-alarm"
)

// scene is a contract between the cast's organisations, made of what others promised in an example.
type scene struct {
	key, title, titleEn string
	example             string
	fate                fate
}

func scenes() []scene {
	return []scene{
		{patrolKey, "小区日常巡查共建协议", "Co-building agreement on daily patrols", "EX131", fate{seed.Signed, -35, -45}},
		{alarmKey, "一键报警入户共建协议", "Co-building agreement on alarm buttons", "EX116", fate{seed.Signed, -90, -100}},
		{"demo-station", "红色物业阵地共建协议", "Co-building agreement on a service station", "EX006", fate{seed.Signed, 12, -6}},
		{"demo-homes", "小区活动之家共建协议", "Co-building agreement on activity rooms", "EX007", fate{seed.Signing, 15, -4}},
		{"demo-council", "物业议事会共建协议", "Co-building agreement on a residents' council", "EX132", fate{seed.Negotiating, 20, -3}},
		{lastKey, "通学路与诉求公示共建协议", "Co-building agreement on a safe way to school", "EX136", fate{seed.Draft, 25, 0}},
	}
}

// fates are those that the cast's contracts need, whatever the lots say.
func fates() map[string]fate {
	out := map[string]fate{firstKey: {seed.Signed, -longestAgo, -longestAgo - ahead}}
	for _, s := range scenes() {
		out[s.key] = s.fate
	}
	return out
}

// staged adds the cast's contracts, its supervisor, auditor and administrator to the file.
func staged(file seed.File) (seed.File, error) {
	i := slices.IndexFunc(file.Communities, func(c seed.Community) bool { return c.Key == community })
	if i < 0 {
		return file, fmt.Errorf("demo: the examples have no %s", community)
	}
	sub := file.Communities[i].SubDistrict
	j := slices.IndexFunc(file.SubDistricts, func(s seed.SubDistrict) bool { return s.Key == sub })
	if j < 0 {
		return file, fmt.Errorf("demo: the examples have no %s", sub)
	}
	file.People = append(file.People,
		seed.Person{Key: supervisorKey, Name: "沈映川", NameEn: "Shen Yingchuan", Role: authz.Supervisor, Organisation: sub},
		seed.Person{Key: auditorKey, Name: "陆知序", NameEn: "Lu Zhixu", Role: authz.Auditor, Organisation: file.SubDistricts[j].District},
		seed.Person{Key: administratorKey, Name: "顾书朗", NameEn: "Gu Shulang", Role: authz.Administrator},
		seed.Person{Key: outsiderKey, Name: "温以宁", NameEn: "Wen Yining", Role: authz.Liaison, Organisation: stranger, SigningRight: true},
	)
	elsewhere := slices.IndexFunc(file.Communities, func(c seed.Community) bool { return c.SubDistrict != sub })
	if elsewhere < 0 {
		return file, fmt.Errorf("demo: the examples have no community outside %s", sub)
	}
	file.ResidentUnits = append(file.ResidentUnits, seed.ResidentUnit{
		Key: stranger, Kind: "SCHOOL", Name: "云岫实验学校", NameEn: "Yunxiu Experimental School",
		CreditCode: unit.ExampleCode(900_001), Communities: []string{file.Communities[elsewhere].Key},
	})
	for _, s := range scenes() {
		c, err := s.play(file)
		if err != nil {
			return file, err
		}
		file.Contracts = append(file.Contracts, c)
	}
	return file, nil
}

// play makes the scene's contract: what the example's community and property manager promised, promised by the cast's.
func (s scene) play(file seed.File) (seed.Contract, error) {
	i := slices.IndexFunc(file.Contracts, func(c seed.Contract) bool { return c.Key == s.example })
	if i < 0 {
		return seed.Contract{}, fmt.Errorf("demo: the examples have no %s", s.example)
	}
	c := file.Contracts[i]
	was := manages(file, c)
	var kept []seed.Commitment
	for _, m := range c.Commitments {
		switch m.Provider {
		case c.Host:
			m.Provider, m.Receivers = community, []string{manager}
		case was:
			m.Provider, m.Receivers = manager, []string{community}
		default:
			continue
		}
		kept = append(kept, m)
	}
	if len(kept) == 0 {
		return seed.Contract{}, fmt.Errorf("demo: nothing of %s can be promised by the cast", s.example)
	}
	c.Notes = append(slices.DeleteFunc(slices.Clone(c.Notes), func(n seed.Note) bool { return n.Code == "PROVIDER_NOT_A_PARTY" }),
		seed.Note{Code: "PARTIES_ARE_DEMO_CHOICE", Said: s.example})
	c.Key, c.Title, c.TitleEn, c.Host, c.Commitments = s.key, s.title, s.titleEn, community, kept
	c.Parties = []seed.Party{{Organisation: manager, Part: "PARTNER"}}
	c.Sharing = shared(s.key)
	c.AgreementStated, c.DemoChoice, c.OutcomeZh, c.OutcomeEn = false, true, "", ""
	return c, nil
}

// manages is the property manager among an example's parties; empty where there is none.
func manages(file seed.File, c seed.Contract) string {
	for _, p := range c.Parties {
		if slices.ContainsFunc(file.ResidentUnits, func(u seed.ResidentUnit) bool {
			return u.Key == p.Organisation && u.Kind == "PROPERTY_MANAGER"
		}) {
			return p.Organisation
		}
	}
	return ""
}
