package project

import (
	"sync"

	"github.com/cobuild/cobuild/internal/platform/record"
)

// mostSchemas is how many schemas are kept ready.
const mostSchemas = 256

// schemas are those that are ready. When there are too many it begins anew: what is asked for is soon there again.
type schemas struct {
	mu    sync.Mutex
	ready map[versionID]*record.Schema
}

func (c *schemas) get(k versionID) (*record.Schema, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s, ok := c.ready[k]
	return s, ok
}

func (c *schemas) put(k versionID, s *record.Schema) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ready == nil || len(c.ready) >= mostSchemas {
		c.ready = map[versionID]*record.Schema{}
	}
	c.ready[k] = s
}
