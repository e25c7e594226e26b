package graph_test

import (
	"context"

	"github.com/cobuild/cobuild/graph/graphtest"
	"github.com/cobuild/cobuild/internal/app"
	"github.com/cobuild/cobuild/internal/exchange"
	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/need"
	"github.com/cobuild/cobuild/internal/platform/page"
	"github.com/cobuild/cobuild/internal/resource"
)

// lacking is a need that nothing is wrong with.
func lacking(w *graphtest.House, more m) m {
	return with(m{
		"category": "ELDERS_MEALS", "title": "困难老人送餐", "quantity": "10", "unit": "份", "validUntil": w.Now().AddDate(0, 6, 0).Format("2006-01-02"),
	}, more)
}

// offering is a resource that nothing is wrong with.
func offering(w *graphtest.House, more m) m {
	return with(m{
		"category": "MEANS_SPACE", "title": "礼堂开放", "quantity": "8", "unit": "场", "validUntil": w.Now().AddDate(0, 6, 0).Format("2006-01-02"),
	}, more)
}

// trades are needs of the host and resources of the partner, and claims on them.
func (w *matrixTown) trades() {
	t := w.t
	has := func(who, mutation string, in m, fields, at string) string {
		return w.Do(t, who, mutation, in, fields).Fine().Str("it." + at)
	}
	publish := func(more m) string {
		return has("secretary", "publishNeed", m{"need": lacking(w.House, more)}, "need { id }", "need.id")
	}
	verified := func() string {
		key := has("steward", "collectNeed", m{"need": lacking(w.House, nil)}, "need { id }", "need.id")
		w.Do(t, "secretary", "verifyNeed", m{"id": key, "expectedVersion": 1}, "need { id }").Fine()
		return key
	}
	claims := func(need, quantity string) string {
		return has("liaison", "claimNeed", m{"need": need, "claimant": w.Unit, "quantity": quantity, "remark": "周六可送"}, "claim { id }", "claim.id")
	}
	w.at["collected need"] = has("steward", "collectNeed", m{"need": lacking(w.House, nil)}, "need { id }", "need.id")
	w.at["verified need"] = verified()
	w.at["open need"] = publish(m{
		"visibility": "PUBLIC", "text": "每周六", "audiences": []string{"ELDERS"},
		"place":   m{"address": "花园路 1 号", "point": m{"coordinates": []float64{120.29, 31.68}}},
		"windows": []m{{"startsOn": w.Now().AddDate(0, 0, 1).Format("2006-01-02"), "endsOn": w.Now().AddDate(0, 2, 0).Format("2006-01-02"), "recurrence": "FREQ=WEEKLY;BYDAY=SA", "from": "10:30", "to": "12:00"}},
	})
	w.at["claimed need"] = publish(m{"visibility": "ORGANISATIONS", "organisations": []string{w.Unit, w.OtherCommunity}})
	w.at["need claim"] = claims(w.at["claimed need"], "4")
	w.at["fulfilled need"] = publish(nil)
	w.at["reported claim"] = claims(w.at["fulfilled need"], "10")
	w.Do(t, "liaison", "reportNeedFulfilled", m{"claim": w.at["reported claim"]}, "need { id }").Fine()
	w.at["wish"] = publish(m{"kind": "MICRO_WISH", "title": "想要一台收音机", "quantity": "1", "unit": "台", "contact": "值班室转接", "resident": w.at["late"]})
	claims(w.at["wish"], "1")
	w.Do(t, "steward", "consentToContact", m{"id": w.at["wish"], "consent": true}, "need { id }").Fine()
	w.at["withdrawn need"] = publish(nil)
	w.Do(t, "secretary", "withdrawNeed", m{"id": w.at["withdrawn need"], "expectedVersion": 1, "reason": "已解决"}, "need { id }").Fine()

	w.at["confirmed need"] = publish(nil)
	done := w.Do(t, "liaison", "reportNeedFulfilled", m{"claim": claims(w.at["confirmed need"], "10")}, "need { version }").Fine()
	w.Do(t, "secretary", "confirmNeed", m{"id": w.at["confirmed need"], "expectedVersion": done.Int("it.need.version")}, "need { id }").Fine()
	w.at["unit's need"] = has("liaison", "publishNeed", m{"need": lacking(w.House, m{"publisher": w.Unit, "title": "职工子女暑期看护"})}, "need { id }", "need.id")

	offer := func(more m) string {
		return has("liaison", "offerResource", m{"resource": offering(w.House, with(m{"publisher": w.Unit}, more))}, "resource { id }", "resource.id")
	}
	w.at["drafted resource"] = has("liaison", "draftResource", m{"resource": offering(w.House, m{"publisher": w.Unit})}, "resource { id }", "resource.id")
	w.at["resource"] = offer(m{
		"visibility": "ORGANISATIONS", "organisations": []string{w.Community, w.OtherCommunity}, "text": "周末可用", "place": m{"address": "学前街 2 号"},
		"windows": []m{{"startsOn": w.Now().AddDate(0, 0, 1).Format("2006-01-02"), "endsOn": w.Now().AddDate(0, 1, 0).Format("2006-01-02")}},
	})
	w.at["resource claim"] = has("secretary", "claimResource", m{"resource": w.at["resource"], "quantity": "2", "remark": "用于议事会"}, "claim { id }", "claim.id")
	w.at["public resource"] = offer(m{"visibility": "PUBLIC"})
	w.at["declined claim"] = has("secretary", "claimResource", m{"resource": offer(nil), "quantity": "2"}, "claim { id }", "claim.id")
	w.Do(t, "liaison", "declineClaim", m{"id": w.at["declined claim"], "reason": "场地检修"}, "claim { id }").Fine()
	w.at["accepted claim"] = has("secretary", "claimResource", m{"resource": offer(nil), "quantity": "2"}, "claim { id }", "claim.id")
	w.Do(t, "liaison", "acceptClaim", m{"id": w.at["accepted claim"]}, "claim { id }").Fine()
	w.at["host's resource"] = has("secretary", "offerResource", m{"resource": offering(w.House, nil)}, "resource { id }", "resource.id")
	w.at["withdrawn resource"] = offer(nil)
	w.Do(t, "liaison", "withdrawResource", m{"id": w.at["withdrawn resource"], "expectedVersion": 1, "reason": "装修"}, "resource { id }").Fine()
	w.at["category"] = w.Ask(t, "", `{ category(code: "ELDERS_MEALS") { id } }`).Fine().Str("category.id")
	w.at["top category"] = w.Ask(t, "", `{ category(code: "ELDERS") { id } }`).Fine().Str("category.id")
	w.at["retired category"] = w.Do(t, "admin", "retireCategory", m{"code": "CULTURE_VISITS", "expectedVersion": 1}, "category { id }").Fine().Str("it.category.id")
	w.at["tree"] = string(id.Derived[id.Category](id.KindCategoryTree, "categories"))
}

