package rdb

import "fmt"

// Modules write their values as a sequence of marked pieces, which can be passed without knowing the module.
const (
	moduleEOF    = 0
	moduleSigned = 1
	moduleUint   = 2
	moduleFloat  = 3
	moduleDouble = 4
	moduleString = 5
)

// moduleLetters are what the names of modules' types are spelled with, 6 bits a letter.
const moduleLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// moduleName is the name in an id, of which the lowest 10 bits are a version.
func moduleName(id uint64) string {
	var name [9]byte
	id >>= 10
	for i := len(name) - 1; i >= 0; i-- {
		name[i] = moduleLetters[id&63]
		id >>= 6
	}
	return string(name[:])
}

// skipModule passes the value of a module.
func (r *Reader) skipModule() error {
	id, err := r.src.number()
	if err != nil {
		return err
	}
	e := &r.entry
	e.Type, e.Encoding, e.Module, e.Len = Module, "raw", moduleName(id), Unknown
	begin := r.src.offset()
	if err := r.skipPieces(); err != nil {
		return fmt.Errorf("of module type %s: %w", e.Module, err)
	}
	e.Memory += sizeObject + r.src.offset() - begin
	return nil
}

// moduleAux passes what a module stored beside the keys: its id, when it is to be loaded, and pieces.
func (r *Reader) moduleAux() error {
	if _, err := r.src.number(); err != nil {
		return err
	}
	return r.skipPieces()
}

// keyMeta passes what modules attached to the key that follows: how many there are; of each 4 bytes that name it, and
// pieces.
func (r *Reader) keyMeta() error {
	n, err := r.src.number()
	for ; err == nil && n > 0; n-- {
		if _, err = r.src.take(4); err == nil {
			err = r.skipPieces()
		}
	}
	return err
}

func (r *Reader) skipPieces() error {
	for {
		mark, err := r.src.number()
		if err != nil {
			return err
		}
		switch mark {
		case moduleEOF:
			return nil
		case moduleSigned, moduleUint:
			_, err = r.src.number()
		case moduleFloat:
			err = r.src.skip(4)
		case moduleDouble:
			err = r.src.skip(8)
		case moduleString:
			_, err = r.src.skipText()
		default:
			err = fmt.Errorf("%w: piece %d of a module's value", ErrUnknown, mark)
		}
		if err != nil {
			return err
		}
	}
}
