package need

import "github.com/cobuild/cobuild/internal/platform/store"

// All are the needs, for who goes through all of them.
func (s *Service) All() store.All[*Need] { return s.needs.All() }
