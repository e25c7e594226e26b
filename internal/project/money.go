package project

import (
	"math"
	"math/big"
	"slices"

	"golang.org/x/text/currency"

	"github.com/cobuild/cobuild/internal/platform/fault"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// Money is what a project may cost and what it has cost: in one currency, in whole numbers of its smallest unit, so that
// sums are exact and both stores compare them alike.
type Money struct {
	Currency    string      `bson:"currency,omitempty"` // ISO 4217; empty while no money is spoken of
	BudgetUnits *int64      `bson:"budget,omitempty"`
	SpentUnits  int64       `bson:"spent"`
	Spendings   []*Spending `bson:"spendings,omitempty"`
}

// Spending is one payment.
type Spending struct {
	Key      string      `bson:"key"`
	Units    int64       `bson:"units"`
	Currency string      `bson:"currency"`
	On       scalar.Date `bson:"on"`
	Purpose  string      `bson:"purpose"`
	Voided   bool        `bson:"voided,omitempty"` // it was noted in error; it stays to be seen
	Reason   string      `bson:"reason,omitempty"`
}

// Amount is the payment.
func (s *Spending) Amount() scalar.Decimal { return decimalOf(s.Units, s.Currency) }

// Budget is what the project may cost; nil where nobody has said.
func (m *Money) Budget() *scalar.Decimal {
	if m.BudgetUnits == nil {
		return nil
	}
	return new(decimalOf(*m.BudgetUnits, m.Currency))
}

// Spent is what it has cost.
func (m *Money) Spent() scalar.Decimal { return decimalOf(m.SpentUnits, m.Currency) }

// OverBudget says whether it has cost more than it may.
func (m *Money) OverBudget() bool { return m.BudgetUnits != nil && m.SpentUnits > *m.BudgetUnits }

// maxUnits bounds amounts, so that sums of as many as are kept stay whole numbers of 64 bits.
const maxUnits = math.MaxInt64 / (2 * MaxSpendings)

// digits are how many decimals a currency has; ok is false where there is no such currency.
func digits(code string) (n int, ok bool) {
	u, err := currency.ParseISO(code)
	if err != nil || u.String() != code {
		return 0, false
	}
	n, _ = currency.Standard.Rounding(u)
	return n, true
}

func scale(n int) *big.Rat {
	return new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil))
}

// unitsOf reads an amount in a currency. Less than its smallest unit cannot be paid.
func unitsOf(amount scalar.Decimal, code string) (int64, error) {
	n, ok := digits(code)
	if !ok {
		return 0, fault.New(fault.Invalid, CodeCurrency, "value", code).At("currency")
	}
	r := new(big.Rat).Mul(amount.Rat(), scale(n))
	switch {
	case !r.IsInt():
		return 0, fault.New(fault.Invalid, CodeDecimals, "currency", code, "decimals", n).At("amount")
	case !r.Num().IsInt64() || r.Num().Int64() > maxUnits || r.Sign() < 0:
		return 0, fault.New(fault.Invalid, fault.CodeOutOfRange, "min", 0, "max", decimalOf(maxUnits, code)).At("amount")
	}
	return r.Num().Int64(), nil
}

// decimalOf is a whole number of smallest units as an amount.
func decimalOf(units int64, code string) scalar.Decimal {
	n, _ := digits(code)
	s := new(big.Rat).Quo(new(big.Rat).SetInt64(units), scale(n)).FloatString(n)
	d, err := scalar.ParseDecimal(s)
	if err != nil {
		return scalar.Decimal(s)
	}
	return d
}

// speak settles in which currency the project reckons: the first one that is spoken of, and no other after it.
func (m *Money) speak(code string) error {
	if m.Currency == "" || m.BudgetUnits == nil && len(m.Spendings) == 0 {
		m.Currency = code
	}
	if m.Currency != code {
		return fault.New(fault.Refused, CodeCurrencyMix, "currency", m.Currency, "value", code).At("currency")
	}
	return nil
}

// spend adds a payment.
func (m *Money) spend(s *Spending) error {
	if len(m.Spendings) >= MaxSpendings {
		return fault.New(fault.Refused, fault.CodeTooMany, "max", MaxSpendings)
	}
	if err := m.speak(s.Currency); err != nil {
		return err
	}
	m.Spendings = append(slices.Clone(m.Spendings), s)
	m.SpentUnits += s.Units
	return nil
}

// void takes a payment out of the sum.
func (m *Money) void(key, reason string) error {
	i := slices.IndexFunc(m.Spendings, func(s *Spending) bool { return s.Key == key })
	switch {
	case i < 0:
		return fault.New(fault.Invalid, CodeNoSuchPart, "key", key).At("key")
	case m.Spendings[i].Voided:
		return fault.New(fault.Refused, CodeVoided, "key", key).At("key")
	}
	s := *m.Spendings[i]
	s.Voided, s.Reason = true, reason
	m.Spendings = slices.Clone(m.Spendings)
	m.Spendings[i] = &s
	m.SpentUnits -= s.Units
	return nil
}
