package ledger

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// Height is that of a tile: 256 hashes, as C2SP's tlog-tiles has it.
const Height = 8

// tileWidth is how many hashes a full tile has.
const tileWidth = 1 << Height

// Tile is a full tile of the tree: the hashes of one stretch of one level. It never changes.
type Tile struct {
	Level int
	N     int64 // its place within the level
	Data  []byte
}

// Tree is a growing Merkle tree (RFC 6962), of which only the right edge is kept: the hashes of each level that do not
// fill a tile yet.
type Tree struct {
	Size  int64
	Edges [][]byte
}

// Add appends a leaf and says which tiles it has filled.
func (t *Tree) Add(leaf Hash) []Tile {
	var full []Tile
	n := t.Size
	t.Size++
	for level := 0; ; level++ {
		if level == len(t.Edges) {
			t.Edges = append(t.Edges, make([]byte, 0, tileWidth*HashSize))
		}
		t.Edges[level] = append(t.Edges[level], leaf[:]...)
		if len(t.Edges[level]) < tileWidth*HashSize {
			return full
		}
		n >>= Height
		full = append(full, Tile{Level: level, N: n, Data: t.Edges[level]})
		leaf = fold(t.Edges[level])
		t.Edges[level] = make([]byte, 0, tileWidth*HashSize)
	}
}

// fold is the root of a whole subtree.
func fold(hashes []byte) Hash {
	var level [tileWidth]Hash
	n := len(hashes) / HashSize
	for i := range n {
		level[i] = Hash(hashes[i*HashSize:])
	}
	for ; n > 1; n /= 2 {
		for i := range n / 2 {
			level[i] = tlog.NodeHash(level[2*i], level[2*i+1])
		}
	}
	return level[0]
}

// Root is the hash of the whole tree.
func (t *Tree) Root() Hash {
	var right *Hash
	for _, edge := range t.Edges { // from the small subtrees at the right to the large ones at the left
		for n := len(edge) / HashSize; n > 0; {
			whole := n & -n
			h := fold(edge[(n-whole)*HashSize : n*HashSize])
			if right != nil {
				h = tlog.NodeHash(h, *right)
			}
			right, n = &h, n-whole
		}
	}
	if right == nil {
		h, _ := tlog.TreeHash(0, nil)
		return h
	}
	return *right
}

// Clone is a tree that grows by itself.
func (t *Tree) Clone() Tree {
	c := Tree{Size: t.Size, Edges: make([][]byte, len(t.Edges))}
	for i, e := range t.Edges {
		c.Edges[i] = append(make([]byte, 0, tileWidth*HashSize), e...)
	}
	return c
}

// Reader finds the nodes of the tree for proofs: full tiles where load finds them, the rest at the edge.
func (t *Tree) Reader(load func(level int, n int64) ([]byte, error)) tlog.HashReader {
	seen := map[[2]int64][]byte{}
	return tlog.HashReaderFunc(func(indexes []int64) ([]Hash, error) {
		out := make([]Hash, len(indexes))
		for i, index := range indexes {
			tile := tlog.TileForIndex(Height, index)
			key := [2]int64{int64(tile.L), tile.N}
			if seen[key] == nil {
				data, err := t.tile(tile.L, tile.N, load)
				if err != nil {
					return nil, err
				}
				seen[key] = data
			}
			data := seen[key]
			tile.W = len(data) / HashSize
			var err error
			if out[i], err = tlog.HashFromTile(tile, data, index); err != nil {
				return nil, fmt.Errorf("ledger: %w", err)
			}
		}
		return out, nil
	})
}

// tile is one tile of the tree, full or at the edge.
func (t *Tree) tile(level int, n int64, load func(level int, n int64) ([]byte, error)) ([]byte, error) {
	if level < len(t.Edges) && n == t.Size>>(Height*(level+1)) {
		return t.Edges[level], nil
	}
	return load(level, n)
}

// TileAt gives the first width hashes of a tile: a tile only ever grows.
func (t *Tree) TileAt(level int, n int64, width int, load func(level int, n int64) ([]byte, error)) ([]byte, error) {
	if level < 0 || level > 7 || n < 0 || width < 1 || width > tileWidth || n<<Height+int64(width) > t.Size>>(Height*level) {
		return nil, ErrNoTile
	}
	data, err := t.tile(level, n, load)
	if err != nil || len(data) < width*HashSize {
		return nil, err
	}
	return data[:width*HashSize], nil
}
