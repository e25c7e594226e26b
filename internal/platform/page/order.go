package page

import "github.com/cobuild/cobuild/internal/platform/store"

// Direction is which way a list is sorted.
type Direction string

// OrderDirection is Direction under its name in the schema.
type OrderDirection = Direction

// The directions.
const (
	Ascending  Direction = "ASC"
	Descending Direction = "DESC"
)

// Sort makes the order of a list that begins with a field which is sorted upwards in the index: the field one way or
// the other, ended by the identifier the same way.
func (d Direction) Sort(up store.Order) []store.Order {
	up.Desc = d == Descending
	return []store.Order{up}
}
