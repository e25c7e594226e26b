package graph_test

import (
	"testing"

	"github.com/cobuild/cobuild/graph/graphtest"
)

func TestTown(t *testing.T) { graphtest.NewTown(t) }
