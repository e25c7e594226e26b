package journal

// Tail gives a channel that is written to after this node's relay has moved entries. What other nodes move it does not
// tell: whoever must know looks for it from time to time.
func (j *Journal) Tail() <-chan struct{} {
	c := make(chan struct{}, 1)
	j.mu.Lock()
	defer j.mu.Unlock()
	j.tails = append(j.tails, c)
	return c
}

// Matches says whether a type is among the wanted ones, written as for Follow.
func Matches(wanted []string, kind string) bool { return matches(wanted, kind) }
