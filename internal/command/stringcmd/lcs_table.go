package stringcmd

// bitTable says, for each pair of positions whose bytes differ, whether the longest common subsequence of what lies up to
// there goes on without the byte of a ("up") rather than without the byte of b. That is all that is needed to walk it.
type bitTable struct {
	words []uint64
	width int
}

func newBitTable(rows, width int) bitTable {
	return bitTable{words: make([]uint64, (rows*width+63)/64), width: width}
}

func (t bitTable) set(i, j int) {
	n := i*t.width + j
	t.words[n/64] |= 1 << (n % 64)
}

func (t bitTable) get(i, j int) bool {
	n := i*t.width + j
	return t.words[n/64]>>(n%64)&1 != 0
}

// lcsRows is how many rows are computed between two looks whether the result is still wanted.
const lcsRows = 64

// lcsTable computes the length of the longest common subsequence of a and b and, for callers that walk it, the directions. It
// ends early, with false, when nobody wants to know any more.
func lcsTable(a, b []byte, walk bool, abandoned func() bool) (length int, up bitTable, ok bool) {
	if walk {
		up = newBitTable(len(a), len(b))
	}
	// row[j] is the length for what was done of a and b[:j].
	row := make([]uint32, len(b)+1)
	for i, x := range a {
		if i%lcsRows == lcsRows-1 && abandoned() {
			return 0, up, false
		}
		diagonal := uint32(0) // row[j] of the row before
		for j, y := range b {
			above, left := row[j+1], row[j]
			switch {
			case x == y:
				row[j+1] = diagonal + 1
			case above > left:
				if walk {
					up.set(i, j)
				}
			default:
				row[j+1] = left
			}
			diagonal = above
		}
	}
	return int(row[len(b)]), up, true
}

// commonRuns hands out the maximal runs of the walk from the ends of a and b: where each begins in both, and its length.
func commonRuns(a, b []byte, up bitTable, fn func(atA, atB, size int)) {
	size := 0
	i, j := len(a), len(b)
	for i > 0 && j > 0 {
		if a[i-1] == b[j-1] {
			size, i, j = size+1, i-1, j-1
			continue
		}
		if size > 0 {
			fn(i, j, size)
			size = 0
		}
		if up.get(i-1, j-1) {
			i--
		} else {
			j--
		}
	}
	if size > 0 {
		fn(i, j, size)
	}
}

// commonBytes is the longest common subsequence itself.
func commonBytes(a, b []byte, length int, up bitTable) []byte {
	out := make([]byte, length)
	end := length
	commonRuns(a, b, up, func(atA, _, size int) {
		end -= size
		copy(out[end:], a[atA:atA+size])
	})
	return out
}
