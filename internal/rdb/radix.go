package rdb

// A radixCount counts the nodes of a radix tree without building it. The ids of a stream are all of one size and come
// in order, so the tree is known from what neighbours share: a node for the end of each id, one for each place where
// ids part, and one for each run of bytes between those.
type radixCount struct {
	last  []byte
	parts []int // depths where the last id parts from earlier ones, ascending
	nodes int64
	ids   int64
}

func (c *radixCount) reset() { *c = radixCount{last: c.last[:0], parts: c.parts[:0]} }

// add counts the next id. Ids that do not ascend, of a broken file, are counted wrongly and harm nothing.
func (c *radixCount) add(id []byte) {
	c.ids++
	if c.ids == 1 {
		c.last = append(c.last[:0], id...)
		c.nodes = 2 // the bytes, and their end
		return
	}
	at := 0
	for at < len(id) && at < len(c.last) && id[at] == c.last[at] {
		at++
	}
	end := len(c.last) // of the run that is parted, if it is
	for len(c.parts) > 0 && c.parts[len(c.parts)-1] > at {
		end = c.parts[len(c.parts)-1]
		c.parts = c.parts[:len(c.parts)-1]
	}
	c.nodes++ // the end of this id
	if len(id) > at+1 {
		c.nodes++ // its bytes behind the place where it parts
	}
	if len(c.parts) == 0 || c.parts[len(c.parts)-1] != at {
		c.split(at, end)
	}
	c.last = append(c.last[:0], id...)
}

// split counts what parting at a new place adds: the run of bytes up to end becomes the bytes before, the place, and
// the bytes behind, as far as there are any.
func (c *radixCount) split(at, end int) {
	begin := 0
	if len(c.parts) > 0 {
		begin = c.parts[len(c.parts)-1] + 1
	}
	if at > begin {
		c.nodes++
	}
	if end > at+1 {
		c.nodes++
	}
	c.parts = append(c.parts, at)
}