// traded names the samples of what is exchanged.
func (w *matrixTown) traded(node func(name, typ, id string)) {
	node("that comes with the program", "Category", w.at["category"])
	node("at the top, with others below it", "Category", w.at["top category"])
	node("retired", "Category", w.at["retired category"])
	node("", "CategoryTree", w.at["tree"])
	node("of the host, collected", "Need", w.at["collected need"])
	node("of the host, public", "Need", w.at["open need"])
	node("of the host, shown to the partner and another community; claimed by the partner in part", "Need", w.at["claimed need"])
	node("of the host, reported by the partner as done", "Need", w.at["fulfilled need"])
	node("of the host, confirmed", "Need", w.at["confirmed need"])
	node("of the partner", "Need", w.at["unit's need"])
	node("a micro-wish of a resident of the host who agrees to be reached; taken on by the partner", "Need", w.at["wish"])
	node("of the host, withdrawn", "Need", w.at["withdrawn need"])
	node("of the partner, drafted", "Resource", w.at["drafted resource"])
	node("of the partner, shown to the host and another community; the host asks for a part", "Resource", w.at["resource"])
	node("of the partner, public", "Resource", w.at["public resource"])
	node("of the partner, withdrawn", "Resource", w.at["withdrawn resource"])
	node("of the host", "Resource", w.at["host's resource"])
	node("of the partner on a need of the host", "Claim", w.at["need claim"])
	node("of the partner on a need of the host, reported as done", "Claim", w.at["reported claim"])
	node("of the host on a resource of the partner", "Claim", w.at["resource claim"])
	node("of the host on a resource of the partner, accepted", "Claim", w.at["accepted claim"])
	node("of the host on a resource of the partner, declined", "Claim", w.at["declined claim"])
}

