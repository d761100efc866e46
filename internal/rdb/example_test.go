package rdb_test

import (
	"bytes"
	"fmt"

	"github.com/curfewkv/curfew/internal/rdb"
)

func Example() {
	// What Redis writes for SET session:1 hello PXAT 1800000000000, and for SET counter 12.
	file := "REDIS0010\xfa\x09redis-ver\x067.0.15\xfe\x00\xfb\x02\x01" +
		"\xfc\x00\x50\x5c\x18\xa3\x01\x00\x00\x00\x09session:1\x05hello" +
		"\x00\x07counter\xc0\x0c" +
		"\xff\x00\x00\x00\x00\x00\x00\x00\x00"
	r, err := rdb.NewReader(bytes.NewReader([]byte(file)))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Info().Server(), "announces", r.Info().Keys, "keys")
	for e, err := range r.Entries() {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%s: %s (%s) of length %d, %d bytes of memory, expires: %v\n",
			e.Key, e.Type, e.Encoding, e.Len, e.Memory, e.Expiry != rdb.NoExpiry)
	}
	// Output:
	// Redis 7.0.15 announces 2 keys
	// session:1: string (embstr) of length 5, 72 bytes of memory, expires: true
	// counter: string (int) of length 2, 56 bytes of memory, expires: false
}
