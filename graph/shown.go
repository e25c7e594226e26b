package graph

import (
	"fmt"

	"github.com/cobuild/cobuild/graph/wire"
)

// shown are things that a room has found already, as its caller may see them, as nodes.
func shown[T any](all []T, thing func(T) any) ([]wire.Node, error) {
	out := make([]wire.Node, len(all))
	for i, t := range all {
		node, ok := thing(t).(wire.Node)
		if !ok {
			return nil, fmt.Errorf("graph: a %T is no node", thing(t))
		}
		out[i] = node
	}
	return out, nil
}
