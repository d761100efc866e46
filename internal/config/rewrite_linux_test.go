package config

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// nobody is the user that owns nothing.
const nobody = 65534

// asOrdinaryUser makes this thread open files as a user who owns nothing, for the length of fn.
func asOrdinaryUser(t *testing.T, fn func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		fn() // the test is run by an ordinary user, whose folder is not to be written either
		return
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if _, err := unix.SetfsuidRetUid(nobody); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if _, err := unix.SetfsuidRetUid(0); err != nil {
			t.Error(err)
		}
	}()
	fn()
}

// A server that runs as an ordinary user often may read its configuration and not write it.
func TestRewriteIntoAFolderThatMayNotBeWritten(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "redis.conf")
	const text = "maxmemory 100mb\n"
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	r := full()
	if err := r.LoadFile(path); err != nil {
		t.Fatal(err)
	}
	if err := r.Set(pairs("maxmemory", "200mb")...); err != nil {
		t.Fatal(err)
	}
	for d := dir; d != os.TempDir() && d != "/"; d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o555); err != nil {
			t.Fatal(err)
		}
	}
	defer func() {
		for d := dir; d != os.TempDir() && d != "/"; d = filepath.Dir(d) {
			_ = os.Chmod(d, 0o755) // so that the test's folder can be removed
		}
	}()
	asOrdinaryUser(t, func() {
		if err := r.Rewrite(); err == nil || err.Error() != "ERR Rewriting config file: Permission denied" {
			t.Errorf("%v", err)
		}
	})
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Errorf("%v, %v", left, err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != text {
		t.Errorf("%q, %v", got, err)
	}
	if got := r.Match([]byte("maxmemory"))[0].Value; got != "209715200" {
		t.Errorf("maxmemory is %s after the refusal", got)
	}
}
