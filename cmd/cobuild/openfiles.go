package main

// connectionsWithin is how many connections may stay open where so many files may: a tenth, and never less than a hundred,
// is left for requests that come and go, for the store and for its own files; where there is little, half of it.
func connectionsWithin(files int) int { return files - min(max(files/10, 100), files/2) }

// connections is how many connections may stay open on this machine.
func connections() (int, error) {
	files, err := openFiles()
	return connectionsWithin(files), err
}
