package bulk

import (
	"encoding/json"
	"hash/maphash"
	"strconv"
)

// repeated says of each row whether it repeats a value of an earlier one in a column that is there to tell rows apart, as
// most codes and names are. Such a row is done after the others, so that of two that cannot both be done it is always the
// earlier one that is.
func repeated(rows []row) []bool {
	seed := maphash.MakeSeed()
	values := make([]map[string]uint64, len(rows))
	columns := map[string]*column{}
	for i := range rows {
		values[i] = rows[i].values(seed)
		for name, v := range values[i] {
			c := columns[name]
			if c == nil {
				c = &column{first: map[uint64]int{}}
				columns[name] = c
			}
			c.add(v, i)
		}
	}
	out := make([]bool, len(rows))
	for i := range rows {
		for name, v := range values[i] {
			c := columns[name]
			out[i] = out[i] || c.tells() && c.first[v] < i
		}
	}
	return out
}

// column is what stands in one column of some rows.
type column struct {
	first map[uint64]int // by value the row that had it first
	full  int            // rows that have a value here
}

func (c *column) add(v uint64, row int) {
	c.full++
	if _, there := c.first[v]; !there {
		c.first[v] = row
	}
}

// tells says whether the column tells rows apart: at least every other value is a new one.
func (c *column) tells() bool { return 2*len(c.first) >= c.full }

// values are what stands in a row, by column.
func (r *row) values(seed maphash.Seed) map[string]uint64 {
	out := map[string]uint64{}
	var fields map[string]json.RawMessage
	if r.Object != nil && json.Unmarshal(r.Object, &fields) == nil {
		for name, v := range fields {
			out[name] = maphash.Bytes(seed, v)
		}
	}
	for i, cell := range r.Cells {
		if cell != "" {
			out[strconv.Itoa(i)] = maphash.String(seed, cell)
		}
	}
	return out
}
