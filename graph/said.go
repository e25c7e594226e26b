package graph

// said is a text that may be absent: null where there is none.
func said[T ~string](s T) *T {
	if s == "" {
		return nil
	}
	return &s
}
