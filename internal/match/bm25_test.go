package match

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// textSearch is plain text search, the baseline: titles by BM25 (k1 1.2, b 0.75) over the same runs of two characters and
// Latin words as everywhere.
type textSearch struct {
	docs   []map[string]int
	length []int
	in     map[string][]int // documents that hold a word
	mean   float64
}

func searchIn(titles []string) *textSearch {
	s := &textSearch{in: map[string][]int{}}
	total := 0
	for n, t := range titles {
		words := map[string]int{}
		for _, g := range gramsIn(t) {
			words[g] += strings.Count(strings.ToLower(t), g)
			s.in[g] = append(s.in[g], n)
		}
		length := 0
		for _, k := range words {
			length += k
		}
		s.docs, s.length, total = append(s.docs, words), append(s.length, length), total+length
	}
	s.mean = float64(total) / float64(max(len(titles), 1))
	return s
}

// best are the documents that go best with a text, the best first; those that share no word with it are none.
func (s *textSearch) best(text string, most int) []int {
	const k1, b = 1.2, 0.75
	score := map[int]float64{}
	for _, g := range gramsIn(text) {
		n := float64(len(s.in[g]))
		idf := math.Log(1 + (float64(len(s.docs))-n+0.5)/(n+0.5))
		for _, d := range s.in[g] {
			tf := float64(s.docs[d][g])
			score[d] += idf * tf * (k1 + 1) / (tf + k1*(1-b+b*float64(s.length[d])/s.mean))
		}
	}
	var out []int
	for d := range score {
		out = append(out, d)
	}
	slices.SortFunc(out, func(a, b int) int { return cmp.Or(cmp.Compare(score[b], score[a]), cmp.Compare(a, b)) })
	return out[:min(len(out), most)]
}
