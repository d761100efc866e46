package command

import "encoding/binary"

// words finds commands whose names are up to 8 letters by a word that holds the letters: a few instructions, where a map
// costs more than some commands. A bit in each byte tells lower case letters from upper case ones, and setting it makes no
// other byte a letter, so the word tells the name in any case. Other names are left to the map.
type words [256]struct {
	word uint64
	spec *Spec
}

// pack is the word of a name, 0 when it has none: it is too long, or empty.
func pack(name []byte) uint64 {
	const lowerCase = 0x2020202020202020
	n := len(name)
	switch {
	case n > 8 || n == 0:
		return 0
	case n == 8:
		return binary.LittleEndian.Uint64(name) | lowerCase
	case n >= 4:
		low, high := binary.LittleEndian.Uint32(name), binary.LittleEndian.Uint32(name[n-4:])
		return uint64(low) | uint64(high)<<(8*(n-4)) | lowerCase>>(8*(8-n))
	}
	w := uint64(name[0]) | uint64(name[n/2])<<(8*(n/2)) | uint64(name[n-1])<<(8*(n-1))
	return w | lowerCase>>(8*(8-n))
}

// place is where the word of a command is looked for first.
func place(word uint64) uint8 { return uint8(word * 0x9E3779B97F4A7C15 >> 56) }

// add makes a command known by its word, if it has one, its name consists of letters and there is room.
func (w *words) add(name string, s *Spec) {
	for _, c := range []byte(name) {
		if c < 'a' || c > 'z' {
			return
		}
	}
	if word := pack([]byte(name)); word != 0 && w[place(word)].spec == nil {
		w[place(word)] = struct {
			word uint64
			spec *Spec
		}{word, s}
	}
}

// find is the command of a name, nil where the map has to be asked.
func (w *words) find(name []byte) *Spec {
	word := pack(name)
	if x := &w[place(word)]; word != 0 && x.word == word {
		return x.spec
	}
	return nil
}
