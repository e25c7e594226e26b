package record

import (
	"errors"
	"regexp"
	"regexp/syntax"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/cobuild/cobuild/internal/platform/fault"
)

// A pattern is a program that is run for each character of a text. Ten characters can make one of thousands of
// instructions, such as .{0,1000}, so that both are bounded.
const (
	maxProgram  = 1_000 // instructions of one pattern
	maxPrograms = 5_000 // of all that differ in a schema
	caseless    = 12    // how much dearer a byte is to read where large and small letters are the same
)

// pattern is one that is ready, and its size.
type pattern struct {
	*regexp.Regexp

	size int
}

// patterns are those of a schema, each once.
type patterns map[string]pattern

// errLarge says that a pattern is too large.
var errLarge = errors.New("the pattern is too large")

// read makes a pattern ready, unless it is no RE2 (look-around and back references, with which a short text can be matched
// for ever) or too large. Its size is known before anything of that size is made.
func (all patterns) read(p string) (pattern, error) {
	if ready, ok := all[p]; ok {
		return ready, nil
	}
	size := len(p)
	if folds(p) {
		size *= caseless
	}
	if size > maxProgram {
		return pattern{size: size}, errLarge
	}
	tree, err := syntax.Parse(p, syntax.Perl)
	if err != nil {
		return pattern{size: size}, err
	}
	if n := instructions(tree); n > maxProgram {
		return pattern{size: n}, errLarge
	}
	program, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return pattern{size: size}, err
	}
	if size = max(size, len(program.Inst)); size > maxProgram {
		return pattern{size: size}, errLarge
	}
	ready, err := regexp.Compile(p)
	return pattern{ready, size}, err
}

// folding finds a flag that makes large and small letters the same, and now and then what only looks like one.
var folding = regexp.MustCompile(`\(\?[a-zA-Z]*i`)

// folds says whether a pattern may do so: each range of letters in it is then gone through letter by letter.
func folds(p string) bool { return folding.MatchString(p) }

// engine is what the library reads patterns with: those of the schema are ready, and a text of a record that has to be a
// pattern is held to the same bounds.
func (all patterns) engine() jsonschema.RegexpEngine {
	return func(p string) (jsonschema.Regexp, error) {
		ready, err := all.read(p)
		if err != nil {
			return nil, err
		}
		return ready, nil
	}
}

// instructions is how many of them a pattern takes, of which none is made. Repeats within repeats are multiplied, and the
// parser sees to it that they do not run over.
func instructions(of *syntax.Regexp) int {
	n := 0
	for _, sub := range of.Sub {
		n += instructions(sub)
	}
	switch of.Op {
	case syntax.OpLiteral:
		return len(of.Rune)
	case syntax.OpCapture, syntax.OpStar:
		return 2 + n
	case syntax.OpAlternate:
		return n + len(of.Sub)
	case syntax.OpRepeat:
		if of.Max < 0 {
			return 2 + max(of.Min, 1)*n
		}
		return of.Max*n + of.Max - of.Min
	}
	return 1 + n
}

// pattern takes up one of the schema, and tells what is wrong with it at its place.
func (c *checker) pattern(p string, path []string) {
	if _, had := c.patterns[p]; had || c.programs > maxPrograms {
		return // it is one of those, or there are too many already
	}
	ready, err := c.patterns.read(p)
	c.programs += ready.size
	switch {
	case errors.Is(err, errLarge):
		c.add(fault.New(fault.Invalid, CodePatternLarge, "pattern", clipped(p), "size", ready.size, "max", maxProgram), path)
	case err != nil:
		c.add(fault.New(fault.Invalid, CodePattern, "pattern", clipped(p), "detail", clipped(err.Error())), path)
	case c.programs > maxPrograms:
		c.add(fault.New(fault.Invalid, CodePatternsLarge, "size", c.programs, "max", maxPrograms), path)
	default:
		c.patterns[p] = ready
	}
}
