package rdb

import "fmt"

// rawID is the size of a stream's id where it is not written as two numbers.
const rawID = 16

// skipStream passes a stream: its nodes, its ids and counters, its consumer groups, its producers.
func (r *Reader) skipStream(kind byte) error {
	e := &r.entry
	e.Type, e.Encoding = Stream, "stream"
	e.Memory += sizeObject + sizeStream
	if err := r.skipStreamNodes(); err != nil {
		return err
	}
	if _, err := r.count(); err != nil {
		return err
	}
	rest := 2 // the last id
	if kind >= typeStream2 {
		rest += 5 // the first id, the highest deleted one, how many were ever added
	}
	if err := r.src.numbers(rest); err != nil {
		return err
	}
	groups, err := r.src.number()
	if err != nil {
		return err
	}
	for range groups {
		if err := r.skipGroup(kind); err != nil {
			return fmt.Errorf("in a consumer group: %w", err)
		}
	}
	if kind >= typeStream4 {
		return r.skipProducers()
	}
	return nil
}

// skipStreamNodes passes the packed entries. Each node has the id of its first entry, as a string.
func (r *Reader) skipStreamNodes() error {
	nodes, err := r.src.number()
	if err != nil {
		return err
	}
	e := &r.entry
	r.ids.reset()
	for i := range nodes {
		t, err := r.src.text()
		if err != nil {
			return err
		}
		if t.size != rawID {
			return fmt.Errorf("%w: a stream's id of %d bytes", ErrCorrupt, t.size)
		}
		if r.value, r.scratch, err = r.src.readText(t, r.value[:0], r.scratch); err != nil {
			return err
		}
		r.ids.add(r.value)
		size, err := r.src.skipText()
		if err != nil {
			return err
		}
		if i == nodes-1 {
			size = max(size, streamSpare)
		}
		e.Memory += r.layout.class(size)
	}
	e.Memory += radix(r.ids.ids, r.ids.nodes)
	return nil
}

func (r *Reader) skipGroup(kind byte) error {
	if _, err := r.src.skipText(); err != nil {
		return err
	}
	rest := 2 // the last id delivered
	if kind >= typeStream2 {
		rest++ // how many were read
	}
	if err := r.src.numbers(rest); err != nil {
		return err
	}
	pending, err := r.skipPending(true)
	if err != nil {
		return err
	}
	r.entry.Memory += sizeGroup + pending*sizePending
	consumers, err := r.src.number()
	if err != nil {
		return err
	}
	for range consumers {
		if err := r.skipConsumer(kind); err != nil {
			return err
		}
	}
	if kind >= typeStream5 {
		return r.skipReturned()
	}
	return nil
}

func (r *Reader) skipConsumer(kind byte) error {
	name, err := r.src.skipText()
	if err != nil {
		return err
	}
	times := int64(8) // when it was seen
	if kind >= typeStream3 {
		times += 8 // when it was active
	}
	if err := r.src.skip(times); err != nil {
		return err
	}
	r.entry.Memory += sizeConsumer + name
	_, err = r.skipPending(false)
	return err
}

// skipPending passes ids of entries that were delivered, of a group with the time and number of deliveries.
func (r *Reader) skipPending(deliveries bool) (int64, error) {
	n, err := r.src.number()
	if err != nil {
		return 0, err
	}
	r.ids.reset()
	for range n {
		p, err := r.src.take(rawID)
		if err != nil {
			return 0, err
		}
		r.ids.add(p)
		if !deliveries {
			continue
		}
		if _, err = r.src.millis(); err != nil {
			return 0, err
		}
		if _, err = r.src.number(); err != nil {
			return 0, err
		}
	}
	r.entry.Memory += radix(r.ids.ids, r.ids.nodes)
	return r.ids.ids, nil
}

// skipReturned passes the ids of entries that consumers gave back; the group's list has them too.
func (r *Reader) skipReturned() error {
	n, err := r.src.number()
	for ; err == nil && n > 0; n-- {
		err = r.src.skip(rawID)
	}
	return err
}

// skipProducers passes what a stream remembers of idempotent producers: for how long, of how many; of each a name and
// its messages with their ids; two counters.
func (r *Reader) skipProducers() error {
	if err := r.src.numbers(2); err != nil {
		return err
	}
	producers, err := r.src.number()
	if err != nil {
		return err
	}
	for range producers {
		if _, err := r.src.skipText(); err != nil {
			return err
		}
		messages, err := r.src.number()
		if err != nil {
			return err
		}
		for range messages {
			if _, err := r.src.skipText(); err != nil {
				return err
			}
			if err := r.src.numbers(2); err != nil {
				return err
			}
		}
	}
	return r.src.numbers(2)
}