// tradeInputs are what the mutations of what is exchanged are tried with.
func (w *matrixTown) tradeInputs() map[string]m {
	version := func(name string) m { return m{"id": w.at[name], "expectedVersion": w.version(w.at[name])} }
	also := func(name string, more m) m { return with(version(name), more) }
	code := func(code string, version int) m { return m{"code": code, "expectedVersion": version} }
	return map[string]m{
		"addCategory":     {"code": "ELDERS_MEALS_DELIVERY", "name": "送餐上门", "nameEn": "Meals delivered", "parent": "ELDERS_MEALS"},
		"renameCategory":  with(code("ELDERS_MEALS", 1), m{"name": "长者助餐"}),
		"moveCategory":    with(code("ELDERS_MEALS", 1), m{"parent": "SUPPORT"}),
		"retireCategory":  code("ELDERS_MEALS", 1),
		"restoreCategory": code("CULTURE_VISITS", 2),

		"collectNeed":         {"need": lacking(w.House, m{"publisher": w.Community})},
		"changeNeed":          also("collected need", m{"need": lacking(w.House, m{"quantity": "12"})}),
		"verifyNeed":          version("collected need"),
		"publishNeed":         version("verified need"),
		"claimNeed":           {"need": w.at["open need"], "quantity": "1"},
		"closeNeed":           version("claimed need"),
		"reportNeedFulfilled": {"claim": w.at["need claim"]},
		"returnNeed":          also("fulfilled need", m{"reason": "少送两份"}),
		"confirmNeed":         version("fulfilled need"),
		"withdrawNeed":        also("open need", m{"reason": "已解决"}),
		"consentToContact":    {"id": w.at["wish"], "consent": false},

		"draftResource":    {"resource": offering(w.House, m{"publisher": w.Unit})},
		"changeResource":   also("drafted resource", m{"resource": offering(w.House, m{"quantity": "9"})}),
		"offerResource":    version("drafted resource"),
		"claimResource":    {"resource": w.at["public resource"], "quantity": "1"},
		"withdrawResource": also("public resource", m{"reason": "装修"}),

		"acceptClaim":   {"id": w.at["resource claim"]},
		"declineClaim":  {"id": w.at["resource claim"], "reason": "场地检修"},
		"withdrawClaim": {"id": w.at["need claim"], "reason": "人手不足"},
	}
}

// tradeShelves are the lists of what is exchanged.
func tradeShelves(a *app.App) []shelf {
	return []shelf{
		shelfOf("needs", func(ctx context.Context, p page.Args) (*need.Connection, error) {
			return a.Needs.Needs(ctx, nil, &exchange.Order{Field: exchange.OrderByCreated, Direction: page.Ascending}, p)
		}, a.Needs.Many, func(n *need.Need) id.Need { return n.ID }),
		shelfOf("resources", func(ctx context.Context, p page.Args) (*resource.Connection, error) {
			return a.Resources.Resources(ctx, nil, nil, p)
		}, a.Resources.Many, func(r *resource.Resource) id.Resource { return r.ID }),
	}
}
