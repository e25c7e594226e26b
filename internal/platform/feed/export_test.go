package feed

// Joined says whether a listener has caught up and hears with the others.
func (l *Listener) Joined() bool { return l.joined() }
