package server

import (
	"io"
	"strings"
	"testing"
)

// However many clients read one large value slowly, its memory is there once, also when the key is gone; and it goes with
// the last of them.
func TestSlowReadersOfOneValueShareIt(t *testing.T) {
	const readers, length = 100, 8 << 20
	r := run(t)
	admin := r.unix()
	start := r.node.Keyspace.UsedByData()
	admin.ask("SET", "big", strings.Repeat("x", length))
	var all []*client
	for range readers {
		c := r.tcp()
		c.send(request("GET", "big"))
		if _, err := io.ReadFull(c, make([]byte, 100)); err != nil { // the reply has begun
			t.Fatal(err)
		}
		all = append(all, c)
	}
	admin.ask("DEL", "big")
	if used := r.node.Keyspace.Used(); used < length || used > 2*length {
		t.Errorf("%d bytes are in use while %d clients read a value of %d", used, readers, length)
	}
	rest := make([]byte, len("$8388608\r\n")-100+length+2)
	if _, err := io.ReadFull(all[0], rest); err != nil || strings.Count(string(rest), "x") != length-90 || string(rest[len(rest)-2:]) != "\r\n" {
		t.Errorf("a slow reader gets something else: %v", err)
	}
	for _, c := range all {
		c.Close()
	}
	until(t, "the end of the value", func() bool { return r.node.Keyspace.UsedByData() == start })
}
