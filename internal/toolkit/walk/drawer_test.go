package walk

import (
	"fmt"
	"testing"

	"github.com/curfewkv/curfew/internal/toolkit/connect"
	"github.com/curfewkv/curfew/test/rig"
)

func TestKeysAreDrawnWithAndWithoutRandomkey(t *testing.T) {
	for name, options := range map[string][]string{"RANDOMKEY": nil, "SCAN": {"--rename-command", "RANDOMKEY", ""}} {
		t.Run(name, func(t *testing.T) {
			s := rig.Redis(t, options...)
			target, err := connect.Open(t.Context(), connect.Options{Addrs: []string{s.Addr}})
			if err != nil {
				t.Fatal(err)
			}
			defer target.Close()
			spaces, err := target.Keyspaces(t.Context(), false)
			if err != nil {
				t.Fatal(err)
			}
			d := NewDrawer(spaces[0])
			if keys, err := d.Draw(t.Context(), 100); err != nil || len(keys) != 0 {
				t.Fatalf("of nothing: %q, %v", keys, err)
			}
			for i := range 1000 {
				s.Must(t, "SET", fmt.Sprint("k:", i), "v")
			}
			seen := map[string]bool{}
			for range 5 {
				keys, err := d.Draw(t.Context(), 100)
				if err != nil || len(keys) < 50 {
					t.Fatalf("%d keys: %v", len(keys), err)
				}
				for _, key := range keys {
					seen[key] = true
				}
			}
			if d.ByScan() != (name == "SCAN") || len(seen) < 150 {
				t.Errorf("by SCAN: %v; %d different keys", d.ByScan(), len(seen))
			}
		})
	}
}
