package match

import (
	"math"
	"strconv"
)

// earth is the earth's mean radius in metres.
const earth = 6_371_009

// metres is the way from one point to another as the crow flies, to the metre.
func (p Point) metres(q Point) int64 {
	const radian = math.Pi / 180
	lat, lon := (q.Lat-p.Lat)*radian, (q.Lon-p.Lon)*radian
	h := math.Pow(math.Sin(lat/2), 2) + math.Cos(p.Lat*radian)*math.Cos(q.Lat*radian)*math.Pow(math.Sin(lon/2), 2)
	return int64(math.Round(2 * earth * math.Asin(math.Min(1, math.Sqrt(h)))))
}

// grid is a net of squares, so many to a degree.
type grid struct {
	name string
	per  float64
}

// The grids: squares of about two kilometres, and of about eleven.
func fine() grid   { return grid{"f", 50} }
func coarse() grid { return grid{"c", 10} }

// square names the square in which a point lies.
func (g grid) square(p Point) string {
	return g.at(int(math.Floor(p.Lon*g.per)), int(math.Floor(p.Lat*g.per)))
}

func (g grid) at(x, y int) string { return g.name + strconv.Itoa(x) + "," + strconv.Itoa(y) }

// around names the square of a point and its eight neighbours, itself first.
func (g grid) around(p Point) []string {
	x, y := int(math.Floor(p.Lon*g.per)), int(math.Floor(p.Lat*g.per))
	out := []string{g.at(x, y)}
	for dx := -1; dx <= 1; dx++ {
		for dy := -1; dy <= 1; dy++ {
			if dx != 0 || dy != 0 {
				out = append(out, g.at(x+dx, y+dy))
			}
		}
	}
	return out
}
