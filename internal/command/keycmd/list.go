package keycmd

import "github.com/curfewkv/curfew/internal/command"

// Specs are the commands of the family. lazyFlush tells whether a flush that does not say gives the memory back later
// (lazyfree-lazy-user-flush); it is asked anew at every use.
func Specs(lazyFlush func() bool) []*command.Spec {
	return []*command.Spec{
		del, unlink, exists, touch, typeOf, rename, renamenx, copyKey, move,
		randomkey, keys, scan, dbsize, swapdb, object,
		flushdb(lazyFlush), flushall(lazyFlush),
	}
}
