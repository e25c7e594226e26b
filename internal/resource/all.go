package resource

import "github.com/cobuild/cobuild/internal/platform/store"

// All are the resources, for who goes through all of them.
func (s *Service) All() store.All[*Resource] { return s.resources.All() }
