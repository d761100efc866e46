package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
)

func pairs(kv ...string) [][2][]byte {
	var out [][2][]byte
	for i := 0; i < len(kv); i += 2 {
		out = append(out, [2][]byte{[]byte(kv[i]), []byte(kv[i+1])})
	}
	return out
}

// fatal is what testing.T and rapid.T have in common.
type fatal interface {
	Helper()
	Fatalf(format string, args ...any)
}

// get returns the value of one key.
func get(t fatal, r *Registry, name string) string {
	t.Helper()
	m := r.Match([]byte(name))
	if len(m) != 1 {
		t.Fatalf("Match(%q) = %v, want one pair", name, m)
	}
	return m[0].Value
}

func set(t fatal, r *Registry, kv ...string) {
	t.Helper()
	if err := r.Set(pairs(kv...)...); err != nil {
		t.Fatalf("Set(%q): %v", kv, err)
	}
}

// refused fails unless CONFIG SET answers with an error that ends in want.
func refused(t fatal, r *Registry, want string, kv ...string) {
	t.Helper()
	err := r.Set(pairs(kv...)...)
	if err == nil || !strings.HasPrefix(err.Error(), "ERR ") || !strings.HasSuffix(err.Error(), want) {
		t.Fatalf("Set(%q) = %v, want ERR ... %s", kv, err, want)
	}
}

func TestSetTakesAllOrNothing(t *testing.T) {
	r := New()
	mem := r.Memory("maxmemory", 0, 0, 1<<40)
	keep := r.Int("tcp-keepalive", 300, 0, 1000)
	refused(t, r, "(possibly related to argument 'tcp-keepalive') - argument must be between 0 and 1000 inclusive",
		"maxmemory", "1gb", "tcp-keepalive", "1001")
	if mem.Get() != 0 || keep.Get() != 300 {
		t.Fatalf("a refused Set left %d and %d", mem.Get(), keep.Get())
	}
	set(t, r, "maxmemory", "1gb", "tcp-keepalive", "7")
	if mem.Get() != 1<<30 || keep.Get() != 7 {
		t.Fatalf("Set left %d and %d", mem.Get(), keep.Get())
	}
}

func TestHandlesGiveTypedValues(t *testing.T) {
	r := New()
	b := r.Bool("b", false)
	o := r.Octal("o", 0, 0, 0o777)
	p := r.MemoryOrPercent("p", 0, 100, 1<<40)
	e := r.Enum("e", "no", []string{"no", "yes", "relative=yes"})
	f := r.Flags("f", []string{"default", "save", "nosave"})
	s := r.String("s", "x")
	l := r.List("l", []string{"a"}, nil)
	n := r.NotifyKeyspaceEvents()
	c := r.ClientOutputBufferLimit()
	sv := r.Save()
	pc := r.LatencyTrackingInfoPercentiles()
	set(t, r, "b", "YES", "o", "755", "p", "25%", "e", "RELATIVE", "f", "save nosave", "s", "a b", "l", "1 2", "save", "60 5",
		"notify-keyspace-events", "Kx", "client-output-buffer-limit", "normal 1kb 2kb 3", "latency-tracking-info-percentiles", "99.9")
	got := fmt.Sprintln(b.Get(), o.Get(), p.Get(), p.Of(1<<30), e.Get(), e.String(), f.Get(), s.Get(), l.Get(), n.Get() == NotifyKeyspace|NotifyExpired,
		c.Get(NormalClients), c.Get(ReplicaClients).Hard, sv.Get(), pc.Get())
	want := "true 493 -25 268435456 1 yes 3 a b [1 2] true {1024 2048 3s} 268435456 [60 5] [99.9]\n"
	if got != want {
		t.Fatalf("got  %s\nwant %s", got, want)
	}
	b.Override(false)
	o.Override(0o700)
	e.Override(0)
	s.Override("y")
	l.Override(nil)
	for name, want := range map[string]string{"b": "no", "o": "700", "e": "no", "s": "y", "l": ""} {
		if v := get(t, r, name); v != want {
			t.Errorf("after Override %s = %q, want %q", name, v, want)
		}
	}
}

