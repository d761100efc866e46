package keyspace

import "github.com/curfewkv/curfew/internal/journal"

// Append adds bytes to the end of a string.
func (t *Txn) Append(en Entry, tail []byte, ev journal.Event) error {
	t.before(en)
	n := en.StringLen()
	b, err := t.extend(&en, n+len(tail))
	if err != nil {
		return err
	}
	copy(b[n:], tail)
	t.edited(en, ev)
	t.state(en.db, cmdAppend, en.Key(), tail)
	return nil
}

// SetRange overwrites a part of a string, which grows with zero bytes where it is too short.
func (t *Txn) SetRange(en Entry, offset int, value []byte, ev journal.Event) error {
	t.before(en)
	b, err := t.extend(&en, offset+len(value))
	if err != nil {
		return err
	}
	copy(b[offset:], value)
	t.edited(en, ev)
	t.stateRange(en.db, en.Key(), offset, value)
	return nil
}

// SetBit sets or clears a bit of a string, which grows with zero bytes where it is too short. Bit 0 is the highest of the
// first byte. As in Redis the string becomes plain bytes even where the bit is as it was, which is no change.
func (t *Txn) SetBit(en Entry, bit int64, on bool, ev journal.Event) error {
	t.before(en)
	at, mask, n := int(bit>>3), byte(0x80)>>(bit&7), en.StringLen()
	b, err := t.extend(&en, at+1)
	if err != nil || at < n && b[at]&mask != 0 == on {
		return err
	}
	digit := zero
	b[at] &^= mask
	if on {
		digit = one
		b[at] |= mask
	}
	t.edited(en, ev)
	t.state(en.db, cmdSetBit, en.Key(), t.int(bit), digit)
	return nil
}

// edited counts and records a change of some bytes of a value.
func (t *Txn) edited(en Entry, ev journal.Event) {
	en.s.counts.Dirty++
	t.emit(journal.Write, ev, en.db, en.e.Key())
}
