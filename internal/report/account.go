package report

// account is what a report adds up.
type account struct {
	sum
	before, began, expired, terminated, completed, after int
}

// take adds a contract.
func (a *account) take(f *folio, sp Span, t *sum) {
	a.add(t)
	one := func(n *int, when bool) {
		if when {
			*n++
		}
	}
	one(&a.before, f.inForce(sp.From.AddDays(-1)))
	one(&a.began, sp.within(f.From))
	one(&a.after, f.inForce(sp.To))
	if f.From != nil && sp.within(f.Until) {
		one(&a.expired, f.Status == contractExpired)
		one(&a.terminated, f.Status == contractTerminated)
		one(&a.completed, f.Status == contractCompleted)
	}
}

// sections are the account's figures.
func (a *account) sections(of Choice) []*Section {
	s := &Section{Key: Contracts}
	for _, f := range []struct {
		key Key
		n   int
	}{
		{InForceBefore, a.before},
		{CameIntoForce, a.began},
		{Expired, a.expired},
		{Terminated, a.terminated},
		{Completed, a.completed},
		{InForceAfter, a.after},
	} {
		s.Figures = append(s.Figures, &Figure{Key: f.key, Value: number(int64(f.n)), Count: f.n})
	}
	return append([]*Section{s}, a.sum.sections(of)...)
}

// merge adds another account.
func (a *account) merge(b *account) {
	a.add(&b.sum)
	a.before += b.before
	a.began += b.began
	a.expired += b.expired
	a.terminated += b.terminated
	a.completed += b.completed
	a.after += b.after
}
