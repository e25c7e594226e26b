package record

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

// mostPlaces bounds the places that a value can have come from; with more of them nothing is refused.
const mostPlaces = 500

// Reach holds the paths of steps against both schemas: where no record of the version before can have anything, by way of
// the steps before, a step never does anything, and what is put where the next version describes nothing cannot stay. A
// mistyped path is then told to who writes it, not found out when records are moved. What a schema leaves open is let
// through. Faults are at the steps' own fields; the steps themselves have been checked.
func Reach(steps []Step, before, after *Schema) error {
	var f fault.List
	for i, s := range steps {
		at := strconv.Itoa(i)
		if s.Do != SetDefault && !arises(s.Path.Steps(), steps[:i], before) {
			f.Add(fault.New(fault.Invalid, CodeStepNowhere, "path", s.Path), at, "path")
			continue
		}
		to, field := s.target()
		if to == nil {
			continue
		}
		if to, stays := followed(to, steps[i+1:]); stays && !after.admits(to) {
			f.Add(fault.New(fault.Invalid, CodeNoField, "path", pointed(to)), at, field)
		}
	}
	return f.Err()
}

// target is the place at which a step puts a value, with the step's field that says so; nil where it leaves it in its
// place.
func (s Step) target() (to []string, field string) {
	steps := s.Path.Steps()
	switch s.Do {
	case Rename:
		return append(slices.Clone(steps[:len(steps)-1]), s.Key), "key"
	case Move:
		return s.To.Steps(), "to"
	case SetDefault:
		return steps, "path"
	}
	return nil, ""
}

// moves says whether a step takes a value to another place. One that would take it into a place that it lies in is never
// done.
func (s Step) moves() (from, to []string, ok bool) {
	if s.Do != Rename && s.Do != Move {
		return nil, nil, false
	}
	from = s.Path.Steps()
	to, _ = s.target()
	return from, to, !within(from, to)
}

// arises says whether a value can be at a place after steps: it was in some record of the schema at a place from which the
// steps lead there, or a step puts it there.
func arises(place []string, steps []Step, before *Schema) bool {
	places := [][]string{place}
	for _, s := range slices.Backward(steps) {
		var earlier [][]string
		for _, p := range places {
			came, made := s.origins(p)
			if made {
				return true
			}
			for _, o := range came {
				if !slices.ContainsFunc(earlier, func(had []string) bool { return slices.Equal(had, o) }) {
					earlier = append(earlier, o)
				}
			}
		}
		if places = earlier; len(places) > mostPlaces {
			return true
		}
	}
	return slices.ContainsFunc(places, before.admits)
}

// origins are the places at which what is at a place after a step can have been before it; made says that the step can have
// put it there.
func (s Step) origins(place []string) (came [][]string, made bool) {
	at := s.Path.Steps()
	switch from, to, ok := s.moves(); {
	case ok && within(place, from):
		return nil, false
	case ok && within(place, to):
		return [][]string{place, slices.Concat(from, place[len(to):])}, false
	case ok && within(to, place): // an object on the way
		return [][]string{place, from}, false
	case s.Do == Remove && within(place, at):
		return nil, false
	case s.Do == SetDefault && (within(at, place) || within(place, at)):
		return [][]string{place}, within(at, place) || holds(s.Value, place[len(at):])
	case s.Do == MapValues && within(place, at):
		return [][]string{place}, slices.ContainsFunc(s.Map, func(m Mapping) bool { return holds(m.To, place[len(at):]) })
	}
	return [][]string{place}, false
}

// holds says whether a value has anything at a place within it.
func holds(v JSON, place []string) bool {
	n, err := parse(v, recordRules())
	return err == nil && n.at(place) != nil
}

// followed is where a value at a place is after further steps; false where one of them takes it away, or may put another
// value in place of all that it is in.
func followed(place []string, steps []Step) (at []string, stays bool) {
	for _, s := range steps {
		of := s.Path.Steps()
		if s.Do == Remove && within(place, of) || s.Do == MapValues && within(place, of) && len(place) > len(of) {
			return nil, false
		}
		if from, to, ok := s.moves(); ok && within(place, from) {
			place = slices.Concat(to, place[len(from):])
		}
	}
	return place, true
}

// pointed writes a place as a pointer.
func pointed(place []string) Pointer {
	var out strings.Builder
	for _, step := range place {
		out.WriteString("/" + strings.ReplaceAll(strings.ReplaceAll(step, "~", "~0"), "/", "~1"))
	}
	return Pointer(out.String())
}

// admits says whether a record of the schema can have anything at a place. It says no only where that is certain: a type
// that has no members, a key that is none of those described where no others may be.
func (s *Schema) admits(place []string) bool {
	at := s.widened([]*node{s.root})
	for _, key := range place {
		var next []*node
		for _, n := range at {
			said, may := s.member(n, key)
			if !may {
				return false
			}
			next = append(next, said...)
		}
		at = s.widened(next)
	}
	return !slices.ContainsFunc(at, never)
}

// never says whether a sub-schema is the one that nothing fits.
func never(n *node) bool { return n.kind == kindBool && n.raw == "false" }

// member is what one sub-schema says of a key of the values that fit it; may is false where they cannot have it.
func (s *Schema) member(n *node, key string) (said []*node, may bool) {
	if never(n) || !objects(n) {
		return nil, false
	}
	if p := n.get("properties").get(key); p != nil {
		said = append(said, p)
	}
	for _, m := range members(n.get("patternProperties")) {
		if re, err := regexp.Compile(m.key); err != nil || re.MatchString(key) {
			said = append(said, m.value)
		}
	}
	if len(said) > 0 {
		return said, true
	}
	if more := n.get("additionalProperties"); more != nil {
		return []*node{more}, !never(more)
	}
	if rest := n.get("unevaluatedProperties"); rest != nil && never(rest) {
		return nil, s.evaluated(n, key)
	}
	return nil, true
}

// objects says whether values that fit a sub-schema can be objects, as far as its type tells.
func objects(n *node) bool {
	t := n.get("type")
	if t == nil {
		return true
	}
	return t.raw == "object" || slices.ContainsFunc(t.items, func(e *node) bool { return e.raw == "object" })
}

// evaluated says whether a key can be one that a sub-schema's parts describe. Of parts that hold for some values only it
// cannot tell.
func (s *Schema) evaluated(n *node, key string) bool {
	for _, part := range s.widened([]*node{n}) {
		for _, open := range []string{"anyOf", "oneOf", "if", "then", "else", "dependentSchemas", "patternProperties", "additionalProperties"} {
			if part.get(open) != nil {
				return true
			}
		}
		if part.get("properties").get(key) != nil || part != n && part.get("unevaluatedProperties") != nil {
			return true
		}
	}
	return false
}