func TestValidateRunsForFilesToo(t *testing.T) {
	r := New()
	i := r.Int("even", 0, 0, 100, Validate(func(n int64) error {
		if n%2 != 0 {
			return errors.New("odd")
		}
		return nil
	}))
	refused(t, r, "- odd", "even", "3")
	if err := r.LoadReader(strings.NewReader("even 5\n"), "test"); err == nil || !strings.HasSuffix(err.Error(), "line 1: odd") {
		t.Fatalf("LoadReader = %v", err)
	}
	set(t, r, "even", "4")
	if i.Get() != 4 {
		t.Fatal("the valid value was not taken")
	}
}

func TestOnSetSeesOldAndNewBeforeAnythingIsVisible(t *testing.T) {
	r := New()
	var log []string
	var a *Int
	a = r.Int("a", 1, 0, 9, OnSet(func(old, new int64) error {
		log = append(log, fmt.Sprintf("a %d>%d at %d", old, new, a.Get()))
		return nil
	}))
	r.Enum("e", "x", []string{"x", "y"}, OnSet(func(old, new string) error {
		log = append(log, "e "+old+">"+new)
		return nil
	}))
	r.Bool("veto", false, OnSet(func(_, new bool) error {
		if new {
			return errors.New("no")
		}
		return nil
	}))
	set(t, r, "a", "1", "e", "x") // no change: no hooks
	set(t, r, "a", "2", "e", "y")
	refused(t, r, "'veto') - no", "a", "3", "e", "x", "veto", "yes")
	want := []string{"a 1>2 at 1", "e x>y", "a 2>3 at 2", "e y>x", "e x>y", "a 3>2 at 2"}
	if !slices.Equal(log, want) {
		t.Fatalf("hooks ran as %q,\nwant %q", log, want)
	}
	if err := r.LoadReader(strings.NewReader("a 7"), "test"); err != nil || len(log) != len(want) {
		t.Fatalf("a load ran hooks: %v %q", err, log[len(want):])
	}
}

func TestOnApplyRunsOnceWhenAllIsVisibleAndRollsBack(t *testing.T) {
	r := New()
	var cert, key *String
	fail := false
	var seen []string
	reload := &Apply{Run: func() error {
		seen = append(seen, cert.Get()+"+"+key.Get())
		if fail {
			fail = false
			return errors.New("bad pair")
		}
		return nil
	}}
	cert = r.String("tls-cert-file", "", Volatile(), OnApply(reload))
	key = r.String("tls-key-file", "", OnApply(reload))
	set(t, r, "tls-cert-file", "c", "tls-key-file", "k")
	set(t, r, "tls-key-file", "k")  // no change
	set(t, r, "tls-cert-file", "c") // volatile: applied again
	fail = true
	refused(t, r, "'tls-cert-file') - bad pair", "tls-cert-file", "c2", "tls-key-file", "k2")
	want := []string{"c+k", "c+k", "c2+k2", "c+k"}
	if !slices.Equal(seen, want) {
		t.Fatalf("applied %q, want %q", seen, want)
	}
	if cert.Get() != "c" || key.Get() != "k" {
		t.Fatalf("left %q and %q", cert.Get(), key.Get())
	}
}

func TestCustomKeysJoinTheRollBack(t *testing.T) {
	r := New()
	store := []string{"one"}
	r.Custom("words", func() string { return strings.Join(store, " ") }, func(args []string) error {
		if slices.Contains(args, "bad") {
			return errors.New("bad word")
		}
		store = args
		return nil
	}, nil, MultiArg())
	n := r.Int("n", 0, 0, 9)
	r.Custom("late", func() string { return "" }, func(a []string) error { return errors.New("never") }, nil)
	set(t, r, "words", "two three", "n", "1")
	if get(t, r, "words") != "two three" || len(store) != 2 {
		t.Fatalf("words are %q", store)
	}
	refused(t, r, "'words') - bad word", "n", "2", "words", "so bad")
	refused(t, r, "'late') - never", "n", "2", "words", "four", "late", "x")
	if n.Get() != 1 || get(t, r, "words") != "two three" {
		t.Fatalf("after two refusals: n=%d words=%q", n.Get(), store)
	}
	set(t, r, "words", "")
	if len(store) != 0 {
		t.Fatalf("the empty value gave %q", store)
	}
}

