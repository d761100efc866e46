package config

import (
	"testing"
)

func pairs(kv ...string) [][2][]byte {
	var out [][2][]byte
	for i := 0; i < len(kv); i += 2 {
		out = append(out, [2][]byte{[]byte(kv[i]), []byte(kv[i+1])})
	}
	return out
}

// get returns the value of one key.
func get(t *testing.T, r *Registry, name string) string {
	t.Helper()
	m := r.Match([]byte(name))
	if len(m) != 1 {
		t.Fatalf("Match(%q) = %v, want one pair", name, m)
	}
	return m[0].Value
}

func TestSetTakesAllOrNothing(t *testing.T) {
	r := New()
	mem := r.Memory("maxmemory", 0, 0, 1<<40)
	keep := r.Int("tcp-keepalive", 300, 0, 1000)
	err := r.Set(pairs("maxmemory", "1gb", "tcp-keepalive", "1001")...)
	want := "ERR CONFIG SET failed (possibly related to argument 'tcp-keepalive') - argument must be between 0 and 1000 inclusive"
	if err == nil || err.Error() != want {
		t.Fatalf("Set = %v, want %s", err, want)
	}
	if mem.Get() != 0 || keep.Get() != 300 {
		t.Fatalf("a refused Set left %d and %d", mem.Get(), keep.Get())
	}
	if err := r.Set(pairs("maxmemory", "1gb", "tcp-keepalive", "7")...); err != nil {
		t.Fatal(err)
	}
	if mem.Get() != 1<<30 || keep.Get() != 7 {
		t.Fatalf("Set left %d and %d", mem.Get(), keep.Get())
	}
}
