package walk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/curfewkv/curfew/internal/toolkit/connect"
	"github.com/curfewkv/curfew/test/rig"
)

func keyspace(t *testing.T, s *rig.Server) connect.Keyspace {
	t.Helper()
	target, err := connect.Open(t.Context(), connect.Options{Addrs: []string{s.Addr}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(target.Close)
	for i := range 2000 {
		if err := target.Client.Set(t.Context(), fmt.Sprint("key:", i), "v", 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	spaces, err := target.Keyspaces(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	return spaces[0]
}

func servers(t *testing.T, test func(*testing.T, *rig.Server)) {
	t.Run("redis", func(t *testing.T) { test(t, rig.Redis(t)) })
	t.Run("curfew", func(t *testing.T) { test(t, rig.Curfew(t)) })
}

func TestEveryKeyComesAndAWalkGoesOnWhereItStopped(t *testing.T) {
	servers(t, func(t *testing.T, s *rig.Server) {
		k := keyspace(t, s)
		seen, pages := map[string]bool{}, 0
		scanner := NewScanner(k, Options{Count: 100})
		for {
			keys, err := scanner.Next(t.Context())
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, key := range keys {
				seen[key] = true
			}
			pages++
			cursor, done := scanner.Cursor()
			if done != (cursor == 0) {
				t.Fatalf("cursor %d, done %v", cursor, done)
			}
			if !done {
				scanner = NewScanner(k, Options{Count: 100, Cursor: cursor})
			}
		}
		if len(seen) != 2000 || pages < 10 {
			t.Errorf("%d of 2000 keys in %d pages", len(seen), pages)
		}
	})
}

func TestOnlyWhatMatchesComes(t *testing.T) {
	servers(t, func(t *testing.T, s *rig.Server) {
		k := keyspace(t, s)
		for options, want := range map[Options]int{
			{Match: "key:1?"}:                    10,
			{Match: "key:1?", Type: "string"}:    10,
			{Match: "key:1?", Type: "hash"}:      0,
			{Type: "string", Count: 1_000_000}:   2000,
			{Match: "nothing", Pace: NewPace(0)}: 0,
		} {
			seen := map[string]bool{}
			scanner := NewScanner(k, options)
			for {
				keys, err := scanner.Next(t.Context())
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				for _, key := range keys {
					seen[key] = true
				}
			}
			if len(seen) != want {
				t.Errorf("%+v: %d keys, want %d", options, len(seen), want)
			}
		}
	})
}

func TestAPageCanBeAskedForAgain(t *testing.T) {
	s := rig.Redis(t)
	k := keyspace(t, s)
	scanner := NewScanner(k, Options{Count: 100})
	first, err := scanner.Next(t.Context())
	if err != nil || len(first) == 0 {
		t.Fatal(first, err)
	}
	before, _ := scanner.Cursor()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := scanner.Next(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("a page after the end of the context: %v", err)
	}
	s.Must(t, "ACL", "SETUSER", "default", "-scan")
	_, err = scanner.Next(t.Context())
	if err == nil || !connect.Refused(err) || !strings.Contains(err.Error(), "SCAN") {
		t.Errorf("a refused page: %v", err)
	}
	if after, _ := scanner.Cursor(); after != before {
		t.Errorf("the cursor went from %d to %d", before, after)
	}
	s.Must(t, "ACL", "SETUSER", "default", "+scan")
	if keys, err := scanner.Next(t.Context()); err != nil || len(keys) == 0 {
		t.Errorf("the page again: %v %v", keys, err)
	}
}