func TestProtectedAndImmutableKeysAreRefused(t *testing.T) {
	r := New()
	r.Int("fixed", 1, 0, 9, Immutable())
	r.String("dir", ".", Protected())
	refused(t, r, "'Fixed') - can't set immutable config", "Fixed", "2")
	refused(t, r, "'dir') - can't set protected config", "dir", "/")
	DeclareRedis74(r)
	for _, c := range []struct {
		mode   string
		remote bool
		local  bool
	}{{"no", false, false}, {"local", false, true}, {"yes", true, true}} {
		if err := r.LoadReader(strings.NewReader("enable-protected-configs "+c.mode), "test"); err != nil {
			t.Fatal(err)
		}
		if err := r.SetFrom(Remote, pairs("dir", "/a"+c.mode)...); (err == nil) != c.remote {
			t.Errorf("mode %s, remote client: %v", c.mode, err)
		}
		if err := r.SetFrom(Local, pairs("dir", "/b"+c.mode)...); (err == nil) != c.local {
			t.Errorf("mode %s, local client: %v", c.mode, err)
		}
	}
	if err := r.LoadReader(strings.NewReader("fixed 5"), "test"); err != nil || get(t, r, "fixed") != "5" {
		t.Fatalf("a file may set an immutable key: %v", err)
	}
}

func TestSensitiveKeysAreKnown(t *testing.T) {
	r := full()
	if !r.Sensitive([]byte("RequirePass")) || !r.Sensitive([]byte("masterauth")) || r.Sensitive([]byte("hz")) || r.Sensitive([]byte("nosuch")) {
		t.Fatal("Sensitive is wrong")
	}
}

func TestGetsRunBesideSets(t *testing.T) {
	r := full()
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range 200 {
				if g%2 == 0 {
					_ = r.Set(pairs("maxmemory", fmt.Sprint(i), "save", "60 1", "bind", "a b", "masterauth", fmt.Sprint(i))...)
				} else {
					r.Match([]byte("*"))
				}
			}
		}()
	}
	wg.Wait()
	if get(t, r, "maxmemory") != "199" {
		t.Fatalf("maxmemory = %s", get(t, r, "maxmemory"))
	}
}

func TestGetDoesNotAllocate(t *testing.T) {
	r := New()
	b, i, s, e := r.Bool("b", true), r.Int("i", 1, 0, 9), r.String("s", "x"), r.Enum("e", "a", []string{"a"})
	c := r.ClientOutputBufferLimit()
	n := testing.AllocsPerRun(100, func() {
		if !b.Get() || i.Get() != 1 || s.Get() != "x" || e.Get() != 0 || c.Get(NormalClients).Hard != 0 {
			t.Error("wrong value")
		}
	})
	if n != 0 {
		t.Fatalf("%v allocations", n)
	}
}

func TestWiringMistakesPanic(t *testing.T) {
	for name, declare := range map[string]func(r *Registry){
		"twice":         func(r *Registry) { r.Bool("a", true); r.Int("a", 1, 0, 2) },
		"alias taken":   func(r *Registry) { r.Bool("a", true); r.Bool("b", true, Alias("a")) },
		"upper case":    func(r *Registry) { r.Bool("A", true) },
		"default":       func(r *Registry) { r.Int("a", 5, 0, 2) },
		"enum default":  func(r *Registry) { r.Enum("a", "z", []string{"x"}) },
		"type of hook":  func(r *Registry) { r.Int("a", 1, 0, 2, OnSet(func(_, _ bool) error { return nil })) },
		"type of check": func(r *Registry) { r.Bool("a", true, Validate(func(int64) error { return nil })) },
		"directive":     func(r *Registry) { r.Bool("a", true); r.Directive("a", nil, nil, "") },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			declare(New())
		}()
	}
}
