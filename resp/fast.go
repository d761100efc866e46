package resp

// maxFastDigits bounds the numbers that the fast path reads itself, so that
// they cannot overflow. Longer ones are the slow path's.
const maxFastDigits = 9

// whole parses a multibulk request that lies completely in buf. Where it meets
// the end of buf, or anything that is not plainly right, it returns n == 0 with
// the parser set to go on from there, argument by argument: so errors have one
// place, and nothing is parsed twice.
func (p *Parser) whole(buf []byte, args [][]byte, lim *Limits) (out [][]byte, n int) {
	maxArgs, maxBulk := lim.strictest()
	count, pos := plainNumber(buf, 1)
	if pos == 0 || int64(count) > maxArgs {
		p.stage = stageCount
		return args, 0
	}
	first := pos
	for missing := count; missing > 0; missing-- {
		if len(buf)-pos < minHeader || buf[pos] != '$' {
			p.suspend(args, first, missing)
			return args, 0
		}
		size, start := plainNumber(buf, pos+1)
		end := start + size
		if start == 0 || int64(size) > maxBulk || len(buf)-end < len("\r\n") {
			p.suspend(args, first, missing)
			return args, 0
		}
		args = append(args, buf[start:end:end])
		pos = end + len("\r\n")
	}
	return args, pos
}

// plainNumber reads the decimal number at buf[i:] and its line end, and returns
// the index behind them; 0 where they are not whole and canonical.
func plainNumber(buf []byte, i int) (v, next int) {
	if i >= len(buf) {
		return 0, 0
	}
	v = int(buf[i] - '0')
	if v > 9 {
		return 0, 0
	}
	limit := i + maxFastDigits
	i++
	for ; i < len(buf)-1; i++ {
		c := buf[i]
		if c == '\r' {
			return v, i + len("\r\n")
		}
		d := int(c - '0')
		if d > 9 || v == 0 || i >= limit {
			return 0, 0
		}
		v = v*10 + d
	}
	return 0, 0
}

// suspend keeps what whole has found: args, the first of whose headers stands
// at pos, with missing more to come.
//
// Lengths have only one spelling, so the places follow from the lengths alone.
func (p *Parser) suspend(args [][]byte, pos, missing int) {
	p.spans = p.spans[:0]
	for _, a := range args {
		pos += len("$0\r\n")
		for n := len(a); n > 9; n /= 10 {
			pos++
		}
		p.spans = append(p.spans, span{pos, pos + len(a)})
		pos += len(a) + len("\r\n")
	}
	p.startLine(pos)
	p.missing = missing
	p.stage = stageLength
}
