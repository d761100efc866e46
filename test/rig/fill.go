package rig

import (
	"fmt"
	"testing"
)

// Fill writes n keys in one pipeline: prefix0, prefix1 and so on, each SET with the arguments.
func (s *Server) Fill(t testing.TB, prefix string, n int, arguments ...string) {
	t.Helper()
	c, err := Dial(s)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var batch []byte
	for i := range n {
		batch = Encode(batch, append([]string{"SET", fmt.Sprint(prefix, i), "x"}, arguments...)...)
	}
	if err := c.Send(batch); err != nil {
		t.Fatal(err)
	}
	for range n {
		if reply, err := c.Read(); err != nil || reply.Text != "OK" {
			t.Fatalf("%v %v", reply, err)
		}
	}
}
